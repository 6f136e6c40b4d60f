/* A client of the tests for the server: raw requests over sockets of this machine, so that they may be as wrong as a test
 * wants them. */
#ifndef PALAVER_TESTS_UNIT_CLIENT_H
#define PALAVER_TESTS_UNIT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"

/* What came back: the status, 0 if nothing did; the body, its chunks joined. */
struct reply {
    int status;
    struct buf head, body;
};
void reply_free_client(struct reply *r);

/* A connection; -1 when it is refused. */
int client_connect(uint16_t port);
/* Sends all of it; false when the server closed. */
bool client_send(int fd, const char *bytes, size_t size);
/* Reads one reply to its end, by its Content-Length or chunks, else to the end of the connection. */
struct reply client_read(int fd);
/* One request on a connection of its own. headers: whole lines with CRLF, "" none; body NULL: none. */
struct reply client_ask(uint16_t port, const char *method, const char *path, const char *headers, const char *body);
/* The same for a JSON body that must come back with this status, as a value that the caller owns. */
json_t *client_post(uint16_t port, const char *path, int status, const char *body);
/* Sends the request alone and leaves the connection open. */
int client_begin(uint16_t port, const char *method, const char *path, const char *headers, const char *body);

#endif
