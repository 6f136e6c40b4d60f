/* Tests of search by meaning: the vectors follow the history, whoever changes it; what is found says why; threads come and
 * go. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/meaning/fill.h"
#include "app/meaning/find.h"
#include "app/meaning/meaning.h"
#include "app/meaning/seek.h"
#include "app/meaning/vectors.h"
#include "app/options/options.h"
#include "engine/engine.h"
#include "tests/unit/history.h"
#include "tests/unit/vectors.h"
#include "tests/wordy.h"

enum { PATIENCE = 600 /* seconds, far more than anything here takes */ };

static struct model *model;

static bool goes_on(void *context)
{
    (void)context;
    return true;
}

static int open_model(void **state)
{
    struct error err = {0};
    (void)state;
    assert_true(wordy_write(history_file("wordy.gguf")));
    model = model_open(history_file("wordy.gguf"), NULL, &err);
    if (model == NULL)
        fail_msg("%s", err.message);
    return 0;
}

static int close_model(void **state)
{
    model_free(model);
    return history_clean(state);
}

static int begin(void **state)
{
    static const char *const files[] = {"h.db", "h.db-wal", "h.db-shm", "v"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(history_file(files[i]));
    return 0;
}

static struct fill *open_fill(void)
{
    struct error err = {0};
    struct fill *f = fill_open(history_file("h.db"), history_file("v"), model, 1, &err);
    if (f == NULL)
        fail_msg("%s", err.message);
    return f;
}

/* Looks, and encodes all that waits; returns how many messages that were. */
static size_t fill_up(struct fill *f)
{
    struct error err = {0};
    history_ok(fill_look(f, goes_on, NULL, &err), &err);
    const size_t n = fill_left(f);
    while (fill_left(f) > 0)
        history_ok(fill_step(f, &err), &err);
    return n;
}

/* How many messages the file has. */
static size_t count_file(void)
{
    size_t n = 0;
    uint64_t bytes;
    assert_true(vectors_count(history_file("v"), model_info(model)->fingerprint, &n, &bytes));
    return n;
}

/* What a search finds, as "TEXT|TEXT", the likest first; static. */
static const char *find(const char *query, bool settle)
{
    static char all[4096];
    struct error err = {0};
    struct meaning_hits hits = {0};
    size_t used = 0;
    struct seek *s = seek_open(history_file("h.db"), history_file("v"), model, 1, &err);
    assert_non_null(s);
    history_ok(seek_find(s, query, false, 20, &hits, &err), &err);
    all[0] = '\0';
    for (size_t i = 0; i < hits.n; i++) {
        if (settle)
            history_ok(seek_settle(s, &hits.at[i], goes_on, NULL, &err), &err);
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? "|" : "", hits.at[i].hit.snippet);
        assert_true(hits.at[i].likeness <= 1.01F);
        assert_int_equal(hits.at[i].hit.n_places, 1);
    }
    meaning_hits_free(&hits);
    seek_free(s);
    return all;
}

static bool finds(const char *query, const char *text)
{
    return strstr(find(query, false), text) != NULL;
}

static int64_t new_conversation(struct store *s)
{
    struct error err = {0};
    int64_t id = 0;
    history_ok(store_new(s, &id, &err), &err);
    return id;
}

/* ---- the history ------------------------------------------------------------------------------------------------ */

static void each_message_is_encoded_once(void **state)
{
    (void)state;
    struct store *s = history_open("h.db");
    const int64_t c = new_conversation(s);
    int64_t last = history_say(s, c, 0, STORE_USER, "the cat is at home");
    last = history_say(s, c, last, STORE_ASSISTANT, "rain over the river");
    history_say(s, c, last, STORE_USER, " \n ");
    struct fill *f = open_fill();
    assert_int_equal(fill_up(f), 2);
    assert_int_equal(fill_total(f), 2);
    assert_int_equal(fill_up(f), 0);
    fill_free(f);
    f = open_fill();
    assert_int_equal(fill_up(f), 0);
    fill_free(f);
    assert_int_equal(count_file(), 2);
    assert_int_equal(strncmp(find("drizzle, river", false), "rain over the river", 19), 0);
    store_close(s);
}

