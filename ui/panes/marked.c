/* Marked: stretches of marked and unmarked clusters, one after the other. */
#include <config.h>

#include "ui/panes/marked.h"

#include <stdbool.h>
#include <string.h>

#include "ui/text/text.h"

/* How marked letters look among those of a style. */
static unsigned mark_style(unsigned style)
{
    bool selected = (style & STYLE_ROLE) == STYLE_SELECTED;
    return selected ? style | STYLE_BOLD | STYLE_UNDERLINE : STYLE_KEY | STYLE_BOLD;
}

static bool is_marked(const struct fuzzy_marks *marks, size_t at)
{
    for (size_t i = 0; marks != NULL && i < marks->n; i++)
        if (marks->at[i] == at)
            return true;
    return false;
}

int marked_draw(struct canvas *s, const struct area *a, int row, int column, int width, unsigned style,
                const char *text, const struct fuzzy_marks *marks)
{
    size_t size = strlen(text);
    bool cut = text_columns(text, size, 0) > width;
    const char *ellipsis = canvas_is_ascii(s) ? "~" : "…";
    size_t end = cut ? text_fit(text, size, width - 1) : size;
    if (width < 1)
        return column;
    for (size_t at = 0, next; at < end; at = next) {
        int columns;
        bool marked = is_marked(marks, at);
        next = at + text_cluster(text + at, end - at, &columns);
        while (next < end && is_marked(marks, next) == marked)
            next += text_cluster(text + next, end - next, &columns);
        column = canvas_text(s, a, row, column, marked ? mark_style(style) : style, text + at, next - at);
    }
    return cut ? canvas_puts(s, a, row, column, style, ellipsis) : column;
}
