/* Package: where an index of Python packages has a file, by its "simple" pages: as JSON (PEP 691), or as HTML (PEP 503)
 * where a mirror has nothing else. Internal to remote. */
#ifndef PALAVER_REMOTE_PACKAGE_H
#define PALAVER_REMOTE_PACKAGE_H

#include "base/buf.h"
#include "base/error.h"
#include "remote/fetcher.h"

/* Where a page of the index says that the file of this name lies, as the page has it; malloc'ed, NULL when it does not. */
char *package_read(const struct buf *page, const char *file);
/* The address of the package's file of this name; malloc'ed, NULL with err filled. */
char *package_find(struct fetcher *f, const char *package, const char *file, struct error *err);

#endif
