/* Search: words in all conversations, and in the open one. */
#ifndef PALAVER_APP_SCREEN_SEARCH_H
#define PALAVER_APP_SCREEN_SEARCH_H

#include <stdint.h>

#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_search *screen_search_new(void);
void screen_search_free(struct screen_search *search);

/* Opens the popup that searches all conversations while the user types; words: typed already, "" for none. */
void screen_search_open(struct screen *s, const char *words, struct error *err);
/* Fills that popup with what is found. */
void screen_search_all(struct screen *s, const char *words, struct error *err);
/* Takes what another thread found of that meaning, if it did, and adds it. */
void screen_search_take(struct screen *s);
/* Opens a hit of the last search: a conversation at a message, 0: at its end, where the words are in its title. */
void screen_search_show_hit(struct screen *s, int64_t conversation, int64_t message, struct error *err);
/* Marks words in the open conversation; "" removes the marks. */
void screen_search_here(struct screen *s, const char *words, struct error *err);

#endif
