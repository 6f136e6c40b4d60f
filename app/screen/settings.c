/* Screen: the settings pane, from the table of settings and the engine's last choice. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen/screen.h"

enum { SETTINGS_MOST = 32 };

/* Where sliders end, where the range of a value is wider than what people use; and how far a step goes. */
static const struct scale { const char *name; double low, high, step; } scales[] = {
    {"temperature", 0, 2, 0.05},        {"top_k", 0, 100, 1},
    {"top_p", 0, 1, 0.01},              {"min_p", 0, 1, 0.01},
    {"typical_p", 0, 1, 0.01},          {"repetition_penalty", 1, 2, 0.01},
    {"repetition_window", -1, 512, 8},  {"presence_penalty", -2, 2, 0.1},
    {"frequency_penalty", -2, 2, 0.1},  {"max_new_tokens", -1, 1024, 16},
    {"dry_multiplier", 0, 2, 0.05},     {"dry_base", 1, 4, 0.05},
    {"dry_allowed_length", 1, 20, 1},   {"dynatemp_range", 0, 2, 0.05},
    {"dynatemp_exponent", 0.1, 5, 0.1}, {"top_n_sigma", 0, 5, 0.05},
    {"xtc_probability", 0, 1, 0.05},    {"xtc_threshold", 0, 0.5, 0.01},
    {"mirostat_tau", 0, 10, 0.1},       {"mirostat_eta", 0, 1, 0.01},
};

static const struct scale *find_scale(const char *name)
{
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++)
        if (strcmp(scales[i].name, name) == 0)
            return &scales[i];
    return NULL;
}

