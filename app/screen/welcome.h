/* Welcome: what an empty conversation shows: which model this is, something to try, the first keys. */
#ifndef PALAVER_APP_SCREEN_WELCOME_H
#define PALAVER_APP_SCREEN_WELCOME_H

#include <stdbool.h>

#include "app/screen/parts.h"

struct screen_welcome *screen_welcome_new(void);
void screen_welcome_free(struct screen_welcome *welcome);
/* The model or the conversation changed. */
void screen_welcome_show(struct screen *s);
/* Puts the next of the things to try into the composer; false when a conversation or something typed is there. */
bool screen_welcome_complete(struct screen *s);

#endif
