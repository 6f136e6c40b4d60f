/* Copy: by a clipboard program where there is one, else through the terminal. */
#include <config.h>

#include "app/screen/copy.h"

#include <stdio.h>

#include "app/chat/chat.h"
#include "app/terminal/clipboard.h"
#include "base/buf.h"

void screen_copy_text(struct screen *s, const char *text, size_t size, const char *what)
{
    char note[160];
    const char *way = clipboard_copy(text, size);
    if (way == NULL) {
        ui_send_clipboard(s->ui, false, text, size);
        way = "sent to the terminal by OSC 52";
    }
    snprintf(note, sizeof note, "%s: %zu bytes %s", what, size, way);
    ui_notice(s->ui, false, note);
}

void screen_copy_answer(struct screen *s, struct error *err)
{
    size_t n = chat_count(s->repl.chat);
    const struct chat_message *m = n > 0 ? chat_message(s->repl.chat, n - 1) : NULL;
    if (m == NULL || m->role != ROLE_ASSISTANT)
        error_set(err, ERR_NOT_FOUND, "there is no answer to copy yet");
    else
        screen_copy_text(s, buf_text(&m->text), m->text.size, "answer");
}
