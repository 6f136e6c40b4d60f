/* Import of ShareGPT's form, in which many datasets come: {conversations: [{from, value}]}, one, an array of them or
 * one a line; or the bare array of messages. */
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
    const json_t *from = json_object_get(message, "from"), *value = json_object_get(message, "value");
    e->author = json_string_value(from != NULL ? from : json_object_get(message, "role"));
    return import_entry_content(im, e, value != NULL ? value : json_object_get(message, "content"));
}

static const char *list_name(const json_t *conversation)
{
    static const char *const names[] = {"conversations", "conversation"};
    for (size_t i = 0; i < 2; i++)
        if (json_object_get(conversation, names[i]) != NULL)
            return names[i];
    return NULL;
}

bool import_is_sharegpt(const json_t *value)
{
    return list_name(value) != NULL || json_object_get(json_array_get(value, 0), "from") != NULL;
}

enum error_code import_sharegpt(struct import *im, const json_t *conversation)
{
    const char *name = list_name(conversation);
    const json_t *messages = name != NULL ? json_object_get(conversation, name) : conversation;
    int64_t id = 0, now = im->s->now();
    enum error_code code = import_conversation(im, json_object_get(conversation, "title"), now, now, &id);
    return code == ERR_NONE ? import_list(im, messages, name != NULL ? name : "", read_message, id, now) : code;
}
