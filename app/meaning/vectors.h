/* Vectors: the file that keeps, for every message, one vector of bytes for each of its passages.
 *
 * It lies in the cache folder and may be deleted at any time. One program writes it, all may read it meanwhile: a record
 * is written as a whole and has a checksum, so that a crash, a full disk or a fault of the disk costs single messages,
 * which are then encoded again. A file of another form, encoder or width is replaced by an empty one. */
#ifndef PALAVER_APP_MEANING_VECTORS_H
#define PALAVER_APP_MEANING_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct vectors;

/* A passage and its vector: element i is vector[i] * scale. */
struct vectors_passage {
    uint32_t start, size; /* bytes of the message */
    float scale;
    const int8_t *vector; /* (width) */
};

/* What a search found: the likest passage of a message. */
struct vectors_found {
    int64_t message;
    uint32_t start, size; /* bytes of it */
    float likeness;       /* product of both vectors: the cosine, if both are of length 1 */
};

enum {
    VECTORS_PASSAGES = 255,         /* of one message, at most */
    VECTORS_WIDTH = 1 << 14,        /* elements, at most */
    VECTORS_FREE_MESSAGES = 100000, /* what the file has room for in any case, see vectors_room */
};

/* Opens the file to write it, and makes an empty one where there is none of this encoder; its folder must exist. NULL on
 * failure: ERR_BUSY while another program writes it. */
struct vectors *vectors_write(const char *path, uint64_t encoder, size_t width, struct error *err);
/* Opens it to search. NULL on failure: ERR_NOT_FOUND while there is none of this encoder. */
struct vectors *vectors_read(const char *path, uint64_t encoder, size_t width, struct error *err);
void vectors_free(struct vectors *v);

/* ---- for the writer --------------------------------------------------------------------------------------------- */

/* The number of messages, and of passages. */
size_t vectors_messages(const struct vectors *v);
size_t vectors_passages(const struct vectors *v);
uint64_t vectors_bytes(const struct vectors *v);
/* The hash that a message was put with; false when it is not there. */
bool vectors_has(const struct vectors *v, int64_t message, uint64_t *hash);
/* Tells all messages, in any order, none of which may be put or dropped meanwhile. */
typedef void vectors_visit(void *context, int64_t message);
void vectors_each(const struct vectors *v, vectors_visit *visit, void *context);
/* Whether the message may have n passages, if the history has `messages` in all: the file has room for 450 bytes for each
 * (where vectors have 384), or for so many messages as above if it has fewer, and every message that is still to come must
 * find room for one passage. */
bool vectors_room(const struct vectors *v, size_t messages, size_t n);
/* Puts a message with n passages, 1 to VECTORS_PASSAGES, in the place of what it had. ERR_IO when the disk is full; the
 * message is not there then. */
enum error_code vectors_put(struct vectors *v, int64_t message, uint64_t hash, const struct vectors_passage *passages,
                            size_t n, struct error *err);
enum error_code vectors_drop(struct vectors *v, int64_t message, struct error *err);
/* A hash of a text, by which a changed one is noticed; never 0. */
uint64_t vectors_hash(const char *text, size_t size);

/* ---- for whoever searches --------------------------------------------------------------------------------------- */

/* Looks at all vectors: the messages that are likest to the query, likest first, at most *n of them, go to found and their
 * number to *n. Only messages that stand out from the rest are told. A file that grew or was replaced meanwhile is noticed.
 * ERR_NOT_FOUND as from vectors_read. */
enum error_code vectors_search(struct vectors *v, const int8_t *query, float scale, struct vectors_found *found,
                               size_t *n, struct error *err);
/* How many messages the file of this encoder has, and its bytes; for who only wants to know. False when there is none. */
bool vectors_count(const char *path, uint64_t encoder, size_t *messages, uint64_t *bytes);

#endif
