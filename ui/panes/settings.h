/* Settings: the sampling settings in the order in which they act, and what they make of the next token. */
#ifndef PALAVER_UI_PANES_SETTINGS_H
#define PALAVER_UI_PANES_SETTINGS_H

#include "ui/panes/field.h"
#include "ui/draw/canvas.h"
#include "ui/ui.h"

struct settings;

struct settings *settings_new(void);
void settings_free(struct settings *p);
bool settings_set(struct settings *p, const struct ui_setting *list, size_t n);
bool settings_set_candidates(struct settings *p, const struct ui_candidate *list, size_t n, const char *summary);
/* y, x: the cursor's place, when something is being typed. */
void settings_draw(struct settings *p, struct canvas *s, const struct area *a, bool focus, int *y, int *x);
/* Opens a field in the row in focus: with this text, or NULL: with the present value. */
void settings_open_field(struct settings *p, const char *text);
/* The field, open or not. */
struct field *settings_field(struct settings *p);
/* Whether the row in focus is a number, so that a digit begins one. */
bool settings_is_number(const struct settings *p);
/* What was typed is taken, or trouble says why not. */
void settings_typed(struct settings *p, const char *trouble);
void settings_move(struct settings *p, int step);
/* The one in focus; NULL when there is none. */
const char *settings_name(const struct settings *p);
/* The setting at a row of the area last drawn is put into focus; false when there is none. *position: where in its
 * slider the column lies, 0..1, negative when beside it. */
bool settings_at(struct settings *p, int row, int column, double *position);

#endif
