/* The forms of file that can be imported, one file each. */
#ifndef PALAVER_HISTORY_PORT_IMPORT_FORMS_H
#define PALAVER_HISTORY_PORT_IMPORT_FORMS_H

#include "history/port/import-reader.h"

/* A whole file of Palaver's own JSON. */
enum error_code import_palaver(struct import *im, const json_t *root);
/* One conversation of ChatGPT's conversations.json. */
enum error_code import_chatgpt(struct import *im, const json_t *conversation);
/* An array of {role, content}, or an object with such an array as "messages". */
enum error_code import_plain(struct import *im, const json_t *conversation);

#endif
