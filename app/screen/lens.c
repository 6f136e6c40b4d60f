/* Lens: from the records of an answer. */
#include <config.h>

#include "app/screen/lens.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/library/reasons.h"
#include "app/screen/records.h"
#include "app/screen/roads.h"
#include "app/screen/settings.h"
#include "app/screen/token.h"
#include "engine/engine.h"
#include "history/history.h"

struct screen_lens {
    size_t index, token; /* where it is */
};

struct screen_lens *screen_lens_new(void)
{
    return calloc(1, sizeof(struct screen_lens));
}

void screen_lens_free(struct screen_lens *lens)
{
    free(lens);
}

/* ---- all tokens ------------------------------------------------------------------------------------------------- */

uint8_t screen_lens_shade(float probability)
{
    static const float steps[] = {0.0025f, 0.01f, 0.025f, 0.06f, 0.13f, 0.25f, 0.5f};
    uint8_t n = 0;
    while (n < 7 && probability >= steps[n])
        n++;
    return n;
}

/* The user's words were given to the model, which was not asked for their probabilities. */
static bool is_unknown(const struct store_token *t)
{
    return t->forced && t->entropy < 0;
}

void screen_lens_show_tokens(struct screen *s, size_t index, struct error *err)
{
    const struct store_records *r = screen_records_of(s, index, err);
    size_t n = r != NULL ? r->n : 0;
    struct ui_token *tokens = calloc(n + 1, sizeof *tokens);
    for (size_t i = 0; tokens != NULL && i < n; i++)
        tokens[i] =
            (struct ui_token){r->at[i].bytes, is_unknown(&r->at[i]) ? 7 : screen_lens_shade(r->at[i].chosen.before)};
    if (tokens != NULL)
        ui_message_tokens(s->ui, index, tokens, n);
    free(tokens);
}

/* ---- one token -------------------------------------------------------------------------------------------------- */

static void write_facts(const struct store_token *t, size_t number, size_t of, char *out, size_t size)
{
    int at = snprintf(out, size, "token %zu of %zu, id %d", number + 1, of, t->chosen.id);
    if (!is_unknown(t))
        at += snprintf(out + at, size - (size_t)at, "\n%.2f%% by the model", (double)t->chosen.before * 100);
    if (t->entropy >= 0) /* a server does not tell what the settings made of it */
        at += snprintf(out + at, size - (size_t)at, "\n%.2f%% with the settings", (double)t->chosen.after * 100);
    if (t->rank > 0)
        at += snprintf(out + at, size - (size_t)at, "\nrank %u", t->rank);
    if (t->entropy >= 0)
        at += snprintf(out + at, size - (size_t)at, "%sentropy %.2f bits", t->rank > 0 ? ", " : "\n",
                       (double)t->entropy / M_LN2);
    if (t->forced)
        snprintf(out + at, size - (size_t)at, "\nput here by you");
}

/* The settings in force at a token; false when there is no record of them. */
static bool read_settings(const struct store_records *r, size_t token, struct sampling *out)
{
    if (token >= r->n || r->at[token].epoch >= r->n_epochs)
        return false;
    chat_read_settings(out, r->epochs[r->at[token].epoch]);
    return true;
}

/* A token of the records: as the server told it, or as the model's vocabulary has it. */
static void write_word(const struct screen *s, int32_t id, char *out)
{
    size_t size;
    const char *word = screen_records_word(s, id, &size);
    if (word != NULL)
        screen_token_write_text(word, size, out, TOKEN_TEXT);
    else
        screen_token_write(s, id, out, TOKEN_TEXT);
}

static size_t write_candidates(const struct screen *s, const struct store_token *t, struct ui_candidate *rows,
                               char (*words)[TOKEN_TEXT])
{
    size_t n = 0;
    for (; n < (size_t)t->n_best && n < STORE_CANDIDATES; n++) {
        const struct store_candidate *c = &t->best[n];
        const char *reason = reason_name(c->removed_by);
        write_word(s, c->id, words[n]);
        const char *removed_by = c->after > 0 ? NULL : reason != NULL ? reason : "removed";
        rows[n] = (struct ui_candidate){words[n], c->before, c->after, removed_by, c->id == t->chosen.id};
    }
    return n;
}

void screen_lens_show_token(struct screen *s, size_t index, size_t token, struct error *err)
{
    struct ui_candidate rows[STORE_CANDIDATES];
    char words[STORE_CANDIDATES][TOKEN_TEXT], facts[256], text[TOKEN_TEXT], settings[512] = "";
    struct sampling sampling = sampling_defaults();
    const struct store_records *r = screen_records_of(s, index, err);
    if (r == NULL || token >= r->n || !chat_is_ready(s->repl.chat)) {
        ui_set_token(s->ui, NULL);
        return;
    }
    const struct store_token *t = &r->at[token];
    size_t n = write_candidates(s, t, rows, words);
    write_word(s, t->chosen.id, text);
    write_facts(t, token, r->n, facts, sizeof facts);
    read_settings(r, token, &sampling);
    screen_token_write_settings(&sampling, settings, sizeof settings);
    ui_set_token(s->ui, &(struct ui_token_details){text, facts, settings, rows, n});
    s->lens->index = index;
    s->lens->token = token;
}

/* ---- from one token --------------------------------------------------------------------------------------------- */

void screen_lens_fork(struct screen *s, size_t index, size_t token, int alternative, struct error *err)
{
    const struct store_records *r = screen_records_of(s, index, err);
    if (r == NULL || token >= r->n) {
        error_set(err, ERR_NOT_FOUND, "there is no record of this token, so no other can take its place");
        return;
    }
    if (alternative >= r->at[token].n_best) {
        error_set(err, ERR_NOT_FOUND, "this token has no alternatives; w continues with your own words");
        return;
    }
    int32_t id = alternative < 0 ? -1 : r->at[token].best[alternative].id;
    size_t size;
    const char *word = id >= 0 && chat_host(s->repl.chat) != NULL ? screen_records_word(s, id, &size) : NULL;
    if (word != NULL) /* the server's model may have been loaded anew since */
        id = chat_name_token(s->repl.chat, word, size);
    screen_roads_take(s, index, token, id, err);
}

void screen_lens_take_settings(struct screen *s, struct error *err)
{
    const struct store_records *r = screen_records_of(s, s->lens->index, err);
    struct sampling sampling = *chat_sampling(s->repl.chat);
    if (r == NULL || !read_settings(r, s->lens->token, &sampling)) {
        error_set(err, ERR_NOT_FOUND, "the lens is on no token");
        return;
    }
    chat_set_sampling(s->repl.chat, &sampling);
    screen_settings_changed(s);
    ui_notice(s->ui, false, "the settings that were in force here are set again");
}
