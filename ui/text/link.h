/* Link: addresses of pages, http and https alone, in the form in which a terminal may be told of them. */
#ifndef PALAVER_UI_TEXT_LINK_H
#define PALAVER_UI_TEXT_LINK_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of an address, after which there is no link: terminals forget longer ones (VTE takes 2,083). */
enum { LINK_MOST = 1024 };

/* The size of the address that text begins with, without the punctuation of a sentence around it; 0: it is none. */
size_t link_find(const char *text, size_t size);
/* Writes text[0..size) as an address of printable ASCII, all other bytes as %XX, so that it can command no terminal.
 * False when it is no address of a page, or too long. */
bool link_clean(const char *text, size_t size, char out[LINK_MOST + 1]);
/* Whether an address is as link_clean makes them. */
bool link_is_clean(const char *address);

#endif
