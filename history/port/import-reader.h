/* What the importers share: where in the file one is, and putting things into the store. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_H
#define PALAVER_HISTORY_PORT_IMPORT_H

#include <jansson.h>

#include "history/db.h"

struct import {
    struct store *s;
    const char *name;      /* of the file, for messages */
    char where[256];       /* e.g. "conversations[3].messages[0]" */
    struct store_import_report *report;
    struct error *err;
};

/* ERR_FORMAT: name: where.key: what. key may be NULL. */
enum error_code import_fail(struct import *im, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Appends to where; import_leave cuts it back to the length that was returned. */
size_t import_enter(struct import *im, const char *format, ...) __attribute__((format(printf, 2, 3)));
void import_leave(struct import *im, size_t length);

/* Members by key. An absent one, or null, gives what is in *out already; another type fails. */
enum error_code import_string(struct import *im, const json_t *object, const char *key, const char **out);
enum error_code import_integer(struct import *im, const json_t *object, const char *key, int64_t *out);
enum error_code import_number(struct import *im, const json_t *object, const char *key, double *out);
enum error_code import_flag(struct import *im, const json_t *object, const char *key, bool *out);
/* A settings object as text, malloc'ed; NULL when absent. */
enum error_code import_settings(struct import *im, const json_t *object, const char *key, char **out);
/* false for a role that nobody knows. */
bool import_role(const char *name, enum store_role *role);

/* A new conversation titled so, or by words later when title is empty; dated when. */
enum error_code import_conversation(struct import *im, const char *title, int64_t created, int64_t changed,
                                    int64_t *id);
/* Adds a message below new->parent; sets *id. */
enum error_code import_message(struct import *im, struct tree_new *new, int64_t *id);
/* The end of a conversation: its leaf, a title from the first words of a person when it has none. */
enum error_code import_finish(struct import *im, int64_t conversation, int64_t leaf);

enum error_code import_palaver(struct import *im, const json_t *root);
/* One conversation of ChatGPT's conversations.json. */
enum error_code import_chatgpt(struct import *im, const json_t *conversation);
/* An array of {role, content}, or an object with such an array as "messages". */
enum error_code import_plain(struct import *im, const json_t *conversation);

#endif
