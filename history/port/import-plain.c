/* Import of plain role/content JSON, as most programs and interfaces have it: an array of {"role": "user", "content":
 * "..."}, or an object with such an array as "messages". Content may be a string or an array of parts. */
#include <config.h>

#include <jansson.h>

#include "base/error.h"
#include "history/port/import-entry.h"
#include "history/port/import-forms.h"
#include "history/port/import-list.h"
#include "history/port/import-reader.h"
#include "history/port/import-time.h"
#include "history/store.h"

static enum error_code read_message(struct import *im, const json_t *message, struct import_entry *e)
{
    e->author = json_string_value(json_object_get(message, "role"));
    e->model = json_string_value(json_object_get(message, "model"));
    e->created = import_time(json_object_get(message, "timestamp"), e->created);
    return import_entry_content(im, e, json_object_get(message, "content"));
}

bool import_is_plain(const json_t *value)
{
    return json_object_get(value, "messages") != NULL || json_is_array(value);
}

enum error_code import_plain(struct import *im, const json_t *conversation)
{
    bool is_list = json_is_array(conversation);
    const json_t *messages = is_list ? conversation : json_object_get(conversation, "messages");
    const json_t *title = json_object_get(conversation, "title");
    int64_t id = 0, now = im->s->now();
    enum error_code code =
        import_conversation(im, json_is_string(title) ? title : json_object_get(conversation, "name"), now, now, &id);
    return code == ERR_NONE ? import_list(im, messages, is_list ? "" : "messages", read_message, id, now) : code;
}
