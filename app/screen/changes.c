/* Changes: two settings compared, name by name. */
#include <config.h>

#include "app/screen/changes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/fields.h"
#include "app/library/home.h"
#include "app/screen/sliders.h"
#include "base/buf.h"
#include "history/history.h"

enum { VALUE_BYTES = 64, LISTS_BYTES = 1 << 16, REMARKS_MOST = 200, REMARK_BYTES = 200 };

/* Bytes of text within which steps of one setting are a single change: a slider is moved while the answer goes on. */
enum { STEP_BYTES = 48 };

/* Remarks as they are found; past the most that there is room for none is added. */
struct remarks {
    struct remark {
        size_t at, last; /* bytes: of the first step and of the last */
        const char *name;
        char from[VALUE_BYTES], to[VALUE_BYTES];
    } at[REMARKS_MOST];
    size_t n;
    bool there; /* of an answer by the server's model that the chat speaks to: what is not sent changed nothing */
};

struct screen_changes {
    bool begun; /* these are of the answer that streams */
    struct remarks remarks;
};

struct screen_changes *screen_changes_new(void)
{
    return calloc(1, sizeof(struct screen_changes));
}

void screen_changes_free(struct screen_changes *changes)
{
    free(changes);
}

void screen_changes_forget(struct screen *s)
{
    s->changes->begun = false;
}

static const struct tokenizer *tokenizer_of(const struct screen *s)
{
    const struct model *model = chat_model(s->repl.chat);
    return model != NULL ? model_tokenizer(model) : NULL;
}

/* The newest remark on a setting, if it is so near that this is another step of it. */
static struct remark *find_step(struct remarks *r, size_t at, const char *name)
{
    for (size_t i = r->n; i-- > 0 && at - r->at[i].last <= STEP_BYTES;)
        if (strcmp(r->at[i].name, name) == 0)
            return &r->at[i];
    return NULL;
}

static void add_remark(struct remarks *r, size_t at, const char *name, const char *from, const char *to)
{
    struct remark *step = find_step(r, at, name);
    if (step == NULL) {
        if (r->n == REMARKS_MOST)
            return;
        step = &r->at[r->n++];
        *step = (struct remark){.at = at, .name = name};
        snprintf(step->from, VALUE_BYTES, "%s", from);
    }
    step->last = at;
    snprintf(step->to, VALUE_BYTES, "%s", to);
    if (strcmp(step->from, step->to) == 0) /* back where it was */
        memmove(step, step + 1, (size_t)(&r->at[--r->n] - step) * sizeof *step);
}

static void compare_lists(const struct screen *s, const struct sampling *before, const struct sampling *now,
                          enum sampling_list list, size_t at, struct remarks *r)
{
    struct buf from, to;
    buf_init(&from, LISTS_BYTES);
    buf_init(&to, LISTS_BYTES);
    sampling_list_write(before, list, tokenizer_of(s), &from);
    sampling_list_write(now, list, tokenizer_of(s), &to);
    if (strcmp(buf_text(&from), buf_text(&to)) != 0)
        add_remark(r, at, sampling_list_name(list), from.size > 0 ? buf_text(&from) : "Off",
                   to.size > 0 ? buf_text(&to) : "Off");
    buf_free(&from);
    buf_free(&to);
}

/* Whether a setting acted on the answer. */
static bool was_sent(const struct screen *s, const struct remarks *r, const char *name)
{
    return !r->there || chat_takes(s->repl.chat, name);
}

/* Adds what differs. The seed is of an answer as a whole. */
static void compare_settings(const struct screen *s, const struct sampling *before, const struct sampling *now,
                             size_t at, struct remarks *r)
{
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        char from[VALUE_BYTES], to[VALUE_BYTES];
        if (field->kind == FIELD_SEED || slider_value(before, field) == slider_value(now, field) ||
            !was_sent(s, r, field->name))
            continue;
        sampling_get(before, field, from, sizeof from);
        sampling_get(now, field, to, sizeof to);
        add_remark(r, at, field->name, from, to);
    }
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        if (was_sent(s, r, sampling_list_name(list)))
            compare_lists(s, before, now, list, at, r);
}

static void tell_remarks(struct screen *s, size_t index, const struct remarks *remarks)
{
    char texts[REMARKS_MOST][REMARK_BYTES];
    struct ui_mark marks[REMARKS_MOST];
    for (size_t i = 0; i < remarks->n; i++) {
        const struct remark *r = &remarks->at[i];
        snprintf(texts[i], REMARK_BYTES, "▲%s %s→%s", r->name, r->from, r->to);
        marks[i] = (struct ui_mark){r->at, texts[i]};
    }
    ui_message_marks(s->ui, index, marks, remarks->n);
}

/* The remarks of message index by its record; none when it has none. */
static enum error_code read_remarks(const struct screen *s, size_t index, struct remarks *out, struct error *err)
{
    struct store_changes changes = {0};
    struct sampling before, now = sampling_defaults();
    const struct chat *c = s->repl.chat;
    int64_t id = index < chat_count(c) ? chat_message(c, index)->id : 0;
    const char *model = id != 0 ? chat_message(c, index)->model : NULL;
    out->n = 0;
    out->there = chat_host(c) != NULL && model != NULL && strcmp(model, chat_model_path(c)) == 0;
    if (id != 0 && store_changes(home_store(chat_home(c)), id, &changes, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < changes.n; i++) {
        before = now;
        now = sampling_defaults();
        chat_read_settings(&now, changes.at[i].settings);
        if (i > 0)
            compare_settings(s, &before, &now, changes.at[i].at, out);
    }
    store_changes_free(&changes);
    return ERR_NONE;
}

void screen_changes_mark(struct screen *s, const struct sampling *before)
{
    const struct sampling *now = chat_sampling(s->repl.chat);
    struct remarks *remarks = &s->changes->remarks;
    struct error ignored = {0}; /* what an answer that goes on had before is seen when it has ended */
    size_t n = chat_count(s->repl.chat);
    if (chat_state(s->repl.chat) != CHAT_ANSWERING || n == 0)
        return;
    if (chat_host(s->repl.chat) != NULL) {
        if (fields_changed(before, now) != 0)
            ui_notice(s->ui, false, "a server keeps the settings of its answer: this acts on the next one");
        return;
    }
    if (!s->changes->begun)
        read_remarks(s, n - 1, remarks, &ignored);
    s->changes->begun = true;
    compare_settings(s, before, now, chat_message(s->repl.chat, n - 1)->text.size, remarks);
    tell_remarks(s, n - 1, remarks);
}

void screen_changes_show(struct screen *s, size_t index, struct error *err)
{
    struct remarks remarks;
    if (read_remarks(s, index, &remarks, err) == ERR_NONE)
        tell_remarks(s, index, &remarks);
}
