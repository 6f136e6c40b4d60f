/* Servers: the models that a server has. It is asked when the user opens it, and at no other time. */
#ifndef PALAVER_APP_SCREEN_SERVERS_H
#define PALAVER_APP_SCREEN_SERVERS_H

#include "app/screen/items.h"
#include "app/screen/parts.h"
#include "base/error.h"

/* NULL when out of memory. */
struct screen_servers *screen_servers_new(void);
/* Closes the connection, if a server is being asked. */
void screen_servers_free(struct screen_servers *servers);

/* Adds the models of the server whose model is in use, which are known, and the names of the user's servers. */
void screen_servers_add(const struct screen *s, struct items *items);
/* Asks the server "@NAME" for its models, and opens a list of them when they have come; "": opens a list of those that may
 * be at the usual ports of this machine. */
enum error_code screen_servers_open(struct screen *s, const char *name, struct error *err);
/* Takes what came. */
void screen_servers_tick(struct screen *s);
/* Milliseconds until the next tick; -1: none is needed. */
int screen_servers_due(const struct screen *s);

#endif
