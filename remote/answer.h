/* Answer: what the headers of an answer say. Internal to remote. */
#ifndef PALAVER_REMOTE_ANSWER_H
#define PALAVER_REMOTE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer {
    long status;
    int64_t length;      /* Content-Length; -1: not told */
    int64_t from, total; /* Content-Range; -1: not told */
    int64_t retry_after; /* seconds; -1: not told */
    bool retry_date;     /* it was told as a date, which retry_after does not hold yet */
    char validator[200]; /* a strong ETag, else Last-Modified; "" if there is neither or it is longer */
    bool strong;         /* the validator is an ETag */
    char *next;          /* the address of the next page of a list; NULL: none */
    char *location;      /* where a redirect leads to; NULL: nowhere */
    char url[160];       /* where it came from, as messages show it */
};

/* Nothing is known yet; forgets what was. The struct was zeroed or reset before. */
void answer_reset(struct answer *a);
/* Takes one line of headers, line[0..n), of an answer that came from url. A status line begins anew. */
void answer_take(struct answer *a, const char *line, size_t n, const char *url);

#endif
