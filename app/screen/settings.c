/* Settings: from the engine's table of settings, and the candidates of its last choice. */
#include <config.h>

#include "app/screen/settings.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/fields.h"
#include "app/options/options.h"
#include "app/screen/changes.h"
#include "app/screen/said.h"
#include "app/screen/sliders.h"
#include "app/screen/status.h"
#include "app/screen/token.h"
#include "base/buf.h"

enum { ROWS_MOST = 32, VALUE_BYTES = 32, SOURCE_BYTES = 160, LISTS_BYTES = 1 << 16 };

struct screen_settings {
    struct sampling shown; /* the settings as they were shown last */
    bool unfolded;         /* samplers that are off are shown too */
};

struct screen_settings *screen_settings_new(void)
{
    return calloc(1, sizeof(struct screen_settings));
}

void screen_settings_free(struct screen_settings *settings)
{
    free(settings);
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* What the rows are made of, until ui has copied it. */
struct rows {
    struct ui_setting at[ROWS_MOST];
    char values[ROWS_MOST][VALUE_BYTES], typed[ROWS_MOST][VALUE_BYTES], helps[ROWS_MOST][SOURCE_BYTES];
    char sources[ROWS_MOST][SOURCE_BYTES];
    struct buf lists[SAMPLING_LISTS];
    size_t n;
};

/* Where a value given by the options comes from. */
static const char *option_origin(const struct options *o, const char *setting)
{
    static const char *const given[] = {[SOURCE_BUILT_IN] = "built-in",
                                        [SOURCE_CONFIG] = "the configuration file",
                                        [SOURCE_VARIABLE] = "an environment variable",
                                        [SOURCE_FLAG] = "a flag"};
    char option[OPTION_NAME_MOST];
    snprintf(option, sizeof option, "%s", setting);
    for (char *p = option; *p != '\0'; p++)
        *p = *p == '_' ? '-' : *p;
    return given[option_find(option, FOR_CHAT) != NULL ? options_source(o, option) : SOURCE_BUILT_IN];
}

static void write_source(const struct screen *s, const char *setting, char *out, size_t size)
{
    const char *name;
    switch (chat_setting_origin(s->repl.chat, setting, &name)) {
    case CHAT_GIVEN: snprintf(out, size, "%s", option_origin(s->options, setting)); break;
    case CHAT_MODEL: snprintf(out, size, "the model's file"); break;
    case CHAT_SET: snprintf(out, size, "this conversation"); break;
    case CHAT_PRESET: snprintf(out, size, "preset %.100s", name); break;
    case CHAT_PERSONA: snprintf(out, size, "persona %.100s", name); break;
    }
}

/* "Off" for what has no effect; the help then says why, and what the value is. */
static void write_value(const struct screen *s, const struct sampling_field *field, struct rows *rows)
{
    const struct sampling *now = chat_sampling(s->repl.chat);
    char value[VALUE_BYTES], typed[VALUE_BYTES];
    const char *idle = sampling_idle(now, field);
    bool random = field->kind == FIELD_SEED && !chat_seed_is_fixed(s->repl.chat);
    bool warm = strcmp(field->name, "temperature") == 0 && now->dynatemp_range != 0.0f; /* then 1 is not off */
    sampling_get(now, field, value, sizeof value);
    if (field->kind == FIELD_SEED)
        snprintf(typed, sizeof typed, "%s", random ? "" : value);
    else
        snprintf(typed, sizeof typed, field->kind == FIELD_FLOAT ? "%.6g" : "%.0f", slider_value(now, field));
    bool hidden = idle != NULL && strcmp(value, "Off") != 0;
    const char *shown = random ? "random" : warm ? typed : value;
    if (hidden)
        snprintf(rows->helps[rows->n], SOURCE_BYTES, "%s has no effect: %s", shown, idle);
    else
        snprintf(rows->helps[rows->n], SOURCE_BYTES, "%s", field->help);
    snprintf(rows->values[rows->n], VALUE_BYTES, "%s", hidden ? "Off" : shown);
    snprintf(rows->typed[rows->n], VALUE_BYTES, "%s", typed);
}

static void add_field(const struct screen *s, const struct sampling_field *field, struct rows *rows)
{
    size_t n = rows->n;
    write_value(s, field, rows);
    write_source(s, field->name, rows->sources[n], SOURCE_BYTES);
    if (field->kind == FIELD_SEED && !chat_seed_is_fixed(s->repl.chat))
        snprintf(rows->sources[n], SOURCE_BYTES, "chance, another for each answer");
    if (!chat_takes(s->repl.chat, field->name)) {
        snprintf(rows->values[n], VALUE_BYTES, "not sent");
        snprintf(rows->helps[n], SOURCE_BYTES, "not by this endpoint: %.60s does not take %s", chat_host(s->repl.chat),
                 field->name);
    }
    rows->at[rows->n++] = (struct ui_setting){field->name,
                                              rows->values[n],
                                              rows->helps[n],
                                              rows->sources[n],
                                              slider_position(field, slider_value(chat_sampling(s->repl.chat), field)),
                                              rows->typed[n],
                                              true};
}

static const struct tokenizer *tokenizer_of(const struct screen *s)
{
    const struct model *model = chat_model(s->repl.chat);
    return model != NULL ? model_tokenizer(model) : NULL;
}

static void add_list(const struct screen *s, enum sampling_list list, struct rows *rows)
{
    static const char *const helps[] = {
        [LIST_STOP] = "an answer ends before one of these texts; Enter to change them: \"###\" \"\\n\\n\"",
        [LIST_LOGIT_BIAS] = "added to a token's score, -100: never; Enter to change them: \" the\" -2, 1234 5",
        [LIST_DRY_SEQUENCE_BREAKERS] = "DRY does not look for repeated passages across tokens with these texts",
    };
    struct buf *text = &rows->lists[list];
    sampling_list_write(chat_sampling(s->repl.chat), list, tokenizer_of(s), text);
    write_source(s, sampling_list_name(list), rows->sources[rows->n], SOURCE_BYTES);
    const bool taken = chat_takes(s->repl.chat, sampling_list_name(list));
    const char *value = !taken ? "not sent" : text->size > 0 ? buf_text(text) : "Off";
    const char *help = taken ? helps[list] : "not by this endpoint: its server can't be given them";
    rows->at[rows->n] =
        (struct ui_setting){sampling_list_name(list), value, help, rows->sources[rows->n], -1, buf_text(text), false};
    rows->n++;
}

/* The row that folds away the samplers that most users do without. */
static const char more_samplers[] = "more samplers";

static void add_more_samplers(const struct screen *s, struct rows *rows)
{
    static const char help[] = "DRY, dynamic temperature, mirostat, top_n_sigma, XTC: off until set";
    const char *value = s->settings->unfolded ? "← folds them" : "→ shows them";
    rows->at[rows->n++] = (struct ui_setting){more_samplers, value, help, NULL, -1, "", false};
}

/* A sampler's own setting can be shown while it is off, what belongs to it only while it is on. */
static bool is_shown(const struct screen *s, const struct sampling_field *field)
{
    return sampling_in_use(chat_sampling(s->repl.chat), field) ||
           (s->settings->unfolded && strcmp(field->with, field->name) == 0);
}

static void show_settings(struct screen *s)
{
    struct rows *rows = calloc(1, sizeof *rows);
    if (rows == NULL)
        return;
    for (int i = 0; i < SAMPLING_LISTS; i++)
        buf_init(&rows->lists[i], LISTS_BYTES);
    add_list(s, LIST_LOGIT_BIAS, rows);
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        if (is_shown(s, field))
            add_field(s, field, rows);
        if (strcmp(field->name, "dry_allowed_length") == 0 && sampling_in_use(chat_sampling(s->repl.chat), field))
            add_list(s, LIST_DRY_SEQUENCE_BREAKERS, rows);
    }
    add_list(s, LIST_STOP, rows);
    add_more_samplers(s, rows);
    ui_set_settings(s->ui, rows->at, rows->n);
    for (int i = 0; i < SAMPLING_LISTS; i++)
        buf_free(&rows->lists[i]);
    free(rows);
}

