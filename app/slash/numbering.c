/* Slash commands: the numbers of lists, what they mean to the next command, and names for completion. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/slash/commands.h"
#include "app/terminal/columns.h"
#include "app/terminal/show.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "history/history.h"

enum { PAGE = 20, PAGE_LEAST = 5, ROWS_AROUND = 4, OFFERED = 2000 };

size_t slash_listed_page(const struct repl *t)
{
    int rows = t->show->terminal ? columns_rows(t->show->out) - ROWS_AROUND : PAGE;
    return rows < PAGE_LEAST ? PAGE_LEAST : (size_t)rows;
}

void slash_listed_begin(struct repl *t, size_t first, bool temporary)
{
    t->listed.n = 0;
    t->listed.first = first;
    t->listed.temporary = temporary;
}

bool slash_listed_add(struct repl *t, struct listed_row row, char mark, const struct buf *text)
{
    struct listed *l = &t->listed;
    if (l->n == l->capacity) {
        size_t capacity = l->capacity > 0 ? 2 * l->capacity : 32;
        struct listed_row *at = realloc(l->at, capacity * sizeof *at);
        if (at == NULL)
            return false;
        l->at = at;
        l->capacity = capacity;
    }
    l->at[l->n] = row;
    struct buf numbered, line;
    buf_init(&numbered, text->size + 64);
    buf_printf(&numbered, "%3zu%c %s", l->first + l->n++, mark, buf_text(text));
    library_fit(t->show, &numbered, &line);
    show_line(t->show, "%s", buf_text(&line));
    buf_free(&line);
    buf_free(&numbered);
    return true;
}

bool slash_listed_number(const struct repl *t, const char *text, struct listed_row *row)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < t->listed.first || n - t->listed.first >= t->listed.n)
        return false;
    *row = t->listed.at[n - t->listed.first];
    return true;
}

enum error_code slash_listed_find(struct repl *t, const char *arguments, struct listed_row *row, struct error *err)
{
    struct error why = {0};
    if (slash_listed_number(t, arguments, row))
        return ERR_NONE;
    struct store *s = home_library(chat_home(t->chat), err);
    if (s == NULL)
        return err->code;
    *row = (struct listed_row){0};
    if (library_find(s, arguments, "/list", &row->conversation, &why) == ERR_NONE)
        return ERR_NONE;
    if (strspn(arguments, "0123456789") == strlen(arguments) && strlen(arguments) < 4 && why.code == ERR_NOT_FOUND)
        return error_set(err, ERR_NOT_FOUND, "no row has the number %s now; /list numbers the conversations",
                         arguments);
    return error_set(err, why.code, "%s", why.message);
}

enum error_code slash_present(struct repl *t, struct store **store, int64_t *id, struct error *err)
{
    struct home *k = chat_home(t->chat);
    *store = home_store(k);
    *id = home_conversation(k);
    if (*id != 0)
        return ERR_NONE;
    return error_set(err, ERR_NOT_FOUND, "this conversation has no message yet");
}

/* ---- completion ------------------------------------------------------------------------------------------------- */

/* Offers a name, unless it holds characters that must not reach the terminal. */
static void offer_name(struct choices *choices, const char *name, const char *detail)
{
    size_t size = strlen(name), used;
    if (size == 0)
        return;
    for (size_t at = 0; at < size; at += used) {
        uint32_t code = utf8_decode(name + at, size - at, &used);
        if (code == UTF8_INVALID || utf8_is_unsafe(code))
            return;
    }
    choices_offer(choices, name, detail);
}

static void offer_titles(struct store *s, enum store_view view, struct choices *choices)
{
    struct store_conversations list = {0};
    store_list(s, &(struct store_list_query){.view = view, .limit = OFFERED, .uncounted = true}, &list, NULL);
    for (size_t i = 0; i < list.n; i++) {
        char day[LIBRARY_TIME_SIZE];
        library_age(list.at[i].changed, clock_wall(), day);
        offer_name(choices, list.at[i].title, day);
    }
    store_conversations_free(&list);
}

static void offer_tags(struct store *s, struct choices *choices)
{
    struct store_tags tags = {0};
    store_tags(s, &tags, NULL);
    for (size_t i = 0; i < tags.n; i++) {
        char count[60];
        snprintf(count, sizeof count, "%zu conversation%s", tags.at[i].conversations, plural(tags.at[i].conversations));
        offer_name(choices, tags.at[i].name, count);
    }
    store_tags_free(&tags);
}

static void offer_personas(struct store *s, struct choices *choices)
{
    struct store_personas personas = {0};
    store_personas(s, &personas, NULL);
    for (size_t i = 0; i < personas.n; i++)
        offer_name(choices, personas.at[i].name, personas.at[i].system);
    store_personas_free(&personas);
}

void slash_offer(const struct repl *t, enum slash_words words, struct choices *choices)
{
    struct error ignored = {0};
    struct store *s = t->chat != NULL ? home_library(chat_home(t->chat), &ignored) : NULL;
    if (s == NULL)
        return;
    if (words == SLASH_CONVERSATIONS || words == SLASH_DELETED)
        offer_titles(s, words == SLASH_DELETED ? STORE_VIEW_TRASH : STORE_VIEW_ALL, choices);
    else if (words == SLASH_TAGS)
        offer_tags(s, choices);
    else if (words == SLASH_PERSONAS)
        offer_personas(s, choices);
}
