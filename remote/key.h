/* Key: the secret that an endpoint asks for, from a variable, a file or a command. A command may ask its user, so that
 * nobody waits for it but by a descriptor. Internal to remote. */
#ifndef PALAVER_REMOTE_KEY_H
#define PALAVER_REMOTE_KEY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/endpoint.h"

struct key {
    char *value;     /* NULL: none, or not known yet */
    bool known;      /* value is all there is to know */
    pid_t child;     /* of the command; 0: none */
    int fd;          /* of what it says; -1: none */
    struct buf said; /* so far */
};

void key_init(struct key *k);
/* Ends a command that runs, and wipes the secret. */
void key_free(struct key *k);
/* Begins to find the key out, unless it is known; k->known says whether that was all, else fd is to be waited for.
 * ERR_NOT_FOUND when the variable is not set or the file is not there; ERR_ARGUMENT when others may read the file. */
enum error_code key_begin(struct key *k, const struct endpoint_place *place, struct error *err);
/* Reads what the command said; k->known once it has ended well. */
enum error_code key_read(struct key *k, const struct endpoint_place *place, struct error *err);
/* Forgets a key that the server did not take: the next key_begin looks again. */
void key_forget(struct key *k);

#endif