/* The store that writes is another program's: all goes through the database. */
static void vectors_follow_the_history(void **state)
{
    struct error err = {0};
    int64_t sibling;
    (void)state;
    struct store *s = history_open("h.db");
    const int64_t c = new_conversation(s);
    struct fill *f = open_fill();
    assert_int_equal(fill_up(f), 0);
    const int64_t first = history_say(s, c, 0, STORE_USER, "the king");
    assert_int_equal(fill_up(f), 1);
    history_ok(store_edit(s, first, "the light", 9, &sibling, &err), &err);
    assert_int_equal(fill_up(f), 1);
    assert_true(finds("a monarch", "the king") && finds("light", "the light"));
    history_ok(store_delete_message(s, first, &err), &err);
    assert_int_equal(fill_up(f), 0);
    assert_int_equal(count_file(), 1);
    assert_false(finds("a monarch", "the king"));
    history_ok(store_restore_message(s, first, &err), &err);
    assert_int_equal(fill_up(f), 1);
    assert_true(finds("a monarch", "the king"));
    history_ok(store_delete(s, c, &err), &err);
    assert_false(finds("a monarch", "the king")); /* before the vectors are dropped */
    fill_up(f);
    assert_int_equal(count_file(), 0);
    history_ok(store_restore(s, c, &err), &err);
    assert_int_equal(fill_up(f), 2);
    fill_free(f);
    store_close(s);
}

/* While this program did not run. */
static void what_changed_meanwhile_is_noticed(void **state)
{
    struct error err = {0};
    (void)state;
    struct store *s = history_open("h.db");
    const int64_t c = new_conversation(s);
    const int64_t first = history_say(s, c, 0, STORE_USER, "the king");
    const int64_t second = history_say(s, c, first, STORE_ASSISTANT, "the light");
    struct fill *f = open_fill();
    assert_int_equal(fill_up(f), 2);
    fill_free(f);
    struct store_reply *r = store_reply_resume(s, second, &err);
    assert_non_null(r);
    history_ok(store_reply_append(r, " of the river", 13, NULL, &err), &err);
    f = open_fill();
    assert_int_equal(fill_up(f), 0); /* what is being written waits */
    assert_int_equal(count_file(), 1);
    history_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    store_reply_free(r);
    assert_int_equal(fill_up(f), 1);
    assert_true(finds("river light", "the light of the river"));
    fill_free(f);
    history_ok(store_purge(s, c, &err), &err);
    f = open_fill();
    assert_int_equal(fill_up(f), 0);
    assert_int_equal(count_file(), 0);
    fill_free(f);
    store_close(s);
}

static bool stops(void *context)
{
    (void)context;
    return false;
}

static void a_look_that_breaks_off_is_begun_anew(void **state)
{
    struct error err = {0};
    (void)state;
    struct store *s = history_open("h.db");
    const int64_t c = new_conversation(s);
    const int64_t last = history_say(s, c, 0, STORE_USER, "the king");
    const int64_t second = history_say(s, c, last, STORE_ASSISTANT, "the cat");
    struct fill *f = open_fill();
    assert_int_equal(fill_up(f), 2);
    history_say(s, c, second, STORE_USER, "rain");
    assert_int_equal(fill_look(f, stops, NULL, &err), ERR_STOPPED);
    err = (struct error){0};
    history_ok(store_delete_message(s, second, &err), &err); /* and what is below it */
    history_say(s, c, last, STORE_ASSISTANT, "the dog");
    assert_int_equal(fill_up(f), 1);
    assert_int_equal(fill_total(f), 2);
    assert_int_equal(count_file(), 2);
    fill_free(f);
    store_close(s);
}

static void a_damaged_file_is_made_anew(void **state)
{
    (void)state;
    struct store *s = history_open("h.db");
    history_say(s, new_conversation(s), 0, STORE_USER, "the king");
    struct fill *f = open_fill();
    assert_int_equal(fill_up(f), 1);
    fill_free(f);
    FILE *out = fopen(history_file("v"), "w");
    fputs("no vectors at all, but long enough for a header of this form, which has 64 bytes", out);
    fclose(out);
    f = open_fill();
    assert_int_equal(fill_up(f), 1);
    fill_free(f);
    assert_true(finds("a monarch", "the king"));
    store_close(s);
}

/* ---- passages and sentences ------------------------------------------------------------------------------------- */

/* The encoder reads 24 tokens; the message has hundreds. */
static void long_messages_are_found_by_their_passages(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 30; i++)
        buf_puts(&text, "The cat is in the garden. The dog comes by train. ");
    buf_puts(&text, "\n\nMy automobile dislikes the cold.\n\n");
    for (int i = 0; i < 30; i++)
        buf_puts(&text, "Rain, rain, rain. ");
    struct store *s = history_open("h.db");
    const int64_t c = new_conversation(s);
    const int64_t last = history_say(s, c, 0, STORE_USER, buf_text(&text));
    history_say(s, c, last, STORE_ASSISTANT, "Bread costs money.");
    struct fill *f = open_fill();
    assert_int_equal(fill_up(f), 2);
    fill_free(f);
    assert_string_equal(find("a car in winter", true), "…My automobile dislikes the cold.…");
    store_close(s);
    buf_free(&text);
}

