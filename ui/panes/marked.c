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

/* Where to begin, so that the first mark is seen: not at 0 when it would be cut off. */
static size_t begin_at(const char *text, size_t size, int width, const struct fuzzy_marks *marks)
{
    const size_t first = marks != NULL && marks->n > 0 ? marks->at[0] : 0;
    size_t from = 0;
    if (first >= size || text_columns(text, first, 0) < width * 2 / 3)
        return 0;
    for (int columns; from < first && text_columns(text + from, first - from, 0) > width / 3;)
        from += text_cluster(text + from, size - from, &columns);
    return from;
}

int marked_draw(struct canvas *s, const struct area *a, int row, int column, int width, unsigned style,
                const char *text, const struct fuzzy_marks *marks)
{
    size_t size = strlen(text);
    bool cut = text_columns(text, size, 0) > width;
    const char *ellipsis = canvas_is_ascii(s) ? "~" : "…";
    size_t from = cut ? begin_at(text, size, width, marks) : 0;
    if (width < 1)
        return column;
    if (from > 0) {
        column = canvas_puts(s, a, row, column, style, ellipsis);
        cut = text_columns(text + from, size - from, 0) > --width;
    }
    size_t end = cut ? from + text_fit(text + from, size - from, width - 1) : size;
    for (size_t at = from, next; at < end; at = next) {
        int columns;
        bool marked = is_marked(marks, at);
        next = at + text_cluster(text + at, end - at, &columns);
        while (next < end && is_marked(marks, next) == marked)
            next += text_cluster(text + next, end - next, &columns);
        column = canvas_text(s, a, row, column, marked ? mark_style(style) : style, text + at, next - at);
    }
    return cut ? canvas_puts(s, a, row, column, style, ellipsis) : column;
}
