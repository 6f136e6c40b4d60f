/* What the tests of templates share: vocabularies, templates, and checks of prompts. A function that can't do its work
 * fails the test. */
#ifndef PALAVER_TESTS_UNIT_TEMPLATING_H
#define PALAVER_TESTS_UNIT_TEMPLATING_H

#include <jansson.h>
#include <stddef.h>

#include "engine/text/template.h"

/* The vocabulary of the file at path; NULL when path is NULL. model_free it. */
struct model *templating_open_vocabulary(const char *path);
/* The vocabulary of a test vector; NULL when the file is absent. */
struct model *templating_open_fixture(const char *name);
/* template_load and template_for_text; template_free what they give. */
struct chat_template *templating_load(const char *name, const char *dir);
struct chat_template *templating_follow(const char *text, const struct tokenizer *tok);

/* what: what gave the prompt, for the message. */
void templating_check_text(const struct prompt *p, const char *want, const char *what);
/* Spans reach the last id without a gap. */
void templating_check_spans(const struct prompt *p);
/* Renders the messages of a case; its text and, where it has some, its ids must come out. */
void templating_check_case(const struct chat_template *t, const struct tokenizer *tok, const json_t *entry);
/* The origin that the spans give for the id at that index. */
enum origin templating_origin_of(const struct prompt *p, size_t id);

/* Writes a file into the folder; its path, valid until the next call. */
const char *templating_write_file(const char *folder, const char *name, const char *text);

#endif
