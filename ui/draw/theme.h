/* Theme: colours and attributes for each role of style.h, from a file.
 *
 * A theme file has lines `role = foreground background attributes`; # begins a comment. A colour is `default`, one of
 * sixteen names (black red green yellow blue magenta cyan white, bright-black …), #rrggbb, or `-` for the colour of
 * `text`. Attributes are bold, dim, italic, underline, reverse, strike. A role that a file leaves out looks like its
 * parent (heading like strong, strong like text, …). Errors name the file and the line. */
#ifndef PALAVER_UI_DRAW_THEME_H
#define PALAVER_UI_DRAW_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "ui/text/style.h"

struct theme_color {
    enum { THEME_DEFAULT, THEME_NAMED, THEME_RGB } kind;
    uint8_t named; /* 0..15 */
    uint8_t r, g, b;
};
struct theme_style {
    struct theme_color foreground, background;
    unsigned attributes; /* STYLE_BOLD … of style.h */
};

struct theme;

/* The theme of that name: NAME.theme in the first of the folders (NULL-terminated) that has it. NULL on failure. */
struct theme *theme_load(const char *name, const char *const *folders, struct error *err);
void theme_free(struct theme *t);
/* Its name; owned by the theme. */
const char *theme_name(const struct theme *t);
/* The looks of a role; owned by the theme. */
const struct theme_style *theme_style(const struct theme *t, enum style_role role);
/* The names of all themes in the folders, sorted, each once; NULL-terminated, one block that the caller frees. NULL
 * when out of memory. */
char **theme_list(const char *const *folders);

/* The number of a colour on a terminal with so many (16777216, 256, 16, 8); -1: the terminal's default. With 16777216
 * it is 0xrrggbb for THEME_RGB; a named colour stays 0..15. With 8, bright colours become the plain ones. */
int theme_color_number(const struct theme_color *c, int colors);

#endif
