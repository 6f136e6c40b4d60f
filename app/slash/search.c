/* Slash commands: finding words, in all conversations or in the open one; in all, what has that meaning too. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/meaning/meaning.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* How long a search waits for what has that meaning: a few milliseconds as a rule. */
enum { MEANING_WAIT = 3000 };

/* Shows one row: TITLE: SNIPPET; inside one conversation ROLE: SNIPPET. meant: its meaning alone was found. */
static bool show_hit(struct repl *t, const struct store_hit *hit, bool inside, bool meant)
{
    struct buf row;
    buf_init(&row, 1 << 16);
    if (meant)
        buf_puts(&row, "by meaning · ");
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

/* The end of a list: what to do with it, or that it is empty. */
static void show_hint(struct repl *t, const char *text, bool more)
{
    if (t->listed.n == 0)
        show_note(t->show, "no match for %s", text);
    else
        show_note(t->show, "%s/open N opens one", more ? "there are more: give more words; " : "");
}

/* Searches one conversation. */
static enum error_code show_inside(struct repl *t, struct store *s, const char *text, int64_t conversation,
                                   struct error *err)
{
    struct store_hits hits = {0};
    const struct store_query query = {.text = text,
                                      .conversation = conversation,
                                      .archived = true,
                                      .limit = slash_listed_page(t)};
    if (store_search(s, &query, &hits, err) != ERR_NONE)
        return err->code;
    slash_listed_begin(t, 1, home_is_temporary(chat_home(t->chat)));
    for (size_t i = 0; i < hits.n; i++)
        if (hits.at[i].message != 0 && !show_hit(t, &hits.at[i], true, false))
            error_memory(err);
    show_hint(t, text, hits.more);
    store_hits_free(&hits);
    return err->code;
}

static enum error_code show_joined(struct repl *t, const struct store_hits *words, const struct meaning_hits *meant,
                                   struct error *err)
{
    const size_t page = slash_listed_page(t);
    struct joined_hit *joined = calloc(page + 1, sizeof *joined);
    if (joined == NULL)
        return error_memory(err);
    slash_listed_begin(t, 1, false);
    const size_t n = meaning_join(words, meant, joined, page);
    for (size_t i = 0; i < n; i++)
        if (!show_hit(t, joined[i].hit, false, !joined[i].words))
            error_memory(err);
    free(joined);
    return err->code;
}

/* Searches all of them. */
static enum error_code show_all(struct repl *t, struct store *s, const char *text, struct error *err)
{
    struct store_hits words = {0};
    struct meaning_hits meant = {0};
    const struct store_query query = {.text = text, .archived = true, .limit = slash_listed_page(t)};
    if (store_search(s, &query, &words, err) != ERR_NONE)
        return err->code;
    if (meaning_is_asked(text))
        meaning_wait(t->meaning, text, MEANING_WAIT, &meant);
    if (show_joined(t, &words, &meant, err) == ERR_NONE)
        show_hint(t, text, words.more);
    store_hits_free(&words);
    meaning_hits_free(&meant);
    return err->code;
}

enum error_code slash_search(struct repl *t, const char *arguments, struct error *err)
{
    if (*arguments == '\0')
        return error_set(err, ERR_ARGUMENT, "which words? /search WORD... or /search \"a phrase\"");
    struct store *s = home_library(chat_home(t->chat), err);
    return s != NULL ? show_all(t, s, arguments, err) : err->code;
}

enum error_code slash_find_words(struct repl *t, const char *arguments, struct error *err)
{
    struct store *s;
    int64_t id;
    if (*arguments == '\0')
        return error_set(err, ERR_ARGUMENT, "which words? /find searches this conversation, /search all of them");
    if (slash_present(t, &s, &id, err) != ERR_NONE)
        return err->code;
    return show_inside(t, s, arguments, id, err);
}
