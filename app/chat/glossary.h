/* Glossary: ids for the texts of tokens whose vocabulary is not here. An id follows from the text, so that records of old
 * answers keep their meaning: another text that has it already makes it the next one that is free. */
#ifndef PALAVER_APP_CHAT_GLOSSARY_H
#define PALAVER_APP_CHAT_GLOSSARY_H

#include <stddef.h>
#include <stdint.h>

struct glossary;

/* NULL when out of memory. */
struct glossary *glossary_new(void);
void glossary_free(struct glossary *g);
/* The id of a text, from 0; -1 when out of memory. use: a number of the caller's, which the text bears from now on. */
int32_t glossary_id(struct glossary *g, const char *text, size_t size, uint64_t use);
/* The id that a text has, or would get: it is neither added nor bears another number. */
int32_t glossary_look(const struct glossary *g, const char *text, size_t size);
/* Has the text of an id, if there is one, bear the number. */
void glossary_mark(struct glossary *g, int32_t id, uint64_t use);
/* The next text from number *at on that bears the number: its id, and *at is the one after it; -1: there is none. */
int32_t glossary_used(const struct glossary *g, size_t *at, uint64_t use);
/* The text of an id, *size bytes; NULL when there is none. Valid as long as the glossary. */
const char *glossary_text(const struct glossary *g, int32_t id, size_t *size);

#endif
