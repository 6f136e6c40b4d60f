/* Bar: blocks on the ground of STYLE_BAR, or signs where there is no such ground. */
#include <config.h>

#include "ui/draw/bar.h"

#include <math.h>

enum { EIGHTHS = 8 };

/* What stands in a column of which so many eighths are filled. */
static const char *sign(const struct canvas *s, int eighths)
{
    static const char *const blocks[EIGHTHS + 1] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
    if (canvas_is_ascii(s))
        return eighths > 0 ? "#" : ".";
    return eighths == 0 && canvas_colors(s) == 0 ? "░" : blocks[eighths];
}

int bar_draw(struct canvas *s, const struct area *a, int row, int column, int width, double part)
{
    int filled = (int)ceil(fmin(fmax(part, 0), 1) * width * EIGHTHS);
    for (int i = 0; i < width; i++, filled -= EIGHTHS) {
        const int here = filled < 0 ? 0 : filled > EIGHTHS ? EIGHTHS : filled;
        column = canvas_puts(s, a, row, column, here > 0 || canvas_colors(s) > 0 ? STYLE_BAR : STYLE_BAR_EMPTY,
                             sign(s, here));
    }
    return column;
}
