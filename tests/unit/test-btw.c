/* Questions beside the conversation: the main answer, its records, the database and the saved cache are the same with and
 * without them, whenever they come; they see the conversation; and what can't be asked is refused in words. */
#include <config.h>

#include <dirent.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/btw.h"
#include "app/chat/chat.h"
#include "app/library/home.h"
#include "tests/cmocka.h"
#include "tests/unit/history.h"
#include "tests/unit/keeping.h"

/* Tokens of an answer at most; a word that is only in questions beside. */
enum { LONGEST = 70 };
#define SIDE_WORD "zanzibar"

/* ---- what is left ------------------------------------------------------------------------------------------------ */

/* What a clock or chance decides, in every table; the title too, which the model makes if there is a quiet second. */
static bool is_by_chance(const char *column)
{
    static const char *const names[] = {
        "created", "changed", "activity", "public", "title", "titled", "boot", "pid", "started", "revision",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(column, names[i]) == 0)
            return true;
    return strstr(column, "_seconds") != NULL;
}

static void append_row(sqlite3_stmt *q, struct buf *out)
{
    for (int i = 0; i < sqlite3_column_count(q); i++) {
        const char *value = (const char *)sqlite3_column_text(q, i);
        if (!is_by_chance(sqlite3_column_name(q, i)))
            buf_printf(out, "%s=%s|", sqlite3_column_name(q, i), value != NULL ? value : "NULL");
    }
    buf_puts(out, "\n");
}

static void append_query(sqlite3 *db, const char *sql, struct buf *out)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(q) == SQLITE_ROW)
        append_row(q, out);
    assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
}

/* All rows of the tables; of the records, whose cuts depend on the clock, the tokens follow elsewhere. */
static void append_tables(const char *path, struct buf *out)
{
    static const char *const tables[] = {"conversation", "maker",   "message", "epoch",           "tag",   "tagged",
                                         "value",        "persona", "preset",  "sqlite_sequence", "writer"};
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char sql[80];
        buf_printf(out, "%s\n", tables[i]);
        snprintf(sql, sizeof sql, "SELECT * FROM %s", tables[i]);
        append_query(db, sql, out);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void append_candidate(struct buf *out, const struct store_candidate *c)
{
    buf_append(out, (const char *)&c->id, sizeof c->id);
    buf_append(out, (const char *)&c->before, sizeof c->before);
    buf_append(out, (const char *)&c->after, sizeof c->after);
}

/* How each token of a message came about, bit for bit. */
static void append_records(struct store *s, int64_t message, struct buf *out)
{
    struct store_records r = {0};
    struct error err = {0};
    history_ok(store_records(s, message, &r, &err), &err);
    for (size_t i = 0; i < r.n; i++) {
        const struct store_token *t = &r.at[i];
        append_candidate(out, &t->chosen);
        buf_append(out, (const char *)&t->entropy, sizeof t->entropy);
        buf_printf(out, "%u %u %u %d %d", t->bytes, t->rank, t->epoch, (int)t->forced, (int)t->n_best);
        for (int32_t k = 0; k < t->n_best; k++)
            append_candidate(out, &t->best[k]);
    }
    buf_printf(out, "%zu tokens, %zu epochs\n", r.n, r.n_epochs);
    store_records_free(&r);
}

/* The one file of the folder of saved caches. */
static void append_saved(const char *folder, struct buf *out)
{
    char path[400] = "";
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (*e->d_name != '.') {
            assert_string_equal(path, "");
            snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        }
    closedir(dir);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char bytes[4096];
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;)
        buf_append(out, bytes, n);
    fclose(file);
}

/* ---- a conversation ---------------------------------------------------------------------------------------------- */

/* What happened in a conversation: which text, and how many tokens were guessed at each token. */
struct run {
    struct keeping *f;
    struct btw *btw;
    char cache[96];
    struct buf events;
    size_t asked, answered; /* questions beside */
};

static void on_token(void *context, const struct event *event)
{
    struct run *r = context;
    r->f->tokens += event->id >= 0;
    buf_printf(&r->events, "%d %u %u %.*s\n", event->id, event->guessed, event->guessed_right, (int)event->text_size,
               event->text);
}

