/* Hugging Face's cache: where its tools keep the models that they fetched, one folder models--ORG--NAME for each. */
#ifndef PALAVER_APP_CHAT_HUB_H
#define PALAVER_APP_CHAT_HUB_H

#include <stdbool.h>
#include <stddef.h>

#include "app/options/options.h"

/* The cache's folder, malloc'ed, which need not be there: HF_HUB_CACHE, HF_HOME/hub, or huggingface/hub below the user's
 * cache, as those tools look for it. NULL when out of memory or too long. */
char *hub_folder(const struct options *o);
/* Whether a name has the form of one there, ORG/NAME or models--ORG--NAME. */
bool hub_is_name(const char *name);
/* The folder of the model with such a name, malloc'ed; NULL when the cache has none. */
char *hub_find(const struct options *o, const char *name);
/* What a path into a cache means, the NAME of models--ORG--NAME, not ended by a NUL but *size bytes long; NULL when it is no
 * path into a cache. */
const char *hub_label(const char *path, size_t *size);

#endif
