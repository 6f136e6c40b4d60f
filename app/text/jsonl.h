/* JSON for scripts: values printed on a line each, and JSON lines, one object in and one out. */
#ifndef PALAVER_APP_TEXT_JSONL_H
#define PALAVER_APP_TEXT_JSONL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "base/error.h"
#include "engine/engine.h"

/* Answers one object: a new reference, or NULL with err filled. */
typedef json_t *jsonl_answer(void *context, const json_t *in, struct error *err);

/* Answers every line of in; empty lines are skipped. A line that can't be answered gives {"error": ..., "line": N}, and
 * the next one follows. False if that happened, or if in could not be read: then err is filled. */
bool jsonl_run(FILE *in, FILE *out, jsonl_answer *answer, void *context, struct error *err);

enum { JSONL_TOGETHER = 256 }; /* lines at most */

/* Answers n objects, 0 to JSONL_TOGETHER: out[i] becomes a new reference, or stays NULL and errs[i] is filled; in[i] is NULL where errs[i] is
 * filled already. */
typedef void jsonl_answer_all(void *context, json_t *const *in, json_t **out, struct error *errs, size_t n);

/* The same, several lines at once: as many as have come, so that a program that writes a line and waits gets its answer,
 * and a file goes through in batches. Reads from the descriptor in. */
bool jsonl_run_all(int in, FILE *out, jsonl_answer_all *answer, void *context, struct error *err);

/* Prints a value on one line, safely on a terminal, and releases it; NULL prints nothing. */
void json_print(FILE *out, json_t *value);
/* A string from any bytes: what is not UTF-8 becomes U+FFFD. NULL when out of memory. */
json_t *json_text(const char *text, size_t size);
/* An array of integers; NULL when out of memory. */
json_t *json_ids(const int32_t *ids, size_t n);
/* Appends the ids of an array to out; ERR_FORMAT unless each is a whole number from 0 to vocab - 1. */
enum error_code json_read_ids(const json_t *array, int32_t vocab, struct ids *out, struct error *err);

#endif
