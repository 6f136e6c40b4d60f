/* Speculation: what guesses are worth.
 *
 * With p the part of guesses that came true where a match was so long, a guess of k tokens makes 1 + p1 + p1 p2 + ... tokens
 * in the time of a batch of k + 1 (costs.h); k is what makes most of them in a second. */
#include <config.h>

#include "engine/run/speculation.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/costs.h"
#include "engine/run/suffix.h"

enum {
    LENGTHS = 7,      /* classes of matches */
    STEADY_GUESS = 8, /* tokens, without looking at what it costs */
};

static const double LEARN = 1.0 / 16, GAIN = 1.03;

/* The shortest match of each class, and how often guesses come true before anything is known. */
static const size_t shortest[LENGTHS] = {1, 2, 3, 4, 6, 9, 17};
static const double first_hits[LENGTHS] = {0.1, 0.2, 0.35, 0.5, 0.6, 0.75, 0.9};

/* A place that guesses come from. */
struct place {
    const struct suffix *sequence; /* NULL: none */
    struct suffix_match match;
    double hits[LENGTHS]; /* part of guesses that came true */
};

struct speculation {
    enum speculate mode;
    struct suffix *text;
    struct place own, history;
    const struct costs *costs;
};

struct speculation *speculation_new(enum speculate mode, int32_t context, const struct suffix *history,
                                    const struct costs *costs, struct error *err)
{
    struct speculation *s = calloc(1, sizeof *s);
    if (s == NULL || (s->text = suffix_new((size_t)context + 1)) == NULL) {
        error_memory(err);
        free(s);
        return NULL;
    }
    s->mode = mode;
    s->costs = costs;
    s->own.sequence = s->text;
    s->history.sequence = history;
    memcpy(s->own.hits, first_hits, sizeof first_hits);
    memcpy(s->history.hits, first_hits, sizeof first_hits);
    return s;
}

void speculation_free(struct speculation *s)
{
    if (s == NULL)
        return;
    suffix_free(s->text);
    free(s);
}

/* ---- the text --------------------------------------------------------------------------------------------------- */

static int class_of(size_t length)
{
    int i = LENGTHS - 1;
    while (i > 0 && length < shortest[i])
        i--;
    return i;
}

/* The token that the place says comes next; -1: none. */
static int32_t next_of(const struct place *p)
{
    if (p->sequence == NULL || p->match.length == 0 || p->match.next >= suffix_length(p->sequence))
        return -1;
    return suffix_ids(p->sequence)[p->match.next];
}

static void learn(struct place *p, int32_t id)
{
    const int32_t guess = next_of(p);
    if (guess < 0)
        return;
    double *hits = &p->hits[class_of(p->match.length)];
    *hits += LEARN * ((guess == id) - *hits);
}

static void append(struct speculation *s, int32_t id)
{
    if (s->history.sequence != NULL)
        s->history.match = suffix_follow(s->history.sequence, s->history.match, id);
    if (!suffix_append(s->text, id))
        suffix_clear(s->text); /* out of memory: it begins anew */
    s->own.match = suffix_own(s->text);
}

void speculation_append(struct speculation *s, int32_t id)
{
    learn(&s->own, id);
    learn(&s->history, id);
    append(s, id);
}

void speculation_begin(struct speculation *s, const int32_t *ids, size_t n)
{
    size_t same = suffix_length(s->text);
    if (same > n || (same > 0 && memcmp(suffix_ids(s->text), ids, same * sizeof *ids) != 0)) {
        suffix_clear(s->text);
        same = 0;
    }
    s->history.match = (struct suffix_match){0}; /* the history may have changed */
    for (; same < n; same++)
        append(s, ids[same]);
}

/* ---- guesses ---------------------------------------------------------------------------------------------------- */

/* What the place says comes next, on and on: where it reaches the end of the text itself, that repeats. */
static int32_t read_place(const struct place *p, int32_t most, int32_t *out)
{
    const size_t length = suffix_length(p->sequence), there = length - p->match.next;
    const int32_t *ids = suffix_ids(p->sequence) + p->match.next;
    int32_t n = 0;
    for (; n < most; n++) {
        out[n] = (size_t)n < there ? ids[n] : out[(size_t)n - there];
        if (out[n] < 0)
            break;
    }
    return n;
}

/* How many of n tokens from a place are worth it in this batch, which they then belong to. */
static int32_t worth(const struct speculation *s, const struct place *p, int32_t n, struct speculation_batch *b)
{
    double part = 1, made = b->made, best = GAIN * b->made, expected = b->made;
    int32_t count = 0;
    n = n < COSTS_MOST - b->rows ? n : COSTS_MOST - b->rows;
    if (s->mode == SPECULATE_ALWAYS)
        count = n < STEADY_GUESS ? n : STEADY_GUESS;
    if (s->mode == SPECULATE_AUTO && !costs_known(s->costs, b->rows))
        n = 0;
    for (int32_t k = 1; k <= n && s->mode == SPECULATE_AUTO; k++) {
        part *= p->hits[class_of(p->match.length + (size_t)k - 1)];
        made += part;
        const double rate = made / costs_of(s->costs, b->rows + k, b->rows);
        if (rate > best) {
            best = rate;
            count = k;
            expected = made;
        }
    }
    b->rows += count;
    b->made = expected;
    return count;
}

int32_t speculation_guess_beside(const struct speculation *s, int32_t room, struct speculation_batch *b,
                                 int32_t out[SPECULATION_MOST])
{
    const int32_t most = room < SPECULATION_MOST ? room : SPECULATION_MOST;
    const bool own = next_of(&s->own) >= 0, history = next_of(&s->history) >= 0;
    const struct place *p = history && (!own || s->history.match.length > s->own.match.length) ? &s->history : &s->own;
    if (s->mode == SPECULATE_OFF || most <= 0 || b->rows >= COSTS_MOST || (!own && !history))
        return 0;
    return worth(s, p, read_place(p, most, out), b);
}

int32_t speculation_guess(const struct speculation *s, int32_t room, int32_t out[SPECULATION_MOST])
{
    return speculation_guess_beside(s, room, &(struct speculation_batch){.rows = 1, .made = 1}, out);
}
