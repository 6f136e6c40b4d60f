/* Tests of what the chat saves: as it grows, along the tree, continued after an interruption, and nothing of a
 * temporary chat. What the model says does not matter. */
#include <config.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/manner.h"
#include "history/store.h"
#include "tests/cmocka.h"
#include "tests/unit/history.h"
#include "tests/unit/keeping.h"

/* ---- growing ---------------------------------------------------------------------------------------------------- */

/* The question is stored before the model is asked, the answer while it grows. */
static void saves_as_it_grows(void **state)
{
    (void)state;
    struct keeping *f = keeping_new(-1);
    struct error err = {0};
    struct store_messages m = {0};
    keeping_answer_endlessly(f);
    assert_true(keeping_chat_open(f, &err));
    assert_int_equal(home_conversation(chat_home(f->chat)), 0);
    history_ok(chat_send(f->chat, "The llama", 9, &err), &err);
    keeping_stored(f, &m); /* the model is not loaded yet */
    assert_int_equal(m.n, 1);
    assert_string_equal(m.at[0].text, "The llama");
    store_messages_free(&m);
    size_t size = 0;
    for (int grown = 0; grown < 2;) {
        keeping_wait(f);
        assert_true(chat_is_busy(f->chat));
        keeping_stored(f, &m);
        if (m.n == 2 && m.at[1].size > size) {
            assert_int_equal(m.at[1].state, STORE_STREAMING);
            assert_memory_equal(m.at[1].text, keeping_text(f, 1), m.at[1].size);
            size = m.at[1].size;
            grown++;
        }
        store_messages_free(&m);
    }
    chat_stop(f->chat);
    keeping_settle(f);
    assert_int_equal(chat_message(f->chat, 1)->state, STORE_STOPPED);
    keeping_assert_stored(f);
    keeping_close(f);
}

/* What made an answer is stored with it, token by token, and is there again when the conversation is opened. */
static void keeps_what_made_it(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(6);
    struct error err = {0};
    struct store_messages m = {0};
    struct store_records records = {0};
    keeping_say(f, "The llama");
    const struct chat_message *answer = chat_message(f->chat, 1);
    keeping_stored(f, &m);
    assert_string_equal(m.at[1].made.model, model_info(chat_model(f->chat))->name);
    assert_true(m.at[1].made.fingerprint == model_info(chat_model(f->chat))->fingerprint);
    assert_string_equal(m.at[1].made.template_name, template_name(chat_template(f->chat)));
    assert_true(m.at[1].made.has_seed && m.at[1].made.seed == answer->seed);
    assert_string_equal(m.at[1].made.finish, "length");
    assert_int_equal(m.at[1].made.answer_tokens, 6);
    assert_non_null(strstr(m.at[1].made.settings, "\"max_new_tokens\":6"));
    struct store *s = keeping_look(f);
    history_ok(store_records(s, m.at[1].id, &records, &err), &err);
    assert_int_equal(records.n, 6);
    assert_true(records.at[0].n_best > 1 && records.at[0].n_best <= STORE_CANDIDATES);
    assert_true(records.at[0].chosen.after > 0);
    store_records_free(&records);
    store_close(s);
    store_messages_free(&m);

    uint64_t seed = answer->seed;
    size_t read = answer->timings.prompt_tokens;
    keeping_restart(f);
    answer = chat_message(f->chat, 1);
    assert_true(answer->seed == seed);
    assert_int_equal(manner_of(answer).max_new_tokens, 6);
    assert_int_equal(answer->timings.answer_tokens, 6);
    assert_int_equal(answer->timings.prompt_tokens, read);
    assert_int_equal(answer->finish, FINISH_LENGTH);
    keeping_close(f);
}

