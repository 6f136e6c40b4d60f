/* Composer: what each key means, around libedit (composer-edit) and the layout of its text (composer-lines).
 *
 * Texts are some lines as a rule, and some megabytes after a paste. */
#include <config.h>

#include "ui/panes/composer.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/panes/composer-edit.h"
#include "ui/panes/composer-lines.h"
#include "ui/panes/composer-undo.h"
#include "ui/text/text.h"

enum { HISTORY_MOST = 1000, USUAL_COLUMNS = 80, NOTHING = -1 };

struct entry {
    char *text;   /* NULL for the newest, which is not sent yet */
    char *edited; /* what was made of it while walking past, of edited_size bytes; NULL: nothing */
    size_t edited_size;
};

struct composer {
    struct edit *edit;
    struct lines *lines;                   /* a cache too: changes where the composer is const */
    struct entry entries[HISTORY_MOST + 1]; /* the oldest first, then the newest */
    size_t n, at;
    int goal;                              /* the column to which Up and Down return; NOTHING after other keys */
    bool moved;                            /* the last key was one of these */
    struct buf kept;                       /* the text before a command that waits for its other keys */
    size_t kept_cursor;
    struct undo undo;
    bool undone;                           /* the last key was undo */
    bool typing;                           /* the last key typed a character of a word: the next goes with it */
};

struct composer *composer_open(const char *program, struct error *err)
{
    struct composer *c = calloc(1, sizeof *c);
    struct lines *lines = malloc(sizeof *lines);
    if (c == NULL || lines == NULL) {
        error_set(err, ERR_MEMORY, "no memory for the composer");
        free(c);
        free(lines);
        return NULL;
    }
    lines_init(lines);
    buf_init(&c->kept, SIZE_MAX / 2);
    lines->columns = USUAL_COLUMNS;
    c->lines = lines;
    c->goal = NOTHING;
    c->edit = edit_open(program, err);
    if (c->edit == NULL) {
        composer_free(c);
        return NULL;
    }
    return c;
}

static void forget_edits(struct composer *c)
{
    for (size_t i = 0; i <= c->n; i++) {
        free(c->entries[i].edited);
        c->entries[i].edited = NULL;
    }
    c->at = c->n;
}

void composer_free(struct composer *c)
{
    if (c == NULL)
        return;
    forget_edits(c);
    for (size_t i = 0; i < c->n; i++)
        free(c->entries[i].text);
    edit_free(c->edit);
    buf_free(&c->kept);
    undo_clear(&c->undo);
    lines_free(c->lines);
    free(c->lines);
    free(c);
}

/* ---- text */

/* Takes what libedit holds. */
static void take(struct composer *c)
{
    size_t size, cursor;
    const wchar_t *text = edit_line(c->edit, &size, &cursor);
    lines_set(c->lines, text, size, cursor);
}

/* The wide characters of the first offset bytes. */
static size_t wide_offset(struct composer *c, size_t offset)
{
    size_t size, cursor, at = 0, n = 0;
    const wchar_t *text = edit_line(c->edit, &size, &cursor);
    for (; n < size && at < offset; n++) {
        uint32_t code = (uint32_t)text[n];
        char bytes[4];
        at += code < 0x80 || code - 0xDC00 < 256 ? 1 : utf8_encode(code, bytes);
    }
    return n;
}

static void keep(struct composer *c)
{
    buf_clear(&c->kept);
    buf_append(&c->kept, buf_text(&c->lines->text), c->lines->text.size);
    c->kept_cursor = c->lines->cursor;
}

/* Gives up a command that waits for its other keys, a search say; the text is what it was before it. */
static bool settle(struct composer *c)
{
    if (edit_idle(c->edit))
        return true;
    edit_abort(c->edit);
    bool ok = edit_replace(c->edit, buf_text(&c->kept), c->kept.size);
    edit_move(c->edit, wide_offset(c, c->kept_cursor));
    take(c);
    return ok;
}

static bool replace(struct composer *c, const char *text, size_t size, size_t cursor)
{
    bool ok = settle(c) && edit_replace(c->edit, text, size);
    edit_move(c->edit, wide_offset(c, ok ? cursor : c->lines->cursor));
    take(c);
    c->goal = NOTHING;
    return ok;
}

const char *composer_text(const struct composer *c, size_t *size, size_t *cursor)
{
    *size = c->lines->text.size;
    if (cursor != NULL)
        *cursor = c->lines->cursor;
    return buf_text(&c->lines->text);
}

bool composer_set_at(struct composer *c, const char *text, size_t size, size_t cursor)
{
    bool ok = replace(c, text, size, cursor);
    forget_edits(c);
    undo_clear(&c->undo);
    return ok;
}

