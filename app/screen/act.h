/* Act: what the user does on the screen, passed on to the part that it is for. */
#ifndef PALAVER_APP_SCREEN_ACT_H
#define PALAVER_APP_SCREEN_ACT_H

#include "app/screen/parts.h"

/* ui_act of a screen, which is the context. */
void screen_act(void *context, const struct ui_action *action);

#endif
