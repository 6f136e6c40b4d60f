/* Search: the index of the history answers both, so that words mean the same everywhere. In all conversations messages of
 * that meaning join what words found, a few milliseconds later: another thread finds them. Until the answer to the last
 * letter is there, that to the one before stays, so that the list does not flicker. */
#include <config.h>

#include "app/screen/search.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/meaning/meaning.h"
#include "app/screen/acts.h"
#include "app/screen/items.h"
#include "app/screen/list.h"
#include "app/screen/places.h"
#include "app/screen/view.h"
#include "app/slash/commands.h"
#include "base/clock.h"
#include "history/history.h"

enum { HITS_ALL = 60, HITS_HERE = 1000 };

struct screen_search {
    char *words;            /* searched for last in all conversations; NULL: none were */
    struct store_hits hits; /* of these words */
    struct meaning_hits meant;
    unsigned asked; /* the number of the question; 0: there is none */
};

struct screen_search *screen_search_new(void)
{
    return calloc(1, sizeof(struct screen_search));
}

void screen_search_free(struct screen_search *search)
{
    if (search == NULL)
        return;
    free(search->words);
    store_hits_free(&search->hits);
    meaning_hits_free(&search->meant);
    free(search);
}

/* ---- all conversations ------------------------------------------------------------------------------------------ */

void screen_search_open(struct screen *s, const char *words, struct error *err)
{
    meaning_hits_free(&s->search->meant);
    meaning_ask(s->repl.meaning, "");
    ui_pick(s->ui, "Search all conversations", NULL, 0, UI_PICK_ASKS);
    if (*words == '\0')
        return;
    ui_set_query(s->ui, words);
    screen_search_all(s, words, err);
}

/* A hit below its conversation, with the time of the message; "by meaning" where its words are others. */
static void add_hit(struct items *items, const struct joined_hit *joined)
{
    enum { MARKS = 32 };
    const struct store_hit *hit = joined->hit;
    struct ui_span marks[MARKS];
    struct buf label;
    char when[LIBRARY_TIME_SIZE], detail[LIBRARY_TIME_SIZE + 16];
    size_t n = hit->n_marks < MARKS ? hit->n_marks : MARKS;
    const char *who = hit->message == 0 ? "" : hit->role == STORE_ASSISTANT ? "Palaver: " : "You: ";
    buf_init(&label, 1 << 20);
    buf_printf(&label, "%s%s", who, hit->snippet);
    for (size_t i = 0; i < n; i++)
        marks[i] = (struct ui_span){strlen(who) + hit->marks[i].start, strlen(who) + hit->marks[i].end};
    library_age(hit->created, clock_wall(), when);
    snprintf(detail, sizeof detail, "%s%s", joined->words ? "" : "by meaning · ", when);
    items_add(items, &(struct ui_item){.label = buf_text(&label),
                                       .detail = detail,
                                       .act = ACT_SHOW_HIT,
                                       .a = hit->conversation,
                                       .b = hit->message,
                                       .group = hit->message == 0     ? "Titles"
                                                : *hit->title != '\0' ? hit->title
                                                                      : "Untitled",
                                       .marks = marks,
                                       .n_marks = n});
    buf_free(&label);
}

/* Shows what words and meaning found; again: more of it, for the words that were there already. */
static void show_hits(struct screen *s, bool again)
{
    const struct screen_search *search = s->search;
    struct joined_hit joined[HITS_ALL];
    struct items items = {0};
    const size_t n = meaning_join(&search->hits, &search->meant, joined, HITS_ALL);
    for (size_t i = 0; i < n; i++)
        add_hit(&items, &joined[i]);
    if (again)
        ui_add_items(s->ui, items.at, items.n);
    else
        ui_set_items(s->ui, items.at, items.n);
    items_free(&items);
}

void screen_search_all(struct screen *s, const char *words, struct error *err)
{
    struct screen_search *search = s->search;
    const struct store_query query = {.text = words, .archived = true, .limit = HITS_ALL};
    struct store *store = screen_list_store(s, err);
    store_hits_free(&search->hits);
    if (store != NULL)
        store_search(store, &query, &search->hits, err);
    search->asked = meaning_is_asked(words) ? meaning_ask(s->repl.meaning, words) : 0;
    if (search->asked == 0)
        meaning_hits_free(&search->meant);
    show_hits(s, false);
    free(search->words);
    search->words = strdup(words);
}

void screen_search_take(struct screen *s)
{
    struct screen_search *search = s->search;
    struct meaning_hits meant;
    unsigned number;
    if (!meaning_take(s->repl.meaning, &meant, &number))
        return;
    if (number != search->asked || !ui_asks(s->ui)) {
        meaning_hits_free(&meant);
        return;
    }
    meaning_hits_free(&search->meant);
    search->meant = meant;
    show_hits(s, true);
}

/* ---- the open conversation -------------------------------------------------------------------------------------- */