static void run_begin(struct run *r)
{
    struct error err = {0};
    *r = (struct run){.f = keeping_new(LONGEST)};
    buf_init(&r->events, 1 << 24);
    snprintf(r->cache, sizeof r->cache, "%s/cache", r->f->folder);
    r->f->options.paths.cache_dir = r->cache;
    r->f->options.cache_disk = 64;
    r->f->options.context = 1024;
    r->f->options.sampling.temperature = 1;
    r->f->options.sampling.seed = 11;
    r->f->options.speculate = SPECULATE_ALWAYS;
    r->f->view.context = r;
    r->f->view.token = on_token;
    r->f->view.refused = NULL;
    r->f->view.changed = NULL;
    r->f->view.remark = NULL;
    if (!keeping_chat_open(r->f, &err))
        fail_msg("%s", err.message);
    keeping_settle(r->f);
}

static void run_end(struct run *r)
{
    btw_free(r->btw);
    buf_free(&r->events);
    keeping_close(r->f);
}

static void run_ask(struct run *r, const char *question)
{
    struct error err = {0};
    btw_free(r->btw);
    r->btw = btw_ask(r->f->chat, question, &err);
    if (r->btw == NULL)
        fail_msg("%s", err.message);
    r->asked++;
}

/* One turn of a front end. */
static void run_turn(struct run *r)
{
    struct pollfd fds[] = {{.fd = chat_fd(r->f->chat), .events = POLLIN}, {.fd = btw_fd(r->btw), .events = POLLIN}};
    poll(fds, 2, 1000);
    const bool ran = btw_runs(r->btw);
    btw_handle(r->btw);
    r->answered += ran && !btw_runs(r->btw) && btw_end(r->btw)->finish != FINISH_STOPPED;
    chat_handle(r->f->chat);
    chat_tick(r->f->chat);
    assert_true(time(NULL) - r->f->begun < KEEPING_PATIENCE);
}

static void run_wait(struct run *r)
{
    while (btw_runs(r->btw))
        run_turn(r);
    assert_int_equal(btw_end(r->btw)->error.code, ERR_NONE);
}

/* Sends a message and waits for its answer. A question beside is asked when the answer has one of these numbers of tokens;
 * ends with -1. False when the answer was long enough but ended before all were asked: a process that does not run for a
 * while sees many tokens at once. */
static bool run_say(struct run *r, const char *text, const int *places)
{
    struct error err = {0};
    r->f->tokens = 0;
    history_ok(chat_send(r->f->chat, text, strlen(text), &err), &err);
    while (chat_is_busy(r->f->chat)) {
        if (*places >= 0 && r->f->tokens >= *places) {
            run_ask(r, "By the way, how is the weather in " SIDE_WORD "?");
            places++;
        }
        run_turn(r);
    }
    assert_true(r->f->tokens >= *places);
    return *places == -1;
}

/* Two exchanges; what is left of them when all has ended goes to out. False when a place was missed. */
static bool run_conversation(const int *places, struct buf *out, size_t *answered)
{
    struct run r;
    run_begin(&r);
    run_say(&r, "The llama looked at the ships.", (const int[]){-1});
    const bool asked = run_say(&r, "And what did the ships do?", places);
    if (r.btw != NULL)
        run_wait(&r);
    if (*places >= 0) { /* one that is stopped, and one while nothing else is made */
        run_ask(&r, SIDE_WORD);
        btw_stop(r.btw);
        run_ask(&r, "And where is " SIDE_WORD "?");
        run_wait(&r);
    }
    run_say(&r, "Then they sailed on.", (const int[]){-1});
    buf_append(out, buf_text(&r.events), r.events.size);
    const struct chat_message *last = chat_message(r.f->chat, chat_count(r.f->chat) - 1);
    buf_printf(out, "%zu reused, %zu guessed\n", last->timings.reused_tokens, last->timings.guessed_tokens);
    btw_free(r.btw);
    r.btw = NULL;
    struct store *s = home_store(chat_home(r.f->chat));
    for (size_t i = 0; i < chat_count(r.f->chat); i++)
        append_records(s, chat_message(r.f->chat, i)->id, out);
    chat_free(r.f->chat);
    r.f->chat = NULL;
    char path[160];
    snprintf(path, sizeof path, "%s/history.db", r.f->folder);
    append_tables(path, out);
    snprintf(path, sizeof path, "%s/sessions", r.cache);
    append_saved(path, out);
    *answered = r.answered;
    run_end(&r);
    return asked;
}

