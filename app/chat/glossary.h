/* Glossary: ids for the texts of tokens whose vocabulary is not here, in the order in which they come. */
#ifndef PALAVER_APP_CHAT_GLOSSARY_H
#define PALAVER_APP_CHAT_GLOSSARY_H

#include <stddef.h>
#include <stdint.h>

struct glossary;

/* NULL when out of memory. */
struct glossary *glossary_new(void);
void glossary_free(struct glossary *g);
/* The id of a text, a new one if it has none yet; -1 when out of memory. */
int32_t glossary_id(struct glossary *g, const char *text, size_t size);
/* The text of an id, *size bytes; NULL when there is none. Valid as long as the glossary. */
const char *glossary_text(const struct glossary *g, int32_t id, size_t *size);

#endif
