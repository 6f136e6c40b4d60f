/* Fold: leaves out of a stream what a model thinks before it answers, between <think> and </think>. */
#ifndef PALAVER_APP_TERMINAL_FOLD_H
#define PALAVER_APP_TERMINAL_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct fold {
    bool hide;       /* false: everything is shown */
    bool inside;     /* between the two marks */
    bool skip_gap;   /* newlines after the second mark are left out */
    struct buf held; /* may be the beginning of a mark */
    struct buf out;
};

void fold_init(struct fold *f);
void fold_free(struct fold *f);
/* The part of the next piece, and of what was held back, that is to be shown. Owned by f, until the next call. */
struct buf *fold_feed(struct fold *f, const char *text, size_t size);
/* Ends the stream: returns what was held back. The next stream begins outside of the marks. */
struct buf *fold_end(struct fold *f);

#endif
