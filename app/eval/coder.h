/* Coder: texts as the ids of the model that is asked, wherever that is. */
#ifndef PALAVER_APP_EVAL_CODER_H
#define PALAVER_APP_EVAL_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

struct coded_text {
    const char *text; /* size bytes */
    size_t size;
    bool lead;      /* behind BOS where this model's texts begin with it */
    struct ids ids; /* what it makes; to be freed */
};

struct coder {
    /* Appends to the ids of texts[0..n). */
    enum error_code (*encode)(void *context, struct coded_text *texts, size_t n, struct error *err);
    void *context;
    int32_t before;  /* the id that stands before a text which nothing stands before; -1: there is none */
    int32_t longest; /* text of which all likelihoods can be had, in ids */
    int32_t room;    /* ids of a prompt and its answer */
};

#endif
