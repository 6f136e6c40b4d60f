/* Events: those of an endpoint, in order, with copies of all that they point to. Internal to remote. */
#ifndef PALAVER_REMOTE_EVENTS_H
#define PALAVER_REMOTE_EVENTS_H

#include <stdbool.h>

#include "remote/endpoint.h"

struct events_node;
/* {0} is empty. */
struct events {
    struct events_node *first, *last, *taken; /* taken: what the caller looks at */
    bool failed;                              /* out of memory: one was dropped */
};

void events_free(struct events *q);
/* Appends a copy. */
void events_push(struct events *q, const struct endpoint_event *event);
/* Takes the oldest; what it points to stays valid until the next call. False when there is none. */
bool events_pop(struct events *q, struct endpoint_event *out);

#endif
