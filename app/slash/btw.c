/* Slash commands: /btw asks beside the conversation. In line mode the answer is printed; the screen shows it in an overlay
 * (screen/btw.c). */
#include <config.h>

#include "app/chat/btw.h"
#include "app/chat/chat.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "base/error.h"

enum error_code slash_btw(struct repl *t, const char *arguments, struct error *err)
{
    if (btw_runs(t->btw))
        return error_set(err, ERR_BUSY, "a side question is being answered; Esc stops it");
    struct btw *asked = btw_ask(t->chat, arguments, err);
    if (asked == NULL)
        return err->code;
    btw_free(t->btw);
    t->btw = asked;
    return ERR_NONE;
}

const char *repl_btw_note(const struct repl *t)
{
    const struct btw_end *end = btw_end(t->btw);
    if (end->error.code != ERR_NONE)
        return end->error.message;
    switch (end->finish) {
    case FINISH_STOPPED: return "stopped";
    case FINISH_LENGTH: return "stopped: it is as long as it may be";
    case FINISH_CONTEXT: return "stopped: the context is full";
    case FINISH_END:
    case FINISH_STOP_STRING: break;
    }
    return btw_answer(t->btw)->size > 0 ? "" : "the model said nothing";
}
