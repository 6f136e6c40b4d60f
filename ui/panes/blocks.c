/* Blocks: wrapped at every drawing, which takes no time with the few hundred lines of a question. */
#include <config.h>

#include "ui/panes/blocks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/panes/pane.h"
#include "ui/text/text.h"

enum {
    TEXT_MOST = 16 << 20,
    LEAST = 32, /* columns of the screen for a column of text; where there is less room, they stand below each other */
    GAP = 3,
};

struct block {
    struct buf text; /* clean */
    uint8_t *roles;  /* (text.size) */
    int column, columns;
};

struct blocks {
    struct block *at; /* (n) */
    size_t n;
    int top, rows, lines; /* the first line in view; of the last drawing: lines in view, and of all of it */
};

struct blocks *blocks_new(void)
{
    return calloc(1, sizeof(struct blocks));
}

static void clear_blocks(struct blocks *b)
{
    for (size_t i = 0; i < b->n; i++) {
        buf_free(&b->at[i].text);
        free(b->at[i].roles);
    }
    free(b->at);
    b->at = NULL;
    b->n = 0;
}

void blocks_free(struct blocks *b)
{
    if (b != NULL)
        clear_blocks(b);
    free(b);
}

bool blocks_is_empty(const struct blocks *b)
{
    return b->n == 0;
}

void blocks_rewind(struct blocks *b)
{
    b->top = 0;
}

/* ---- what it shows ---------------------------------------------------------------------------------------------- */

/* Gives each byte of the clean text the role of the stretch that it came from. */
static void set_roles(struct block *block, const struct ui_block *from, const struct text_origin *origin)
{
    size_t k = 0;
    for (size_t i = 0; i < block->text.size; i++) {
        const size_t source = i < origin->n ? origin->at[i] : from->size;
        while (k < from->n_stretches && source >= from->stretches[k].end)
            k++;
        const int role = k < from->n_stretches ? style_find(from->stretches[k].role) : STYLE_TEXT;
        block->roles[i] = (uint8_t)(role >= 0 ? role : STYLE_TEXT);
    }
}

static bool set_block(struct block *block, const struct ui_block *from)
{
    struct text_origin origin = {0};
    buf_init(&block->text, TEXT_MOST);
    block->column = from->column;
    block->columns = from->columns > 0 ? from->columns : 1;
    text_clean(from->text, from->size, &block->text, &origin);
    block->roles = malloc(block->text.size + 1);
    if (block->roles != NULL)
        set_roles(block, from, &origin);
    text_origin_free(&origin);
    return block->roles != NULL;
}

void blocks_set(struct blocks *b, const struct ui_block *list, size_t n)
{
    clear_blocks(b);
    b->at = calloc(n + 1, sizeof *b->at);
    while (b->at != NULL && b->n < n && set_block(&b->at[b->n], &list[b->n]))
        b->n++;
    if (b->at != NULL && b->n < n)
        buf_free(&b->at[b->n].text); /* of the one that there was no memory for */
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_line(struct canvas *s, const struct area *a, int row, const struct block *block, size_t from,
                      size_t to)
{
    int column = 0;
    for (size_t at = from, end; at < to; at = end) {
        for (end = at + 1; end < to && block->roles[end] == block->roles[at]; end++)
            continue;
        column = canvas_text(s, a, row, column, block->roles[at], block->text.data + at, end - at);
    }
}

/* Draws the lines of a block of which the first stands on a row that may lie above or below the area; returns how many
 * there are. */
static int draw_block(struct canvas *s, const struct area *a, int row, const struct block *block)
{
    int lines = 0;
    for (size_t at = 0, next, end; at < block->text.size; at = next, lines++) {
        next = at + text_wrap(block->text.data + at, block->text.size - at, a->columns, &end);
        if (row + lines >= 0 && row + lines < a->rows)
            draw_line(s, a, row + lines, block, at, at + end);
    }
    return lines;
}

/* Draws blocks side by side; returns the lines of the longest. */
static int draw_beside(struct canvas *s, const struct area *a, int row, const struct block *list, size_t n)
{
    const int columns = list[0].columns, width = (a->columns - GAP * (columns - 1)) / columns;
    int most = 0;
    for (size_t i = 0; i < n; i++) {
        const struct area place = {a->y, a->x + list[i].column * (width + GAP), a->rows, width};
        const int lines = draw_block(s, &place, row, &list[i]);
        most = lines > most ? lines : most;
    }
    return most;
}

/* How many blocks from the first on stand side by side in so many columns. */
static size_t count_beside(const struct block *list, size_t n, int columns)
{
    size_t beside = 1;
    if (columns < list[0].columns * LEAST)
        return 1;
    while (beside < n && list[beside].columns == list[0].columns && list[beside].column > list[beside - 1].column)
        beside++;
    return beside;
}

static int draw_all(struct blocks *b, struct canvas *s, const struct area *a)
{
    int lines = 0;
    for (size_t i = 0, n; i < b->n; i += n) {
        n = count_beside(&b->at[i], b->n - i, a->columns);
        if (n > 1)
            lines += draw_beside(s, a, lines - b->top, &b->at[i], n);
        else
            lines += draw_block(s, a, lines - b->top, &b->at[i]);
    }
    return lines;
}

static void move_to(struct blocks *b, int top)
{
    const int last = b->lines - b->rows;
    b->top = top > last ? last : top;
    b->top = b->top > 0 ? b->top : 0;
}

void blocks_draw(struct blocks *b, struct canvas *s, const struct area *a)
{
    const struct area inner = {a->y, a->x + 1, a->rows, a->columns - 3};
    const int top = b->top;
    b->lines = draw_all(b, s, &inner);
    b->rows = a->rows;
    move_to(b, b->top);
    if (b->top != top) { /* it has become shorter */
        for (int row = 0; row < a->rows; row++)
            canvas_blank(s, a, row, 0, a->columns, STYLE_TEXT);
        draw_all(b, s, &inner);
    }
    if (b->lines <= b->rows)
        return;
    const int bar = a->rows * a->rows / b->lines, size = bar > 0 ? bar : 1;
    canvas_vline(s, a, (a->rows - size) * b->top / (b->lines - b->rows), a->columns - 1, size, STYLE_BAR);
}

/* ---- scrolling -------------------------------------------------------------------------------------------------- */

bool blocks_key(struct blocks *b, const struct key *key)
{
    const int page = b->rows > 2 ? b->rows - 1 : 1;
    if (key->code == KEYS_DOWN || pane_key_is_letter(key, L'j'))
        move_to(b, b->top + 1);
    else if (key->code == KEYS_UP || pane_key_is_letter(key, L'k'))
        move_to(b, b->top - 1);
    else if (key->code == KEYS_PAGE_DOWN || pane_key_is_letter(key, L' '))
        move_to(b, b->top + page);
    else if (key->code == KEYS_PAGE_UP)
        move_to(b, b->top - page);
    else if (key->code == KEYS_HOME || pane_key_is_letter(key, L'g'))
        move_to(b, 0);
    else if (key->code == KEYS_END || pane_key_is_letter(key, L'G'))
        move_to(b, b->lines);
    else
        return false;
    return true;
}

bool blocks_mouse(struct blocks *b, const struct key *key)
{
    if (pane_key_is_wheel(key))
        move_to(b, b->top + (key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3));
    return pane_key_is_wheel(key);
}
