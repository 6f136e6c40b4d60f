/* Lists: each message below the one before. */
#include <config.h>

#include "history/port/import-list.h"

#include <jansson.h>

#include "base/error.h"
#include "history/history.h"
#include "history/port/import-entry.h"
#include "history/port/import-reader.h"

static enum error_code add_element(struct import *im, const json_t *message, struct import_entry *e,
                                   import_read_node *read)
{
    if (json_is_null(message))
        return ERR_NONE;
    return json_is_object(message) ? read(im, message, e) : import_fail(im, NULL, "expected a message");
}

static bool is_system(const struct import_entry *e)
{
    enum store_role role = STORE_USER;
    return e->author != NULL && import_role(e->author, &role) && role == STORE_SYSTEM && e->text.size > 0;
}

enum error_code import_list(struct import *im, const json_t *messages, const char *place, import_read_node *read,
                            int64_t conversation, int64_t created)
{
    int64_t parent = 0;
    enum error_code code = ERR_NONE;
    if (messages != NULL && !json_is_null(messages) && !json_is_array(messages))
        return import_fail(im, place, "expected an array of messages");
    for (size_t i = 0; i < json_array_size(messages) && code == ERR_NONE; i++) {
        struct import_entry e;
        import_entry_init(&e, created);
        size_t length = import_enter(im, "%s%s[%zu]", place[0] != '\0' && im->where[0] != '\0' ? "." : "", place, i);
        code = add_element(im, json_array_get(messages, i), &e, read);
        if (code == ERR_NONE && i == 0 && is_system(&e))
            code = import_entry_system(im, &e, conversation);
        else if (code == ERR_NONE)
            code = import_entry_add(im, &e, conversation, &parent);
        import_leave(im, length);
        import_entry_free(&e);
    }
    return code == ERR_NONE ? import_finish(im, conversation, parent) : code;
}
