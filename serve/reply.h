/* Answers as JSON, in the forms of OpenAI's API. Internal to the server. */
#ifndef PALAVER_SERVE_REPLY_H
#define PALAVER_SERVE_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "serve/internal.h"
#include "serve/job.h"
#include "serve/request.h"

/* Appends the whole answer of a job that is done. */
void reply_whole(const struct serve *s, struct job *j, struct buf *out);
/* Appends what is new of a part as a piece of a stream ("data: {...}"), if there is anything, or its end. */
void reply_piece(const struct serve *s, struct job *j, size_t part, struct buf *out);
/* Appends the end of a stream: the figures, if they were asked for, and "data: [DONE]". */
void reply_end(const struct serve *s, struct job *j, struct buf *out);
/* Appends an error as a body, or as a piece of a stream. Returns the status that goes with it. */
unsigned reply_refusal(const struct refusal *why, struct buf *out);
void reply_stream_error(const struct error *err, struct buf *out);
/* Tokens of all prompts, those from a cache, and those of all answers. */
void reply_count(const struct job *j, size_t *prompt, size_t *cached, size_t *answer);
/* Appends a value as one line, and releases it. */
void reply_json(json_t *value, struct buf *out);

#endif
