/* Tests of what the chat keeps, with a small model of random weights and a database in a folder of its own: saved as
 * it grows, nothing overwritten, failures told and made good, temporary chats without a trace. What the model says
 * does not matter. */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "app/chat/chat.h"
#include "history/store.h"
#include "tests/cmocka.h"
#include "tests/source.h"

/* ---- a chat and everything it needs ----------------------------------------------------------------------------- */

enum { PATIENCE = 600 }; /* seconds a test waits at most, far more than it needs */

struct fixture {
    struct options options;
    struct chat_view view;
    struct chat *chat;
    time_t begun;
    int tokens, troubles, remarks, refused;
    size_t changed_from;
    int changes;
    char remark[1024];
    char folder[64], model[4096];
};

static void on_token(void *context, const struct event *event)
{
    struct fixture *f = context;
    f->tokens += event->id >= 0;
}

static void on_refused(void *context, const char *text, const struct error *err)
{
    struct fixture *f = context;
    (void)text;
    (void)err;
    f->refused++;
}

static void on_changed(void *context, size_t from)
{
    struct fixture *f = context;
    f->changed_from = from;
    f->changes++;
}

static void on_remark(void *context, bool trouble, const char *text)
{
    struct fixture *f = context;
    f->troubles += trouble;
    f->remarks += !trouble;
    snprintf(f->remark, sizeof f->remark, "%s", text);
}

static bool open_again(struct fixture *f, struct error *err)
{
    f->chat = chat_open(&f->options, &f->view, err);
    if (f->chat != NULL)
        chat_fix_seed(f->chat, true);
    return f->chat != NULL;
}

