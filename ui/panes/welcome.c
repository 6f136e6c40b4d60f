/* Welcome: drawing a short text. */
#include <config.h>

#include "ui/panes/welcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/text/render.h"

enum { WIDEST = 68, TEXT_MOST = 16384 };

struct welcome {
    struct buf text;
    struct rendering lines;
    int width; /* for which there are lines; 0: there are none */
};

struct welcome *welcome_new(void)
{
    struct welcome *w = calloc(1, sizeof *w);
    if (w != NULL)
        buf_init(&w->text, TEXT_MOST);
    return w;
}

void welcome_free(struct welcome *w)
{
    if (w == NULL)
        return;
    rendering_free(&w->lines);
    buf_free(&w->text);
    free(w);
}

void welcome_set(struct welcome *w, const char *text)
{
    buf_clear(&w->text);
    buf_puts(&w->text, text != NULL ? text : "");
    w->width = 0;
}

void welcome_draw(struct welcome *w, struct canvas *s, const struct area *a)
{
    const int room = a->columns - 4, width = room < WIDEST ? room : WIDEST;
    const struct render_options options = {.width = width, .ascii = canvas_is_ascii(s)};
    if (w->text.size == 0 || width < 2)
        return;
    if (w->width != width && render(buf_text(&w->text), w->text.size, &options, &w->lines))
        w->width = width;
    const int lines = (int)w->lines.n_lines, top = lines < a->rows ? (a->rows - lines) / 3 : 0;
    for (int row = 0; row < lines && top + row < a->rows; row++) {
        const struct render_line *l = &w->lines.lines[row];
        int column = (a->columns - width) / 2;
        for (uint32_t i = 0; i < l->n_spans; i++) {
            const struct render_span *span = &w->lines.spans[l->span + i];
            column =
                canvas_text(s, a, top + row, column, span->style, buf_text(&w->lines.text) + span->start, span->size);
        }
    }
}
