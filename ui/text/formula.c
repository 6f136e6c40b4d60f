/* Formula: parse, lay out, and write as text; see the header. */
#include <config.h>

#include "ui/text/formula.h"

#include <string.h>

#include "base/utf8.h"
#include "ui/text/formula-layout.h"
#include "ui/text/formula-tree.h"

enum { MEMORY_MOST = 2 << 20 };

/* Whether all of it is text that a terminal may have. */
static bool is_safe(const char *text, size_t size)
{
    for (size_t at = 0, used; at < size; at += used) {
        uint32_t code = utf8_decode(text + at, size - at, &used);
        if (code == UTF8_INVALID || (code < ' ' && code != '\n' && code != '\t') || utf8_is_unsafe(code))
            return false;
    }
    return true;
}

/* Whether there is more in the box than blanks. */
static bool has_text(const struct formula_box *b)
{
    for (int i = 0; i < b->rows * b->columns; i++)
        if (b->cells[i].size > 0)
            return true;
    return false;
}

/* Writes one row without the blanks at its end; a blank that stands for nothing belongs to `blank`, or in a line to
 * what is before it. */
static void write_row(const struct formula_box *b, int row, const uint32_t *source, const struct formula_place *place,
                      struct stretch *out)
{
    int end = b->columns;
    uint32_t before = place->whole;
    while (end > 0 && formula_box_cell(b, row, end - 1)->size == 0 && !formula_box_cell(b, row, end - 1)->tail)
        end--;
    for (int i = 0; i < end; i++) {
        const struct formula_cell *c = formula_box_cell(b, row, i);
        if (c->tail)
            continue;
        uint32_t at = c->source > 0 ? source[c->source - 1] : before;
        at = at == RENDER_NO_SOURCE ? before : at;
        stretch_add_whole(out, c->size > 0 ? c->text : " ", c->size > 0 ? c->size : 1, at,
                          place->style | STYLE_FORMULA);
        if (place->shape == FORMULA_LINE)
            before = at;
    }
}

static void write_box(const struct formula_box *b, const uint32_t *source, const struct formula_place *place,
                      struct stretch *out)
{
    for (int row = 0; row < b->rows; row++) {
        if (row > 0)
            stretch_add_whole(out, "\n", 1, place->whole, place->style | STYLE_FORMULA);
        write_row(b, row, source, place, out);
    }
}

bool formula_write(const char *latex, size_t size, const uint32_t *source, const struct formula_place *place,
                   struct stretch *out)
{
    struct formula_memory memory = {.left = MEMORY_MOST};
    struct formula_layout layout = {.text = latex, .memory = &memory, .flat = place->shape == FORMULA_LINE};
    struct formula_node *node = is_safe(latex, size) ? formula_parse(latex, size, place->strict, &memory) : NULL;
    struct formula_box *box = node != NULL ? formula_lay_out_all(&layout, node) : NULL;
    bool shown = box != NULL && has_text(box);
    if (shown)
        write_box(box, source, place, out);
    formula_release(&memory);
    return shown;
}

bool formula_is_plausible(const char *latex, size_t size)
{
    size_t letters = 0;
    int depth = 0;
    for (size_t i = 0; i < size; i++) {
        char c = latex[i];
        if (c == '\\')
            return true;
        depth += (c == '{') - (c == '}');
        letters = depth == 0 && (c | 32) >= 'a' && (c | 32) <= 'z' ? letters + 1 : 0;
        if (letters > 3)
            return false;
    }
    return true;
}
