/* A conversation as text whose bytes know where they come from: what templates make and prompts are split from.
 * Internal to the engine. */
#ifndef PALAVER_ENGINE_TEXT_RENDERED_H
#define PALAVER_ENGINE_TEXT_RENDERED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/jinja/jinja.h"
#include "engine/text/template.h"

struct rendered {
    struct buf text;
    struct rendered_span {
        size_t end; /* of the bytes of text that come from origin */
        enum origin origin;
    } * spans;
    size_t n_spans, capacity;
    bool failed; /* out of memory */
};

void rendered_open(struct rendered *r);
void rendered_close(struct rendered *r);
/* Appends size bytes; false when out of memory, then and from then on. */
bool rendered_add(struct rendered *r, const char *text, size_t size, enum origin origin);
/* Drops all after the first `size` bytes. */
void rendered_cut(struct rendered *r, size_t size);
/* Where the byte at `at` < text.size comes from. */
enum origin rendered_origin(const struct rendered *r, size_t at);

/* What is rendered: an optional system message in front, then messages[from..n). */
struct talk {
    const struct message *messages;
    size_t n, from;
};

/* render-parts.c: by the parts of a file. False when out of memory. */
bool render_parts(const struct chat_template *t, const struct tokenizer *tokenizer, struct talk talk,
                  struct rendered *out);
/* render-jinja.c: by a model's own template, on that day. tokenizer gives BOS and EOS; NULL: <s> and </s>. ERR_ARGUMENT
 * with the template's own words when it refuses the conversation. */
enum error_code render_jinja(const struct jinja *jinja, const struct tokenizer *tokenizer, struct talk talk,
                             const struct tm *date, struct rendered *out, struct error *err);

/* prompt-cut.c: leaves out the beginning of the prompt of a text that is continued, see prompt_render. messages[0..n) are
 * what it was rendered from, first the first that is no system message. */
enum error_code prompt_cut(struct prompt *p, const struct tokenizer *tokenizer, const struct message *messages,
                           size_t n, size_t first, size_t limit, struct error *err);

#endif
