/* Fault: what went wrong, in the server's words, and what to do about it. Internal to remote. */
#ifndef PALAVER_REMOTE_FAULT_H
#define PALAVER_REMOTE_FAULT_H

#include <stdbool.h>

#include "base/error.h"
#include "remote/endpoint.h"
#include "remote/inflow.h"
#include "remote/wire.h"

/* Fills err for a request that ended so. about: what is known of the server; model: what was asked for, NULL when it was
 * only looked at. */
void fault_set(const struct endpoint_place *place, const char *host, const struct endpoint_about *about,
               const char *model, const struct wire_end *end, const struct inflow *stream, struct error *err);
/* Whether it is worth asking again, if nothing had come: the server is busy, or loads its model. */
bool fault_passes(const struct wire_end *end, const struct inflow *stream);

#endif
