/* Config: the file of lasting settings, `name = value` a line, with the long option names; # begins a comment line. */
#ifndef PALAVER_APP_OPTIONS_CONFIG_H
#define PALAVER_APP_OPTIONS_CONFIG_H

#include "app/options/options.h"

/* Reads CONFIG_DIR/config into o; no file is no error. Errors name the file, the line and the nearest known name. */
enum error_code config_read(struct options *o, struct error *err);

#endif
