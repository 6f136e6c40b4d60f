/* Leave: the first attempt is refused while something is not saved; a second one is granted unless more is unsaved. */
#include <config.h>

#include "app/slash/leave.h"

#include <stdio.h>

#include "app/chat/chat.h"
#include "app/terminal/show.h"
#include "app/text/plural.h"
#include "base/buf.h"

/* "3 messages", "1 message", "settings of this conversation". */
static void write_what(size_t messages, char *out, size_t size)
{
    if (messages > 0)
        snprintf(out, size, "%zu message%s", messages, plural(messages));
    else
        snprintf(out, size, "settings of this conversation");
}

bool leave_allowed(struct repl *t, struct error *err)
{
    struct error why = {0};
    char what[64];
    size_t unsaved;
    if (chat_save_rest(t->chat, &unsaved, &why) == ERR_NONE) {
        t->refused = 0;
        return true;
    }
    if (t->refused > unsaved)
        return true;
    t->refused = unsaved + 1;
    write_what(unsaved, what, sizeof what);
    error_set(err, why.code, "%s can't be saved and would be lost: %s", what, why.message);
    return false;
}

struct leave_loss leave_close(struct repl *t)
{
    struct leave_loss loss = {0};
    if (t->chat != NULL)
        chat_close(t->chat, &loss.messages, &loss.why);
    return loss;
}

static void show_message(struct repl *t, const char *who, const struct buf *text)
{
    show_line(t->show, "\n%s:\n%s", who, buf_text(text));
}

static void show_lost_texts(struct repl *t, const struct chat *c)
{
    for (size_t i = 0; i < chat_count(c); i++) {
        const struct chat_message *m = chat_message(c, i);
        if (!chat_message_is_saved(c, i) && m->text.size > 0)
            show_message(t, m->role == ROLE_ASSISTANT ? "Palaver" : "You", &m->text);
    }
    for (size_t i = 0; i < chat_compared(c); i++) {
        struct chat_compared side = chat_compared_side(c, i);
        if (side.answer->text.size > 0)
            show_message(t, side.label, &side.answer->text);
    }
}

bool leave_report(struct repl *t, const struct leave_loss *loss, bool texts)
{
    char what[64];
    struct error told = {0};
    if (loss->why.code == ERR_NONE)
        return false;
    write_what(loss->messages, what, sizeof what);
    error_set(&told, loss->why.code, "%s could not be saved: %s", what, loss->why.message);
    if (texts && loss->messages > 0)
        show_lost_texts(t, t->chat);
    for (size_t i = 0; texts && loss->messages > 0 && chat_elsewhere(t->chat, i) != NULL; i++)
        show_lost_texts(t, chat_elsewhere(t->chat, i));
    show_error(t->show, &told);
    return true;
}