bool composer_set(struct composer *c, const char *text, size_t size)
{
    return composer_set_at(c, text, size, size);
}

bool composer_insert(struct composer *c, const char *text, size_t size, size_t replace)
{
    bool ok = settle(c);
    size_t end = wide_offset(c, c->lines->cursor);
    size_t start = wide_offset(c, c->lines->cursor - (replace < c->lines->cursor ? replace : c->lines->cursor));
    ok = ok && edit_delete_before(c->edit, end - start) && edit_insert(c->edit, text, size);
    take(c);
    c->goal = NOTHING;
    return ok;
}

void composer_move(struct composer *c, size_t cursor)
{
    settle(c);
    edit_move(c->edit, wide_offset(c, cursor));
    take(c);
    c->goal = NOTHING;
}

/* ---- layout */

int composer_lines(const struct composer *c, int columns)
{
    return lines_count(c->lines, columns);
}

bool composer_line(const struct composer *c, int columns, int line, size_t *start, size_t *end)
{
    return lines_get(c->lines, columns, line, start, end);
}

void composer_cursor(const struct composer *c, int columns, int *line, int *column)
{
    lines_where(c->lines, columns, line, column);
}

size_t composer_offset(const struct composer *c, int columns, int line, int column)
{
    return lines_offset(c->lines, columns, line, column);
}

/* ---- history */

void composer_remember(struct composer *c, const char *text)
{
    bool known = c->n > 0 && strcmp(c->entries[c->n - 1].text, text) == 0;
    char *copy = *text != '\0' && !known ? strdup(text) : NULL;
    forget_edits(c);
    if (copy == NULL)
        return;
    if (c->n == HISTORY_MOST) {
        free(c->entries[0].text);
        memmove(c->entries, c->entries + 1, --c->n * sizeof c->entries[0]);
    }
    c->entries[c->n++] = (struct entry){.text = copy};
    c->entries[c->n] = (struct entry){0};
    c->at = c->n;
    edit_remember(c->edit, text);
}

/* Keeps what was typed into the entry that is left. */
static bool keep_edited(struct composer *c)
{
    struct entry *entry = &c->entries[c->at];
    const struct buf *text = &c->lines->text;
    if (entry->text != NULL && strlen(entry->text) == text->size && memcmp(entry->text, buf_text(text), text->size) == 0)
        return true;
    char *copy = malloc(text->size + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, buf_text(text), text->size + 1);
    free(entry->edited);
    entry->edited = copy;
    entry->edited_size = text->size;
    return true;
}

static void walk(struct composer *c, int step)
{
    if ((step < 0 && c->at == 0) || (step > 0 && c->at == c->n) || !keep_edited(c))
        return;
    const struct entry *entry = &c->entries[c->at += (size_t)(ptrdiff_t)step];
    const char *text = entry->edited != NULL ? entry->edited : entry->text;
    size_t size = entry->edited != NULL ? entry->edited_size : strlen(text);
    replace(c, text, size, size);
}

/* Up and Down: by lines of the screen, and from the first and the last one through the history. */
static void move_line(struct composer *c, int step)
{
    int columns = c->lines->columns, line, column;
    size_t start, end;
    lines_where(c->lines, columns, &line, &column);
    int goal = c->goal == NOTHING ? column : c->goal;
    if (line + step < 0 || !lines_get(c->lines, columns, line + step, &start, &end)) {
        walk(c, step);
        return;
    }
    composer_move(c, lines_offset(c->lines, columns, line + step, goal));
    c->goal = goal;
    c->moved = true;
}

/* ---- clusters */

enum { NEAR = 64 }; /* wide characters looked at on each side of the cursor */

/* The wide characters of the cluster before and behind position at; inside: at divides one, and these are its parts. */
struct around { size_t before, behind; bool inside; };

static size_t count_wide(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t at = 0, used; at < size; at += used, n++)
        if (utf8_decode(text + at, size - at, &used) == UTF8_INVALID)
            used = 1;
    return n;
}

static struct around look_around(const wchar_t *text, size_t size, size_t at)
{
    struct around a = {0};
    struct buf near;
    size_t from = at > NEAR ? at - NEAR : 0, to = size - at > NEAR ? at + NEAR : size;
    buf_init(&near, 16 * NEAR);
    edit_narrow(&near, text + from, at - from);
    size_t middle = near.size, start = middle;
    edit_narrow(&near, text + at, to - at);
    const char *bytes = buf_text(&near);
    if (middle > 0)
        start -= text_cluster_before(bytes, middle);
    a.before = count_wide(bytes + start, middle - start);
    int columns;
    size_t whole = start < near.size ? start + text_cluster(bytes + start, near.size - start, &columns) : middle;
    a.inside = start < middle && whole > middle;
    if (a.inside)
        a.behind = count_wide(bytes + middle, whole - middle);
    else if (middle < near.size)
        a.behind = count_wide(bytes + middle, text_cluster(bytes + middle, near.size - middle, &columns));
    buf_free(&near);
    return a;
}