static void the_likest_sentence_is_shown(void **state)
{
    (void)state;
    struct store *s = history_open("h.db");
    const int64_t c = new_conversation(s);
    const int64_t last =
        history_say(s, c, 0, STORE_USER, "The cat is at home. My automobile dislikes the cold! Where is the bread?");
    history_say(s, c, last, STORE_ASSISTANT, "Music.");
    struct fill *f = open_fill();
    fill_up(f);
    fill_free(f);
    assert_string_equal(find("a car in winter", true), "…My automobile dislikes the cold!…");
    assert_string_equal(find("a loaf", true), "…Where is the bread?");
    store_close(s);
}

/* ---- joining ---------------------------------------------------------------------------------------------------- */

/* "1w 2wm 3m": what was joined of two lists of message numbers, 0 a title, each as "1 2 3". */
static const char *join(const char *words, const char *meaning)
{
    static char all[256];
    struct store_hit hits[16];
    struct meaning_hit meant[16];
    struct joined_hit joined[16];
    struct store_hits w = {.at = hits};
    struct meaning_hits m = {.at = meant};
    size_t used = 0;
    for (; *words != '\0'; words += *words == ' ')
        hits[w.n++] = (struct store_hit){.message = strtol(words, (char **)&words, 10)};
    for (; *meaning != '\0'; meaning += *meaning == ' ')
        meant[m.n++] = (struct meaning_hit){.hit = {.message = strtol(meaning, (char **)&meaning, 10)}};
    const size_t n = meaning_join(&w, &m, joined, 16);
    all[0] = '\0';
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%d%s%s", i > 0 ? " " : "",
                                 (int)joined[i].hit->message, joined[i].words ? "w" : "", joined[i].meaning ? "m" : "");
    return all;
}

static void ranks_of_both_are_joined(void **state)
{
    (void)state;
    assert_string_equal(join("", ""), "");
    assert_string_equal(join("1 2", ""), "1w 2w");
    assert_string_equal(join("", "1 2"), "1m 2m");
    assert_string_equal(join("1 2", "3 4"), "1w 3m 2w 4m");
    assert_string_equal(join("1 2 3", "4 3 5"), "3wm 1w 4m 2w 5m");
    assert_string_equal(join("7", "1 2 3 4 5 6"), "7w 1m 2m 3m 4m 5m 6m");
    assert_string_equal(join("0 0", "1"), "0w 1m 0w"); /* titles are not each other */
}

/* ---- threads ---------------------------------------------------------------------------------------------------- */

struct front {
    struct options options;
    struct meaning *meaning;
    struct store *store;
    int64_t conversation;
};

static void set_folder(char **path, const char *name)
{
    free(*path);
    *path = strdup(history_file(name));
    mkdir(*path, 0700);
}

/* The folders of the options lie in the test's; the history is where the options have it. */
static void open_front(struct front *f, const char *encoder)
{
    struct error err = {0};
    *f = (struct front){.conversation = 0};
    history_ok(options_init(&f->options, &err), &err);
    set_folder(&f->options.paths.data_dir, "data");
    set_folder(&f->options.paths.cache_dir, "cache");
    f->options.encoder = encoder != NULL ? strdup(encoder) : strdup(history_file("wordy.gguf"));
    f->options.threads = 2;
    char *path = paths_join(f->options.paths.data_dir, "history.db");
    f->store = store_open(path, NULL, &err);
    assert_non_null(f->store);
    free(path);
    f->conversation = new_conversation(f->store);
    f->meaning = meaning_open(&f->options, &err);
    assert_non_null(f->meaning);
}

static void remove_all(const char *folder)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void close_front(struct front *f)
{
    meaning_free(f->meaning);
    store_close(f->store);
    remove_all(f->options.paths.data_dir);
    remove_all(f->options.paths.cache_dir);
    options_free(&f->options);
}

/* Waits until so many messages are encoded, as a loop of a front end does. */
static void wait_for(struct front *f, size_t done)
{
    const time_t begun = time(NULL);
    struct meaning_state state;
    const struct timespec moment = {.tv_nsec = 5000000};
    do {
        assert_true(time(NULL) < begun + PATIENCE);
        meaning_pace(f->meaning, false);
        nanosleep(&moment, NULL);
        meaning_state(f->meaning, &state);
    } while (state.kind != MEANING_COMPLETE || state.done != done);
    assert_int_equal(state.total, done);
}

