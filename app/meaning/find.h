/* Find: which encoder the history is read with, and where its vectors lie. */
#ifndef PALAVER_APP_MEANING_FIND_H
#define PALAVER_APP_MEANING_FIND_H

#include <stdbool.h>

#include "app/options/options.h"
#include "base/error.h"

/* Whether the user switched search by meaning off. */
bool meaning_is_off(const struct options *o);
/* The path of the encoder that the option names; else of the one that palaver pull minilm makes; else of the first encoder
 * in the models folder. "off" names none: it is about the history, not about texts that were asked for. malloc'ed;
 * NULL with ERR_NOT_FOUND when there is none. Looks into every model of the folder in the last case. */
char *meaning_find_encoder(const struct options *o, struct error *err);
/* The path of the file of vectors for the history at this path; malloc'ed, NULL when out of memory. */
char *meaning_file(const struct options *o, const char *history);

#endif