/* libedit moves and deletes character by character: does the rest of the cluster. */
static void mend_cluster(struct composer *c, const struct around *old, size_t old_size, size_t old_cursor)
{
    size_t size, cursor;
    const wchar_t *text = edit_line(c->edit, &size, &cursor);
    if (size + 1 == old_size && cursor + 1 == old_cursor && old->before > 1) {
        edit_delete_before(c->edit, old->before - 1);
        return;
    }
    if (size + 1 == old_size && cursor == old_cursor && old->behind > 1) {
        edit_move(c->edit, cursor + old->behind - 1);
        edit_delete_before(c->edit, old->behind - 1);
        return;
    }
    struct around now = look_around(text, size, cursor);
    if (size == old_size && now.inside)
        edit_move(c->edit, cursor > old_cursor ? cursor + now.behind : cursor - now.before);
}

/* ---- keys */

static enum composer_result feed(struct composer *c, const wchar_t *keys, size_t n)
{
    size_t size, cursor;
    bool idle = edit_idle(c->edit);
    const wchar_t *text = edit_line(c->edit, &size, &cursor);
    struct around around = look_around(text, size, cursor);
    edit_feed(c->edit, keys, n);
    if (idle && !edit_idle(c->edit))
        keep(c);
    else if (idle)
        mend_cluster(c, &around, size, cursor);
    take(c);
    return edit_wants_editor(c->edit) ? COMPOSER_EDITOR : COMPOSER_EDITED;
}

static enum composer_result feed_text(struct composer *c, const wchar_t *keys)
{
    return feed(c, keys, wcslen(keys));
}

/* Ends a command that waits for keys: a search keeps what it found. */
static enum composer_result end_command(struct composer *c)
{
    feed_text(c, L"\033");
    settle(c);
    return COMPOSER_EDITED;
}

static enum composer_result newline(struct composer *c, size_t replace)
{
    composer_insert(c, "\n", 1, replace);
    return COMPOSER_EDITED;
}

static enum composer_result enter(struct composer *c, unsigned modifiers)
{
    const struct buf *text = &c->lines->text;
    size_t cursor = c->lines->cursor;
    if (modifiers != 0)
        return newline(c, 0);
    if (!edit_idle(c->edit))
        return end_command(c);
    if (cursor > 0 && cursor == text->size && buf_text(text)[cursor - 1] == '\\')
        return newline(c, 1);
    return COMPOSER_SEND;
}

static enum composer_result escape(struct composer *c)
{
    if (edit_idle(c->edit) && (!edit_is_vi(c->edit) || edit_in_vi_command(c->edit)))
        return COMPOSER_ESCAPE;
    return end_command(c);
}

static enum composer_result vertical(struct composer *c, int step)
{
    if (settle(c))
        move_line(c, step);
    return COMPOSER_EDITED;
}

/* Home and End: of the line of a text of many. */
static enum composer_result line_edge(struct composer *c, bool end)
{
    const char *text = buf_text(&c->lines->text);
    size_t at = c->lines->cursor;
    while (!end && at > 0 && text[at - 1] != '\n')
        at--;
    while (end && at < c->lines->text.size && text[at] != '\n')
        at++;
    composer_move(c, at);
    return COMPOSER_EDITED;
}

static enum composer_result undo(struct composer *c)
{
    struct undo_text text;
    if (undo_pop(&c->undo, &text)) {
        replace(c, text.text, text.size, text.cursor);
        free(text.text);
    }
    c->undone = true;
    return COMPOSER_EDITED;
}

static enum composer_result control(struct composer *c, wchar_t letter)
{
    bool idle = edit_idle(c->edit);
    if (letter == L'j')
        return newline(c, 0);
    if (letter == L'c') {
        settle(c);
        return COMPOSER_INTERRUPT;
    }
    if (letter == L'l' || letter == L'z')
        return COMPOSER_UNUSED;
    if (letter == L'd' && idle && c->lines->text.size == 0)
        return COMPOSER_END;
    if (letter == L'd' && edit_is_vi(c->edit))
        return COMPOSER_EDITED; /* libedit would take it for the end of its file */
    if (letter == L'g' && idle)
        return COMPOSER_EDITOR;
    if ((letter == L'p' || letter == L'n') && idle)
        return vertical(c, letter == L'p' ? -1 : 1);
    if ((letter == L'_' || letter == L'/') && idle && !edit_is_vi(c->edit))
        return undo(c);
    wchar_t key = letter == L' ' ? 0 : letter == L'/' ? 0x1F : letter & 0x1F;
    return feed(c, &key, 1);
}