/* A user types on: whichever letters are skipped, the last question is answered. */
static void the_last_question_is_answered(struct front *f)
{
    static const char letters[] = "the cat is at home";
    struct meaning_hits hits = {0};
    unsigned asked = 0, number = 0;
    for (size_t n = 3; n < sizeof letters; n++) {
        char query[sizeof letters];
        snprintf(query, sizeof query, "%.*s", (int)n, letters);
        asked = meaning_ask(f->meaning, query);
        if (meaning_take(f->meaning, &hits, &number))
            meaning_hits_free(&hits);
    }
    while (number != asked) {
        struct pollfd fd = {.fd = meaning_fd(f->meaning), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, PATIENCE * 1000), 1);
        if (meaning_take(f->meaning, &hits, &number) && number != asked)
            meaning_hits_free(&hits);
    }
    assert_true(hits.n > 0 && strcmp(hits.at[0].hit.snippet, letters) == 0);
    meaning_hits_free(&hits);
}

/* While the engine is busy; a second is longer than the thread rests by itself. */
static void nothing_is_encoded(struct front *f)
{
    const struct timespec moment = {.tv_nsec = 50000000};
    for (int i = 0; i < 20; i++) {
        struct meaning_state state;
        meaning_pace(f->meaning, true);
        nanosleep(&moment, NULL);
        meaning_state(f->meaning, &state);
        assert_int_equal(state.done, 0);
    }
}

static void the_history_is_encoded_while_nothing_else_is_done(void **state)
{
    struct front f;
    struct meaning_hits hits = {0};
    (void)state;
    open_front(&f, NULL);
    int64_t last = history_say(f.store, f.conversation, 0, STORE_USER, "the cat is at home");
    last = history_say(f.store, f.conversation, last, STORE_ASSISTANT, "rain over the river");
    nothing_is_encoded(&f);
    wait_for(&f, 2);
    meaning_rest(f.meaning);
    history_say(f.store, f.conversation, last, STORE_USER, "the light of the king");
    wait_for(&f, 3);
    assert_true(meaning_wait(f.meaning, "the light of the king", PATIENCE * 1000, &hits));
    assert_true(hits.n > 0 && strcmp(hits.at[0].hit.snippet, "the light of the king") == 0 && hits.at[0].settled);
    meaning_hits_free(&hits);
    the_last_question_is_answered(&f);
    meaning_ask(f.meaning, "rain"); /* is not waited for */
    close_front(&f);
}

static void without_an_encoder_nothing_is_found(void **state)
{
    struct front f;
    struct meaning_hits hits = {0};
    struct meaning_state s;
    (void)state;
    open_front(&f, "/nowhere/at-all");
    history_say(f.store, f.conversation, 0, STORE_USER, "the cat");
    assert_true(meaning_wait(f.meaning, "the cat", PATIENCE * 1000, &hits));
    assert_int_equal(hits.n, 0);
    meaning_hits_free(&hits);
    close_front(&f);
    open_front(&f, "off");
    meaning_state(f.meaning, &s);
    assert_int_equal(s.kind, MEANING_OFF);
    assert_int_equal(meaning_ask(f.meaning, "the cat"), 0);
    assert_int_equal(meaning_fd(f.meaning), -1);
    close_front(&f);
}

/* Where the user wants nothing saved, what others have encoded is searched, and nothing is written. */
static void nothing_is_encoded_where_nothing_is_saved(void **state)
{
    struct front f;
    struct error err = {0};
    struct meaning_hits hits = {0};
    (void)state;
    open_front(&f, NULL);
    meaning_free(f.meaning);
    remove_all(f.options.paths.cache_dir);
    f.options.no_save = true;
    f.meaning = meaning_open(&f.options, &err);
    assert_non_null(f.meaning);
    history_say(f.store, f.conversation, 0, STORE_USER, "the cat");
    assert_true(meaning_wait(f.meaning, "the cat", PATIENCE * 1000, &hits));
    assert_int_equal(hits.n, 0);
    meaning_hits_free(&hits);
    assert_int_not_equal(access(f.options.paths.cache_dir, F_OK), 0);
    close_front(&f);
}

