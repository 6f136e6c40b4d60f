/* A message of another program's file on its way into the store. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_ENTRY_H
#define PALAVER_HISTORY_PORT_IMPORT_ENTRY_H

#include "history/port/import-reader.h"

struct import_entry {
    const char *author; /* a role by name; NULL or an unknown one is guessed */
    const char *model;  /* borrowed; NULL: unknown */
    int64_t created;    /* UTC milliseconds */
    enum store_state state;
    struct buf text;
    bool hidden; /* without text on purpose: leaving it out is not counted */
};

/* Prepares an entry of this time; free it with import_entry_free. */
void import_entry_init(struct import_entry *e, int64_t created);
void import_entry_free(struct import_entry *e);
/* Appends to the text, after a line break unless the text is empty. ERR_ARGUMENT names the place when the text gets too
 * long. */
enum error_code import_entry_append(struct import *im, struct import_entry *e, const char *bytes, size_t size);
/* Appends the text of a content: a string, or an array of strings and of parts {"type", "text"}. What the model
 * thought is left out, other parts without text are counted. null and absent (NULL) content is none. */
enum error_code import_entry_content(struct import *im, struct import_entry *e, const json_t *content);
/* Counts n attachments, pictures and the like that stand beside the content: the elements of an array. */
void import_entry_attachments(struct import *im, const json_t *array);
/* Adds the message below *parent, which it then becomes. Without text nothing is added, and it is counted. */
enum error_code import_entry_add(struct import *im, struct import_entry *e, int64_t conversation, int64_t *parent);

/* Makes the text the system prompt of the conversation. */
enum error_code import_entry_system(struct import *im, const struct import_entry *e, int64_t conversation);

#endif
