/* Matches: walking through them. */
#include <config.h>

#include "ui/panes/matches.h"

#include <stdlib.h>
#include <string.h>

struct matches {
    struct ui_match *at;
    size_t n, shown; /* shown n: none */
};

struct matches *matches_new(void)
{
    return calloc(1, sizeof(struct matches));
}

void matches_free(struct matches *m)
{
    if (m == NULL)
        return;
    free(m->at);
    free(m);
}

void matches_set(struct matches *m, const struct ui_match *list, size_t n)
{
    free(m->at);
    m->at = n > 0 ? malloc(n * sizeof *m->at) : NULL;
    m->n = m->shown = m->at != NULL ? n : 0;
    if (m->at != NULL)
        memcpy(m->at, list, n * sizeof *m->at);
}

const struct ui_match *matches_show(struct matches *m, size_t index)
{
    if (index >= m->n)
        return NULL;
    m->shown = index;
    return &m->at[index];
}

const struct ui_match *matches_step(struct matches *m, int direction)
{
    if (m->n == 0)
        return NULL;
    if (m->shown >= m->n)
        return matches_show(m, direction > 0 ? 0 : m->n - 1);
    return matches_show(m, (m->shown + m->n + (size_t)(direction > 0 ? 1 : -1)) % m->n);
}

size_t matches_stretch(const struct matches *m, size_t message, size_t source, size_t size, bool *inside,
                       bool *is_shown)
{
    *inside = *is_shown = false;
    for (size_t i = 0; i < m->n; i++) {
        const struct ui_match *match = &m->at[i];
        if (match->message != message || match->end <= source || match->start >= source + size)
            continue;
        if (match->start > source) {
            size = match->start - source;
            continue;
        }
        *inside = true;
        *is_shown = i == m->shown;
        return match->end - source < size ? match->end - source : size;
    }
    return size;
}
