/* Slash commands: finding words, in all conversations or in the open one. */
#include <config.h>

#include <string.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* Shows one row: TITLE: SNIPPET; inside one conversation ROLE: SNIPPET. */
static bool show_hit(struct repl *t, const struct store_hit *hit, bool inside)
{
    struct buf row;
    buf_init(&row, 1 << 16);
    if (inside)
        buf_printf(&row, "%s: %s", hit->role == STORE_USER ? "You" : "Palaver", hit->snippet);
    else if (hit->message == 0)
        buf_puts(&row, hit->title);
    else
        buf_printf(&row, "%s: %s", hit->title[0] != '\0' ? hit->title : "(untitled)", hit->snippet);
    bool good =
        slash_listed_add(t, (struct listed_row){.conversation = hit->conversation, .message = hit->message}, ' ', &row);
    buf_free(&row);
    return good;
}

static enum error_code show_hits(struct repl *t, struct store *s, const char *text, int64_t conversation,
                                 struct error *err)
{
    struct store_hits hits = {0};
    const struct store_query query = {.text = text,
                                      .conversation = conversation,
                                      .archived = true,
                                      .limit = slash_listed_page(t)};
    if (store_search(s, &query, &hits, err) != ERR_NONE)
        return err->code;
    slash_listed_begin(t, 1, conversation != 0 && home_is_temporary(chat_home(t->chat)));
    for (size_t i = 0; i < hits.n; i++)
        if ((conversation == 0 || hits.at[i].message != 0) && !show_hit(t, &hits.at[i], conversation != 0))
            error_memory(err);
    if (t->listed.n == 0)
        show_note(t->show, "no match for %s", text);
    else
        show_note(t->show, "%s/open N opens one", hits.more ? "there are more: give more words; " : "");
    store_hits_free(&hits);
    return err->code;
}

enum error_code slash_search(struct repl *t, const char *arguments, struct error *err)
{
    if (*arguments == '\0')
        return error_set(err, ERR_ARGUMENT, "which words? /search WORD... or /search \"a phrase\"");
    struct store *s = home_library(chat_home(t->chat), err);
    return s != NULL ? show_hits(t, s, arguments, 0, err) : err->code;
}

enum error_code slash_find_words(struct repl *t, const char *arguments, struct error *err)
{
    struct store *s;
    int64_t id;
    if (*arguments == '\0')
        return error_set(err, ERR_ARGUMENT, "which words? /find searches this conversation, /search all of them");
    if (slash_present(t, &s, &id, err) != ERR_NONE)
        return err->code;
    return show_hits(t, s, arguments, id, err);
}
