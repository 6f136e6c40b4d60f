/* libmicrohttpd by dlopen. */
#include <config.h>

#include "serve/mhd.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <microhttpd.h>

#include "base/error.h"

static const char name[] = "libmicrohttpd.so.12"; /* of all versions from 0.9.50 on, 1.0 too */

static struct {
    pthread_once_t once;
    struct mhd functions;
    const char *problem; /* dlerror's text; NULL: loaded */
} loaded = {.once = PTHREAD_ONCE_INIT};

static const struct {
    const char *name;
    size_t offset;
} symbols[] = {
    {"MHD_start_daemon", offsetof(struct mhd, start_daemon)},
    {"MHD_quiesce_daemon", offsetof(struct mhd, quiesce_daemon)},
    {"MHD_stop_daemon", offsetof(struct mhd, stop_daemon)},
    {"MHD_suspend_connection", offsetof(struct mhd, suspend_connection)},
    {"MHD_resume_connection", offsetof(struct mhd, resume_connection)},
    {"MHD_get_connection_info", offsetof(struct mhd, get_connection_info)},
    {"MHD_lookup_connection_value", offsetof(struct mhd, lookup_connection_value)},
    {"MHD_queue_response", offsetof(struct mhd, queue_response)},
    {"MHD_create_response_from_buffer", offsetof(struct mhd, create_response_from_buffer)},
    {"MHD_create_response_from_callback", offsetof(struct mhd, create_response_from_callback)},
    {"MHD_add_response_header", offsetof(struct mhd, add_response_header)},
    {"MHD_destroy_response", offsetof(struct mhd, destroy_response)},
};

/* It stays loaded as long as the process runs. */
static void load(void)
{
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    bool found = library != NULL;
    for (size_t i = 0; found && i < sizeof symbols / sizeof *symbols; i++) {
        void *function = dlsym(library, symbols[i].name);
        memcpy((char *)&loaded.functions + symbols[i].offset, &function, sizeof function);
        found = function != NULL;
    }
    if (!found)
        loaded.problem = dlerror();
}

const struct mhd *mhd_load(struct error *err)
{
    pthread_once(&loaded.once, load);
    if (loaded.problem == NULL)
        return &loaded.functions;
    error_set(err, ERR_UNSUPPORTED, "serving needs libmicrohttpd (Debian: libmicrohttpd12): %s", loaded.problem);
    return NULL;
}