static double value_of(const struct sampling *s, const struct sampling_field *field)
{
    const char *at = (const char *)s + field->offset;
    if (field->kind == FIELD_FLOAT)
        return (double)*(const float *)at;
    return field->kind == FIELD_INT ? (double)*(const int32_t *)at : (double)*(const uint64_t *)at;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

enum { VALUE_BYTES = 32, SOURCE_BYTES = 160, LISTS_BYTES = 1 << 16 };

/* What the rows are made of, until the screen has copied it. */
struct rows {
    struct ui_setting at[SETTINGS_MOST];
    char values[SETTINGS_MOST][VALUE_BYTES], typed[SETTINGS_MOST][VALUE_BYTES], helps[SETTINGS_MOST][SOURCE_BYTES];
    char sources[SETTINGS_MOST][SOURCE_BYTES];
    struct buf lists[SAMPLING_LISTS];
    size_t n;
};

static void write_source(const struct screen *f, const char *setting, char *out, size_t size)
{
    static const char *const given[] = {[SOURCE_BUILT_IN] = "built-in", [SOURCE_CONFIG] = "the configuration file",
                                        [SOURCE_VARIABLE] = "an environment variable", [SOURCE_FLAG] = "a flag"};
    char option[OPTION_NAME_MOST];
    const char *name;
    enum chat_origin origin = chat_setting_origin(f->repl.chat, setting, &name);
    snprintf(option, sizeof option, "%s", setting);
    for (char *p = option; *p != '\0'; p++)
        *p = *p == '_' ? '-' : *p;
    enum option_source source = option_find(option, FOR_CHAT) != NULL ? options_source(f->options, option) : SOURCE_BUILT_IN;
    switch (origin) {
    case CHAT_GIVEN: snprintf(out, size, "%s", given[source]); break;
    case CHAT_MODEL: snprintf(out, size, "the model's file"); break;
    case CHAT_SET: snprintf(out, size, "this conversation"); break;
    case CHAT_PRESET: snprintf(out, size, "preset %.100s", name); break;
    case CHAT_PERSONA: snprintf(out, size, "persona %.100s", name); break;
    }
}

/* "Off" for what has no effect; the help then says why, and what the value is. */
static void write_value(const struct screen *f, const struct sampling_field *field, struct rows *rows)
{
    const struct sampling *s = chat_sampling(f->repl.chat);
    char value[VALUE_BYTES], typed[VALUE_BYTES];
    const char *idle = sampling_idle(s, field);
    bool random = field->kind == FIELD_SEED && !chat_seed_is_fixed(f->repl.chat);
    bool warm = strcmp(field->name, "temperature") == 0 && s->dynatemp_range != 0.0f; /* 1 is not off then */
    sampling_get(s, field, value, sizeof value);
    if (field->kind == FIELD_SEED)
        snprintf(typed, sizeof typed, "%s", random ? "" : value);
    else
        snprintf(typed, sizeof typed, field->kind == FIELD_FLOAT ? "%.6g" : "%.0f", value_of(s, field));
    bool hidden = idle != NULL && strcmp(value, "Off") != 0;
    const char *shown = random ? "random" : warm ? typed : value;
    if (hidden)
        snprintf(rows->helps[rows->n], SOURCE_BYTES, "%s has no effect: %s", shown, idle);
    else
        snprintf(rows->helps[rows->n], SOURCE_BYTES, "%s", field->help);
    snprintf(rows->values[rows->n], VALUE_BYTES, "%s", hidden ? "Off" : shown);
    snprintf(rows->typed[rows->n], VALUE_BYTES, "%s", typed);
}

static void add_field(const struct screen *f, const struct sampling_field *field, struct rows *rows)
{
    const struct sampling *s = chat_sampling(f->repl.chat);
    const struct scale *scale = find_scale(field->name);
    size_t n = rows->n;
    double position = -1;
    write_value(f, field, rows);
    write_source(f, field->name, rows->sources[n], SOURCE_BYTES);
    if (field->kind == FIELD_SEED && !chat_seed_is_fixed(f->repl.chat))
        snprintf(rows->sources[n], SOURCE_BYTES, "chance, another for each answer");
    if (scale != NULL) {
        position = (value_of(s, field) - scale->low) / (scale->high - scale->low);
        position = position < 0 ? 0 : position > 1 ? 1 : position;
    }
    rows->at[rows->n++] = (struct ui_setting){field->name, rows->values[n], rows->helps[n], rows->sources[n], position,
                                              rows->typed[n], true};
}

static const struct tokenizer *tokenizer_of(const struct screen *f)
{
    const struct model *model = chat_model(f->repl.chat);
    return model != NULL ? model_tokenizer(model) : NULL;
}

static void add_list(const struct screen *f, enum sampling_list list, struct rows *rows)
{
    static const char *const helps[] = {
        [LIST_STOP] = "an answer ends where it says one of these texts; Enter to change them: \"###\" \"\\n\\n\"",
        [LIST_LOGIT_BIAS] = "added to a token's score, -100: never; Enter to change them: \" the\" -2, 1234 5",
        [LIST_DRY_SEQUENCE_BREAKERS] = "a passage that repeats ends for DRY at tokens with these texts",
    };
    const struct sampling *s = chat_sampling(f->repl.chat);
    struct buf *text = &rows->lists[list];
    sampling_list_write(s, list, tokenizer_of(f), text);
    write_source(f, sampling_list_name(list), rows->sources[rows->n], SOURCE_BYTES);
    rows->at[rows->n] = (struct ui_setting){sampling_list_name(list), text->size > 0 ? buf_text(text) : "Off", helps[list],
                                            rows->sources[rows->n], -1, buf_text(text), false};
    rows->n++;
}

/* The row that folds the samplers away that most people do without. */
static const char more[] = "more samplers";

static void add_more(const struct screen *f, struct rows *rows)
{
    rows->at[rows->n++] = (struct ui_setting){more, f->all_settings ? "← folds them" : "→ shows them",
                                              "DRY, dynamic temperature, mirostat, top_n_sigma, XTC: off until set", NULL, -1,
                                              "", false};
}

/* A sampler's own setting can be shown while it is off, what belongs to it only while it is on. */
static bool is_shown(const struct screen *f, const struct sampling *s, const struct sampling_field *field)
{
    return sampling_in_use(s, field) || (f->all_settings && strcmp(field->with, field->name) == 0);
}

void screen_settings(struct screen *f)
{
    struct rows *rows = calloc(1, sizeof *rows);
    const struct sampling *s = chat_sampling(f->repl.chat);
    if (rows == NULL)
        return;
    for (int i = 0; i < SAMPLING_LISTS; i++)
        buf_init(&rows->lists[i], LISTS_BYTES);
    add_list(f, LIST_LOGIT_BIAS, rows);
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        if (is_shown(f, s, field))
            add_field(f, field, rows);
        if (strcmp(field->name, "dry_allowed_length") == 0 && sampling_in_use(s, field))
            add_list(f, LIST_DRY_SEQUENCE_BREAKERS, rows);
    }
    add_list(f, LIST_STOP, rows);
    add_more(f, rows);
    ui_set_settings(f->ui, rows->at, rows->n);
    for (int i = 0; i < SAMPLING_LISTS; i++)
        buf_free(&rows->lists[i]);
    free(rows);
}

