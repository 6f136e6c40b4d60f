/* Fold: leaves out of a stream what a model thinks before it answers, between <think> and </think>. */
#ifndef PALAVER_APP_TERMINAL_FOLD_H
#define PALAVER_APP_TERMINAL_FOLD_H

#include <stdbool.h>

#include "base/buf.h"

struct fold {
    bool hide;      /* false: everything passes */
    bool inside;    /* between the two marks */
    bool skip_gap;  /* line breaks after the second mark are left out */
    struct buf held; /* may be the beginning of a mark */
    struct buf out;
};

void fold_init(struct fold *f);
void fold_free(struct fold *f);
/* What of the next piece, and of what was held back, is shown. The fold's, until the next call. */
struct buf *fold_feed(struct fold *f, const char *text, size_t size);
/* The end of the stream: what was held back; the next stream begins outside. */
struct buf *fold_end(struct fold *f);

#endif