/* ---- changes ---------------------------------------------------------------------------------------------------- */

void screen_settings_changed(struct screen *s)
{
    screen_changes_mark(s, &s->settings->shown);
    s->settings->shown = *chat_sampling(s->repl.chat);
    show_settings(s);
    chat_preview(s->repl.chat);
    screen_status_show_head(s);
}

static enum error_code set_text(struct screen *s, const char *name, const char *text, struct error *err)
{
    struct sampling sampling = *chat_sampling(s->repl.chat);
    const struct sampling_field *field = sampling_field(name);
    enum sampling_list list = sampling_list(name);
    if (field == NULL)
        sampling_list_clear(&sampling, list);
    if (field != NULL ? sampling_set(&sampling, name, text, err)
                      : sampling_list_read(&sampling, list, text, tokenizer_of(s), err))
        return err->code;
    chat_set_sampling(s->repl.chat, &sampling);
    if (field != NULL && field->kind == FIELD_SEED)
        chat_fix_seed(s->repl.chat, true);
    screen_settings_changed(s);
    return ERR_NONE;
}

static void set_number(struct screen *s, const struct sampling_field *field, double value, struct error *err)
{
    char text[40];
    snprintf(text, sizeof text, field->kind == FIELD_FLOAT ? "%.3g" : "%.0f", value);
    set_text(s, field->name, text, err);
}