/* ---- changes ---------------------------------------------------------------------------------------------------- */

static void mark(struct screen *f, const char *name, const char *from, const char *to)
{
    char text[200];
    size_t n = chat_count(f->repl.chat);
    snprintf(text, sizeof text, "▲%s %.60s→%.60s", name, from, to);
    ui_message_mark(f->ui, n - 1, chat_message(f->repl.chat, n - 1)->text.size, text);
}

static void mark_list(struct screen *f, const struct sampling *before, const struct sampling *now, enum sampling_list list)
{
    struct buf from, to;
    buf_init(&from, LISTS_BYTES);
    buf_init(&to, LISTS_BYTES);
    sampling_list_write(before, list, tokenizer_of(f), &from);
    sampling_list_write(now, list, tokenizer_of(f), &to);
    if (strcmp(buf_text(&from), buf_text(&to)) != 0)
        mark(f, sampling_list_name(list), from.size > 0 ? buf_text(&from) : "Off", to.size > 0 ? buf_text(&to) : "Off");
    buf_free(&from);
    buf_free(&to);
}

/* Marks in a streaming answer which settings are others than before. */
static void mark_changes(struct screen *f, const struct sampling *before)
{
    const struct sampling *now = chat_sampling(f->repl.chat);
    if (chat_state(f->repl.chat) != CHAT_ANSWERING || chat_count(f->repl.chat) == 0)
        return;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        char from[VALUE_BYTES], to[VALUE_BYTES];
        if (value_of(before, field) == value_of(now, field))
            continue;
        sampling_get(before, field, from, sizeof from);
        sampling_get(now, field, to, sizeof to);
        mark(f, field->name, from, to);
    }
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        mark_list(f, before, now, list);
}

void screen_settings_changed(struct screen *f)
{
    mark_changes(f, &f->sampling);
    f->sampling = *chat_sampling(f->repl.chat);
    screen_settings(f);
    chat_preview(f->repl.chat);
    screen_head(f);
}

static enum error_code set(struct screen *f, const char *name, const char *text, struct error *err)
{
    struct sampling s = *chat_sampling(f->repl.chat);
    const struct sampling_field *field = sampling_field(name);
    enum sampling_list list = sampling_list(name);
    if (field == NULL)
        sampling_list_clear(&s, list);
    if (field != NULL ? sampling_set(&s, name, text, err) : sampling_list_read(&s, list, text, tokenizer_of(f), err))
        return err->code;
    chat_set_sampling(f->repl.chat, &s);
    if (field != NULL && field->kind == FIELD_SEED)
        chat_fix_seed(f->repl.chat, true);
    screen_settings_changed(f);
    return ERR_NONE;
}

void screen_type_setting(struct screen *f, const char *name, const char *typed)
{
    struct error err = {0};
    bool is_number = sampling_field(name) != NULL;
    if (is_number && *typed == '\0')
        screen_step(f, name, 0);
    else if (sampling_list(name) != SAMPLING_LISTS || is_number)
        set(f, name, typed, &err);
    ui_setting_typed(f->ui, err.code != ERR_NONE ? err.message : NULL);
}

/* The value a step away, on the grid of steps and within the field's range. */
static double stepped(const struct sampling_field *field, const struct scale *scale, double value, int step)
{
    double next = (round(value / scale->step) + step) * scale->step;
    double low = fmax(field->low, scale->low), high = field->high;
    return next < low ? low : next > high ? high : next;
}

