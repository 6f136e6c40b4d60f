/* A server of models that behaves as badly as a test wants it to: it answers each request with the next of the replies
 * that it was given, byte for byte, in pieces of any size. It runs on a thread of this process. */
#ifndef PALAVER_TESTS_UNIT_HOSTILE_H
#define PALAVER_TESTS_UNIT_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hostile;

struct hostile_reply {
    const char *bytes; /* size bytes, head and body; 0: strlen; copied */
    size_t size;
    size_t step;  /* bytes of each write; 0: all */
    bool resets;  /* the connection does not end but break */
    bool stays;   /* the connection stays open until the client closes it */
    bool repeats; /* the last bytes, from `body` on, are sent until the client closes */
    size_t body;
};

struct hostile *hostile_start(void);
void hostile_stop(struct hostile *h);
uint16_t hostile_port(const struct hostile *h);
/* The replies to the requests that come from now on; the last one repeats. */
void hostile_set(struct hostile *h, const struct hostile_reply *replies, size_t n);
/* Requests that came since. */
int hostile_requests(struct hostile *h);
/* Waits until the client has closed a connection before the reply's end. */
void hostile_wait_closed(struct hostile *h);
/* The last request, head and body, NUL-terminated; malloc'ed. */
char *hostile_request(struct hostile *h);

#endif
