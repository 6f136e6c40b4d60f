/* Menu: what may stand where the user types, shown above the composer while they do.
 *
 * It takes Up, Down, Tab and Esc, and Enter where that is no surprise: see ui_choice. Every other key goes on to the
 * composer. What is typed is looked for in the choices by menu_filter. */
#ifndef PALAVER_UI_PANES_MENU_H
#define PALAVER_UI_PANES_MENU_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/pane.h"
#include "ui/ui.h"

struct menu;
extern const struct pane menu_pane;

struct menu *menu_new(void);
void menu_free(struct menu *m);
/* Opens it for the word that begins at byte start: see ui_set_menu. */
void menu_set(struct menu *m, size_t start, const char *title, const struct ui_choice *choices, size_t n);
/* Closes it. dismiss: the user closed it, and it stays away for this word, until menu_forget. */
void menu_close(struct menu *m, bool dismiss);
bool menu_is_open(const struct menu *m);
bool menu_is_dismissed(const struct menu *m, size_t start);
void menu_forget(struct menu *m);
/* Where the word begins. */
size_t menu_start(const struct menu *m);
/* word[0..size) is typed now. */
void menu_filter(struct menu *m, const char *word, size_t size);
/* The only choice that begins with what is typed; NULL: there are several, or none. */
const char *menu_only(const struct menu *m);
/* Whether the user moved to another choice since the last call, or away from it: *word (the menu's) is the one that is
 * selected by a move, NULL: none is. */
bool menu_take_moved(struct menu *m, const char **word);
/* Rows that it would like to have; 0: it is closed. */
int menu_rows(const struct menu *m);

#endif
