/* Hits: lists of some dozen rows. */
#include <config.h>

#include "app/meaning/hits.h"

#include <stdlib.h>
#include <string.h>

#define RANK_OFFSET 60.0

static void free_hit(struct meaning_hit *h)
{
    free(h->hit.title);
    free(h->hit.snippet);
    free(h->hit.marks);
    free(h->hit.places);
}

void meaning_hits_free(struct meaning_hits *hits)
{
    for (size_t i = 0; i < hits->n; i++)
        free_hit(&hits->at[i]);
    free(hits->at);
    *hits = (struct meaning_hits){0};
}

static void *copy_bytes(const void *from, size_t size)
{
    void *to = malloc(size + 1);
    return to != NULL && size > 0 ? memcpy(to, from, size) : to;
}

static bool copy_hit(const struct meaning_hit *from, struct meaning_hit *to)
{
    *to = *from;
    to->hit.title = strdup(from->hit.title);
    to->hit.snippet = strdup(from->hit.snippet);
    to->hit.marks = copy_bytes(from->hit.marks, from->hit.n_marks * sizeof *from->hit.marks);
    to->hit.places = copy_bytes(from->hit.places, from->hit.n_places * sizeof *from->hit.places);
    return to->hit.title != NULL && to->hit.snippet != NULL && to->hit.marks != NULL && to->hit.places != NULL;
}

bool meaning_hits_copy(const struct meaning_hits *from, struct meaning_hits *to)
{
    *to = (struct meaning_hits){.at = calloc(from->n + 1, sizeof *to->at)};
    bool good = to->at != NULL;
    while (good && to->n < from->n) {
        good = copy_hit(&from->at[to->n], &to->at[to->n]);
        to->n++;
    }
    if (!good)
        meaning_hits_free(to);
    return good;
}

/* ---- joining ---------------------------------------------------------------------------------------------------- */

/* The rank of a message in the other list, from 1; 0: it is not there. Titles are no messages. */
static size_t rank_in_words(const struct store_hits *words, int64_t message)
{
    for (size_t i = 0; i < words->n; i++)
        if (words->at[i].message == message)
            return i + 1;
    return 0;
}

static size_t rank_in_meaning(const struct meaning_hits *meaning, int64_t message)
{
    for (size_t i = 0; message != 0 && i < meaning->n; i++)
        if (meaning->at[i].hit.message == message)
            return i + 1;
    return 0;
}

static double score_of(size_t words, size_t meaning)
{
    return (words > 0 ? 1 / (RANK_OFFSET + (double)words) : 0) +
           (meaning > 0 ? 1 / (RANK_OFFSET + (double)meaning) : 0);
}

/* What is left of two sorted lists: the messages that words found, and those that meaning alone did. */
struct join {
    const struct store_hits *words;
    const struct meaning_hits *meaning;
    bool *taken; /* (words->n) */
    size_t at;   /* of meaning */
};

/* The best of the words' hits that is left: one that meaning found too may be better than those above it. */
static size_t best_word(const struct join *j, double *score)
{
    size_t best = j->words->n;
    *score = -1;
    for (size_t i = 0; i < j->words->n; i++) {
        if (j->taken[i])
            continue;
        const double s = score_of(i + 1, rank_in_meaning(j->meaning, j->words->at[i].message));
        if (s > *score) {
            *score = s;
            best = i;
        }
    }
    return best;
}

/* The next hit of both; false after the last. */
static bool join_next(struct join *j, struct joined_hit *out)
{
    double score;
    const size_t word = best_word(j, &score);
    while (j->at < j->meaning->n && rank_in_words(j->words, j->meaning->at[j->at].hit.message) > 0)
        j->at++;
    if (j->at < j->meaning->n && score_of(0, j->at + 1) > score) {
        const struct meaning_hit *h = &j->meaning->at[j->at++];
        *out = (struct joined_hit){.hit = &h->hit, .meaning = true, .likeness = h->likeness};
        return true;
    }
    if (word == j->words->n)
        return false;
    const size_t rank = rank_in_meaning(j->meaning, j->words->at[word].message);
    j->taken[word] = true;
    *out = (struct joined_hit){.hit = &j->words->at[word],
                               .words = true,
                               .meaning = rank > 0,
                               .likeness = rank > 0 ? j->meaning->at[rank - 1].likeness : 0};
    return true;
}

size_t meaning_join(const struct store_hits *words, const struct meaning_hits *meaning, struct joined_hit *out,
                    size_t most)
{
    struct join j = {.words = words, .meaning = meaning, .taken = calloc(words->n + 1, sizeof *j.taken)};
    size_t n = 0;
    while (j.taken != NULL && n < most && join_next(&j, &out[n]))
        n++;
    free(j.taken);
    return n;
}
