/* Import of SillyTavern's JSON Lines: a first line {user_name, character_name, create_date, chat_metadata}, which may
 * be missing, and a message a line: {name, is_user, is_system, mes, send_date, swipes, swipe_id, extra}.
 *
 * "swipes" are the alternatives of a message and become its siblings; "mes" is the one at swipe_id as it reads now,
 * and what follows hangs below it. */
#include <config.h>

#include <stdio.h>

#include <jansson.h>

#include "base/error.h"
#include "history/port/import-entry.h"
#include "history/port/import-forms.h"
#include "history/port/import-reader.h"
#include "history/port/import-time.h"
#include "history/store.h"

static bool is_header(const json_t *line)
{
    return json_object_get(line, "mes") == NULL &&
           (json_object_get(line, "chat_metadata") != NULL ||
            (json_object_get(line, "user_name") != NULL && json_object_get(line, "character_name") != NULL));
}

bool import_is_sillytavern(const json_t *value)
{
    const json_t *line = json_is_array(value) ? json_array_get(value, 0) : value;
    return is_header(line) || (json_is_array(value) && json_object_get(line, "mes") != NULL);
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static void read_line(const json_t *line, struct import_entry *e)
{
    bool is_user = json_is_true(json_object_get(line, "is_user"));
    bool is_system = json_is_true(json_object_get(line, "is_system"));
    e->author = is_user ? "user" : is_system ? "system" : "assistant";
    e->created = import_time(json_object_get(line, "send_date"), e->created);
    if (!is_user)
        e->model = json_string_value(json_object_get(json_object_get(line, "extra"), "model"));
}

/* Adds one alternative below *parent, which it then becomes. */
static enum error_code add_alternative(struct import *im, const json_t *line, const json_t *text, int64_t conversation,
                                       int64_t created, int64_t *parent)
{
    struct import_entry e;
    import_entry_init(&e, created);
    read_line(line, &e);
    enum error_code code = import_entry_content(im, &e, text);
    if (code == ERR_NONE)
        code = import_entry_add(im, &e, conversation, parent);
    import_entry_free(&e);
    return code;
}

/* Adds a message and its alternatives in their order; *parent becomes the one that was shown. */
static enum error_code add_line(struct import *im, const json_t *line, int64_t conversation, int64_t created,
                                int64_t *parent)
{
    const json_t *mes = json_object_get(line, "mes"), *swipes = json_object_get(line, "swipes");
    if (!json_is_object(line))
        return import_fail(im, NULL, "expected a message");
    size_t n = json_array_size(swipes), shown = (size_t)json_integer_value(json_object_get(line, "swipe_id"));
    if (shown >= n)
        shown = n; /* mes stands after those that there are */
    int64_t above = *parent;
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i <= n && code == ERR_NONE; i++) {
        int64_t here = above;
        bool is_shown = i == shown;
        if (i == n && !is_shown)
            break;
        const json_t *text = is_shown && json_is_string(mes) ? mes : json_array_get(swipes, i);
        code = add_alternative(im, line, text, conversation, created, &here);
        if (is_shown)
            *parent = here;
    }
    return code;
}

/* ---- conversations ----------------------------------------------------------------------------------------------- */

static enum error_code begin_conversation(struct import *im, const json_t *header, const json_t *last, int64_t created,
                                          int64_t *id)
{
    const char *character = json_string_value(json_object_get(header, "character_name"));
    json_t *title = NULL;
    if (character != NULL && character[0] != '\0')
        title = json_sprintf("Chat with %s", character);
    enum error_code code =
        import_conversation(im, title, created, import_time(json_object_get(last, "send_date"), created), id);
    json_decref(title);
    return code;
}

enum error_code import_sillytavern(struct import *im, const json_t *lines)
{
    bool is_list = json_is_array(lines);
    size_t n = is_list ? json_array_size(lines) : 1;
    const json_t *first = is_list ? json_array_get(lines, 0) : lines;
    const json_t *last = is_list ? json_array_get(lines, n - 1) : lines;
    const json_t *header = is_header(first) ? first : NULL;
    int64_t id = 0, parent = 0;
    int64_t created = import_time(json_object_get(first, header != NULL ? "create_date" : "send_date"), im->s->now());
    enum error_code code = begin_conversation(im, header, last, created, &id);
    for (size_t i = header != NULL; i < n && code == ERR_NONE; i++) {
        size_t length = import_enter(im, "[%zu]", i);
        code = add_line(im, json_array_get(lines, i), id, created, &parent);
        import_leave(im, length);
    }
    return code == ERR_NONE ? import_finish(im, id, parent) : code;
}
