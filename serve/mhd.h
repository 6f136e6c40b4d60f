/* libmicrohttpd, loaded when a server is started: linked in, it and the GnuTLS that it brings along would slow every
 * start of the program. Internal to the server. */
#ifndef PALAVER_SERVE_MHD_H
#define PALAVER_SERVE_MHD_H

#include <microhttpd.h>

#include "base/error.h"

/* Functions under their names without "MHD_". */
struct mhd {
    struct MHD_Daemon *(*start_daemon)(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback, void *,
                                       MHD_AccessHandlerCallback, void *, ...);
    __typeof__(&MHD_quiesce_daemon) quiesce_daemon;
    __typeof__(&MHD_stop_daemon) stop_daemon;
    __typeof__(&MHD_suspend_connection) suspend_connection;
    __typeof__(&MHD_resume_connection) resume_connection;
    const union MHD_ConnectionInfo *(*get_connection_info)(struct MHD_Connection *, enum MHD_ConnectionInfoType, ...);
    __typeof__(&MHD_lookup_connection_value) lookup_connection_value;
    __typeof__(&MHD_queue_response) queue_response;
    __typeof__(&MHD_create_response_from_buffer) create_response_from_buffer;
    __typeof__(&MHD_create_response_from_callback) create_response_from_callback;
    __typeof__(&MHD_add_response_header) add_response_header;
    __typeof__(&MHD_destroy_response) destroy_response;
};

/* Loads it once for the process, in any thread. NULL with err filled when it is missing. */
const struct mhd *mhd_load(struct error *err);

#endif
