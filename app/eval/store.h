/* Store: the results of a model on a task, in a file of their own below the data folder, so that an evaluation goes on
 * where it stopped and can be listed later.
 *
 * A file is JSON Lines: first what was measured, then an entry a question in their order (log.h). Lines are appended and
 * brought to the disk; a line that was cut off by a crash is dropped when the file is opened again, and one program at a
 * time writes to it. An entry with the index of an earlier one replaces it; answers that end out of order leave holes. */
#ifndef PALAVER_APP_EVAL_STORE_H
#define PALAVER_APP_EVAL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "engine/engine.h"

enum { EVAL_STORE_AHEAD = 256 };

/* What was measured: results of one key go together. */
struct eval_key {
    const char *task;
    uint64_t fingerprint; /* of the model */
    uint64_t checksum;    /* of the data */
    int shots;
    int32_t context; /* tokens */
    bool exact;
    enum cache_type cache; /* of keys and values; those of the exact mode are floats */
};

struct eval_store;
/* Opens FOLDER/evaluations/KEY.jsonl for writing and makes it when it is not there; `model` and `data` are what lists
 * call them, total the questions that the data have. ERR_BUSY when another program writes to it, ERR_CORRUPT with the
 * line that is damaged. NULL on failure. */
struct eval_store *eval_store_open(const char *folder, const struct eval_key *key, const char *model, const char *data,
                                   size_t total, struct error *err);
void eval_store_free(struct eval_store *s);
/* The entries are of questions below this number. */
size_t eval_store_size(const struct eval_store *s);
/* The entry of question i, owned by the store; NULL when there is none. */
json_t *eval_store_entry(const struct eval_store *s, size_t i);
/* Appends an entry, which is taken over, for question `index`, at most EVAL_STORE_AHEAD after the last; it replaces an
 * earlier one. */
enum error_code eval_store_put(struct eval_store *s, size_t index, json_t *entry, struct error *err);
/* Brings what was appended to the disk. */
enum error_code eval_store_sync(struct eval_store *s, struct error *err);

/* Calls `each` for every file of results, the oldest first, with its first line and its entries, null where there is
 * none. A file that can't be read is told to `broken`. */
typedef void eval_store_each(void *context, const json_t *head, const json_t *entries);
typedef void eval_store_broken(void *context, const struct error *why);
enum error_code eval_store_list(const char *folder, eval_store_each *each, eval_store_broken *broken, void *context,
                                struct error *err);

#endif
