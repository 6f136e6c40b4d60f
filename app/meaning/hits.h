/* Hits: what was found by meaning, and how it is joined with what was found by words. */
#ifndef PALAVER_APP_MEANING_HITS_H
#define PALAVER_APP_MEANING_HITS_H

#include <stdbool.h>
#include <stddef.h>

#include "history/history.h"

struct meaning_hit {
    struct store_hit hit; /* its one place is the passage, or the sentence in it */
    float likeness;       /* cosine of the passage's vector and the query's */
    bool settled;         /* it is the likest sentence */
};
struct meaning_hits {
    struct meaning_hit *at; /* likest first */
    size_t n;
};
void meaning_hits_free(struct meaning_hits *hits);
/* An own copy; false when out of memory. */
bool meaning_hits_copy(const struct meaning_hits *from, struct meaning_hits *to);

/* A hit of both, by words if the words are in it: then its snippet has them marked. Points into what was joined. */
struct joined_hit {
    const struct store_hit *hit;
    bool words, meaning;
    float likeness; /* with meaning */
};
/* Joins both by reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum of 1 / (60 + rank) over the lists that
 * a message is in; where that is equal, words come first. At most `most` go to out; returns how many. */
size_t meaning_join(const struct store_hits *words, const struct meaning_hits *meaning, struct joined_hit *out,
                    size_t most);

#endif