static struct fixture *set_up(int32_t longest)
{
    struct fixture *f = calloc(1, sizeof *f);
    const char *source = source_folder();
    f->begun = time(NULL);
    snprintf(f->folder, sizeof f->folder, "/tmp/palaver-keep.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->model, sizeof f->model, "%s/tests/fixtures/tiny-llama.gguf", source);
    f->options = (struct options){.model = f->model, .context = 512, .threads = 1, .sampling = sampling_defaults()};
    f->options.exact = true;
    f->options.sampling.max_new_tokens = longest;
    f->options.paths.config_dir = f->options.paths.data_dir = f->folder;
    f->view = (struct chat_view){.context = f, .token = on_token, .refused = on_refused, .changed = on_changed,
                                 .remark = on_remark};
    return f;
}

/* An answer that repeats itself without end. */
static void repl_endlessly(struct fixture *f)
{
    f->options.context = 100000;
    f->options.sampling.temperature = 0;
    f->options.sampling.frequency_penalty = -2;
}

static struct fixture *open_chat(int32_t longest)
{
    struct fixture *f = set_up(longest);
    struct error err = {0};
    if (!open_again(f, &err))
        fail_msg("%s", err.message);
    return f;
}

static void close_chat(struct fixture *f)
{
    char command[128];
    chat_free(f->chat);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
}

/* The chat ends, and another continues the conversation. */
static void restart(struct fixture *f)
{
    struct error err = {0};
    chat_free(f->chat);
    f->options.continue_last = true;
    if (!open_again(f, &err))
        fail_msg("%s", err.message);
}

static void wait_once(struct fixture *f)
{
    struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
    assert_true(time(NULL) - f->begun < PATIENCE);
    int due = chat_due(f->chat);
    poll(&fd, 1, due >= 0 && due < 5000 ? due : 5000);
    chat_handle(f->chat);
    chat_tick(f->chat);
}

static void settle(struct fixture *f)
{
    while (chat_is_busy(f->chat) || chat_state(f->chat) == CHAT_LOADING)
        wait_once(f);
}

static void good(enum error_code code, const struct error *err)
{
    if (code != ERR_NONE)
        fail_msg("%s", err->message);
}

static void say(struct fixture *f, const char *text)
{
    struct error err = {0};
    good(chat_send(f->chat, text, strlen(text), &err), &err);
    settle(f);
}

static const char *text_of(const struct fixture *f, size_t index)
{
    return buf_text(&chat_message(f->chat, index)->text);
}

/* What another program sees of the database now. */
static struct store *look(const struct fixture *f)
{
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/history.db", f->folder);
    struct store *s = store_open(path, &(struct store_options){.read_only = true}, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

static size_t conversations(const struct fixture *f)
{
    struct store *s = look(f);
    struct store_conversations all = {0};
    struct error err = {0};
    good(store_list(s, &(struct store_list_query){.view = STORE_VIEW_CURRENT}, &all, &err), &err);
    size_t n = all.total;
    store_conversations_free(&all);
    store_close(s);
    return n;
}

/* The messages of the last conversation's path, as stored. */
static void stored(const struct fixture *f, struct store_messages *out)
{
    struct store *s = look(f);
    struct error err = {0};
    struct store_ids ids = {0};
    int64_t last = 0;
    good(store_last(s, &last, &err), &err);
    good(store_current(s, last, &ids, &err), &err);
    good(store_load(s, ids.at, ids.n, out, &err), &err);
    store_ids_free(&ids);
    store_close(s);
}

static void assert_stored(const struct fixture *f)
{
    struct store_messages m = {0};
    stored(f, &m);
    assert_int_equal(m.n, chat_count(f->chat));
    for (size_t i = 0; i < m.n; i++) {
        const struct chat_message *ours = chat_message(f->chat, i);
        assert_int_equal(m.at[i].id, ours->id);
        assert_int_equal(m.at[i].state, ours->state);
        assert_int_equal(m.at[i].sibling, ours->sibling);
        assert_int_equal(m.at[i].siblings, ours->siblings);
        assert_int_equal(m.at[i].size, ours->text.size);
        assert_memory_equal(m.at[i].text, buf_text(&ours->text), m.at[i].size);
    }
    store_messages_free(&m);
}

/* ---- growing ---------------------------------------------------------------------------------------------------- */

/* The question is stored before the model is asked, the answer while it grows. */
static void saves_as_it_grows(void **state)
{
    (void)state;
    struct fixture *f = set_up(-1);
    struct error err = {0};
    struct store_messages m = {0};
    repl_endlessly(f);
    assert_true(open_again(f, &err));
    assert_int_equal(home_conversation(chat_home(f->chat)), 0);
    good(chat_send(f->chat, "The llama", 9, &err), &err);
    stored(f, &m); /* the model is not loaded yet */
    assert_int_equal(m.n, 1);
    assert_string_equal(m.at[0].text, "The llama");
    store_messages_free(&m);
    size_t size = 0;
    for (int grown = 0; grown < 2;) {
        wait_once(f);
        assert_true(chat_is_busy(f->chat));
        stored(f, &m);
        if (m.n == 2 && m.at[1].size > size) {
            assert_int_equal(m.at[1].state, STORE_STREAMING);
            assert_memory_equal(m.at[1].text, text_of(f, 1), m.at[1].size);
            size = m.at[1].size;
            grown++;
        }
        store_messages_free(&m);
    }
    chat_stop(f->chat);
    settle(f);
    assert_int_equal(chat_message(f->chat, 1)->state, STORE_STOPPED);
    assert_stored(f);
    close_chat(f);
}

/* What made an answer is stored with it, token by token, and is there again when the conversation is opened. */
static void keeps_what_made_it(void **state)
{
    (void)state;
    struct fixture *f = open_chat(6);
    struct error err = {0};
    struct store_messages m = {0};
    struct store_records records = {0};
    say(f, "The llama");
    const struct chat_message *answer = chat_message(f->chat, 1);
    stored(f, &m);
    assert_string_equal(m.at[1].made.model, model_info(chat_model(f->chat))->name);
    assert_true(m.at[1].made.fingerprint == model_info(chat_model(f->chat))->fingerprint);
    assert_string_equal(m.at[1].made.template_name, template_name(chat_template(f->chat)));
    assert_true(m.at[1].made.has_seed && m.at[1].made.seed == answer->sampling.seed);
    assert_string_equal(m.at[1].made.finish, "length");
    assert_int_equal(m.at[1].made.answer_tokens, 6);
    assert_non_null(strstr(m.at[1].made.settings, "\"max_new_tokens\":6"));
    struct store *s = look(f);
    good(store_records(s, m.at[1].id, &records, &err), &err);
    assert_int_equal(records.n, 6);
    assert_true(records.at[0].n_best > 1 && records.at[0].n_best <= STORE_CANDIDATES);
    assert_true(records.at[0].chosen.after > 0);
    store_records_free(&records);
    store_close(s);
    store_messages_free(&m);

    uint64_t seed = answer->sampling.seed;
    size_t read = answer->timings.prompt_tokens;
    restart(f);
    answer = chat_message(f->chat, 1);
    assert_true(answer->sampling.seed == seed);
    assert_int_equal(answer->sampling.max_new_tokens, 6);
    assert_int_equal(answer->timings.answer_tokens, 6);
    assert_int_equal(answer->timings.prompt_tokens, read);
    assert_int_equal(answer->finish, FINISH_LENGTH);
    close_chat(f);
}

/* When settings change while an answer streams, the record of each token knows which were in force. */
static void keeps_settings_by_token(void **state)
{
    (void)state;
    struct fixture *f = set_up(2000);
    struct error err = {0};
    struct store_records records = {0};
    repl_endlessly(f);
    assert_true(open_again(f, &err));
    settle(f);
    good(chat_send(f->chat, "The llama", 9, &err), &err);
    while (f->tokens == 0)
        wait_once(f);
    struct sampling s = *chat_sampling(f->chat);
    s.top_k = 3;
    chat_set_sampling(f->chat, &s);
    settle(f);
    struct store *other = look(f);
    good(store_records(other, chat_message(f->chat, 1)->id, &records, &err), &err);
    assert_int_equal(records.n_epochs, 2);
    assert_null(strstr(records.epochs[0], "\"top_k\":3,"));
    assert_non_null(strstr(records.epochs[1], "\"top_k\":3,"));
    assert_int_equal(records.at[0].epoch, 0);
    assert_int_equal(records.at[records.n - 1].epoch, 1);
    store_records_free(&records);
    store_close(other);
    close_chat(f);
}

/* After a restart the model sees what was said before, and the conversation has its own settings. */
static void goes_on_after_a_restart(void **state)
{
    (void)state;
    struct fixture *f = open_chat(4);
    struct error err = {0};
    settle(f);
    good(chat_set_system(f->chat, "Be a gull.", &err), &err);
    struct sampling s = *chat_sampling(f->chat);
    s.temperature = 0.25f;
    chat_set_sampling(f->chat, &s);
    say(f, "The first question.");
    restart(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_string_equal(chat_system(f->chat), "Be a gull.");
    assert_true(chat_sampling(f->chat)->temperature == 0.25f);
    assert_int_equal(chat_sampling(f->chat)->max_new_tokens, 4);
    say(f, "The second question.");
    const char *prompt = buf_text(&chat_last_prompt(f->chat)->text);
    assert_non_null(strstr(prompt, "Be a gull."));
    assert_non_null(strstr(prompt, "The first question."));
    assert_non_null(strstr(prompt, "The second question."));
    assert_int_equal(chat_count(f->chat), 4);
    assert_stored(f);

    good(chat_new(f->chat, false, &err), &err);
    assert_int_equal(conversations(f), 1); /* not before it has a message */
    say(f, "Another.");
    assert_int_equal(conversations(f), 2);
    close_chat(f);
}

/* ---- the tree --------------------------------------------------------------------------------------------------- */

static void walks_through_alternatives(void **state)
{
    (void)state;
    struct fixture *f = open_chat(6);
    struct error err = {0};
    say(f, "The gull");
    char *first = strdup(text_of(f, 1));
    assert_int_equal(chat_with_alternatives(f->chat), 2);
    assert_int_equal(chat_alternative(f->chat, 1, -1, &(struct error){0}), ERR_NOT_FOUND);
    good(chat_regenerate(f->chat, &err), &err);
    settle(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_int_equal(chat_message(f->chat, 1)->sibling, 1);
    assert_int_equal(chat_message(f->chat, 1)->siblings, 2);
    assert_stored(f);
    say(f, "And then?");
    char *second = strdup(text_of(f, 1));
    assert_int_equal(chat_with_alternatives(f->chat), 1);
    good(chat_alternative(f->chat, 1, -1, &err), &err);
    assert_int_equal(f->changed_from, 1);
    assert_int_equal(chat_count(f->chat), 2);
    assert_string_equal(text_of(f, 1), first);
    assert_int_equal(chat_alternative(f->chat, 1, -1, &(struct error){0}), ERR_NOT_FOUND);
    good(chat_alternative(f->chat, 1, 1, &err), &err);
    assert_int_equal(chat_count(f->chat), 4); /* and what was below */
    assert_string_equal(text_of(f, 1), second);
    assert_stored(f);
    free(first);
    free(second);
    close_chat(f);
}

static void edits_beside(void **state)
{
    (void)state;
    struct fixture *f = open_chat(4);
    struct error err = {0};
    say(f, "One.");
    say(f, "Two.");
    good(chat_edit(f->chat, 0, "Eins.", 5, false, &err), &err);
    assert_int_equal(f->changed_from, 0);
    settle(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_string_equal(text_of(f, 0), "Eins.");
    assert_int_equal(chat_message(f->chat, 0)->siblings, 2);
    assert_stored(f);
    good(chat_alternative(f->chat, 0, -1, &err), &err);
    assert_int_equal(chat_count(f->chat), 4);
    assert_string_equal(text_of(f, 2), "Two.");

    good(chat_edit(f->chat, 1, "Half of", 7, false, &err), &err); /* an answer: stored, not continued */
    assert_false(chat_is_busy(f->chat));
    assert_int_equal(chat_count(f->chat), 2);
    assert_stored(f);
    good(chat_edit(f->chat, 1, "A quarter of", 12, true, &err), &err);
    settle(f);
    assert_memory_equal(text_of(f, 1), "A quarter of", 12);
    assert_int_equal(chat_message(f->chat, 1)->siblings, 3);
    assert_stored(f);
    close_chat(f);
}

static void takes_back(void **state)
{
    (void)state;
    struct fixture *f = open_chat(4);
    struct error err = {0};
    const char *text;
    say(f, "One.");
    say(f, "Two.");
    good(chat_undo(f->chat, &text, &err), &err);
    assert_string_equal(text, "Two.");
    assert_stored(f);
    good(chat_undo(f->chat, &text, &err), &err);
    assert_int_equal(chat_count(f->chat), 0);
    good(chat_redo(f->chat, &text, &err), &err);
    good(chat_redo(f->chat, &text, &err), &err);
    assert_string_equal(text, "Two.");
    assert_int_equal(chat_count(f->chat), 4);
    assert_stored(f);
    good(chat_undo(f->chat, NULL, &err), &err);
    good(chat_undo(f->chat, NULL, &err), &err);
    say(f, "Three."); /* beside the first one, in the same conversation */
    assert_int_equal(conversations(f), 1);
    assert_int_equal(chat_message(f->chat, 0)->siblings, 2);
    assert_stored(f);
    good(chat_alternative(f->chat, 0, -1, &err), &err);
    assert_string_equal(text_of(f, 0), "One.");
    close_chat(f);
}

static void deletes_and_branches(void **state)
{
    (void)state;
    struct fixture *f = open_chat(4);
    struct error err = {0};
    int64_t id = 0;
    say(f, "One.");
    say(f, "Two.");
    good(chat_delete(f->chat, 2, &id, &err), &err);
    assert_int_equal(chat_count(f->chat), 2);
    assert_stored(f);
    good(chat_restore(f->chat, id, &err), &err);
    assert_int_equal(chat_count(f->chat), 4);
    assert_stored(f);
    int64_t before = home_conversation(chat_home(f->chat));
    good(chat_branch(f->chat, 1, &err), &err);
    assert_int_equal(chat_count(f->chat), 2);
    assert_int_equal(conversations(f), 2);
    say(f, "Elsewhere.");
    assert_stored(f);
    good(chat_open_conversation(f->chat, before, &err), &err);
    assert_int_equal(chat_count(f->chat), 4);
    assert_int_equal(chat_open_conversation(f->chat, 12345, &(struct error){0}), ERR_NOT_FOUND);
    assert_int_equal(chat_count(f->chat), 4);
    assert_string_equal(text_of(f, 2), "Two.");
    close_chat(f);
}

/* ---- continuing ------------------------------------------------------------------------------------------------- */

/* A program that ends while an answer streams leaves it interrupted; the next continues it in the same message. */
static void goes_on_with_an_interrupted_answer(void **state)
{
    (void)state;
    struct fixture *f = set_up(-1);
    struct error err = {0};
    repl_endlessly(f);
    assert_true(open_again(f, &err));
    good(chat_send(f->chat, "The llama", 9, &err), &err);
    while (f->tokens < 5)
        wait_once(f);
    chat_free(f->chat);
    f->options.continue_last = true;
    assert_true(open_again(f, &err));
    assert_int_equal(chat_message(f->chat, 1)->state, STORE_INTERRUPTED);
    int64_t id = chat_message(f->chat, 1)->id;
    char *before = strdup(text_of(f, 1));
    assert_true(strlen(before) > 0);
    settle(f);
    struct sampling s = *chat_sampling(f->chat);
    s.max_new_tokens = 5;
    chat_set_sampling(f->chat, &s);
    good(chat_continue(f->chat, &err), &err);
    settle(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_int_equal(chat_message(f->chat, 1)->id, id);
    assert_true(chat_message(f->chat, 1)->text.size > strlen(before));
    assert_memory_equal(text_of(f, 1), before, strlen(before));
    assert_stored(f);
    free(before);
    close_chat(f);
}

/* A message that waits for the model is taken out again when it is stopped; no empty conversation stays. */
static void takes_out_what_was_refused(void **state)
{
    (void)state;
    struct fixture *f = open_chat(4);
    struct error err = {0};
    good(chat_send(f->chat, "One.", 4, &err), &err);
    chat_stop(f->chat);
    assert_int_equal(f->refused, 1);
    assert_int_equal(chat_count(f->chat), 0);
    assert_int_equal(conversations(f), 0);
    say(f, "Two.");
    assert_int_equal(conversations(f), 1);
    assert_stored(f);
    close_chat(f);
}

/* ---- when it can't be saved ------------------------------------------------------------------------------------- */

/* A full disk: no file can grow beyond what the database's log has now. */
static void fill_disk(const struct fixture *f, bool full)
{
    struct rlimit limit;
    struct stat log;
    char path[128];
    snprintf(path, sizeof path, "%s/history.db-wal", f->folder);
    assert_int_equal(stat(path, &log), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = full ? (rlim_t)log.st_size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
}

static void tells_once_and_tries_again(void **state)
{
    (void)state;
    struct fixture *f = open_chat(6);
    struct error err = {0};
    say(f, "One.");
    fill_disk(f, true);
    say(f, "Two.");
    say(f, "Three.");
    assert_int_equal(f->troubles, 1);
    assert_non_null(strstr(f->remark, "can't be saved"));
    assert_int_equal(chat_count(f->chat), 6);
    assert_int_equal(chat_new(f->chat, false, &err), ERR_IO);
    error_clear(&err);
    assert_int_equal(chat_count(f->chat), 6); /* nothing is lost */
    fill_disk(f, false);
    while (f->remarks == 0)
        wait_once(f);
    assert_int_equal(f->remarks, 1);
    assert_int_equal(f->troubles, 1);
    assert_stored(f);
    struct store_records records = {0};
    struct store *s = look(f);
    good(store_records(s, chat_message(f->chat, 5)->id, &records, &(struct error){0}), &err);
    assert_int_equal(records.n, chat_message(f->chat, 5)->timings.answer_tokens);
    store_records_free(&records);
    store_close(s);
    close_chat(f);
}

/* Another program's lock. */
static sqlite3 *lock_history(const struct fixture *f)
{
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/history.db", f->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, PATIENCE * 1000);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void unlock_history(sqlite3 *db)
{
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Neither while an answer streams nor while the next message is sent; the user hears of it when it lasts. */
static void waits_for_no_lock(void **state)
{
    (void)state;
    struct fixture *f = set_up(-1);
    struct error err = {0};
    repl_endlessly(f);
    assert_true(open_again(f, &err));
    settle(f);
    good(chat_send(f->chat, "The llama", 9, &err), &err);
    while (f->tokens == 0)
        wait_once(f);
    sqlite3 *lock = lock_history(f);
    while (f->troubles == 0)
        wait_once(f);
    assert_non_null(strstr(f->remark, "another program"));
    chat_stop(f->chat);
    settle(f);
    struct sampling s = *chat_sampling(f->chat);
    s.max_new_tokens = 3;
    chat_set_sampling(f->chat, &s);
    say(f, "More.");
    assert_int_equal(home_store(chat_home(f->chat))->busy_since, 0); /* no call has waited */
    assert_int_equal(f->troubles, 1);
    unlock_history(lock);
    while (f->remarks == 0)
        wait_once(f);
    assert_int_equal(f->troubles, 1);
    assert_stored(f);
    close_chat(f);
}

/* What is left says what a lock keeps from being saved, and the chat continues. */
static void waits_for_a_lock_when_it_is_left(void **state)
{
    (void)state;
    struct fixture *f = open_chat(4);
    struct error err = {0};
    size_t unsaved = 0;
    say(f, "One.");
    sqlite3 *lock = lock_history(f);
    say(f, "Two.");
    assert_int_equal(home_store(chat_home(f->chat))->busy_since, 0);
    assert_int_equal(chat_save_rest(f->chat, &unsaved, &err), ERR_BUSY);
    assert_int_equal(unsaved, 2);
    assert_true(home_store(chat_home(f->chat))->busy_since != 0);
    unlock_history(lock);
    error_clear(&err);
    good(chat_save_rest(f->chat, &unsaved, &err), &err);
    assert_int_equal(unsaved, 0);
    assert_stored(f);
    close_chat(f);
}

/* A history that can't be opened: the chat is a temporary one, and says why. */
static void opens_without_a_history(void **state)
{
    (void)state;
    struct fixture *f = set_up(4);
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/history.db", f->folder);
    FILE *out = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database", out);
    fclose(out);
    assert_true(open_again(f, &err));
    say(f, "One.");
    assert_int_equal(f->troubles, 1);
    assert_non_null(strstr(f->remark, "Nothing of this chat is saved"));
    assert_true(home_is_temporary(chat_home(f->chat)));
    assert_int_equal(chat_count(f->chat), 2);
    close_chat(f);
}

/* ---- temporary chats -------------------------------------------------------------------------------------------- */

/* Whether a file in the folder holds these bytes. */
static bool traces(const char *folder, const char *bytes)
{
    char command[256];
    snprintf(command, sizeof command, "grep -rqaF '%s' '%s'", bytes, folder);
    return system(command) == 0;
}

static void leaves_no_trace(void **state)
{
    (void)state;
    struct fixture *f = open_chat(6);
    struct error err = {0};
    say(f, "Xylophone in the open.");
    assert_true(traces(f->folder, "Xylophone"));
    good(chat_new(f->chat, true, &err), &err);
    say(f, "Zeppelin in secret.");
    good(chat_set_system(f->chat, "Zeppelin too.", &err), &err);
    good(chat_regenerate(f->chat, &err), &err);
    settle(f);
    good(chat_edit(f->chat, 0, "Zeppelin edited.", 16, false, &err), &err);
    settle(f);
    good(chat_alternative(f->chat, 0, -1, &err), &err);
    assert_string_equal(text_of(f, 0), "Zeppelin in secret.");
    assert_false(traces(f->folder, "Zeppelin"));
    restart(f);
    assert_false(traces(f->folder, "Zeppelin"));
    assert_string_equal(text_of(f, 0), "Xylophone in the open.");
    close_chat(f);
}

static void saves_nothing_when_told(void **state)
{
    (void)state;
    struct fixture *f = set_up(4);
    struct error err = {0};
    f->options.no_save = true;
    assert_true(open_again(f, &err));
    say(f, "Zeppelin.");
    assert_int_equal(chat_count(f->chat), 2);
    DIR *d = opendir(f->folder);
    int files = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        files += e->d_name[0] != '.';
    closedir(d);
    assert_int_equal(files, 0);
    close_chat(f);
}

/* ---- two programs ----------------------------------------------------------------------------------------------- */

static struct store *open_other(const struct fixture *f)
{
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/history.db", f->folder);
    struct store *s = store_open(path, NULL, &err);
    assert_non_null(s);
    return s;
}

static void wait_for_remark(struct fixture *f)
{
    while (f->remarks == 0)
        wait_once(f);
    assert_int_equal(f->remarks, 1);
    f->remarks = 0;
}

/* Deleted by another program: the next message restores it. Destroyed: it is stored again as a whole. */
static void survives_a_deletion_elsewhere(void **state)
{
    (void)state;
    struct fixture *f = open_chat(4);
    struct error err = {0};
    say(f, "One.");
    struct store *other = open_other(f);
    good(store_delete(other, home_conversation(chat_home(f->chat)), &err), &err);
    wait_for_remark(f);
    assert_int_equal(conversations(f), 0);
    say(f, "Two.");
    assert_int_equal(conversations(f), 1);
    assert_int_equal(chat_count(f->chat), 4);
    good(store_delete(other, home_conversation(chat_home(f->chat)), &err), &err);
    good(store_purge(other, home_conversation(chat_home(f->chat)), &err), &err);
    wait_for_remark(f);
    assert_int_equal(conversations(f), 0);
    say(f, "Three.");
    assert_int_equal(conversations(f), 1);
    assert_int_equal(chat_count(f->chat), 6);
    assert_int_equal(f->troubles, 0);
    assert_stored(f);
    store_close(other);
    close_chat(f);
}

/* Two chats on one database, both streaming: both are saved, neither waits in vain. */
static void two_stream_at_once(void **state)
{
    (void)state;
    struct fixture *f = set_up(-1), *other = set_up(-1);
    struct error err = {0};
    repl_endlessly(f);
    repl_endlessly(other);
    assert_int_equal(rmdir(other->folder), 0);
    other->options.paths.data_dir = strcpy(other->folder, f->folder);
    assert_true(open_again(f, &err) && open_again(other, &err));
    good(chat_send(f->chat, "One.", 4, &err), &err);
    good(chat_send(other->chat, "Two.", 4, &err), &err);
    while (f->tokens < 300 || other->tokens < 300) {
        wait_once(f);
        wait_once(other);
    }
    chat_stop(f->chat);
    chat_stop(other->chat);
    settle(f);
    settle(other);
    assert_int_equal(f->troubles + other->troubles, 0);
    assert_int_equal(conversations(f), 2);
    assert_stored(other);
    struct sampling s = *chat_sampling(f->chat);
    s.max_new_tokens = 4;
    chat_set_sampling(f->chat, &s);
    say(f, "Three."); /* the last one now */
    assert_int_equal(f->troubles + other->troubles, 0);
    chat_free(other->chat);
    free(other);
    assert_stored(f);
    close_chat(f);
}

/* ---- from elsewhere --------------------------------------------------------------------------------------------- */

/* A conversation that begins with a system message continues; that message stays when others are left out. */
static void continues_after_a_system_message(void **state)
{
    (void)state;
    struct fixture *f = open_chat(8);
    struct error err = {0};
    struct store *library = home_library(chat_home(f->chat), &err);
    int64_t id = 0, parent = 0;
    good(store_new(library, &id, &err), &err);
    good(store_append(library, id, 0, STORE_SYSTEM, "Be a gull.", 10, NULL, &parent, &err), &err);
    for (int i = 0; i < 12; i++) {
        char text[100];
        int size = snprintf(text, sizeof text, "Message %d of the sea, the ships, and the old gull.", i);
        good(store_append(library, id, parent, i % 2 == 0 ? STORE_USER : STORE_ASSISTANT, text, (size_t)size, NULL,
                          &parent, &err), &err);
    }
    good(chat_open_conversation(f->chat, id, &err), &err);
    assert_int_equal(chat_count(f->chat), 13);
    assert_int_equal(chat_message(f->chat, 0)->role, ROLE_SYSTEM);
    for (int i = 0; i < 8; i++) {
        say(f, "What do you say, and what is the use of it?");
        const char *prompt = buf_text(&chat_last_prompt(f->chat)->text);
        assert_non_null(strstr(prompt, "Be a gull."));
        assert_non_null(strstr(prompt, "What do you say"));
    }
    size_t window = chat_first_visible(f->chat);
    assert_true(window > 1);
    assert_int_equal(chat_message(f->chat, window)->role, ROLE_USER);
    assert_int_equal(chat_count(f->chat), 13 + 16);
    assert_stored(f);
    close_chat(f);
}

/* A conversation continues with its own model unless another is named. */
static void opens_the_model_of_the_conversation(void **state)
{
    (void)state;
    struct fixture *f = set_up(4);
    struct error err = {0};
    char other[4096], command[8400];
    snprintf(other, sizeof other, "%s/other.gguf", f->folder);
    snprintf(command, sizeof command, "cp '%s' '%s'", f->model, other);
    assert_int_equal(system(command), 0);
    f->options.model = other;
    assert_true(open_again(f, &err));
    say(f, "One.");
    f->options.model = f->model; /* as a config file would say */
    restart(f);
    settle(f);
    assert_string_equal(chat_model_path(f->chat), other);
    assert_int_equal(remove(other), 0);
    restart(f);
    settle(f);
    assert_string_equal(chat_model_path(f->chat), f->model);
    say(f, "Two.");
    assert_int_equal(chat_count(f->chat), 4);
    close_chat(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saves_as_it_grows),
        cmocka_unit_test(keeps_what_made_it),
        cmocka_unit_test(keeps_settings_by_token),
        cmocka_unit_test(goes_on_after_a_restart),
        cmocka_unit_test(walks_through_alternatives),
        cmocka_unit_test(edits_beside),
        cmocka_unit_test(takes_back),
        cmocka_unit_test(deletes_and_branches),
        cmocka_unit_test(goes_on_with_an_interrupted_answer),
        cmocka_unit_test(takes_out_what_was_refused),
        cmocka_unit_test(tells_once_and_tries_again),
        cmocka_unit_test(waits_for_no_lock),
        cmocka_unit_test(waits_for_a_lock_when_it_is_left),
        cmocka_unit_test(opens_without_a_history),
        cmocka_unit_test(leaves_no_trace),
        cmocka_unit_test(saves_nothing_when_told),
        cmocka_unit_test(survives_a_deletion_elsewhere),
        cmocka_unit_test(two_stream_at_once),
        cmocka_unit_test(continues_after_a_system_message),
        cmocka_unit_test(opens_the_model_of_the_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
