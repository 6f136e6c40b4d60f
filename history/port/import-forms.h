/* The forms of file that can be imported, one file each. Each importer takes one conversation and is chosen by its _is,
 * which looks at the structure alone; Palaver's own form is a whole file. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_FORMS_H
#define PALAVER_HISTORY_PORT_IMPORT_FORMS_H

#include "history/port/import-reader.h"

bool import_is_palaver(const json_t *root);
enum error_code import_palaver(struct import *im, const json_t *root);

/* ChatGPT's conversations.json. */
bool import_is_chatgpt(const json_t *value);
enum error_code import_chatgpt(struct import *im, const json_t *conversation);

/* Claude's conversations.json. */
bool import_is_claude(const json_t *value);
enum error_code import_claude(struct import *im, const json_t *conversation);

/* The chats that Open WebUI exports. */
bool import_is_openwebui(const json_t *value);
enum error_code import_openwebui(struct import *im, const json_t *conversation);

/* What the page of llama-server exports. */
bool import_is_llamaserver(const json_t *value);
enum error_code import_llamaserver(struct import *im, const json_t *conversation);

/* SillyTavern's JSON Lines: an array here. */
bool import_is_sillytavern(const json_t *value);
enum error_code import_sillytavern(struct import *im, const json_t *lines);

/* ShareGPT's {from, value}. */
bool import_is_sharegpt(const json_t *value);
enum error_code import_sharegpt(struct import *im, const json_t *conversation);

/* An array of {role, content}, or an object with such an array as "messages". */
bool import_is_plain(const json_t *value);
enum error_code import_plain(struct import *im, const json_t *conversation);

#endif
