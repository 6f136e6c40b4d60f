/* Config: the file of lasting settings. A line reads `name = value`, with the long names of options; # begins a
 * comment. */
#ifndef PALAVER_APP_OPTIONS_CONFIG_H
#define PALAVER_APP_OPTIONS_CONFIG_H

#include "app/options/options.h"
#include "base/error.h"

/* Reads CONFIG_DIR/config into o; a missing file is not an error. Errors name the file, the line and the nearest known
 * name. */
enum error_code config_read(struct options *o, struct error *err);

#endif
