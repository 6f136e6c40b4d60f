/* Text: a list or a page, into memory. Internal to remote. */
#ifndef PALAVER_REMOTE_TEXT_H
#define PALAVER_REMOTE_TEXT_H

#include "base/buf.h"
#include "base/error.h"
#include "remote/fetcher.h"

/* Appends a text to out. *next: the address of the page after it, malloc'ed, NULL: none; may be NULL. */
enum error_code text_fetch(struct fetcher *f, const char *url, const char *accept, struct buf *out, char **next,
                           struct error *err);

#endif
