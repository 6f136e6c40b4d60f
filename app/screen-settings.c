/* Screen: the settings pane, from the table of settings and the engine's last choice. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen.h"

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

static const char *source_of(const struct front *f, const struct sampling_field *field)
{
    char name[40];
    snprintf(name, sizeof name, "%s", field->name);
    for (char *p = name; *p != '\0'; p++)
        *p = *p == '_' ? '-' : *p;
    const struct sampling *now = chat_sampling(f->talk.chat);
    double given = value_of(&f->options->sampling, field), value = value_of(now, field);
    if (value != given)
        return "set in this conversation";
    enum option_source source = options_source(f->options, name);
    return source == SOURCE_BUILT_IN ? "built-in" : option_source_name(source);
}

void front_settings(struct front *f)
{
    struct ui_setting rows[SETTINGS_MOST];
    char values[SETTINGS_MOST][32];
    size_t n = 0;
    const struct sampling *s = chat_sampling(f->talk.chat);
    for (const struct sampling_field *field = sampling_fields; field->name != NULL && n < SETTINGS_MOST; field++) {
        if (!sampling_in_use(s, field))
            continue;
        const struct scale *scale = find_scale(field->name);
        sampling_get(s, field, values[n], sizeof values[n]);
        if (field->kind == FIELD_SEED && !chat_seed_is_fixed(f->talk.chat))
            snprintf(values[n], sizeof values[n], "random");
        rows[n] = (struct ui_setting){field->name, values[n], field->help, source_of(f, field), -1};
        if (scale != NULL) {
            double position = (value_of(s, field) - scale->low) / (scale->high - scale->low);
            rows[n].position = position < 0 ? 0 : position > 1 ? 1 : position;
        }
        n++;
    }
    ui_set_settings(f->ui, rows, n);
}

/* Marks in a streaming answer which settings are others than before. */
static void mark_changes(struct front *f, const struct sampling *before)
{
    const struct sampling *now = chat_sampling(f->talk.chat);
    size_t n = chat_count(f->talk.chat);
    if (chat_state(f->talk.chat) != CHAT_ANSWERING || n == 0)
        return;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        char text[120], from[32], to[32];
        if (value_of(before, field) == value_of(now, field))
            continue;
        sampling_get(before, field, from, sizeof from);
        sampling_get(now, field, to, sizeof to);
        snprintf(text, sizeof text, "▲%s %s→%s", field->name, from, to);
        ui_message_mark(f->ui, n - 1, chat_message(f->talk.chat, n - 1)->text.size, text);
    }
}

void front_settings_changed(struct front *f)
{
    mark_changes(f, &f->sampling);
    f->sampling = *chat_sampling(f->talk.chat);
    front_settings(f);
    chat_preview(f->talk.chat);
    front_head(f);
}

static void set(struct front *f, const char *name, const char *text)
{
    struct error err = {0};
    struct sampling s = *chat_sampling(f->talk.chat);
    if (sampling_set(&s, name, text, &err) != ERR_NONE) {
        ui_notice(f->ui, true, err.message);
        return;
    }
    chat_set_sampling(f->talk.chat, &s);
    front_settings_changed(f);
}

/* The value a step away, on the grid of steps and within the field's range. */
static double stepped(const struct sampling_field *field, const struct scale *scale, double value, int step)
{
    double next = (round(value / scale->step) + step) * scale->step;
    double low = fmax(field->low, scale->low), high = field->high;
    return next < low ? low : next > high ? high : next;
}

static void step_to(struct front *f, const struct sampling_field *field, double value)
{
    char text[40];
    snprintf(text, sizeof text, field->kind == FIELD_FLOAT ? "%.3g" : "%.0f", value);
    set(f, field->name, text);
}

void front_step(struct front *f, const char *what, int step)
{
    char name[80];
    snprintf(name, sizeof name, "%s", what);
    char *equals = strchr(name, '=');
    if (equals != NULL)
        *equals++ = '\0';
    const struct sampling_field *field = sampling_field(name);
    const struct scale *scale = find_scale(name);
    if (field == NULL)
        return;
    struct sampling defaults = sampling_defaults();
    if (equals != NULL && scale != NULL)
        step_to(f, field, round((scale->low + atof(equals) * (scale->high - scale->low)) / scale->step) * scale->step);
    else if (field->kind == FIELD_SEED && step == 0)
        chat_fix_seed(f->talk.chat, false), front_settings(f);
    else if (step == 0)
        step_to(f, field, value_of(&defaults, field));
    else if (scale != NULL)
        step_to(f, field, stepped(field, scale, value_of(chat_sampling(f->talk.chat), field), step));
}

/* ---- the next token --------------------------------------------------------------------------------------------- */

void front_word(const struct tokenizer *t, int32_t id, char *out, size_t size)
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

size_t front_candidate_rows(const struct front *f, const struct event *event, struct ui_candidate *rows, char (*words)[48])
{
    const struct tokenizer *t = model_tokenizer(chat_model(f->talk.chat));
    for (int i = 0; i < event->n_best; i++) {
        const struct candidate *c = &event->best[i];
        front_word(t, c->id, words[i], sizeof words[i]);
        rows[i] = (struct ui_candidate){words[i], c->before, c->after, sampler_stage_name(c->removed_by), c->id == event->id};
    }
    return (size_t)event->n_best;
}

void front_candidates(struct front *f, const struct event *event)
{
    struct ui_candidate rows[SAMPLING_CANDIDATES];
    char words[SAMPLING_CANDIDATES][48], summary[80];
    if (chat_model(f->talk.chat) == NULL || (event->id < 0 && event->kind != EVENT_PREVIEW))
        return;
    size_t n = front_candidate_rows(f, event, rows, words);
    snprintf(summary, sizeof summary, "entropy %.2f, %d tokens are left", (double)event->entropy, (int)event->survivors);
    ui_set_candidates(f->ui, rows, n, summary);
}
