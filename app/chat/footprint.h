/* Footprint: what a model takes of memory, in words. */
#ifndef PALAVER_APP_CHAT_FOOTPRINT_H
#define PALAVER_APP_CHAT_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

/* "98.4 MB", decimal as disks are sold; out has 32 bytes. */
const char *footprint_bytes(uint64_t bytes, char out[32]);
/* "135 million", "27 thousand", "1.1 billion" */
const char *footprint_parameters(uint64_t n, char out[32]);
/* The name of the option that loads so, "--load-in-8bit". */
const char *footprint_option(enum model_load load);

/* What a process has taken for a model. */
struct footprint {
    uint64_t own;    /* bytes of its own, and of the files that it runs from (model_other_bytes) */
    uint64_t mapped; /* bytes of the weights' file that are in memory; they are the system's to take back */
};
struct footprint footprint_now(const struct model *model);

/* Each writes one line without its end. */

/* "1.2 GB: weights 1.1 GB (mapped), context of 4096 tokens 92.3 MB, ..." */
void footprint_write_plan(const struct memory_plan *p, int32_t context, char *out, size_t size);
/* "22.1 GB of 25.3 GB: it fits", or that the model is larger, and how fast it may be then. */
void footprint_write_verdict(const struct memory_plan *p, char *out, size_t size);
/* What would fit; false when there is nothing to suggest. */
bool footprint_write_advice(const struct memory_plan *p, char *out, size_t size);
/* Answers beside each other have a context each, and the plan counts one. Whether so many may be had: ERR_BUSY when they would
 * not fit even without the weights. */
enum error_code footprint_check_beside(const struct memory_plan *p, size_t contexts, struct error *err);
/* That this context is the one from which on the weights may not stay in memory; false when it is not. */
bool footprint_write_beside(const struct memory_plan *p, size_t contexts, char *out, size_t size);
/* What loading in fewer bits, as it was asked for, did to a model; false when it was not asked for. */
bool footprint_write_loading(const struct model *model, enum model_load asked, char *out, size_t size);
/* "1.1 GB of the file, 120.3 MB of its own" */
void footprint_write_taken(const struct footprint *f, char *out, size_t size);

#endif
