/* Drop: a file that is dropped on the terminal arrives as its path, perhaps in quotes. */
#ifndef PALAVER_APP_TERMINAL_DROP_H
#define PALAVER_APP_TERMINAL_DROP_H

#include <stdbool.h>

#include "base/buf.h"

/* True if text is the absolute path of a plain file and nothing else; draft then holds the command that attaches it. */
bool drop_offers_file(const char *text, struct buf *draft);

#endif