/* The places of all hits, by message index; malloc'ed. */
static struct ui_match *collect_matches(const struct chat *c, const struct store_hits *hits, size_t *n)
{
    size_t capacity = 1;
    for (size_t i = 0; i < hits->n; i++)
        capacity += hits->at[i].n_places;
    struct ui_match *matches = calloc(capacity, sizeof *matches);
    *n = 0;
    for (size_t index = 0; matches != NULL && index < chat_count(c); index++)
        for (size_t i = 0; i < hits->n; i++)
            if (hits->at[i].message == chat_message(c, index)->id && hits->at[i].message != 0)
                for (size_t j = 0; j < hits->at[i].n_places; j++)
                    matches[(*n)++] = (struct ui_match){index, hits->at[i].places[j].start, hits->at[i].places[j].end};
    return matches;
}

/* Marks words; shows the first place in this message, the last of all for 0. Returns how many places there are. */
static size_t mark_words(struct screen *s, const char *words, int64_t message, struct error *err)
{
    const struct chat *c = s->repl.chat;
    const struct home *home = chat_home(c);
    const struct store_query query = {.text = words,
                                      .conversation = home_conversation(home),
                                      .archived = true,
                                      .limit = HITS_HERE};
    struct store_hits hits = {0};
    size_t n;
    if (query.conversation == 0 || store_search(home_store(home), &query, &hits, err) != ERR_NONE)
        return 0;
    struct ui_match *matches = collect_matches(c, &hits, &n);
    if (n > 0)
        ui_command(s->ui, "transcript"); /* where n and N walk on; entered before, as it selects what is in view */
    ui_set_matches(s->ui, matches, n);
    for (size_t i = 0; message != 0 && i < n; i++)
        if (chat_message(c, matches[i].message)->id == message) {
            ui_show_match(s->ui, i);
            break;
        }
    free(matches);
    store_hits_free(&hits);
    return n;
}

/* Marks the sentence for which a message was found by meaning; false when words found it. */
static bool mark_sentence(struct screen *s, int64_t message)
{
    const struct screen_search *search = s->search;
    const struct chat *c = s->repl.chat;
    const struct store_hit *hit = NULL;
    for (size_t i = 0; i < search->meant.n; i++)
        if (search->meant.at[i].hit.message == message)
            hit = &search->meant.at[i].hit;
    for (size_t i = 0; i < search->hits.n; i++)
        if (search->hits.at[i].message == message)
            return false;
    for (size_t i = 0; hit != NULL && i < chat_count(c); i++)
        if (chat_message(c, i)->id == message) {
            const struct ui_match match = {i, hit->places[0].start, hit->places[0].end};
            ui_set_matches(s->ui, &match, 1);
            ui_show_match(s->ui, 0);
        }
    return hit != NULL;
}

void screen_search_show_hit(struct screen *s, int64_t conversation, int64_t message, struct error *err)
{
    struct store *library = home_library(chat_home(s->repl.chat), err);
    struct error grows = {0}; /* then its path stays: the answer is at the end of it */
    const bool selects = message != 0 && chat_check_still(s->repl.chat, conversation, &grows) == ERR_NONE;
    screen_places_leave(s);
    if (library == NULL || (selects && store_select(library, message, err) != ERR_NONE) ||
        chat_open_conversation(s->repl.chat, conversation, err) != ERR_NONE)
        return;
    screen_view_sync(s);
    ui_command(s->ui, "transcript");
    if (message == 0 || !mark_sentence(s, message))
        mark_words(s, s->search->words != NULL ? s->search->words : "", message, err);
}

/* Whoever pressed / expects a command to follow, and types its name. Says so when nothing was found; those who typed
 * find once more mean the words after it. */
static void refuse_words(const struct screen *s, const char *words, struct error *err)
{
    size_t size = strcspn(words, " ");
    const struct slash_command *c = slash_find(s->repl.commands, words, size);
    if (c != NULL)
        error_set(err, ERR_NOT_FOUND, "no match for '%.60s' in this conversation; the command is /%s", words, c->name);
    else
        error_set(err, ERR_NOT_FOUND, "no match for '%.60s' in this conversation", words);
}

void screen_search_here(struct screen *s, const char *words, struct error *err)
{
    char text[120];
    const char *behind = slash_after(words, "find");
    if (*words == '\0') {
        ui_set_matches(s->ui, NULL, 0);
        return;
    }
    screen_view_sync(s);
    size_t n = mark_words(s, words, 0, err);
    if (n == 0 && err->code == ERR_NONE && behind != NULL && *behind != '\0')
        n = mark_words(s, behind, 0, err);
    if (n == 0) {
        refuse_words(s, words, err);
        return;
    }
    snprintf(text, sizeof text, "%zu place%s; n and N walk through them, Esc goes back", n, n == 1 ? "" : "s");
    ui_notice(s->ui, false, text);
}
