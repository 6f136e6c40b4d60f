/* Metadata in the making: keys and values in GGUF's encoding, in memory.
 *
 * Readers of other forms describe a model with it under GGUF's keys, and the writer of GGUF files writes it. Expect some
 * thirty keys and a vocabulary of up to 256,000 texts. A failure (out of memory) sticks; ask once, at the end. */
#ifndef PALAVER_ENGINE_FILE_METADATA_H
#define PALAVER_ENGINE_FILE_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct value;

struct metadata {
    struct buf bytes; /* the entries one after another */
    uint64_t n;       /* of them */
    size_t count_at;  /* where the count of the open array stands */
    uint64_t count;   /* of its elements so far */
};

void metadata_init(struct metadata *m);
void metadata_free(struct metadata *m);
bool metadata_failed(const struct metadata *m);

void metadata_text(struct metadata *m, const char *key, const char *text, size_t size);
void metadata_uint(struct metadata *m, const char *key, uint32_t value);
void metadata_float(struct metadata *m, const char *key, float value);
void metadata_bool(struct metadata *m, const char *key, bool value);
void metadata_u16(struct metadata *m, const char *key, uint16_t value);
void metadata_int(struct metadata *m, const char *key, int32_t value);
/* A value of a source, as its file has it. */
void metadata_value(struct metadata *m, const char *key, const struct value *value);

/* An array: begin one, add elements of its kind, end it. One array is open at a time. */
void metadata_begin_texts(struct metadata *m, const char *key);
void metadata_begin_floats(struct metadata *m, const char *key);
void metadata_begin_ints(struct metadata *m, const char *key);
void metadata_add_text(struct metadata *m, const char *text, size_t size);
void metadata_add_float(struct metadata *m, float value);
void metadata_add_int(struct metadata *m, int32_t value);
void metadata_end(struct metadata *m);

/* Appends the entries of another. */
void metadata_join(struct metadata *m, const struct metadata *other);

/* Appends the beginning of a GGUF file to out, up to the last entry: magic, version 3, the counts, the entries. */
bool metadata_write(const struct metadata *m, uint64_t n_tensors, struct buf *out);

#endif
