/* Cleaning: what the article that palaver similarity follows does to a text before it is compared. */
#ifndef PALAVER_APP_TEXT_CLEANING_H
#define PALAVER_APP_TEXT_CLEANING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends text in lower case, as Python's str.lower has it, without ASCII punctuation, and without white space at either
 * end; blanks inside stay as they are. Ill-formed bytes become U+FFFD. False when out of memory. */
bool cleaning_article(struct buf *out, const char *text, size_t size);

#endif
