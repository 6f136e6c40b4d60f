/* Menu: commands, their arguments and files, offered above the composer while they are typed. */
#ifndef PALAVER_APP_SCREEN_MENU_H
#define PALAVER_APP_SCREEN_MENU_H

#include "app/screen/parts.h"

/* NULL when out of memory. */
struct screen_menu *screen_menu_new(void);
void screen_menu_free(struct screen_menu *menu);

/* What is typed changed: the menu opens, stays or closes. */
void screen_menu_follow(struct screen *s);
/* The user asks for it, with Tab. */
void screen_menu_ask(struct screen *s);

#endif
