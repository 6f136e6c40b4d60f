/* Leave: what would be lost if the chat ended now, and its end. */
#include <config.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/answering.h"
#include "app/chat/background.h"
#include "app/chat/chat.h"
#include "app/chat/compare.h"
#include "app/chat/form.h"
#include "app/chat/list.h"
#include "app/chat/saving.h"
#include "app/chat/state.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* Messages that are not saved, answers of a comparison included. */
static size_t count_unsaved(const struct chat *c)
{
    size_t n = chat_compare_unsaved(c);
    for (size_t i = 0; i < c->list.n; i++)
        n += !chat_message_is_saved(c, i);
    return n;
}

enum error_code chat_save_rest(struct chat *c, size_t *unsaved, struct error *err)
{
    struct error why = {0};
    enum home_patience before = home_set_patience(c->home, HOME_LONG_WAIT);
    chat_compare_save(c, false, &why);
    chat_try_saving(c, &why);
    *unsaved = count_unsaved(c);
    for (size_t i = 0; i < background_count(c); i++) {
        chat_try_saving(background_at(c, i), &why);
        *unsaved += count_unsaved(background_at(c, i));
    }
    home_set_patience(c->home, before);
    if (*unsaved > 0)
        error_set(&why, ERR_IO, "the history can't be written");
    return why.code == ERR_NONE ? ERR_NONE : error_set(err, why.code, "%s", why.message);
}

/* An answer under way ends here. */
static void interrupt_answer(struct chat *c)
{
    if (answering_is_writing(c->answering))
        chat_list_last(&c->list)->state = STORE_INTERRUPTED;
    answering_end(c->answering);
}

enum error_code chat_close(struct chat *c, size_t *unsaved, struct error *err)
{
    struct error ignored = {0}; /* the next call says what can't be saved */
    c->closed = true;
    home_set_patience(c->home, HOME_LONG_WAIT); /* to the end */
    interrupt_answer(c);
    for (size_t i = 0; i < background_count(c); i++)
        interrupt_answer(background_at(c, i));
    chat_compare_save(c, true, &ignored);
    return chat_save_rest(c, unsaved, err);
}

/* ---- a copy ----------------------------------------------------------------------------------------------------- */

static enum error_code copy_messages(const struct chat *c, struct store *s, int64_t conversation, struct error *err)
{
    int64_t parent = 0;
    enum error_code code = ERR_NONE;
    for (size_t i = 0; code == ERR_NONE && i < c->list.n; i++) {
        const struct chat_message *m = &c->list.at[i];
        bool answer = m->role == ROLE_ASSISTANT && m->model != NULL;
        struct store_making made = {0};
        if (answer)
            made = form_making(c->speaker, m);
        code = store_append(s, conversation, parent, form_stored_role(m->role), buf_text(&m->text), m->text.size,
                            answer ? &made : NULL, &parent, err);
        if (answer)
            form_making_free(&made);
    }
    return code;
}

/* A title that can't be read is none. */
static void copy_properties(const struct chat *c, struct store *s, int64_t conversation)
{
    struct store_conversation of = {0};
    struct error ignored = {0};
    int64_t id = home_conversation(c->home);
    if (c->system.size > 0)
        store_set(s, conversation, STORE_SYSTEM_PROMPT, buf_text(&c->system), &ignored);
    if (id == 0 || store_conversation_get(home_store(c->home), id, &of, &ignored) != ERR_NONE)
        return;
    if (*of.title != '\0')
        store_rename(s, conversation, of.title, STORE_TITLED_BY_HAND, &ignored);
    store_conversation_free(&of);
}

struct store *chat_copy(const struct chat *c, int64_t *conversation, struct error *err)
{
    struct store *s = store_open(NULL, NULL, err);
    if (s == NULL)
        return NULL;
    if (store_new(s, conversation, err) != ERR_NONE || copy_messages(c, s, *conversation, err) != ERR_NONE) {
        store_close(s);
        return NULL;
    }
    copy_properties(c, s, *conversation);
    return s;
}
