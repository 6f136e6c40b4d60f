/* Endpoints: the file in which users write down where servers of models are, and names that mean a model of one.
 *
 * CONFIG_DIR/endpoints has a section [NAME] for each, with lines `name = value`. It says where keys are, not what they
 * are, and is refused all the same while others may read it. Servers that usually run on this machine have names without
 * being written down. Nothing here goes over the network. */
#ifndef PALAVER_APP_OPTIONS_ENDPOINTS_H
#define PALAVER_APP_OPTIONS_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/options/options.h"
#include "base/error.h"
#include "remote/remote.h"

struct endpoints {
    struct endpoint_place *at; /* (n) those of the file in its order, then the usual ones */
    size_t n, written;         /* written: how many are the file's */
};

/* A missing file is an empty one. On failure there is nothing to free. */
enum error_code endpoints_read(const struct options *o, struct endpoints *out, struct error *err);
void endpoints_free(struct endpoints *e);
/* Names those of the file, as "@NAME"; none where it has a fault, which is told when one of them is used. */
void endpoints_offer(const struct options *o, void (*take)(void *context, const char *name), void *context);
/* ERR_NOT_FOUND with the names that there are. */
const struct endpoint_place *endpoints_find(const struct endpoints *e, const char *name, struct error *err);
/* Whether a model's name has the form NAME@ENDPOINT, or @ENDPOINT, and is no file: then *endpoint points into it. */
bool endpoints_is_name(const char *name, const char **endpoint);
/* What NAME@ENDPOINT means: a place of *all, which is read and to be freed, and the model's name there (malloc'ed; "": its
 * only one). On failure there is nothing to free. */
enum error_code endpoints_resolve(const struct options *o, const char *name, struct endpoints *all,
                                  const struct endpoint_place **place, char **model, struct error *err);

#endif
