/* Forks: an answer that continues differently from a token on is what a prompt with that beginning gives, and costs one
 * token. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/form.h"
#include "tests/cmocka.h"
#include "tests/sanitized.h"
#include "tests/source.h"

enum { TOKENS = SANITIZED ? 30 : 90, FORKS = SANITIZED ? 15 : 50 };

struct fixture {
    struct options options;
    struct chat_view view;
    struct chat *chat;
    char remark[1024];
};

static char model[4096], folder[64];

static void on_remark(void *context, bool trouble, const char *text)
{
    struct fixture *f = context;
    (void)trouble;
    snprintf(f->remark, sizeof f->remark, "%s", text);
}

static void settle(struct chat *c)
{
    while (chat_is_busy(c) || chat_state(c) == CHAT_LOADING) {
        struct pollfd fd = {.fd = chat_fd(c), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 60000), 1);
        chat_handle(c);
    }
    chat_tick(c);
}

static void begin(struct fixture *f)
{
    struct error err = {0};
    *f = (struct fixture){0};
    assert_int_equal(options_init(&f->options, &err), ERR_NONE);
    f->view = (struct chat_view){.context = f, .remark = on_remark};
    f->options.model = strdup(model);
    f->options.exact = true;
    f->options.no_save = true;
    f->options.sampling.temperature = 0;
    f->options.sampling.max_new_tokens = TOKENS;
    f->chat = chat_open(&f->options, &f->view, &err);
    assert_non_null(f->chat);
    settle(f->chat);
}

static void end(struct fixture *f)
{
    chat_free(f->chat);
    options_free(&f->options);
}

static struct store_records records(struct chat *c, size_t index)
{
    struct error err = {0};
    struct store_records r = {0};
    assert_int_equal(store_records(home_store(chat_home(c)), chat_message(c, index)->id, &r, &err), ERR_NONE);
    return r;
}

/* The greedy ids after these, from a separate session. */
static void greedy(const struct model *m, const struct ids *prefix, size_t n, int32_t *out)
{
    struct error err = {0};
    const struct session_options options = {.context = 2048, .threads = 1, .exact = true};
    struct session *s = session_open(m, &options, &err);
    assert_non_null(s);
    assert_int_equal(session_sync(s, prefix->at, prefix->n, NULL, NULL, NULL, &err), ERR_NONE);
    for (size_t i = 0; i < n; i++) {
        const float *logits = session_logits(s);
        int32_t best = 0;
        for (int32_t id = 1; id < model_info(m)->vocab; id++)
            if (logits[id] > logits[best])
                best = id;
        out[i] = best;
        assert_int_equal(session_push(s, best, &err), ERR_NONE);
    }
    session_free(s);
}

static bool is_whole(const struct model *m, int32_t id)
{
    struct buf piece;
    buf_init(&piece, 4096);
    tokenizer_piece(model_tokenizer(m), id, &piece);
    bool whole = piece.size > 0 && (unsigned char)piece.data[0] < 0x80;
    buf_free(&piece);
    return whole;
}

static void a_fork_is_a_prompt_with_that_beginning(void **state)
{
    struct fixture f;
    struct error err = {0};
    size_t forks = 0, before = 0;
    (void)state;
    begin(&f);
    assert_int_equal(chat_send(f.chat, "The llama", 9, &err), ERR_NONE);
    settle(f.chat);
    const struct prompt *p = chat_last_prompt(f.chat);
    struct ids prompt = {0};
    assert_true(ids_append(&prompt, p->ids.at, p->ids.n));
    struct store_records first = records(f.chat, 1);
    char *text = strdup(buf_text(&chat_message(f.chat, 1)->text));
    assert_true(first.n >= 8);
    for (size_t place = 0; place < first.n; place++) {
        int32_t id = first.at[place].best[1].id, expected[4];
        if (first.at[place].n_best < 2 || !is_whole(chat_model(f.chat), id))
            continue;
        while (chat_alternative(f.chat, 1, -1, &err) == ERR_NONE)
            ;
        error_clear(&err);
        if (chat_fork(f.chat, 1, place, id, &err) != ERR_NONE)
            fail_msg("fork at %zu: %s", place, err.message);
        settle(f.chat);
        forks++;
        /* the old beginning, the token that was put there, and then what the model says after them */
        struct store_records r = records(f.chat, 1);
        assert_true(r.n > place);
        for (size_t i = 0; i < place; i++)
            assert_int_equal(r.at[i].chosen.id, first.at[i].chosen.id);
        assert_int_equal(r.at[place].chosen.id, id);
        assert_true(r.at[place].forced);
        struct ids whole = {0};
        assert_true(ids_append(&whole, prompt.at, prompt.n));
        for (size_t i = 0; i <= place; i++)
            assert_true(ids_append(&whole, &r.at[i].chosen.id, 1));
        const struct prompt *given = chat_last_prompt(f.chat);
        assert_int_equal(given->ids.n, whole.n);
        assert_memory_equal(given->ids.at, whole.at, whole.n * sizeof *whole.at);
        greedy(chat_model(f.chat), &whole, 4, expected);
        for (size_t i = 0; i < 4 && place + 1 + i < r.n; i++)
            if (r.at[place + 1 + i].chosen.id != expected[i])
                fail_msg("fork at %zu, token %zu after it: %d, not %d", place, i, r.at[place + 1 + i].chosen.id,
                         expected[i]);
        /* only the token that was put there is evaluated, and those that the fork before had changed */
        const struct timings *t = &chat_message(f.chat, 1)->timings;
        assert_int_equal(t->prompt_tokens - t->reused_tokens, forks > 1 ? place - before + 1 : 1);
        before = place;
        assert_int_equal(chat_message(f.chat, 1)->siblings, (int)forks + 1);
        ids_free(&whole);
        store_records_free(&r);
    }
    assert_true(forks >= FORKS);
    /* the first answer is whole */
    while (chat_alternative(f.chat, 1, -1, &err) == ERR_NONE)
        ;
    assert_string_equal(buf_text(&chat_message(f.chat, 1)->text), text);
    free(text);
    ids_free(&prompt);
    store_records_free(&first);
    end(&f);
}

