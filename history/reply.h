/* Replies that are open when their store is closed. */
#ifndef PALAVER_HISTORY_REPLY_H
#define PALAVER_HISTORY_REPLY_H

#include "history/history.h"

/* Ends the reply as interrupted unless it has ended, and takes it off its store. Later calls on it fail with ERR_IO. */
void reply_detach(struct store_reply *r);

#endif