static void step_to(struct screen *f, const struct sampling_field *field, double value)
{
    char text[40];
    struct error err = {0};
    snprintf(text, sizeof text, field->kind == FIELD_FLOAT ? "%.3g" : "%.0f", value);
    if (set(f, field->name, text, &err) != ERR_NONE)
        ui_notice(f->ui, true, err.message);
}

/* As it is built in. */
static void set_default(struct screen *f, const char *name)
{
    struct sampling s = *chat_sampling(f->repl.chat), defaults = sampling_defaults();
    const struct sampling_field *field = sampling_field(name);
    if (field == NULL) {
        sampling_list_copy(&s, &defaults, sampling_list(name));
        chat_set_sampling(f->repl.chat, &s);
        screen_settings_changed(f);
    } else if (field->kind == FIELD_SEED) {
        chat_fix_seed(f->repl.chat, false);
        screen_settings(f);
    } else {
        step_to(f, field, value_of(&defaults, field));
    }
}

void screen_step(struct screen *f, const char *what, int step)
{
    char name[80];
    snprintf(name, sizeof name, "%s", what);
    char *equals = strchr(name, '=');
    if (equals != NULL)
        *equals++ = '\0';
    if (strcmp(name, more) == 0) {
        f->all_settings = step > 0;
        screen_settings(f);
        return;
    }
    const struct sampling_field *field = sampling_field(name);
    const struct scale *scale = find_scale(name);
    if (field == NULL && sampling_list(name) == SAMPLING_LISTS)
        return;
    if (equals != NULL && scale != NULL)
        step_to(f, field, round((scale->low + atof(equals) * (scale->high - scale->low)) / scale->step) * scale->step);
    else if (step == 0)
        set_default(f, name);
    else if (scale != NULL)
        step_to(f, field, stepped(field, scale, value_of(chat_sampling(f->repl.chat), field), step));
}

/* ---- the next token --------------------------------------------------------------------------------------------- */

void screen_word(const struct tokenizer *t, int32_t id, char *out, size_t size)
{
    struct buf piece;
    size_t at = 0;
    buf_init(&piece, 4096);
    if (!tokenizer_piece(t, id, &piece) || piece.size == 0)
        buf_puts(&piece, tokenizer_spelling(t, id));
    for (size_t i = 0; i < piece.size && at + 4 < size; i++) {
        const char *shown = piece.data[i] == ' ' ? "␣" : piece.data[i] == '\n' ? "⏎" : NULL;
        if (shown != NULL)
            at += (size_t)sprintf(out + at, "%s", shown);
        else
            out[at++] = piece.data[i];
    }
    out[at] = '\0';
    buf_free(&piece);
}

size_t screen_candidate_rows(const struct screen *f, const struct event *event, struct ui_candidate *rows, char (*words)[48])
{
    const struct tokenizer *t = model_tokenizer(chat_model(f->repl.chat));
    for (int i = 0; i < event->n_best; i++) {
        const struct candidate *c = &event->best[i];
        screen_word(t, c->id, words[i], sizeof words[i]);
        rows[i] = (struct ui_candidate){words[i], c->before, c->after, sampler_stage_name(c->removed_by), c->id == event->id};
    }
    return (size_t)event->n_best;
}

void screen_candidates(struct screen *f, const struct event *event)
{
    struct ui_candidate rows[SAMPLING_CANDIDATES];
    char words[SAMPLING_CANDIDATES][48], summary[80];
    if (chat_model(f->repl.chat) == NULL || (event->id < 0 && event->kind != EVENT_PREVIEW))
        return;
    size_t n = screen_candidate_rows(f, event, rows, words);
    snprintf(summary, sizeof summary, "entropy %.2f bits, %d survive%s", (double)event->entropy / M_LN2,
             (int)event->survivors, event->survivors == 1 ? "s" : "");
    ui_set_candidates(f->ui, rows, n, summary);
}

void screen_no_candidates(struct screen *f)
{
    ui_set_candidates(f->ui, NULL, 0, "Candidates come with an answer.");
}
