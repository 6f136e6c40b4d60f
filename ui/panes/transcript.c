/* Transcript: messages, their lines, and the view. transcript-draw.c draws it. */
#include <config.h>

#include "ui/panes/transcript.h"

#include <stdlib.h>
#include <string.h>

#include "ui/panes/transcript-internal.h"

enum { TEXT_MOST = 64 << 20, KEPT_BLOCKS = 64 };

struct transcript *transcript_new(void)
{
    struct transcript *t = calloc(1, sizeof *t);
    if (t != NULL)
        t->follow = true;
    return t;
}

static void free_block(struct block *b)
{
    buf_free(&b->text);
    free(b->about);
    for (size_t i = 0; i < b->n_marks; i++)
        free(b->marks[i].text);
    free(b->marks);
    free(b->tokens);
    if (b->rendered)
        rendering_free(&b->lines);
}

void transcript_free(struct transcript *t)
{
    if (t == NULL)
        return;
    transcript_cut(t, 0);
    free(t->blocks);
    free(t->matches);
    free(t->window_label);
    free(t);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static char *copy(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static void take_traits(struct block *b, const struct ui_message *m)
{
    free(b->about);
    b->id = m->id;
    b->speaker = m->speaker;
    b->time = m->time;
    b->sibling = m->sibling;
    b->siblings = m->siblings;
    b->about = copy(m->about);
    b->running = m->running;
}

bool transcript_add(struct transcript *t, const struct ui_message *m)
{
    if (t->n == t->capacity) {
        size_t capacity = 2 * t->capacity + 64;
        struct block *blocks = realloc(t->blocks, capacity * sizeof *blocks);
        if (blocks == NULL)
            return false;
        t->blocks = blocks;
        t->capacity = capacity;
    }
    struct block *b = &t->blocks[t->n];
    *b = (struct block){0};
    buf_init(&b->text, TEXT_MOST);
    if (m->text != NULL && !buf_append(&b->text, m->text, m->size))
        return false;
    take_traits(b, m);
    t->n++;
    return true;
}

bool transcript_grow(struct transcript *t, size_t index, const char *text, size_t size)
{
    if (index >= t->n)
        return false;
    t->blocks[index].stale = true;
    t->blocks[index].asked = false;
    return buf_append(&t->blocks[index].text, text, size);
}

bool transcript_change(struct transcript *t, size_t index, const struct ui_message *m)
{
    if (index >= t->n)
        return false;
    struct block *b = &t->blocks[index];
    take_traits(b, m);
    b->stale = true;
    if (m->text == NULL)
        return true;
    buf_clear(&b->text);
    return buf_append(&b->text, m->text, m->size);
}

bool transcript_mark(struct transcript *t, size_t index, uint32_t at, const char *text)
{
    if (index >= t->n)
        return false;
    struct block *b = &t->blocks[index];
    struct mark *marks = realloc(b->marks, (b->n_marks + 1) * sizeof *marks);
    if (marks == NULL)
        return false;
    b->marks = marks;
    /* a slider that moves on changes the mark that it made */
    bool same = b->n_marks > 0 && marks[b->n_marks - 1].at == at &&
                strncmp(marks[b->n_marks - 1].text, text, strcspn(text, " ")) == 0;
    char *kept = strdup(text);
    if (kept == NULL)
        return false;
    if (same)
        free(marks[--b->n_marks].text);
    marks[b->n_marks++] = (struct mark){at, kept};
    return true;
}

void transcript_cut(struct transcript *t, size_t from)
{
    while (t->n > from)
        free_block(&t->blocks[--t->n]);
    if (t->top.block >= t->n) {
        t->top = (struct place_in){0};
        t->follow = true;
    }
    if (t->selected >= t->n)
        t->selected = t->n;
    t->dragging = false;
    t->n_matches = 0;
}

size_t transcript_count(const struct transcript *t)
{
    return t->n;
}

void transcript_set_window(struct transcript *t, size_t index, const char *label)
{
    free(t->window_label);
    t->window = index;
    t->window_label = copy(label);
}

/* All lines are to be made anew; the view finds its own again. */
static void make_stale(struct transcript *t)
{
    for (size_t i = 0; i < t->n; i++)
        t->blocks[i].width = 0;
}

void transcript_set_base(struct transcript *t, bool base)
{
    t->base = base;
    make_stale(t);
}

void transcript_set_raw(struct transcript *t, bool raw)
{
    t->raw = raw;
    make_stale(t);
}

bool transcript_is_raw(const struct transcript *t)
{
    return t->raw;
}

void transcript_set_think(struct transcript *t, bool show)
{
    t->think = show;
    make_stale(t);
}

bool transcript_shows_think(const struct transcript *t)
{
    return t->think;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

/* Lines above a message's text: the mark of the window and its name. */
int transcript_above(const struct transcript *t, size_t index)
{
    int window = t->window > 0 && t->window == index && t->window_label != NULL;
    return window + (t->base ? 0 : 1);
}

bool transcript_is_joined(const struct transcript *t, size_t index)
{
    if (!t->base || index == 0 || index >= t->n)
        return false;
    const struct buf *before = &t->blocks[index - 1].text;
    return before->size > 0 && before->data[before->size - 1] != '\n';
}

/* Appends the last line of a message as it stands on the screen. */
static void last_line(struct transcript *t, size_t index, struct buf *out)
{
    const struct rendering *r = transcript_lines(t, index);
    const struct render_line *l = r->n_lines > 0 ? &r->lines[r->n_lines - 1] : NULL;
    for (uint32_t i = 0; l != NULL && i < l->n_spans; i++)
        buf_append(out, buf_text(&r->text) + r->spans[l->span + i].start, r->spans[l->span + i].size);
}

/* Places in the text itself, of which the first bytes that were rendered are no part. */
static void shift_sources(struct rendering *r, uint32_t prefix)
{
    for (size_t i = 0; i < r->n_spans; i++)
        if (r->spans[i].source != RENDER_NO_SOURCE)
            r->spans[i].source = r->spans[i].source >= prefix ? r->spans[i].source - prefix : RENDER_NO_SOURCE;
    for (size_t i = 0; i < r->n_lines; i++)
        r->lines[i].source = r->lines[i].source >= prefix ? r->lines[i].source - prefix : 0;
}

static bool render_block(struct transcript *t, size_t index, const struct render_options *options)
{
    struct block *b = &t->blocks[index];
    struct buf whole;
    if (!transcript_is_joined(t, index))
        return render(buf_text(&b->text), b->text.size, options, &b->lines);
    buf_init(&whole, TEXT_MOST);
    last_line(t, index - 1, &whole);
    size_t prefix = whole.size;
    bool ok = buf_append(&whole, buf_text(&b->text), b->text.size) &&
              render(buf_text(&whole), whole.size, options, &b->lines);
    if (ok)
        shift_sources(&b->lines, (uint32_t)prefix);
    buf_free(&whole);
    return ok;
}

/* The message's text as lines, for the present width. */
struct rendering *transcript_lines(struct transcript *t, size_t index)
{
    struct block *b = &t->blocks[index];
    if (b->rendered && !b->stale && b->width == t->width)
        return &b->lines;
    struct render_options options = {.width = t->width,
                                     .raw = t->raw || t->lens || t->base || b->speaker == UI_YOU,
                                     .ascii = t->ascii,
                                     .fold_think = !t->think,
                                     .growing = b->running};
    if (!b->rendered)
        b->lines = (struct rendering){0};
    bool other = b->rendered && b->width != t->width;
    if (!render_block(t, index, &options))
        b->lines.n_lines = 0;
    b->rendered = true;
    b->stale = false;
    b->width = t->width;
    if (index == t->top.block && other) {
        int above = transcript_above(t, index);
        if (t->top.line >= above)
            t->top.line = above + (int)rendering_line_at(&b->lines, t->top.source);
    }
    return &b->lines;
}

/* All lines of a message: what is above, its text, and a blank one. */
int transcript_height(struct transcript *t, size_t index)
{
    int lines = transcript_above(t, index) + (int)transcript_lines(t, index)->n_lines;
    if (!t->base)
        return lines + 1;
    return transcript_is_joined(t, index + 1) && lines > 0 ? lines - 1 : lines; /* the next one draws the last line */
}

/* Lets go of lines far from the view. */
void transcript_forget(struct transcript *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->n; i++)
        kept += t->blocks[i].rendered;
    if (kept <= 4 * KEPT_BLOCKS)
        return;
    for (size_t i = 0; i < t->n; i++) {
        struct block *b = &t->blocks[i];
        bool near = i + KEPT_BLOCKS > t->top.block && i < t->top.block + 2 * KEPT_BLOCKS;
        if (near || !b->rendered)
            continue;
        rendering_free(&b->lines);
        b->rendered = false;
    }
}

/* ---- the view --------------------------------------------------------------------------------------------------- */

/* Remembers what stands on the top line, for other widths. */
static void anchor(struct transcript *t)
{
    t->top.source = 0;
    if (t->top.block >= t->n)
        return;
    struct rendering *lines = transcript_lines(t, t->top.block);
    int line = t->top.line - transcript_above(t, t->top.block);
    if (line >= 0 && line < (int)lines->n_lines)
        t->top.source = lines->lines[line].source;
}

static bool move_top(struct transcript *t, int lines)
{
    bool moved = false;
    for (; lines < 0; lines++) {
        while (t->top.line == 0 && t->top.block > 0)
            t->top.line = transcript_height(t, --t->top.block);
        if (t->top.line == 0)
            break;
        t->top.line--;
        moved = true;
    }
    for (; lines > 0; lines--) {
        struct place_in next = {.block = t->top.block, .line = t->top.line + 1};
        while (next.block < t->n && next.line >= transcript_height(t, next.block))
            next = (struct place_in){.block = next.block + 1};
        if (next.block >= t->n)
            break;
        t->top = next;
        moved = true;
    }
    return moved;
}

/* The top line from which the end stands on the last row. */
static struct place_in end_top(struct transcript *t)
{
    struct place_in top = {.block = t->n};
    int rows = t->rows;
    while (top.block > 0 && rows > 0) {
        int height = transcript_height(t, --top.block);
        top.line = height > rows ? height - rows : 0;
        rows -= height;
    }
    return top;
}

static bool is_before(const struct place_in *a, const struct place_in *b)
{
    return a->block < b->block || (a->block == b->block && a->line < b->line);
}

/* Settles where the view stands before it is drawn. */
void transcript_settle(struct transcript *t)
{
    if (t->n == 0)
        return;
    transcript_lines(t, t->top.block); /* another width moves the top line */
    struct place_in end = end_top(t);
    if (t->follow || !is_before(&t->top, &end))
        t->top = end;
    if (t->follow)
        anchor(t);
}

/* After a movement by the user. */
static void moved(struct transcript *t)
{
    struct place_in end = end_top(t);
    bool follow = !is_before(&t->top, &end);
    if (!follow && t->follow) {
        t->left_at.block = t->n - 1;
        t->left_at.source = (uint32_t)t->blocks[t->n - 1].text.size;
    }
    t->follow = follow;
    if (follow)
        t->top = end;
    anchor(t);
}

void transcript_scroll(struct transcript *t, int lines)
{
    if (t->n == 0 || t->width == 0)
        return;
    transcript_settle(t);
    move_top(t, lines);
    moved(t);
}

void transcript_page(struct transcript *t, int halves)
{
    int page = t->rows > 2 ? t->rows - 1 : 1;
    transcript_scroll(t, halves % 2 == 0 ? halves / 2 * page : halves * (page / 2 + 1));
}

void transcript_home(struct transcript *t)
{
    if (t->n == 0 || t->width == 0)
        return;
    t->top = (struct place_in){0};
    t->selected = 0;
    moved(t);
}

void transcript_end(struct transcript *t)
{
    t->follow = true;
    if (t->n > 0)
        t->selected = t->n - 1;
}

bool transcript_follows(const struct transcript *t)
{
    return t->follow;
}

/* Puts line of a message in the view, near its upper third when it is not there. */
void transcript_show_line(struct transcript *t, size_t index, int line)
{
    struct place_in wanted = {.block = index, .line = line};
    if (t->width == 0) {
        t->top = wanted;
        t->follow = false;
        return;
    }
    transcript_settle(t);
    struct place_in kept = t->top;
    move_top(t, t->rows - 1);
    bool after = is_before(&t->top, &wanted);
    t->top = kept;
    if (after || is_before(&wanted, &kept)) {
        t->top = wanted;
        move_top(t, -(t->rows / 3));
    }
    moved(t);
}

void transcript_show(struct transcript *t, size_t index)
{
    if (index >= t->n)
        return;
    t->selected = index;
    transcript_show_line(t, index, 0);
}

/* New lines since the view left the end. */
int transcript_new_lines(struct transcript *t)
{
    if (t->follow || t->left_at.block >= t->n)
        return 0;
    const struct rendering *last = transcript_lines(t, t->left_at.block);
    int lines = 0;
    if (t->blocks[t->left_at.block].text.size > t->left_at.source)
        lines = (int)last->n_lines - 1 - (int)rendering_line_at(last, t->left_at.source);
    for (size_t i = t->left_at.block + 1; i < t->n; i++)
        lines += transcript_height(t, i);
    return lines > 0 ? lines : 0;
}

/* ---- matches ---------------------------------------------------------------------------------------------------- */

void transcript_set_matches(struct transcript *t, const struct ui_match *matches, size_t n)
{
    struct ui_match *at = n > 0 ? malloc(n * sizeof *at) : NULL;
    free(t->matches);
    t->n_matches = at != NULL ? n : 0;
    t->matches = at;
    t->match = n;
    if (at != NULL)
        memcpy(at, matches, n * sizeof *at);
}

bool transcript_match(struct transcript *t, int direction)
{
    if (t->n_matches == 0)
        return false;
    if (t->match >= t->n_matches)
        return transcript_show_match(t, direction > 0 ? 0 : t->n_matches - 1);
    return transcript_show_match(t, (t->match + t->n_matches + (size_t)(direction > 0 ? 1 : -1)) % t->n_matches);
}

bool transcript_show_match(struct transcript *t, size_t index)
{
    if (index >= t->n_matches || t->matches[index].message >= t->n || t->width == 0)
        return false;
    const struct ui_match *m = &t->matches[index];
    t->match = index;
    struct rendering *lines = transcript_lines(t, m->message);
    t->selected = m->message;
    transcript_show_line(t, m->message,
              transcript_above(t, m->message) + (int)rendering_line_at(lines, (uint32_t)m->start));
    return true;
}

/* ---- the selected message --------------------------------------------------------------------------------------- */

void transcript_focus(struct transcript *t)
{
    t->code = 0;
    if (t->n == 0 || t->width == 0)
        return;
    struct place_in top = t->top;
    move_top(t, t->rows - 1);
    t->selected = t->top.block;
    t->top = top;
}

void transcript_select(struct transcript *t, int step)
{
    if (t->n == 0 || (step < 0 && t->selected == 0))
        return;
    t->code = 0;
    if (step > 0 && t->selected + 1 >= t->n) {
        transcript_end(t);
        return;
    }
    t->selected += (size_t)(step > 0 ? 1 : -1);
    transcript_show_line(t, t->selected, 0);
}

/* The message and line at a row of the view; false below the end. */
bool transcript_at_row(struct transcript *t, int row, struct place_in *out)
{
    struct place_in top = t->top;
    if (t->n == 0 || t->width == 0 || row < 0)
        return false;
    bool ok = row >= 0;
    for (; ok && row > 0; row--)
        ok = move_top(t, 1);
    *out = t->top;
    t->top = top;
    return ok;
}

void transcript_select_row(struct transcript *t, int row)
{
    struct place_in found;
    if (transcript_at_row(t, row, &found))
        t->selected = found.block;
}

size_t transcript_selected(const struct transcript *t)
{
    return t->selected < t->n ? t->selected : t->n;
}

const char *transcript_text(const struct transcript *t, size_t index, size_t *size)
{
    *size = index < t->n ? t->blocks[index].text.size : 0;
    return index < t->n ? buf_text(&t->blocks[index].text) : "";
}

int64_t transcript_id(const struct transcript *t, size_t index)
{
    return index < t->n ? t->blocks[index].id : 0;
}

bool transcript_code(struct transcript *t, struct buf *code, size_t *number, size_t *of)
{
    if (t->selected >= t->n || t->width == 0)
        return false;
    struct block *b = &t->blocks[t->selected];
    struct rendering whole = {0};
    struct render_options options = {.width = t->width};
    bool found = render(buf_text(&b->text), b->text.size, &options, &whole) && whole.n_blocks > 0;
    if (found) {
        *of = whole.n_blocks;
        *number = t->code++ % whole.n_blocks + 1;
        found = rendering_copy_block(&whole, *number - 1, buf_text(&b->text), code);
    }
    rendering_free(&whole);
    return found;
}