/* Settings take 2.4 kB, which answers with the same ones need once; a message of the user needs none. */
static void answers_of_the_history_share_their_settings(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(4);
    struct sampling s = *chat_sampling(f->chat);
    keeping_say(f, "The llama");
    keeping_say(f, "Another");
    s.temperature = 1.25F;
    chat_set_sampling(f->chat, &s);
    keeping_say(f, "A third");
    const uint64_t seeds[] = {chat_message(f->chat, 1)->seed, chat_message(f->chat, 3)->seed};
    keeping_restart(f);
    assert_int_equal(chat_count(f->chat), 6);
    assert_null(chat_message(f->chat, 0)->manner);
    assert_non_null(chat_message(f->chat, 1)->manner);
    assert_ptr_equal(chat_message(f->chat, 1)->manner, chat_message(f->chat, 3)->manner);
    assert_ptr_not_equal(chat_message(f->chat, 3)->manner, chat_message(f->chat, 5)->manner);
    assert_true(manner_of(chat_message(f->chat, 5)).temperature == 1.25F);
    assert_true(manner_of(chat_message(f->chat, 3)).temperature != 1.25F);
    assert_true(manner_of(chat_message(f->chat, 1)).seed == seeds[0]);
    assert_true(manner_of(chat_message(f->chat, 3)).seed == seeds[1]);
    keeping_close(f);
}

/* When settings change while an answer streams, the record of each token knows which were in force. */
static void keeps_settings_by_token(void **state)
{
    (void)state;
    struct keeping *f = keeping_new(2000);
    struct error err = {0};
    struct store_records records = {0};
    keeping_answer_endlessly(f);
    assert_true(keeping_chat_open(f, &err));
    keeping_settle(f);
    history_ok(chat_send(f->chat, "The llama", 9, &err), &err);
    while (f->tokens == 0)
        keeping_wait(f);
    struct sampling s = *chat_sampling(f->chat);
    s.top_k = 3;
    chat_set_sampling(f->chat, &s);
    keeping_settle(f);
    struct store *other = keeping_look(f);
    history_ok(store_records(other, chat_message(f->chat, 1)->id, &records, &err), &err);
    assert_int_equal(records.n_epochs, 2);
    assert_null(strstr(records.epochs[0], "\"top_k\":3,"));
    assert_non_null(strstr(records.epochs[1], "\"top_k\":3,"));
    assert_int_equal(records.at[0].epoch, 0);
    assert_int_equal(records.at[records.n - 1].epoch, 1);
    store_records_free(&records);
    store_close(other);
    keeping_close(f);
}