static void phrases_and_single_letters_are_words_alone(void **state)
{
    (void)state;
    assert_true(meaning_is_asked("cat") && meaning_is_asked("猫") && meaning_is_asked("the cat "));
    assert_false(meaning_is_asked("ca") || meaning_is_asked("  c ") || meaning_is_asked("\"the cat\""));
}

/* ---- the reference ---------------------------------------------------------------------------------------------- */

static void say_all(struct store *s, const json_t *file, int64_t *ids)
{
    struct error err = {0};
    const json_t *conversation, *message;
    size_t i, k;
    history_ok(store_begin(s, &err), &err);
    json_array_foreach(json_object_get(file, "conversations"), i, conversation) {
        const int64_t c = new_conversation(s);
        int64_t last = 0;
        json_array_foreach(json_object_get(conversation, "messages"), k, message) {
            last = history_say(s, c, last, k % 2 == 0 ? STORE_USER : STORE_ASSISTANT,
                               json_string_value(json_object_get(message, "text")));
            ids[json_integer_value(json_object_get(message, "id"))] = last;
        }
    }
    history_ok(store_end(s, true, &err), &err);
}

/* The part of the questions whose message is among the first five hits. */
static double recall(struct store *s, struct seek *seek, const json_t *questions, const int64_t *ids)
{
    struct error err = {0};
    const json_t *question;
    size_t i, good = 0;
    json_array_foreach(questions, i, question) {
        const char *query = json_string_value(json_object_get(question, "query"));
        const struct store_query asked = {.text = query, .limit = 60};
        struct store_hits words = {0};
        struct meaning_hits meant = {0};
        struct joined_hit joined[5];
        history_ok(store_search(s, &asked, &words, &err), &err);
        history_ok(seek_find(seek, query, true, 40, &meant, &err), &err);
        const size_t n = meaning_join(&words, &meant, joined, 5);
        for (size_t k = 0; k < n; k++)
            good += joined[k].hit->message == ids[json_integer_value(json_object_get(question, "target"))];
        store_hits_free(&words);
        meaning_hits_free(&meant);
    }
    return (double)good / (double)json_array_size(questions);
}

/* With the encoder in the folder that PALAVER_TEST_ENCODER names: some twenty seconds. */
static void paraphrases_and_codes_are_found(void **state)
{
    struct error err = {0};
    const char *path = getenv("PALAVER_TEST_ENCODER");
    json_t *file = path != NULL && *path != '\0' ? vectors_load("recall.json") : NULL;
    (void)state;
    if (file == NULL) {
        print_message("SKIP: no PALAVER_TEST_ENCODER, or no recall.json\n");
        return;
    }
    int64_t ids[4096] = {0};
    struct store *s = history_open("h.db");
    struct model *minilm = model_open(path, NULL, &err);
    assert_non_null(minilm);
    say_all(s, file, ids);
    struct fill *f = fill_open(history_file("h.db"), history_file("v"), minilm, 0, &err);
    assert_non_null(f);
    fill_up(f);
    struct seek *seek = seek_open(history_file("h.db"), history_file("v"), minilm, 0, &err);
    assert_non_null(seek);
    const double meaning = recall(s, seek, json_object_get(file, "questions"), ids);
    const double exact = recall(s, seek, json_object_get(file, "exact"), ids);
    print_message("recall@5: %.3f of paraphrases, %.3f of codes\n", meaning, exact);
    assert_true(meaning >= 0.95 && exact >= 0.95);
    seek_free(seek);
    fill_free(f);
    model_free(minilm);
    store_close(s);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_message_is_encoded_once, begin),
        cmocka_unit_test_setup(vectors_follow_the_history, begin),
        cmocka_unit_test_setup(what_changed_meanwhile_is_noticed, begin),
        cmocka_unit_test_setup(a_look_that_breaks_off_is_begun_anew, begin),
        cmocka_unit_test_setup(a_damaged_file_is_made_anew, begin),
        cmocka_unit_test_setup(long_messages_are_found_by_their_passages, begin),
        cmocka_unit_test_setup(the_likest_sentence_is_shown, begin),
        cmocka_unit_test(ranks_of_both_are_joined),
        cmocka_unit_test(the_history_is_encoded_while_nothing_else_is_done),
        cmocka_unit_test(without_an_encoder_nothing_is_found),
        cmocka_unit_test(nothing_is_encoded_where_nothing_is_saved),
        cmocka_unit_test(phrases_and_single_letters_are_words_alone),
        cmocka_unit_test_setup(paraphrases_and_codes_are_found, begin),
    };
    return cmocka_run_group_tests(tests, open_model, close_model);
}
