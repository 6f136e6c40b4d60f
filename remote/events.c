/* Events: a list whose nodes are one block each. */
#include <config.h>

#include "remote/events.h"

#include <stdlib.h>
#include <string.h>

struct events_node {
    struct events_node *next;
    struct endpoint_event event;
    struct endpoint_token token;
    char bytes[]; /* all texts */
};

void events_free(struct events *q)
{
    while (q->first != NULL) {
        struct events_node *next = q->first->next;
        free(q->first);
        q->first = next;
    }
    free(q->taken);
    *q = (struct events){0};
}

static size_t bytes_of(const struct endpoint_event *event)
{
    size_t n = event->size + 1;
    const struct endpoint_token *t = event->token;
    for (size_t i = 0; t != NULL && i < t->n_best; i++)
        n += t->best[i].size;
    return n + (t != NULL ? t->size : 0);
}

/* Copies a text to *at and moves that on. */
static const char *keep(char **at, const char *text, size_t size)
{
    char *kept = *at;
    if (size > 0)
        memcpy(kept, text, size);
    *at += size;
    return kept;
}

void events_push(struct events *q, const struct endpoint_event *event)
{
    struct events_node *node = malloc(sizeof *node + bytes_of(event));
    if (node == NULL) {
        q->failed = true;
        return;
    }
    char *at = node->bytes;
    node->next = NULL;
    node->event = *event;
    if (event->token != NULL) {
        node->token = *event->token;
        node->event.token = &node->token;
        node->token.text = keep(&at, event->token->text, event->token->size);
        for (size_t i = 0; i < event->token->n_best; i++)
            node->token.best[i].text = keep(&at, event->token->best[i].text, event->token->best[i].size);
    }
    node->event.text = keep(&at, event->text, event->size);
    *at = '\0';
    if (q->last != NULL)
        q->last->next = node;
    else
        q->first = node;
    q->last = node;
}

bool events_pop(struct events *q, struct endpoint_event *out)
{
    free(q->taken);
    q->taken = q->first;
    if (q->taken == NULL)
        return false;
    q->first = q->taken->next;
    q->last = q->first != NULL ? q->last : NULL;
    *out = q->taken->event;
    return true;
}
