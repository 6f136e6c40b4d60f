/* Screen: the lens. Records are read from the history, where they are at most a quarter of a second behind an answer that
 * streams; those of one message are kept at hand. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/library/reasons.h"
#include "app/screen/screen.h"

/* The records of a message; NULL when it has none. */
static const struct store_records *records_of(struct screen *f, size_t index)
{
    struct error ignored = {0};
    if (index >= chat_count(f->repl.chat))
        return NULL;
    const struct chat_message *m = chat_message(f->repl.chat, index);
    if (m->id == 0)
        return NULL;
    if (f->records_of != m->id || f->records_size != m->text.size) {
        store_records_free(&f->records);
        f->records = (struct store_records){0};
        f->records_of = 0;
        if (store_records(home_store(chat_home(f->repl.chat)), m->id, &f->records, &ignored) != ERR_NONE)
            return NULL;
        f->records_of = m->id;
        f->records_size = m->text.size;
    }
    return f->records.n > 0 ? &f->records : NULL;
}

/* Shades are steps of surprise: 7 from one half on, 0 below one in 400. */
static uint8_t shade(float probability)
{
    static const float steps[] = {0.0025f, 0.01f, 0.025f, 0.06f, 0.13f, 0.25f, 0.5f};
    uint8_t n = 0;
    while (n < 7 && probability >= steps[n])
        n++;
    return n;
}

/* A person's words were given to the model unasked. */
static bool is_unknown(const struct store_token *t)
{
    return t->forced && t->entropy < 0;
}

void screen_tokens(struct screen *f, size_t index)
{
    const struct store_records *r = records_of(f, index);
    size_t n = r != NULL ? r->n : 0;
    struct ui_token *tokens = calloc(n + 1, sizeof *tokens);
    for (size_t i = 0; tokens != NULL && i < n; i++)
        tokens[i] = (struct ui_token){r->at[i].bytes, is_unknown(&r->at[i]) ? 7 : shade(r->at[i].chosen.before)};
    if (tokens != NULL)
        ui_message_tokens(f->ui, index, tokens, n);
    free(tokens);
}

/* ---- one token -------------------------------------------------------------------------------------------------- */

static void write_facts(const struct store_token *t, size_t number, size_t of, char *out, size_t size)
{
    int at = snprintf(out, size, "token %zu of %zu, id %d", number + 1, of, t->chosen.id);
    if (!is_unknown(t))
        at += snprintf(out + at, size - (size_t)at, "\n%.2f%% by the model\n%.2f%% with the settings",
                       (double)t->chosen.before * 100, (double)t->chosen.after * 100);
    if (t->rank > 0)
        at += snprintf(out + at, size - (size_t)at, "\nrank %u", t->rank);
    if (t->entropy >= 0)
        at += snprintf(out + at, size - (size_t)at, "%sentropy %.2f bits", t->rank > 0 ? ", " : "\n",
                       (double)t->entropy / M_LN2);
    if (t->forced)
        snprintf(out + at, size - (size_t)at, "\nput here by you");
}

/* Without a penalty its window says nothing. */
static bool is_idle(const struct sampling *s, const struct sampling_field *field)
{
    bool penalty = s->repetition_penalty != 1.0f || s->presence_penalty != 0.0f || s->frequency_penalty != 0.0f;
    return !sampling_in_use(s, field) || field->kind == FIELD_SEED ||
           (!penalty && field->offset == offsetof(struct sampling, repetition_window));
}

void screen_write_settings(const struct sampling *s, char *out, size_t size)
{
    int at = snprintf(out, size, "settings here:");
    for (const struct sampling_field *field = sampling_fields; field->name != NULL && at < (int)size; field++) {
        char value[32];
        sampling_get(s, field, value, sizeof value);
        if (!is_idle(s, field) && strcmp(value, "Off") != 0)
            at += snprintf(out + at, size - (size_t)at, " %s %s", field->name, value);
    }
}

/* Those that a record names. */
static void write_recorded(const char *json, char *out, size_t size)
{
    struct sampling s = sampling_defaults();
    chat_read_settings(&s, json);
    screen_write_settings(&s, out, size);
}

void screen_forget_records(struct screen *f)
{
    f->records_of = 0;
}

size_t screen_token_count(struct screen *f, size_t index)
{
    const struct store_records *r = records_of(f, index);
    return r != NULL ? r->n : 0;
}

void screen_token_details(struct screen *f, size_t index, size_t token)
{
    struct ui_candidate rows[STORE_CANDIDATES];
    char words[STORE_CANDIDATES][48], facts[256], text[48], settings[512];
    const struct store_records *r = records_of(f, index);
    const struct model *model = chat_model(f->repl.chat);
    if (r == NULL || token >= r->n || model == NULL) {
        ui_set_token(f->ui, NULL);
        return;
    }
    const struct store_token *t = &r->at[token];
    const struct tokenizer *tokenizer = model_tokenizer(model);
    int32_t n = t->n_best < STORE_CANDIDATES ? t->n_best : STORE_CANDIDATES;
    for (int32_t i = 0; i < n; i++) {
        const struct store_candidate *c = &t->best[i];
        screen_word(tokenizer, c->id, words[i], sizeof words[i]);
        const char *reason = reason_name(c->removed_by);
        rows[i] = (struct ui_candidate){words[i], c->before, c->after,
                                        c->after > 0 ? NULL : reason != NULL ? reason : "removed", c->id == t->chosen.id};
    }
    screen_word(tokenizer, t->chosen.id, text, sizeof text);
    write_facts(t, token, r->n, facts, sizeof facts);
    write_recorded(t->epoch < r->n_epochs ? r->epochs[t->epoch] : NULL, settings, sizeof settings);
    ui_set_token(f->ui, &(struct ui_token_details){text, facts, settings, rows, (size_t)n});
    f->lens_index = index;
    f->lens_token = token;
}

void screen_fork(struct screen *f, size_t index, size_t token, int alternative)
{
    const struct store_records *r = records_of(f, index);
    if (r == NULL || token >= r->n || alternative >= r->at[token].n_best)
        return;
    int32_t id = alternative < 0 ? -1 : r->at[token].best[alternative].id;
    screen_go_road(f, (struct screen_road){.index = index, .token = token, .id = id});
}

size_t screen_text_before(struct screen *f, size_t index, size_t token, const char **text)
{
    const struct store_records *r = records_of(f, index);
    const struct buf *whole = &chat_message(f->repl.chat, index)->text;
    size_t size = 0;
    for (size_t i = 0; r != NULL && i < token && i < r->n; i++)
        size += r->at[i].bytes;
    *text = buf_text(whole);
    return size < whole->size ? size : whole->size;
}

void screen_take_settings(struct screen *f, struct error *err)
{
    const struct store_records *r = records_of(f, f->lens_index);
    struct sampling s = *chat_sampling(f->repl.chat);
    if (r == NULL || f->lens_token >= r->n || r->at[f->lens_token].epoch >= r->n_epochs) {
        error_set(err, ERR_NOT_FOUND, "the lens stands on no token");
        return;
    }
    chat_read_settings(&s, r->epochs[r->at[f->lens_token].epoch]);
    chat_set_sampling(f->repl.chat, &s);
    screen_settings_changed(f);
    ui_notice(f->ui, false, "the settings that were in force here are yours again");
}
