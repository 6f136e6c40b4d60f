/* Settings: the sampling settings in the order in which they act, and what they make of the next token. */
#ifndef PALAVER_UI_SETTINGS_H
#define PALAVER_UI_SETTINGS_H

#include "ui/screen.h"
#include "ui/ui.h"

struct settings;

struct settings *settings_new(void);
void settings_free(struct settings *p);
bool settings_set(struct settings *p, const struct ui_setting *list, size_t n);
bool settings_set_candidates(struct settings *p, const struct ui_candidate *list, size_t n, const char *summary);
void settings_draw(struct settings *p, struct screen *s, const struct area *a, bool focus);
void settings_move(struct settings *p, int step);
/* The one in focus; NULL when there is none. */
const char *settings_name(const struct settings *p);
/* The setting at a row of the area last drawn is put into focus; false when there is none. *position: where in its
 * slider the column lies, 0..1, negative when beside it. */
bool settings_at(struct settings *p, int row, int column, double *position);

#endif
