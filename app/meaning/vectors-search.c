/* Vectors-search: one pass over all vectors, some 40 MB for 100,000 messages, which takes milliseconds.
 *
 * Another program may write the file meanwhile. A record that changes under the pass has a wrong likeness at worst; those
 * that are told are checked. What the map has lost at its end is never read: the file does not become shorter, a smaller
 * one is a new file. */
#include <config.h>

#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/meaning/vectors-file.h"
#include "app/meaning/vectors-search.h"
#include "app/meaning/vectors.h"

/* Passages that are looked at closer: several may be of one message. */
enum { BEST = 256 };
/* What stands out: so many standard deviations above the mean of all passages, or so much of the way from there to the
 * likest, for much of a history may be about the same. */
#define STANDS_OUT 2.0
#define NEAR_THE_LIKEST 0.75

struct best {
    float likeness;
    size_t record;
};

/* The best so far as a heap whose first is the least of them, and what all passages have in common. */
struct pass {
    struct best best[BEST];
    size_t n;
    double sum, squares;
    size_t all;
};

/* Blocks of constant size become vector instructions. Sums fit: 16,384 products of at most 2^14. */
static int32_t dot_bytes(const int8_t *a, const int8_t *b, size_t n)
{
    int32_t sum = 0;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        int32_t part = 0;
        for (size_t k = 0; k < 64; k++)
            part += (int16_t)a[i + k] * (int16_t)b[i + k];
        sum += part;
    }
    for (; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void heap_sink(struct pass *p)
{
    const struct best top = p->best[0];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < p->n; at = child) {
        child += child + 1 < p->n && p->best[child + 1].likeness < p->best[child].likeness;
        if (top.likeness <= p->best[child].likeness)
            break;
        p->best[at] = p->best[child];
    }
    p->best[at] = top;
}

static void heap_rise(struct pass *p)
{
    const struct best last = p->best[p->n - 1];
    size_t at = p->n - 1;
    for (; at > 0 && p->best[(at - 1) / 2].likeness > last.likeness; at = (at - 1) / 2)
        p->best[at] = p->best[(at - 1) / 2];
    p->best[at] = last;
}

static void pass_take(struct pass *p, float likeness, size_t record)
{
    p->sum += (double)likeness;
    p->squares += (double)likeness * (double)likeness;
    p->all++;
    if (p->n < BEST) {
        p->best[p->n++] = (struct best){likeness, record};
        heap_rise(p);
    } else if (likeness > p->best[0].likeness) {
        p->best[0] = (struct best){likeness, record};
        heap_sink(p);
    }
}

static void pass_run(struct pass *p, const struct vectors_map *m, const int8_t *query, float scale)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct vectors_record *r = vectors_map_at(m, i);
        if (r->message <= 0 || !(fabsf(r->scale) < 1e30F))
            continue;
        const int32_t dot = dot_bytes((const int8_t *)(r + 1), query, m->width);
        pass_take(p, (float)dot * r->scale * scale, i);
    }
}

/* The likest first; equal ones in the order of the file. */
static int by_likeness(const void *a, const void *b)
{
    const struct best *x = a, *y = b;
    if (x->likeness != y->likeness)
        return x->likeness < y->likeness ? 1 : -1;
    return (x->record > y->record) - (x->record < y->record);
}

/* Of passages that are told; the best are sorted. */
static double least_likeness(const struct pass *p)
{
    const double mean = p->sum / (double)p->all, variance = p->squares / (double)p->all - mean * mean;
    const double far = STANDS_OUT * sqrt(variance > 0 ? variance : 0);
    const double near = NEAR_THE_LIKEST * ((double)p->best[0].likeness - mean);
    return mean + (far < near ? far : near) - 1e-6; /* where all are alike rounding decides nothing */
}

/* The best passage of each message, as far as its record is sound. What is not at all like the query is not told: one of
 * unknown words alone may have no direction. */
static size_t pass_tell(struct pass *p, const struct vectors_map *m, struct vectors_found *found, size_t most)
{
    size_t n = 0;
    qsort(p->best, p->n, sizeof *p->best, by_likeness);
    const double least = p->n > 0 ? fmax(least_likeness(p), 1e-6) : 0;
    for (size_t i = 0; i < p->n && n < most && (double)p->best[i].likeness >= least; i++) {
        const struct vectors_record *r = vectors_map_at(m, p->best[i].record);
        size_t before = 0;
        while (before < n && found[before].message != r->message)
            before++;
        if (before == n && vectors_record_is_sound(r, m->width))
            found[n++] = (struct vectors_found){r->message, r->start, r->size, p->best[i].likeness};
    }
    return n;
}

size_t vectors_map_search(const struct vectors_map *m, const int8_t *query, float scale, struct vectors_found *found,
                          size_t most)
{
    struct pass pass = {.n = 0};
    pass_run(&pass, m, query, scale);
    return pass_tell(&pass, m, found, most);
}