static void mistakes_change_nothing(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    begin(&f);
    assert_int_equal(chat_send(f.chat, "The llama", 9, &err), ERR_NONE);
    settle(f.chat);
    assert_int_equal(chat_fork(f.chat, 0, 0, 300, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(chat_fork(f.chat, 7, 0, 300, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(chat_fork(f.chat, 1, 100000, 300, &err), ERR_NOT_FOUND);
    error_clear(&err);
    assert_int_equal(chat_fork(f.chat, 1, 0, -5, &err), ERR_ARGUMENT);
    error_clear(&err);
    assert_int_equal(chat_fork(f.chat, 1, 0, 1, &err), ERR_ARGUMENT); /* BOS has no text */
    assert_int_equal(chat_count(f.chat), 2);
    assert_true(chat_message(f.chat, 1)->siblings <= 1);
    end(&f);
}

/* Words stand after the tokens before the place exactly as typed, and the model continues after them. */
static void words_are_put_as_typed(void **state)
{
    static const char *const words[] = {" two words", "glued", "\n\nA new line", "日本 é", " ", "x"};
    struct fixture f;
    struct error err = {0};
    (void)state;
    begin(&f);
    assert_int_equal(chat_send(f.chat, "The llama", 9, &err), ERR_NONE);
    settle(f.chat);
    struct store_records first = records(f.chat, 1);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t kept = 0, place = i * 3, forced = 0, bytes = 0;
        while (chat_alternative(f.chat, 1, -1, &err) == ERR_NONE)
            ;
        error_clear(&err);
        char *old = strdup(buf_text(&chat_message(f.chat, 1)->text));
        for (size_t k = 0; k < place; k++)
            kept += first.at[k].bytes;
        if (chat_fork_words(f.chat, 1, place, words[i], &err) != ERR_NONE)
            fail_msg("%s", err.message);
        settle(f.chat);
        const char *text = buf_text(&chat_message(f.chat, 1)->text);
        assert_memory_equal(text, old, kept);
        if (strncmp(text + kept, words[i], strlen(words[i])) != 0)
            fail_msg("'%s' is not in '%s'", words[i], text + kept);
        struct store_records r = records(f.chat, 1);
        for (size_t k = 0; k < r.n; k++) {
            assert_int_equal(r.at[k].forced, k >= place && bytes - kept < strlen(words[i]) && bytes >= kept);
            forced += r.at[k].forced;
            bytes += r.at[k].bytes;
        }
        assert_true(forced > 0 && r.n > place + forced);
        assert_in_range(chat_message(f.chat, 1)->text.size - bytes, 0, 3); /* half of a character at the end */
        store_records_free(&r);
        free(old);
    }
    store_records_free(&first);
    end(&f);
}

/* Drawing again where nothing changed gives the same. */
static void draws_again(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    begin(&f);
    assert_int_equal(chat_send(f.chat, "The llama", 9, &err), ERR_NONE);
    settle(f.chat);
    char *text = strdup(buf_text(&chat_message(f.chat, 1)->text));
    assert_int_equal(chat_fork(f.chat, 1, 5, -1, &err), ERR_NONE);
    settle(f.chat);
    assert_int_equal(chat_message(f.chat, 1)->siblings, 2);
    assert_memory_equal(buf_text(&chat_message(f.chat, 1)->text), text, strlen(text));
    free(text);
    end(&f);
}

static void wait_for_step(struct chat *c)
{
    while (!chat_waits(c) && chat_is_busy(c)) {
        struct pollfd fd = {.fd = chat_fd(c), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 60000), 1);
        chat_handle(c);
    }
}

/* An answer made step by step is the same as one made at once, and a token that is put is recorded as such. */
static void goes_by_steps(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    begin(&f);
    assert_int_equal(chat_send(f.chat, "The llama", 9, &err), ERR_NONE);
    settle(f.chat);
    char *text = strdup(buf_text(&chat_message(f.chat, 1)->text));
    chat_set_stepping(f.chat, true);
    assert_int_equal(chat_regenerate(f.chat, &err), ERR_NONE);
    for (wait_for_step(f.chat); chat_is_busy(f.chat); wait_for_step(f.chat))
        chat_step(f.chat, -1);
    assert_string_equal(buf_text(&chat_message(f.chat, 1)->text), text);
    assert_int_equal(chat_regenerate(f.chat, &err), ERR_NONE);
    wait_for_step(f.chat);
    chat_step(f.chat, 300);
    wait_for_step(f.chat);
    chat_set_stepping(f.chat, false);
    settle(f.chat);
    struct store_records r = records(f.chat, 1);
    assert_int_equal(r.n, TOKENS);
    assert_int_equal(r.at[0].chosen.id, 300);
    assert_true(r.at[0].forced && !r.at[1].forced);
    store_records_free(&r);
    free(text);
    end(&f);
}

/* Waits for the result of the verification. */
static const char *verify(struct fixture *f, size_t index)
{
    struct error err = {0};
    *f->remark = '\0';
    if (chat_verify(f->chat, index, &err) != ERR_NONE)
        fail_msg("%s", err.message);
    while (*f->remark == '\0') {
        struct pollfd fd = {.fd = chat_fd(f->chat), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 60000), 1);
        chat_handle(f->chat);
    }
    return f->remark;
}

static void answers_know_which_arithmetic_made_them(void **state)
{
    struct fixture f;
    struct error err = {0};
    struct store_message stored = {0};
    (void)state;
    begin(&f);
    assert_int_equal(chat_send(f.chat, "The llama", 9, &err), ERR_NONE);
    settle(f.chat);
    const int64_t id = chat_message(f.chat, 1)->id;
    assert_int_equal(store_message_get(home_store(chat_home(f.chat)), id, &stored, &err), ERR_NONE);
    assert_false(form_is_older(&stored.made));
    free(stored.made.settings);
    stored.made.settings = strdup("{\"temperature\":0.0}"); /* as versions before the number was kept stored them */
    assert_true(form_is_older(&stored.made));
    store_message_free(&stored);
    end(&f);
}

static void answers_are_verified(void **state)
{
    struct fixture f;
    struct error err = {0};
    char expected[64];
    (void)state;
    begin(&f);
    struct sampling s = *chat_sampling(f.chat);
    s.temperature = 1.2f;
    s.repetition_penalty = 1.1f;
    chat_set_sampling(f.chat, &s);
    assert_int_equal(chat_send(f.chat, "The llama", 9, &err), ERR_NONE);
    settle(f.chat);
    assert_int_equal(chat_send(f.chat, "And the gull?", 13, &err), ERR_NONE);
    settle(f.chat);
    for (size_t index = 1; index < 4; index += 2) {
        struct store_records r = records(f.chat, index);
        snprintf(expected, sizeof expected, "identical, %zu token%s", r.n, r.n == 1 ? "" : "s");
        store_records_free(&r);
        assert_string_equal(verify(&f, index), expected);
    }
    /* a fork too, from the token that was put on */
    struct store_records r = records(f.chat, 3);
    for (size_t place = 0; place < r.n; place++)
        if (is_whole(chat_model(f.chat), r.at[place].best[1].id)) {
            assert_int_equal(chat_fork(f.chat, 3, place, r.at[place].best[1].id, &err), ERR_NONE);
            break;
        }
    settle(f.chat);
    assert_memory_equal(verify(&f, 3), "identical, ", 11);
    store_records_free(&r);
    /* and one in which the user put a token while it was made */
    chat_set_stepping(f.chat, true);
    assert_int_equal(chat_regenerate(f.chat, &err), ERR_NONE);
    for (int i = 0; i < 4; i++) {
        wait_for_step(f.chat);
        chat_step(f.chat, i == 2 ? 300 : -1);
    }
    wait_for_step(f.chat);
    chat_set_stepping(f.chat, false);
    settle(f.chat);
    assert_memory_equal(verify(&f, 3), "identical, ", 11);
    end(&f);
}

int main(void)
{
    const char *source = source_folder();
    char command[128];
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", source);
    snprintf(folder, sizeof folder, "/tmp/palaver-test.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    setenv("HOME", folder, 1);
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CONFIG_HOME");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_is_a_prompt_with_that_beginning),
        cmocka_unit_test(words_are_put_as_typed),
        cmocka_unit_test(draws_again),
        cmocka_unit_test(goes_by_steps),
        cmocka_unit_test(mistakes_change_nothing),
        cmocka_unit_test(answers_know_which_arithmetic_made_them),
        cmocka_unit_test(answers_are_verified),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? failed : 1;
}
