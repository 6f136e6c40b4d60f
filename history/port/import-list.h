/* Conversations without branches: a list of messages. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_LIST_H
#define PALAVER_HISTORY_PORT_IMPORT_LIST_H

#include "history/port/import-entry.h"
#include "history/port/import-tree.h"

/* Adds the messages of an array one below the other and ends the conversation at the last. place is the name of the
 * array in the file, for messages; "" when it has none. NULL and null are an empty array. A system prompt that stands
 * first becomes the conversation's own. null in place of a message counts as one without text; ERR_FORMAT for anything
 * else that is no object. */
enum error_code import_list(struct import *im, const json_t *messages, const char *place, import_read_node *read,
                            int64_t conversation, int64_t created);

#endif
