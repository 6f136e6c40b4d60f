/* Welcome: a text in Markdown that stands where messages will stand, until there are some. */
#ifndef PALAVER_UI_PANES_WELCOME_H
#define PALAVER_UI_PANES_WELCOME_H

#include <stdbool.h>

#include "ui/draw/canvas.h"

struct welcome;

struct welcome *welcome_new(void);
void welcome_free(struct welcome *w);
/* Replaces the text; NULL or "": there is none. */
void welcome_set(struct welcome *w, const char *text);
/* Draws it in the upper part of an area, in the middle of its width, as far as it has room. */
void welcome_draw(struct welcome *w, struct canvas *s, const struct area *a);

#endif
