/* Slash commands: /edit, a message or the whole of a text that is continued, in an editor. */
#include <config.h>

#include <string.h>

#include "app/chat/chat.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

void slash_trim_message(const struct repl *t, struct buf *text)
{
    while (!chat_continues_text(t->chat) && text->size > 0 && text->data[text->size - 1] == '\n')
        buf_truncate(text, text->size - 1);
}

static enum error_code run_editor(struct repl *t, struct buf *text, struct error *err)
{
    if (t->edit == NULL)
        return error_set(err, ERR_UNSUPPORTED, "there is no editor here");
    return buf_failed(text) ? error_memory(err) : t->edit(t->context, text, err);
}

enum error_code slash_edit_whole(struct repl *t, struct error *err)
{
    struct buf before, text;
    buf_init(&before, CHAT_TEXT_MOST);
    buf_init(&text, CHAT_TEXT_MOST);
    if (!chat_append_text(t->chat, &before) || !buf_append(&text, buf_text(&before), before.size))
        error_memory(err);
    else if (run_editor(t, &text, err) != ERR_NONE)
        ;
    else if (text.size == before.size && memcmp(buf_text(&text), buf_text(&before), text.size) == 0)
        show_note(t->show, "nothing changed");
    else if (chat_edit_text(t->chat, buf_text(&text), text.size, err) == ERR_NONE)
        show_note(t->show, "/continue continues the text; the one before the change is kept");
    buf_free(&before);
    buf_free(&text);
    return err->code;
}

/* Lets the user edit the text of a message; false if it is unchanged. */
static bool edit_text(struct repl *t, const struct chat_message *m, struct buf *edited, struct error *err)
{
    buf_append(edited, buf_text(&m->text), m->text.size);
    if (run_editor(t, edited, err) == ERR_NONE)
        slash_trim_message(t, edited);
    return err->code == ERR_NONE && edited->size > 0 &&
           (edited->size != m->text.size || memcmp(edited->data, buf_text(&m->text), edited->size) != 0);
}

size_t slash_last_question(const struct repl *t)
{
    size_t i = chat_count(t->chat);
    while (i > 0 && chat_message(t->chat, i - 1)->role != ROLE_USER)
        i--;
    return i > 0 ? i - 1 : 0;
}

enum error_code slash_edit(struct repl *t, const char *arguments, struct error *err)
{
    size_t index;
    struct buf edited;
    if (*arguments == '\0' && chat_continues_text(t->chat))
        return slash_edit_whole(t, err);
    if (slash_find_message(t, "edit", arguments, slash_last_question(t), &index, err) != ERR_NONE)
        return err->code;
    const struct chat_message *m = chat_message(t->chat, index);
    bool answer = m->role == ROLE_ASSISTANT;
    buf_init(&edited, CHAT_TEXT_MOST);
    bool changed = edit_text(t, m, &edited, err);
    if (changed && chat_edit(t->chat, index, buf_text(&edited), edited.size, false, err) == ERR_NONE && answer)
        show_note(t->show, "/continue resumes it; /prev shows the text before the change");
    else if (!changed && err->code == ERR_NONE)
        show_note(t->show, "nothing changed");
    buf_free(&edited);
    return err->code;
}
