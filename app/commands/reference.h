/* Reference: a file of what a model predicts for a text, which another model is compared with.
 *
 * It holds numbers in the machine's byte order, little-endian on all that Palaver runs on:
 *
 *   "PALAVREF"         8 bytes
 *   version            u32, 1
 *   vocab              u32, V
 *   window             u32, tokens of a window, its first counted
 *   bos                u32, 1 if each window begins with BOS
 *   tokens             u64, T
 *   predicted          u64, P
 *   vocabulary         u64, FNV-1a of the spellings of all tokens, each with the NUL that ends it
 *   ids                T times i32: the text
 *   rows               P times: -log p of the token that follows (f32), the likeliest token (i32), V codes (u16)
 *
 * A code is how far a token's logit lies below the greatest of the row, in steps of 1/2048, rounded; 65535: by 32 or
 * more, whose probabilities count as 0 (all of a vocabulary of 100,000 together are less than 2e-9). Steps so fine
 * change a divergence by 1e-8; a softmax makes a row whole again. A row of 49,152 tokens takes 98 kB, a text of 20,000
 * tokens 2 GB. */
#ifndef PALAVER_APP_COMMANDS_REFERENCE_H
#define PALAVER_APP_COMMANDS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

#define REFERENCE_STEP (1.0 / 2048) /* nats that a code counts */
#define REFERENCE_NONE 65535        /* the code of a token whose probability counts as 0 */

/* What the two models must have in common. */
struct reference_text {
    const int32_t *ids; /* (n), of the text */
    size_t n;
    size_t predicted;
    int32_t window;
    const struct tokenizer *tokenizer;
    int32_t vocab; /* logits of a row */
};

/* One token's prediction. */
struct reference_row {
    float nll;
    int32_t top;
    const uint16_t *codes; /* (vocab), valid until the next call */
};

struct reference;

/* Bytes of the file that such a text makes. */
uint64_t reference_bytes(const struct reference_text *t);
/* Begins a new file, which is complete under its name at reference_keep or not there at all. ERR_ARGUMENT when a file
 * of that name is there, ERR_IO when the disk has too little room. NULL on failure. */
struct reference *reference_create(const char *path, const struct reference_text *t, struct error *err);
/* Appends the next row: logits (vocab), finite. */
enum error_code reference_write(struct reference *r, const float *logits, float nll, struct error *err);
/* All rows are written: brings the file to the disk and gives it its name. */
enum error_code reference_keep(struct reference *r, struct error *err);
/* Opens one to compare with. ERR_FORMAT when it is no such file or cut off, ERR_ARGUMENT when it is of another text,
 * vocabulary or window; NULL then. */
struct reference *reference_open(const char *path, const struct reference_text *t, struct error *err);
/* The next row. */
enum error_code reference_read(struct reference *r, struct reference_row *out, struct error *err);
/* Removes what was written and not kept. */
void reference_free(struct reference *r);

#endif
