/* Texts that were scored. Whoever asks for likelihoods over HTTP sends the answers to a question one by one, each with the
 * question, and often a dozen of examples, in front of it: thousands of tokens of which a handful is new. */
#include <config.h>

#include "engine/run/kept.h"

#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/run/kv.h"

size_t kept_common(const int32_t *a, size_t n, const int32_t *b, size_t m)
{
    size_t i = 0, most = n < m ? n : m;
    while (i < most && a[i] == b[i])
        i++;
    return i;
}

struct kept *kept_find(struct kept_texts *k, const int32_t *ids, size_t n, size_t *common)
{
    struct kept *best = NULL;
    *common = 0;
    for (size_t i = 0; i < KEPT; i++) {
        const size_t here = kept_common(k->at[i].ids, k->at[i].n, ids, n);
        if (here > *common) {
            best = &k->at[i];
            *common = here;
        }
    }
    return best;
}

void kept_touch(struct kept_texts *k, struct kept *text)
{
    text->used = ++k->clock;
}

static void kept_free(struct kept *k)
{
    if (k->n > 0)
        kv_free(&k->kv);
    free(k->ids);
    free(k->logp);
    free(k->likely);
    *k = (struct kept){0};
}

void kept_free_all(struct kept_texts *k)
{
    for (size_t i = 0; i < KEPT; i++)
        kept_free(&k->at[i]);
}

/* ---- adding ----------------------------------------------------------------------------------------------------- */

/* Tokens of all texts, what one begins with like another counted once. */
static size_t count_tokens(const struct kept_texts *k)
{
    size_t sum = 0;
    for (size_t i = 0; i < KEPT; i++) {
        size_t shared = 0;
        for (size_t j = 0; j < i; j++) {
            const size_t here = kept_common(k->at[i].ids, k->at[i].n, k->at[j].ids, k->at[j].n);
            shared = here > shared ? here : shared;
        }
        sum += k->at[i].n - shared;
    }
    return sum;
}

/* The one used longest ago; with `full` never a place that is free. NULL: there is none. */
static struct kept *oldest(struct kept_texts *k, bool full)
{
    struct kept *found = NULL;
    for (size_t i = 0; i < KEPT; i++)
        if ((!full || k->at[i].n > 0) && (found == NULL || k->at[i].used < found->used))
            found = &k->at[i];
    return found;
}

/* Copies ids and readings. */
static bool copy_text(struct kept *k, const struct scored_text *t, size_t n)
{
    const size_t read = n > t->from ? n - t->from : 0, top = (size_t)t->top;
    *k = (struct kept){.n = n, .from = t->from, .top = t->top};
    k->ids = malloc(n * sizeof *k->ids);
    k->logp = malloc((read + 1) * sizeof *k->logp);
    k->likely = malloc((read * top + 1) * sizeof *k->likely);
    if (k->ids == NULL || k->logp == NULL || k->likely == NULL) {
        k->n = 0;
        kept_free(k);
        return false;
    }
    memcpy(k->ids, t->ids, n * sizeof *k->ids);
    if (read > 0)
        memcpy(k->logp, t->logp, read * sizeof *k->logp);
    if (read * top > 0)
        memcpy(k->likely, t->likely, read * top * sizeof *k->likely);
    return true;
}

void kept_add(struct kept_texts *k, const struct scored_text *text, size_t n, struct kv *kv)
{
    struct kept new;
    if (n == 0 || !copy_text(&new, text, n))
        return; /* it will be read again */
    size_t common;
    struct kept *place = kept_find(k, new.ids, n, &common);
    if (place == NULL || common < place->n) /* else it goes on where that one ends */
        place = oldest(k, false);
    kept_free(place);
    new.kv = *kv;
    *kv = (struct kv){0};
    *place = new;
    kept_touch(k, place);
}

void kept_trim(struct kept_texts *k, size_t most)
{
    while (count_tokens(k) > most)
        kept_free(oldest(k, true));
}

/* ---- what was read ---------------------------------------------------------------------------------------------- */

bool kept_has(const struct kept *text, size_t from, int32_t top)
{
    return text->from <= from && text->top >= top;
}

void kept_give(const struct kept *text, size_t position, struct scored_text *out)
{
    const size_t from = position + 1 - text->from, to = position + 1 - out->from;
    out->logp[to] = text->logp[from];
    for (size_t i = 0; i < (size_t)out->top; i++)
        out->likely[to * (size_t)out->top + i] = text->likely[from * (size_t)text->top + i];
}