/* After a restart the model sees what was said before, and the conversation has its own settings. */
static void continues_after_a_restart(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(4);
    struct error err = {0};
    keeping_settle(f);
    history_ok(chat_set_system(f->chat, "Be a gull.", &err), &err);
    struct sampling s = *chat_sampling(f->chat);
    s.temperature = 0.25f;
    chat_set_sampling(f->chat, &s);
    keeping_say(f, "The first question.");
    keeping_restart(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_string_equal(chat_system(f->chat), "Be a gull.");
    assert_true(chat_sampling(f->chat)->temperature == 0.25f);
    assert_int_equal(chat_sampling(f->chat)->max_new_tokens, 4);
    keeping_say(f, "The second question.");
    const char *prompt = buf_text(&chat_last_prompt(f->chat)->text);
    assert_non_null(strstr(prompt, "Be a gull."));
    assert_non_null(strstr(prompt, "The first question."));
    assert_non_null(strstr(prompt, "The second question."));
    assert_int_equal(chat_count(f->chat), 4);
    keeping_assert_stored(f);

    history_ok(chat_new(f->chat, false, &err), &err);
    assert_int_equal(keeping_conversations(f), 1); /* not before it has a message */
    keeping_say(f, "Another.");
    assert_int_equal(keeping_conversations(f), 2);
    keeping_close(f);
}

/* ---- the tree --------------------------------------------------------------------------------------------------- */

static void walks_through_alternatives(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(6);
    struct error err = {0};
    keeping_say(f, "The gull");
    char *first = strdup(keeping_text(f, 1));
    assert_int_equal(chat_with_alternatives(f->chat), 2);
    assert_int_equal(chat_alternative(f->chat, 1, -1, &(struct error){0}), ERR_NOT_FOUND);
    history_ok(chat_regenerate(f->chat, &err), &err);
    keeping_settle(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_int_equal(chat_message(f->chat, 1)->sibling, 1);
    assert_int_equal(chat_message(f->chat, 1)->siblings, 2);
    keeping_assert_stored(f);
    keeping_say(f, "And then?");
    char *second = strdup(keeping_text(f, 1));
    assert_int_equal(chat_with_alternatives(f->chat), 1);
    history_ok(chat_alternative(f->chat, 1, -1, &err), &err);
    assert_int_equal(f->changed_from, 1);
    assert_int_equal(chat_count(f->chat), 2);
    assert_string_equal(keeping_text(f, 1), first);
    assert_int_equal(chat_alternative(f->chat, 1, -1, &(struct error){0}), ERR_NOT_FOUND);
    history_ok(chat_alternative(f->chat, 1, 1, &err), &err);
    assert_int_equal(chat_count(f->chat), 4); /* and what was below */
    assert_string_equal(keeping_text(f, 1), second);
    keeping_assert_stored(f);
    free(first);
    free(second);
    keeping_close(f);
}

static void edits_beside(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(4);
    struct error err = {0};
    keeping_say(f, "One.");
    keeping_say(f, "Two.");
    history_ok(chat_edit(f->chat, 0, "Eins.", 5, false, &err), &err);
    assert_int_equal(f->changed_from, 0);
    keeping_settle(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_string_equal(keeping_text(f, 0), "Eins.");
    assert_int_equal(chat_message(f->chat, 0)->siblings, 2);
    keeping_assert_stored(f);
    history_ok(chat_alternative(f->chat, 0, -1, &err), &err);
    assert_int_equal(chat_count(f->chat), 4);
    assert_string_equal(keeping_text(f, 2), "Two.");

    history_ok(chat_edit(f->chat, 1, "Half of", 7, false, &err), &err); /* an answer: stored, not continued */
    assert_false(chat_is_busy(f->chat));
    assert_int_equal(chat_count(f->chat), 2);
    keeping_assert_stored(f);
    history_ok(chat_edit(f->chat, 1, "A quarter of", 12, true, &err), &err);
    keeping_settle(f);
    assert_memory_equal(keeping_text(f, 1), "A quarter of", 12);
    assert_int_equal(chat_message(f->chat, 1)->siblings, 3);
    keeping_assert_stored(f);
    keeping_close(f);
}

static void takes_back(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(4);
    struct error err = {0};
    const char *text;
    keeping_say(f, "One.");
    keeping_say(f, "Two.");
    history_ok(chat_undo(f->chat, &text, &err), &err);
    assert_string_equal(text, "Two.");
    keeping_assert_stored(f);
    history_ok(chat_undo(f->chat, &text, &err), &err);
    assert_int_equal(chat_count(f->chat), 0);
    history_ok(chat_redo(f->chat, &text, &err), &err);
    history_ok(chat_redo(f->chat, &text, &err), &err);
    assert_string_equal(text, "Two.");
    assert_int_equal(chat_count(f->chat), 4);
    keeping_assert_stored(f);
    history_ok(chat_undo(f->chat, NULL, &err), &err);
    history_ok(chat_undo(f->chat, NULL, &err), &err);
    keeping_say(f, "Three."); /* beside the first one, in the same conversation */
    assert_int_equal(keeping_conversations(f), 1);
    assert_int_equal(chat_message(f->chat, 0)->siblings, 2);
    keeping_assert_stored(f);
    history_ok(chat_alternative(f->chat, 0, -1, &err), &err);
    assert_string_equal(keeping_text(f, 0), "One.");
    keeping_close(f);
}

static void deletes_and_branches(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(4);
    struct error err = {0};
    int64_t id = 0;
    keeping_say(f, "One.");
    keeping_say(f, "Two.");
    history_ok(chat_delete(f->chat, 2, &id, &err), &err);
    assert_int_equal(chat_count(f->chat), 2);
    keeping_assert_stored(f);
    history_ok(chat_restore(f->chat, id, &err), &err);
    assert_int_equal(chat_count(f->chat), 4);
    keeping_assert_stored(f);
    int64_t before = home_conversation(chat_home(f->chat));
    history_ok(chat_branch(f->chat, 1, &err), &err);
    assert_int_equal(chat_count(f->chat), 2);
    assert_int_equal(keeping_conversations(f), 2);
    keeping_say(f, "Elsewhere.");
    keeping_assert_stored(f);
    history_ok(chat_open_conversation(f->chat, before, &err), &err);
    assert_int_equal(chat_count(f->chat), 4);
    assert_int_equal(chat_open_conversation(f->chat, 12345, &(struct error){0}), ERR_NOT_FOUND);
    assert_int_equal(chat_count(f->chat), 4);
    assert_string_equal(keeping_text(f, 2), "Two.");
    keeping_close(f);
}

/* ---- continuing ------------------------------------------------------------------------------------------------- */

/* A program that ends while an answer streams leaves it interrupted; the next continues it in the same message. */
static void continues_an_interrupted_answer(void **state)
{
    (void)state;
    struct keeping *f = keeping_new(-1);
    struct error err = {0};
    keeping_answer_endlessly(f);
    assert_true(keeping_chat_open(f, &err));
    history_ok(chat_send(f->chat, "The llama", 9, &err), &err);
    while (f->tokens < 5)
        keeping_wait(f);
    chat_free(f->chat);
    f->options.continue_last = true;
    assert_true(keeping_chat_open(f, &err));
    assert_int_equal(chat_message(f->chat, 1)->state, STORE_INTERRUPTED);
    int64_t id = chat_message(f->chat, 1)->id;
    char *before = strdup(keeping_text(f, 1));
    assert_true(strlen(before) > 0);
    keeping_settle(f);
    struct sampling s = *chat_sampling(f->chat);
    s.max_new_tokens = 5;
    chat_set_sampling(f->chat, &s);
    history_ok(chat_continue(f->chat, &err), &err);
    keeping_settle(f);
    assert_int_equal(chat_count(f->chat), 2);
    assert_int_equal(chat_message(f->chat, 1)->id, id);
    assert_true(chat_message(f->chat, 1)->text.size > strlen(before));
    assert_memory_equal(keeping_text(f, 1), before, strlen(before));
    keeping_assert_stored(f);
    free(before);
    keeping_close(f);
}

/* A message that waits for the model is taken out again when it is stopped; no empty conversation stays. */
static void takes_out_what_was_refused(void **state)
{
    (void)state;
    struct keeping *f = keeping_open(4);
    struct error err = {0};
    history_ok(chat_send(f->chat, "One.", 4, &err), &err);
    chat_stop(f->chat);
    assert_int_equal(f->refused, 1);
    assert_int_equal(chat_count(f->chat), 0);
    assert_int_equal(keeping_conversations(f), 0);
    keeping_say(f, "Two.");
    assert_int_equal(keeping_conversations(f), 1);
    keeping_assert_stored(f);
    keeping_close(f);
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
    struct keeping *f = keeping_open(6);
    struct error err = {0};
    keeping_say(f, "Xylophone in the open.");
    assert_true(traces(f->folder, "Xylophone"));
    history_ok(chat_new(f->chat, true, &err), &err);
    keeping_say(f, "Zeppelin in secret.");
    history_ok(chat_set_system(f->chat, "Zeppelin too.", &err), &err);
    history_ok(chat_regenerate(f->chat, &err), &err);
    keeping_settle(f);
    history_ok(chat_edit(f->chat, 0, "Zeppelin edited.", 16, false, &err), &err);
    keeping_settle(f);
    history_ok(chat_alternative(f->chat, 0, -1, &err), &err);
    assert_string_equal(keeping_text(f, 0), "Zeppelin in secret.");
    assert_false(traces(f->folder, "Zeppelin"));
    keeping_restart(f);
    assert_false(traces(f->folder, "Zeppelin"));
    assert_string_equal(keeping_text(f, 0), "Xylophone in the open.");
    keeping_close(f);
}

static void saves_nothing_when_told(void **state)
{
    (void)state;
    struct keeping *f = keeping_new(4);
    struct error err = {0};
    f->options.no_save = true;
    assert_true(keeping_chat_open(f, &err));
    keeping_say(f, "Zeppelin.");
    assert_int_equal(chat_count(f->chat), 2);
    DIR *d = opendir(f->folder);
    int files = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        files += e->d_name[0] != '.';
    closedir(d);
    assert_int_equal(files, 0);
    keeping_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saves_as_it_grows),
        cmocka_unit_test(keeps_what_made_it),
        cmocka_unit_test(answers_of_the_history_share_their_settings),
        cmocka_unit_test(keeps_settings_by_token),
        cmocka_unit_test(continues_after_a_restart),
        cmocka_unit_test(walks_through_alternatives),
        cmocka_unit_test(edits_beside),
        cmocka_unit_test(takes_back),
        cmocka_unit_test(deletes_and_branches),
        cmocka_unit_test(continues_an_interrupted_answer),
        cmocka_unit_test(takes_out_what_was_refused),
        cmocka_unit_test(leaves_no_trace),
        cmocka_unit_test(saves_nothing_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
