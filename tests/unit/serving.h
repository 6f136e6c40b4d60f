/* What the tests of the server share: a server with a small model of random weights, which runs from serving_open to
 * serving_close, and the parts of what it answers. A function that can't do its work fails the test. */
#ifndef PALAVER_TESTS_UNIT_SERVING_H
#define PALAVER_TESTS_UNIT_SERVING_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "engine/engine.h"
#include "serve/serve.h"

/* Tokens. */
enum { SERVING_CONTEXT = 448 };

#define COMPLETIONS "/v1/completions"
#define CHAT "/v1/chat/completions"

/* Before and after a group of tests. */
int serving_open(void **state);
int serving_close(void **state);
struct serve *serving_server(void);
uint16_t serving_port(void);
struct model *serving_model(void);
struct chat_template *serving_template(void);
/* Requests whose clients were gone before their answers' ends, of all servers of this process. */
int serving_gone(void);
/* Another server with the same model. key: NULL for none. */
struct serve *serving_start(const char *key);
struct serve *serving_start_speculating(const char *key, enum speculate speculate);

/* Choice i of an answer; its text, of completions and of chats; a list of its log-probabilities. The answer's. */
const json_t *serving_choice_of(const json_t *answer, size_t i);
const char *serving_text_of(const json_t *answer, size_t i);
const json_t *serving_logprobs_of(const json_t *answer, size_t i, const char *list);

#endif