static void set_folding(struct screen *s, bool unfolded)
{
    s->settings->unfolded = unfolded;
    show_settings(s);
}

/* The field, if it has a slider. */
static const struct sampling_field *field_with_slider(const char *name, struct error *err)
{
    const struct sampling_field *field = sampling_field(name);
    if (field != NULL && slider_exists(field))
        return field;
    error_set(err, ERR_UNSUPPORTED, "%s has no slider; Enter lets you type a value", name);
    return NULL;
}

void screen_settings_step(struct screen *s, const char *name, int steps, struct error *err)
{
    if (strcmp(name, more_samplers) == 0) {
        set_folding(s, steps > 0);
        return;
    }
    const struct sampling_field *field = field_with_slider(name, err);
    if (field != NULL)
        set_number(s, field, slider_step(field, slider_value(chat_sampling(s->repl.chat), field), steps), err);
}

void screen_settings_drag(struct screen *s, const char *name, double position, struct error *err)
{
    const struct sampling_field *field = field_with_slider(name, err);
    if (field != NULL)
        set_number(s, field, slider_at(field, position), err);
}

void screen_settings_reset(struct screen *s, const char *name, struct error *err)
{
    struct sampling sampling = *chat_sampling(s->repl.chat), defaults = sampling_defaults();
    const struct sampling_field *field = sampling_field(name);
    if (strcmp(name, more_samplers) == 0) {
        set_folding(s, false);
    } else if (field == NULL) {
        sampling_list_copy(&sampling, &defaults, sampling_list(name));
        chat_set_sampling(s->repl.chat, &sampling);
        screen_settings_changed(s);
    } else if (field->kind == FIELD_SEED) {
        chat_fix_seed(s->repl.chat, false);
        show_settings(s);
    } else {
        set_number(s, field, slider_value(&defaults, field), err);
    }
}

void screen_settings_type(struct screen *s, const char *name, const char *typed)
{
    struct error err = {0};
    bool is_number = sampling_field(name) != NULL;
    if (is_number && *typed == '\0')
        screen_settings_reset(s, name, &err);
    else if (sampling_list(name) != SAMPLING_LISTS || is_number)
        set_text(s, name, typed, &err);
    else if (*typed != '\0')
        error_set(&err, ERR_UNSUPPORTED, "%s takes no value; → shows them, ← folds them", name);
    ui_setting_typed(s->ui, err.code != ERR_NONE ? err.message : NULL);
}

/* ---- the next token --------------------------------------------------------------------------------------------- */

void screen_settings_show_candidates(struct screen *s, const struct event *event)
{
    struct ui_candidate rows[SAMPLING_CANDIDATES];
    char words[SAMPLING_CANDIDATES][TOKEN_TEXT], summary[80];
    if (!chat_is_ready(s->repl.chat) || (event->id < 0 && event->kind != EVENT_PREVIEW))
        return;
    size_t n = screen_token_rows(s, event, rows, words);
    if (event->entropy >= 0)
        snprintf(summary, sizeof summary, "entropy %.2f bits, %d survive%s", (double)event->entropy / M_LN2,
                 (int)event->survivors, event->survivors == 1 ? "s" : "");
    else
        snprintf(summary, sizeof summary, "as %.60s tells them", chat_host(s->repl.chat));
    ui_set_candidates(s->ui, rows, n, summary);
}

void screen_settings_no_candidates(struct screen *s)
{
    ui_set_candidates(s->ui, NULL, 0, "Candidates come with an answer.");
}
