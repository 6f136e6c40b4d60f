/* Drop: a file dropped on the terminal arrives as its path, perhaps in quotes. */
#ifndef PALAVER_APP_TERMINAL_DROP_H
#define PALAVER_APP_TERMINAL_DROP_H

#include "base/buf.h"

/* True when text is the absolute path of a file and nothing else; draft is then the command that reads it. */
bool drop_offers_file(const char *text, struct buf *draft);

#endif
