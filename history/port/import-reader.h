/* What the importers share: the place in the file, members of objects, and adding to the store. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_READER_H
#define PALAVER_HISTORY_PORT_IMPORT_READER_H

#include <jansson.h>

#include "history/tree.h"

struct import {
    struct store *s;
    const char *name; /* of the file, for messages */
    char where[256];  /* the path inside it, e.g. "conversations[3].messages[0]" */
    struct store_import_report *report;
    struct error *err;
};

/* ERR_FORMAT: "name: where.key: what; nothing was imported". key may be NULL. */
enum error_code import_fail(struct import *im, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* ERR_ARGUMENT for a text of size bytes, which is more than can be kept. */
enum error_code import_refuse_size(struct import *im, size_t size);
/* Appends to where and returns the length before; import_leave cuts it back to that. */
size_t import_enter(struct import *im, const char *format, ...) __attribute__((format(printf, 2, 3)));
void import_leave(struct import *im, size_t length);

/* Members by key. An absent or null one leaves *out as it is; another type fails. Strings are borrowed. */
enum error_code import_string(struct import *im, const json_t *object, const char *key, const char **out);
enum error_code import_integer(struct import *im, const json_t *object, const char *key, int64_t *out);
enum error_code import_number(struct import *im, const json_t *object, const char *key, double *out);
enum error_code import_flag(struct import *im, const json_t *object, const char *key, bool *out);
/* A settings object as text, malloc'ed; NULL when absent. */
enum error_code import_settings(struct import *im, const json_t *object, const char *key, char **out);
/* False for an unknown role. */
bool import_role(const char *name, enum store_role *role);

/* A new conversation with these times (UTC milliseconds). If title is no string, or empty, import_finish finds one. */
enum error_code import_conversation(struct import *im, const json_t *title, int64_t created, int64_t changed,
                                    int64_t *id);
/* Adds a message below new->parent; sets *id. */
enum error_code import_message(struct import *im, struct tree_new *new, int64_t *id);
/* Ends a conversation: sets its leaf, and a title from the first words of the user if it has none. */
enum error_code import_finish(struct import *im, int64_t conversation, int64_t leaf);

#endif
