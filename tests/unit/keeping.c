#include <config.h>

#include "tests/unit/keeping.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/cmocka.h"
#include "tests/source.h"
#include "tests/unit/history.h"

static void on_token(void *context, const struct event *event)
{
    struct keeping *f = context;
    f->tokens += event->id >= 0;
}

static void on_refused(void *context, const char *text, const struct error *err)
{
    struct keeping *f = context;
    (void)text;
    (void)err;
    f->refused++;
}

static void on_changed(void *context, size_t from)
{
    struct keeping *f = context;
    f->changed_from = from;
}

static void on_remark(void *context, bool trouble, const char *text)
{
    struct keeping *f = context;
    f->troubles += trouble;
    f->remarks += !trouble;
    snprintf(f->remark, sizeof f->remark, "%s", text);
}

bool keeping_chat_open(struct keeping *f, struct error *err)
{
    f->chat = chat_open(&f->options, &f->view, err);
    if (f->chat != NULL)
        chat_fix_seed(f->chat, true);
    return f->chat != NULL;
}

struct keeping *keeping_new(int32_t longest)
{
    struct keeping *f = calloc(1, sizeof *f);
    const char *source = source_folder();
    f->begun = time(NULL);
    snprintf(f->folder, sizeof f->folder, "/tmp/palaver-keep.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->model, sizeof f->model, "%s/tests/fixtures/tiny-llama.gguf", source);
    f->options = (struct options){.model = f->model, .context = 512, .threads = 1, .sampling = sampling_defaults()};
    f->options.exact = true;
    f->options.sampling.max_new_tokens = longest;
    f->options.paths.config_dir = f->options.paths.data_dir = f->folder;
    f->view = (struct chat_view){
        .context = f, .token = on_token, .refused = on_refused, .changed = on_changed, .remark = on_remark};
    return f;
}

void keeping_answer_endlessly(struct keeping *f)
{
    f->options.context = 100000;
    f->options.sampling.temperature = 0;
    f->options.sampling.frequency_penalty = -2;
}

struct keeping *keeping_open(int32_t longest)
{
    struct keeping *f = keeping_new(longest);
    struct error err = {0};
    if (!keeping_chat_open(f, &err))
        fail_msg("%s", err.message);
    return f;
}

void keeping_close(struct keeping *f)
{
    char command[128];
    chat_free(f->chat);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
}

void keeping_restart(struct keeping *f)
{
    struct error err = {0};
    chat_free(f->chat);
    f->options.continue_last = true;
    if (!keeping_chat_open(f, &err))
        fail_msg("%s", err.message);
}

void keeping_wait(struct keeping *f)
{
    struct pollfd fds[] = {{.fd = chat_fd(f->chat), .events = POLLIN},
                           {.fd = chat_elsewhere_fd(f->chat), .events = POLLIN}};
    assert_true(time(NULL) - f->begun < KEEPING_PATIENCE);
    int due = chat_due(f->chat);
    poll(fds, 2, due >= 0 && due < 5000 ? due : 5000);
    chat_handle(f->chat);
    chat_tick(f->chat);
}

void keeping_settle(struct keeping *f)
{
    while (chat_is_busy(f->chat) || chat_state(f->chat) == CHAT_LOADING)
        keeping_wait(f);
}

void keeping_say(struct keeping *f, const char *text)
{
    struct error err = {0};
    history_ok(chat_send(f->chat, text, strlen(text), &err), &err);
    keeping_settle(f);
}

const char *keeping_text(const struct keeping *f, size_t index)
{
    return buf_text(&chat_message(f->chat, index)->text);
}

struct store *keeping_look(const struct keeping *f)
{
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/history.db", f->folder);
    struct store *s = store_open(path, &(struct store_options){.read_only = true}, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

size_t keeping_conversations(const struct keeping *f)
{
    struct store *s = keeping_look(f);
    struct store_conversations all = {0};
    struct error err = {0};
    history_ok(store_list(s, &(struct store_list_query){.view = STORE_VIEW_CURRENT}, &all, &err), &err);
    size_t n = all.total;
    store_conversations_free(&all);
    store_close(s);
    return n;
}

void keeping_stored(const struct keeping *f, struct store_messages *out)
{
    struct store *s = keeping_look(f);
    struct error err = {0};
    struct store_ids ids = {0};
    int64_t last = 0;
    history_ok(store_last(s, NULL, &last, &err), &err);
    history_ok(store_current(s, last, &ids, &err), &err);
    history_ok(store_load(s, ids.at, ids.n, out, &err), &err);
    store_ids_free(&ids);
    store_close(s);
}

void keeping_assert_stored(const struct keeping *f)
{
    struct store_messages m = {0};
    keeping_stored(f, &m);
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
