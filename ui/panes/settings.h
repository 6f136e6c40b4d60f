/* Settings: the sampling settings in the order in which they act, and what they make of the next token. */
#ifndef PALAVER_UI_PANES_SETTINGS_H
#define PALAVER_UI_PANES_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/pane.h"
#include "ui/ui.h"

struct settings;
extern const struct pane settings_pane;

struct settings *settings_new(void);
void settings_free(struct settings *p);
/* Replaces the settings; the selected one stays selected, by its name, and a field open in it stays open. False when
 * out of memory. */
bool settings_set(struct settings *p, const struct ui_setting *list, size_t n);
/* Replaces the next token's candidates and the line above them (NULL: none). */
void settings_set_candidates(struct settings *p, const struct ui_candidate *list, size_t n, const char *summary);
/* Opens a field in the selected row, holding its present value. */
void settings_open_field(struct settings *p);
/* The program's answer to a typed value: NULL, and the field closes, or what is wrong with it. */
void settings_typed(struct settings *p, const char *trouble);
/* Selects the next (1) or previous (-1) setting; past an end it continues at the other. */
void settings_move(struct settings *p, int step);
/* The name of the selected setting; NULL when there is none. */
const char *settings_name(const struct settings *p);

#endif
