/* palaver search: words in titles and messages; titles first, then the newest messages. With --meaning also messages that
 * say the like in other words, and the best first. */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/commands/commands.h"
#include "app/library/conversations.h"
#include "app/meaning/meaning.h"
#include "app/options/options.h"
#include "app/terminal/progress.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

enum { PAGE = 200, MEANT = 20 /* hits of --meaning, unless --limit says otherwise */, MEANT_MOST = 60 };

struct search {
    const struct options *options;
    struct store *store;
    struct show show;
    json_t *hits; /* with --json */
    size_t n;     /* hits so far */
    bool more;    /* there are more than --limit */
    bool partly;  /* another program is still encoding messages for --meaning */
};

/* Why a hit of --meaning is there. */
static const char *reason_of(const struct joined_hit *j)
{
    return j->words && j->meaning ? "both     " : j->words ? "words    " : "meaning  ";
}

/* ID  DATE  TITLE: SNIPPET; with --meaning a column more. why NULL: without. */
static enum error_code print_hit(struct search *x, const struct store_hit *hit, const struct joined_hit *why,
                                 struct error *err)
{
    struct store_conversation c;
    char when[LIBRARY_TIME_SIZE];
    struct buf row;
    if (store_conversation_get(x->store, hit->conversation, &c, err) != ERR_NONE)
        return err->code;
    buf_init(&row, 1 << 16);
    library_time(hit->created, when);
    buf_printf(&row, "%s  %s  %s%s", c.public_id, when, why != NULL ? reason_of(why) : "",
               hit->title[0] != '\0' ? hit->title : "(untitled)");
    if (hit->message != 0)
        buf_printf(&row, ": %s", hit->snippet);
    library_print(&x->show, &row);
    buf_free(&row);
    store_conversation_free(&c);
    return ERR_NONE;
}

static json_t *reasons_json(const struct joined_hit *j)
{
    json_t *reasons = json_array();
    if (j->words)
        json_array_append_new(reasons, json_string("words"));
    if (j->meaning)
        json_array_append_new(reasons, json_string("meaning"));
    return reasons;
}

static enum error_code add_hit(struct search *x, const struct store_hit *hit, const struct joined_hit *why,
                               struct error *err)
{
    struct store_conversation c;
    if (store_conversation_get(x->store, hit->conversation, &c, err) != ERR_NONE)
        return err->code;
    json_t *marks = json_array();
    for (size_t i = 0; i < hit->n_marks; i++)
        json_array_append_new(marks,
                              json_pack("[I, I]", (json_int_t)hit->marks[i].start, (json_int_t)hit->marks[i].end));
    json_t *object = json_pack("{s:s, s:o, s:I, s:o, s:o}", "id", c.public_id, "title",
                               json_text(hit->title, strlen(hit->title)), "created", (json_int_t)hit->created,
                               "snippet", json_text(hit->snippet, strlen(hit->snippet)), "marks", marks);
    if (hit->message != 0)
        json_object_set_new(object, "role", json_string(store_role_name(hit->role)));
    if (why != NULL)
        json_object_set_new(object, "by", reasons_json(why));
    if (why != NULL && why->meaning)
        json_object_set_new(object, "similarity", json_real((double)why->likeness));
    json_array_append_new(x->hits, object);
    store_conversation_free(&c);
    return ERR_NONE;
}

static void take_hits(struct search *x, const struct store_hits *hits, struct error *err)
{
    for (size_t i = 0; i < hits->n && err->code == ERR_NONE; i++)
        if (x->hits != NULL)
            add_hit(x, &hits->at[i], NULL, err);
        else
            print_hit(x, &hits->at[i], NULL, err);
    x->n += hits->n;
    x->more = hits->more;
}

