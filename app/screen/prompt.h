/* Prompt: the exact text and tokens that the model was given. */
#ifndef PALAVER_APP_SCREEN_PROMPT_H
#define PALAVER_APP_SCREEN_PROMPT_H

#include "app/screen/parts.h"
#include "base/error.h"

/* Shows the last prompt, or what it would be now. */
void screen_prompt_show(struct screen *s, struct error *err);

#endif