static enum composer_result alt(struct composer *c, wchar_t letter)
{
    if (edit_is_vi(c->edit) || !edit_binds_alt(c->edit, letter))
        return COMPOSER_UNUSED;
    return feed_text(c, (const wchar_t[]){L'\033', letter, L'\0'});
}

static enum composer_result character(struct composer *c, const struct key *key)
{
    if (key->modifiers & KEY_CTRL)
        return key->modifiers & KEY_ALT ? COMPOSER_UNUSED : control(c, key->character);
    if (key->character < L' ' || (key->character >= 0x7F && key->character < 0xA0))
        return COMPOSER_UNUSED;
    if (key->modifiers & KEY_ALT)
        return alt(c, key->character);
    bool jk = key->character == L'j' || key->character == L'k';
    if (jk && edit_idle(c->edit) && edit_in_vi_command(c->edit))
        return vertical(c, key->character == L'k' ? -1 : 1);
    return feed(c, &key->character, 1);
}

/* A key of the cursor: by its sequence, which ~/.editrc may bind; in vi by the name of what it does. */
static enum composer_result sequence(struct composer *c, const wchar_t *emacs, wchar_t vi)
{
    return edit_is_vi(c->edit) ? feed_text(c, (const wchar_t[]){vi, L'\0'}) : feed_text(c, emacs);
}

static enum composer_result press(struct composer *c, const struct key *key)
{
    bool many = memchr(buf_text(&c->lines->text), '\n', c->lines->text.size) != NULL;
    switch (key->code) {
    case KEYS_CHARACTER:
        return character(c, key);
    case KEYS_ENTER:
        return enter(c, key->modifiers);
    case KEYS_PASTE:
        composer_insert(c, key->text, key->text_size, 0);
        return COMPOSER_EDITED;
    case KEYS_ESCAPE:
        return escape(c);
    case KEYS_TAB:
        return key->modifiers == 0 ? COMPOSER_COMPLETE : COMPOSER_UNUSED;
    case KEYS_BACKSPACE:
        return feed_text(c, key->modifiers & KEY_ALT && !edit_is_vi(c->edit) ? L"\033\177" : L"\177");
    case KEYS_DELETE:
        return sequence(c, (const wchar_t[]){EDIT_DELETE, L'\0'}, EDIT_DELETE);
    case KEYS_UP:
    case KEYS_DOWN:
        return key->modifiers != 0 ? COMPOSER_UNUSED : vertical(c, key->code == KEYS_UP ? -1 : 1);
    case KEYS_LEFT:
        return sequence(c, key->modifiers & (KEY_CTRL | KEY_ALT) ? L"\033b" : L"\033[D", EDIT_LEFT);
    case KEYS_RIGHT:
        return sequence(c, key->modifiers & (KEY_CTRL | KEY_ALT) ? L"\033f" : L"\033[C", EDIT_RIGHT);
    case KEYS_HOME:
        return many ? line_edge(c, false) : sequence(c, L"\033[H", EDIT_HOME);
    case KEYS_END:
        return many ? line_edge(c, true) : sequence(c, L"\033[F", EDIT_END);
    default:
        return COMPOSER_UNUSED;
    }
}

/* After a key that changed the text: keeps what it was, but inside a word that is typed. began: the key began a command. */
static void record(struct composer *c, const struct key *key, bool began, size_t cursor)
{
    const struct buf *before = began ? &c->lines->before : &c->kept;
    bool types = key->code == KEYS_CHARACTER && (key->modifiers & (KEY_CTRL | KEY_ALT)) == 0;
    if (!types || !c->typing)
        undo_push(&c->undo, buf_text(before), before->size, began ? cursor : c->kept_cursor);
    c->typing = types && key->character != L' ';
}

enum composer_result composer_key(struct composer *c, const struct key *key)
{
    size_t version = c->lines->version, cursor = c->lines->cursor;
    bool began = edit_idle(c->edit);
    c->moved = c->undone = false;
    enum composer_result result = press(c, key);
    if (!c->moved)
        c->goal = NOTHING;
    if (c->lines->version == version || c->undone)
        c->typing = false;
    else if (edit_idle(c->edit) && !edit_is_vi(c->edit))
        record(c, key, began, cursor);
    return result;
}