static void the_answer_and_what_is_stored_are_the_same(void **state)
{
    static const int none[] = {-1};
    static const int places[][6] = {{0, -1}, {1, -1}, {LONGEST / 2, -1}, {0, 2, 3, 20, 41, -1}, {LONGEST - 2, -1}};
    struct buf alone, with;
    size_t answered;
    (void)state;
    buf_init(&alone, 1 << 28);
    assert_true(run_conversation(none, &alone, &answered));
    assert_int_equal(answered, 0);
    assert_true(alone.size > 100000); /* the saved cache is in it */
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        buf_init(&with, 1 << 28);
        while (!run_conversation(places[i], &with, &answered)) {
            buf_free(&with);
            buf_init(&with, 1 << 28);
        }
        assert_true(answered >= 2);
        assert_int_equal(with.size, alone.size);
        assert_memory_equal(buf_text(&with), buf_text(&alone), alone.size);
        assert_null(memmem(buf_text(&with), with.size, SIDE_WORD, strlen(SIDE_WORD)));
        buf_free(&with);
    }
    buf_free(&alone);
}

/* ---- what it sees ------------------------------------------------------------------------------------------------ */

/* The settings and the conversation are those of a message: so is the answer. */
static void it_answers_what_a_message_would_get(void **state)
{
    static const char question[] = "What did they see?", more[] = "And then?";
    struct run r;
    struct error err = {0};
    (void)state;
    run_begin(&r);
    run_say(&r, "The llama looked at the ships.", (const int[]){-1});
    run_ask(&r, question);
    run_wait(&r);
    char *first = strdup(buf_text(btw_answer(r.btw)));
    history_ok(btw_ask_again(r.btw, more, &err), &err);
    assert_int_equal(btw_ask_again(r.btw, more, &err), ERR_BUSY);
    run_wait(&r);
    assert_true(btw_end(r.btw)->timings.reused_tokens > LONGEST);
    run_say(&r, question, (const int[]){-1});
    assert_string_equal(keeping_text(r.f, 3), first);
    assert_true(strlen(first) > 0);
    run_say(&r, more, (const int[]){-1});
    assert_string_equal(keeping_text(r.f, 5), buf_text(btw_answer(r.btw)));
    free(first);
    run_end(&r);
}

/* What the model has read already, the beginning of an answer too, is not read again. */
static void it_shares_what_was_read(void **state)
{
    struct run r;
    (void)state;
    run_begin(&r);
    while (!run_say(&r, "The llama looked at the ships.", (const int[]){LONGEST / 2, -1}))
        ;
    run_wait(&r);
    const struct timings *t = &btw_end(r.btw)->timings;
    assert_true(t->reused_tokens > 10);
    assert_true(t->reused_tokens < t->prompt_tokens);
    run_end(&r);
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

static void assert_refused(const struct run *r, const char *question, enum error_code code, const char *words)
{
    struct error err = {0};
    assert_null(btw_ask(r->f->chat, question, &err));
    assert_int_equal(err.code, code);
    if (strstr(err.message, words) == NULL)
        fail_msg("%s", err.message);
}

static void what_cannot_be_asked_is_refused_in_words(void **state)
{
    struct run r;
    struct error err = {0};
    (void)state;
    run_begin(&r);
    assert_refused(&r, "", ERR_ARGUMENT, "/btw QUESTION");
    assert_refused(&r, " \n", ERR_ARGUMENT, "/btw QUESTION");
    char *much = malloc(20001);
    memset(much, 'x', 20000);
    much[20000] = '\0';
    assert_refused(&r, much, ERR_CONTEXT, "tokens");
    free(much);
    run_say(&r, "go", (const int[]){-1});
    struct chat_side sides[2] = {{.label = "a", .sampling = *chat_sampling(r.f->chat)},
                                 {.label = "b", .sampling = *chat_sampling(r.f->chat)}};
    history_ok(chat_compare(r.f->chat, sides, 2, &err), &err);
    assert_refused(&r, "what?", ERR_BUSY, "compar");
    chat_stop(r.f->chat);
    while (chat_compare_runs(r.f->chat))
        keeping_wait(r.f);
    history_ok(chat_compare_end(r.f->chat, SIZE_MAX, &err), &err);
    history_ok(chat_set_raw(r.f->chat, true, &err), &err);
    assert_refused(&r, "what?", ERR_UNSUPPORTED, "/raw off");
    run_end(&r);
}

static void nothing_is_asked_before_the_model_is_there(void **state)
{
    struct run r = {.f = keeping_open(LONGEST)};
    (void)state;
    assert_refused(&r, "what?", ERR_BUSY, "loading");
    keeping_close(r.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_and_what_is_stored_are_the_same),
        cmocka_unit_test(it_answers_what_a_message_would_get),
        cmocka_unit_test(it_shares_what_was_read),
        cmocka_unit_test(what_cannot_be_asked_is_refused_in_words),
        cmocka_unit_test(nothing_is_asked_before_the_model_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
