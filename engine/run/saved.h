/* Saved sessions: tokens and key/value caches in a folder, a file for each, so that they are read and not computed again.
 *
 * A file is a head and records of equal size. A record is one block of the cache with its tokens and the checksum of its
 * bytes, and with a hash of all tokens up to it. So each is checked by itself: a file whose writing was cut off anywhere is
 * a shorter one, and a conversation that grew gets its new records alone, where one written anew each time would be a
 * gigabyte for some thousand tokens of a 7B. Files are neither synced nor renamed for that reason: what a crash leaves of
 * a record does not fit its checksum.
 *
 * What was made by other weights, another version of the program or other kernels is not read, as its bits may differ
 * from those that would be computed here. Numbers have the byte order of the machine: a cache does not travel. */
#ifndef PALAVER_ENGINE_RUN_SAVED_H
#define PALAVER_ENGINE_RUN_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"

#define SAVED_SUFFIX ".session"

/* What makes the bits of a cache: the model, its file, this program, its kernels, the form of a block. */
uint64_t saved_origin(const struct model *model, const char *kernels, const struct kv *kv);

/* A session as it is written. */
struct saved_session {
    uint64_t origin;
    const struct kv *kv;
    const int32_t *ids; /* (n) */
    size_t n;
};
/* Asked before each record with the bytes that are still to be written; false stops: what is written is a shorter
 * session. */
typedef bool saved_goes_on(void *context, uint64_t left);
/* Makes FOLDER/NAME.session that of the session: records that it has already stay. The folder may hold `most` bytes: other
 * files are removed, oldest first, and a session that is larger is cut. The folder is made if it is missing.
 * ERR_BUSY while another program writes this file; ERR_IO also when the disk would be left without room. */
enum error_code saved_write(const char *folder, const char *name, const struct saved_session *s, uint64_t most,
                            saved_goes_on *goes_on, void *context, struct error *err);

/* A file that is open for reading. */
struct saved_file {
    int fd; /* -1: none */
    size_t common;
    uint64_t block_bytes;
    bool untouched; /* set by who opened it: reading leaves neither a new time nor a shorter file */
};
/* Opens the file of this origin that begins with the most of ids[0..n), if that is at least `least` tokens: then common
 * says how many. Of equals it is the first. */
struct saved_file saved_find(const char *folder, uint64_t origin, const struct kv *kv, const int32_t *ids, size_t n,
                             size_t least);
/* Reads the first file->common positions into kv, an empty cache, with all threads of the pool. Returns how many are good:
 * a damaged record and those behind it are cut off the file, unless that is to stay untouched. */
size_t saved_read(const struct saved_file *file, struct kv *kv, struct pool *pool);
void saved_close(struct saved_file *file);

/* How many positions the file at fd says, and has, of good records, all of them read and checked; for saved_check and
 * fuzzing. *whole: nothing but good records is in it. */
size_t saved_verify(int fd, bool *whole);

#endif
