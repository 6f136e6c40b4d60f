/* Fuzz target: any text as the configuration file. A refused file has an error that names it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "app/options/config.h"
#include "app/options/options.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct options o;
    struct error err = {0};
    scratch_file("config", data, size);
    setenv("PALAVER_CONFIG_DIR", scratch_folder(), 1);
    if (options_init(&o, &err) != ERR_NONE)
        abort();
    free(o.paths.config_dir);
    o.paths.config_dir = strdup(scratch_folder());
    if (config_read(&o, &err) != ERR_NONE && strstr(err.message, "config") == NULL)
        abort();
    options_free(&o);
    return 0;
}
