/* Theme: colours and attributes for each role of style.h, from a file.
 *
 * A theme file has lines `role = foreground background attributes`; # begins a comment. A colour is `default`, one of the
 * terminal's sixteen by name (black red green yellow blue magenta cyan white, bright-black …), or #rrggbb; attributes are
 * bold, dim, italic, underline, reverse, strike. `-` stands for what `text` has. A role that a file leaves out looks as its
 * parent does (heading as strong, strong as text, …). Errors name the file and the line. */
#ifndef PALAVER_UI_DRAW_THEME_H
#define PALAVER_UI_DRAW_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "ui/text/style.h"

struct theme_color {
    enum { THEME_DEFAULT, THEME_NAMED, THEME_RGB } kind;
    uint8_t named;    /* 0..15 */
    uint8_t r, g, b;
};
struct theme_style {
    struct theme_color foreground, background;
    unsigned attributes; /* STYLE_BOLD … of style.h */
};

struct theme;

/* The theme of that name: DIR/NAME.theme of the first of the folders (NULL-terminated) that has it. */
struct theme *theme_load(const char *name, const char *const *folders, struct error *err);
void theme_free(struct theme *t);
const char *theme_name(const struct theme *t);
const struct theme_style *theme_style(const struct theme *t, enum style_role role);
/* The names of all themes in the folders, sorted, each once; NULL-terminated, one malloc'ed block, the caller's. */
char **theme_list(const char *const *folders);

/* The number of a colour where the terminal has this many (16777216, 256, 16, 8); -1: the terminal's own. With 16777216 it
 * is 0xrrggbb for THEME_RGB; a named colour stays 0..15. With 8, bright colours become the plain ones. */
int theme_color_number(const struct theme_color *c, int colors);

#endif
