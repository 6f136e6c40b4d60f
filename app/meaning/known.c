/* Known: a sorted list, for new messages have the greatest ids. */
#include <config.h>

#include "app/meaning/known.h"

#include <stdlib.h>
#include <string.h>

/* The place of the first message that is not below this one. */
static size_t place_of(const struct known *k, int64_t message)
{
    size_t low = 0, high = k->n;
    if (k->n > 0 && k->at[k->n - 1].message < message)
        return k->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (k->at[middle].message < message)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool known_has(const struct known *k, int64_t message)
{
    const size_t i = place_of(k, message);
    return i < k->n && k->at[i].message == message;
}

static bool known_insert(struct known *k, size_t at, int64_t message, int64_t conversation)
{
    if (k->n == k->capacity) {
        const size_t capacity = 2 * k->capacity + 256;
        struct known_message *more = realloc(k->at, capacity * sizeof *more);
        if (more == NULL)
            return false;
        k->at = more;
        k->capacity = capacity;
    }
    memmove(k->at + at + 1, k->at + at, (k->n - at) * sizeof *k->at);
    k->at[at] = (struct known_message){.message = message, .conversation = conversation};
    k->n++;
    return true;
}

static bool known_wait(struct known *k, struct known_message *m)
{
    if (k->n_waiting == k->waiting_capacity) {
        const size_t capacity = 2 * k->waiting_capacity + 256;
        int64_t *more = realloc(k->waiting, capacity * sizeof *more);
        if (more == NULL)
            return false;
        k->waiting = more;
        k->waiting_capacity = capacity;
    }
    k->waiting[k->n_waiting++] = m->message;
    m->waits = true;
    k->left++;
    return true;
}

bool known_see(struct known *k, int64_t message, int64_t conversation, bool waits)
{
    const size_t i = place_of(k, message);
    if ((i == k->n || k->at[i].message != message) && !known_insert(k, i, message, conversation))
        return false;
    k->at[i].seen = true;
    return !waits || k->at[i].waits || known_wait(k, &k->at[i]);
}

int64_t known_next(struct known *k)
{
    while (k->n_waiting > 0) {
        const int64_t message = k->waiting[--k->n_waiting];
        const size_t i = place_of(k, message);
        if (i == k->n || k->at[i].message != message || !k->at[i].waits)
            continue;
        k->at[i].waits = false;
        k->left--;
        return message;
    }
    return 0;
}

void known_unsee(struct known *k, int64_t conversation)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->at[i].conversation == conversation)
            k->at[i].seen = false;
}

void known_forget(struct known *k, int64_t conversation, known_gone *gone, void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (k->at[i].conversation != conversation || k->at[i].seen) {
            k->at[kept++] = k->at[i];
            continue;
        }
        k->left -= k->at[i].waits;
        gone(context, k->at[i].message);
    }
    k->n = kept;
}

void known_free(struct known *k)
{
    free(k->at);
    free(k->waiting);
    *k = (struct known){0};
}