/* Takes all hits up to the limit, page by page. The first page must hold all titles, and grows until it does. */
static enum error_code take_all(struct search *x, const char *text, struct error *err)
{
    size_t limit = x->options->history.limit > 0 ? (size_t)x->options->history.limit : SIZE_MAX, page = PAGE;
    struct store_query query = {.text = text, .archived = x->options->history.archived};
    for (bool again = true; again && err->code == ERR_NONE;) {
        struct store_hits hits = {0};
        query.limit = limit - x->n < page ? limit - x->n : page;
        if (store_search(x->store, &query, &hits, err) != ERR_NONE)
            return err->code;
        int64_t last = hits.n > 0 ? hits.at[hits.n - 1].message : 0;
        if (hits.more && last == 0 && query.limit < limit) {
            page *= 4;
        } else {
            take_hits(x, &hits, err);
            query.below = last;
            again = hits.more && last != 0 && x->n < limit;
        }
        store_hits_free(&hits);
    }
    return err->code;
}

/* ---- by meaning ------------------------------------------------------------------------------------------------- */

static void show_progress(void *context, size_t done, size_t total)
{
    progress_show(context, done, total);
}

static enum error_code find_meant(struct search *x, const char *text, struct meaning_hits *out, struct error *err)
{
    struct progress p = progress_start(false);
    const int32_t limit = x->options->history.limit;
    const size_t most = limit == 0 ? MEANT : limit < MEANT_MOST ? (size_t)limit : MEANT_MOST;
    const enum error_code code =
        meaning_search(x->options, text, x->options->history.archived, most, show_progress, &p, out, &x->partly, err);
    progress_end(&p);
    return code;
}

static enum error_code take_joined(struct search *x, const struct store_hits *words, const struct meaning_hits *meant,
                                   struct error *err)
{
    const size_t all = words->n + meant->n;
    const size_t limit = x->options->history.limit > 0 ? (size_t)x->options->history.limit : MEANT;
    struct joined_hit *joined = calloc(all + 1, sizeof *joined);
    if (joined == NULL)
        return error_memory(err);
    const size_t n = meaning_join(words, meant, joined, all);
    for (size_t i = 0; i < n && i < limit && err->code == ERR_NONE; i++)
        if (x->hits != NULL)
            add_hit(x, joined[i].hit, &joined[i], err);
        else
            print_hit(x, joined[i].hit, &joined[i], err);
    x->n = n < limit ? n : limit;
    x->more = n > limit || words->more;
    free(joined);
    return err->code;
}

/* Hits of words and of meaning, the best first. */
static enum error_code take_meant(struct search *x, const char *text, struct error *err)
{
    const size_t limit = x->options->history.limit > MEANT_MOST ? (size_t)x->options->history.limit : MEANT_MOST;
    const struct store_query query = {.text = text, .archived = x->options->history.archived, .limit = limit};
    struct store_hits words = {0};
    struct meaning_hits meant = {0};
    if (find_meant(x, text, &meant, err) == ERR_NONE && store_search(x->store, &query, &words, err) == ERR_NONE)
        take_joined(x, &words, &meant, err);
    store_hits_free(&words);
    meaning_hits_free(&meant);
    return err->code;
}

static void show_end_note(struct search *x, const char *text)
{
    if (x->partly)
        show_note(&x->show,
                  "another palaver is encoding messages: by meaning only those were searched that it has done");
    if (x->n == 0)
        show_note(&x->show, "no match for %s", text);
    else if (x->more)
        show_note(&x->show, "these are the first %zu; --limit N shows more", x->n);
}

int search_run(const struct options *o)
{
    struct error err = {0};
    struct search x = {.options = o};
    show_init(&x.show, o, stdout);
    char *text = library_words(o->words, o->n_words, &err);
    if (text != NULL && text[strspn(text, " ")] == '\0')
        error_set(&err, ERR_ARGUMENT, "which words? palaver search WORD...");
    if (err.code == ERR_NONE && (x.store = library_open(o, LIBRARY_READ, &err)) != NULL) {
        x.hits = o->json ? json_array() : NULL;
        if (o->history.meaning)
            take_meant(&x, text, &err);
        else
            take_all(&x, text, &err);
        if (err.code == ERR_NONE && o->json)
            json_print(stdout, json_pack("{s:O, s:b}", "hits", x.hits, "more", x.more));
        else if (err.code == ERR_NONE)
            show_end_note(&x, text);
    }
    json_decref(x.hits);
    free(text);
    store_close(x.store);
    show_free(&x.show);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
