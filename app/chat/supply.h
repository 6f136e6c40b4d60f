/* Supply: from where models are fetched, and into which folder, as variables and options say. */
#ifndef PALAVER_APP_CHAT_SUPPLY_H
#define PALAVER_APP_CHAT_SUPPLY_H

#include "app/options/options.h"
#include "base/error.h"
#include "remote/remote.h"

struct supply {
    char *folder, *hub, *index;
};

/* Finds them, and makes the folder. To be given up by supply_free, also after a failure. */
enum error_code supply_open(struct supply *s, const struct options *o, struct error *err);
void supply_free(struct supply *s);
/* What remote is told of them; the strings stay the supply's. */
struct remote_options supply_options(const struct supply *s);
/* Whether a file that was fetched may get its name: one that is incomplete or damaged in a way that its length does not
 * show may not. What the engine cannot run is kept all the same, as it is what the user asked for; why then says so. */
enum error_code supply_check(const char *path, struct error *why, struct error *err);

#endif
