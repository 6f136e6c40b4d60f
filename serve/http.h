/* Connections, by libmicrohttpd. Internal to the server. */
#ifndef PALAVER_SERVE_HTTP_H
#define PALAVER_SERVE_HTTP_H

#include <stdbool.h>

#include "base/error.h"
#include "serve/internal.h"

/* Listens as the options say; sets s->daemon, s->port and s->loopback. False on failure. */
bool http_start(struct serve *s, struct error *err);
/* No further connections are taken. */
void http_refuse_new(struct serve *s);
/* Closes all connections; none may be waiting for the engine. */
void http_stop(struct serve *s);

#endif
