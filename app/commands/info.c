/* palaver info: what a model is. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/chat/footprint.h"
#include "app/chat/models.h"
#include "app/chat/pace.h"
#include "app/chat/shelf.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/bytes.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"

/* What is printed about a model. */
struct report_parts {
    const struct model *model;
    const struct model_info *info;
    const struct chat_template *template;
    int32_t context; /* tokens, for which memory is counted */
    struct memory_plan plan;
    char kernels[32]; /* the table of kernels that would be used */
    struct pace_rate rate;
    bool weights; /* false for a file that holds only a vocabulary */
};

/* ---- text ------------------------------------------------------------------------------------------------------- */

/* A text of the file, on one line and cleaned also in a pipe: a file could otherwise forge further rows. */
static void print_text(const char *label, const char *text)
{
    struct buf clean;
    buf_init(&clean, 1 << 16);
    utf8_clean(&clean, text, strlen(text));
    for (char *c = clean.data; c != NULL && *c != '\0'; c++)
        *c = *c == '\n' ? ' ' : *c;
    printf("%-14s%s\n", label, buf_text(&clean));
    buf_free(&clean);
}

static void print_types(const struct model *model)
{
    const char *type;
    int tensors;
    uint64_t bytes;
    char size[32];
    for (int i = 0; model_type_row(model, i, &type, &tensors, &bytes); i++)
        printf("%-14s%-8s%6d %-8s %10s\n", i == 0 ? "tensors" : "", type, tensors, tensors == 1 ? "tensor" : "tensors",
               footprint_bytes(bytes, size));
}

static void print_memory(const struct report_parts *p)
{
    char text[400];
    footprint_write_plan(&p->plan, p->context, text, sizeof text);
    printf("%-14s%s\n", "memory", text);
    footprint_write_verdict(&p->plan, text, sizeof text);
    printf("%-14s%s\n", "available", text);
    if (footprint_write_advice(&p->plan, text, sizeof text))
        printf("%-14s%s\n", "advice", text);
}

static void print_template(const struct report_parts *p)
{
    static const char *const sources[] = {
        [TEMPLATE_OWN] = "the model's own, followed as it stands",
        [TEMPLATE_USER] = "your own file",
        [TEMPLATE_BUILT_IN] = "built in",
        [TEMPLATE_NEAREST] = "built in, instead of the model's own",
        [TEMPLATE_NONE] = "the model has no chat template: it continues the text",
    };
    char text[200];
    snprintf(text, sizeof text, "%s, %s", template_name(p->template), sources[template_source(p->template)]);
    print_text("template", text);
    if (template_trouble(p->template) != NULL)
        print_text("", template_trouble(p->template));
    if (template_drops_system(p->template))
        print_text("", "it leaves out a system message: the model would not see it");
    for (uint64_t i = 0; model_template_at(p->model, i, text, 64); i++)
        print_text(i == 0 ? "others" : "", text);
}

/* The tokens that end an answer. */
static void print_ends(const struct tokenizer *t)
{
    size_t n;
    const int32_t *ends = tokenizer_ends(t, &n);
    for (size_t i = 0; i < n; i++) {
        char text[64];
        snprintf(text, sizeof text, "%.40s (%" PRId32 ")", tokenizer_spelling(t, ends[i]), ends[i]);
        print_text(i == 0 ? "ends" : "", text);
    }
}

static void print_parts(const struct report_parts *p)
{
    const struct model_info *i = p->info;
    char size[32], parameters[32], speed[PACE_TEXT];
    print_text("file", i->path);
    print_text("name", i->name);
    print_text("format", i->format);
    print_text("architecture", i->architecture);
    printf("%-14s%s\n", "size", footprint_bytes(i->file_bytes, size));
    if (p->weights) {
        printf("%-14s%s\n", "parameters", footprint_parameters(i->parameters, parameters));
        printf("%-14s%" PRId32 " layers, width %" PRId32 ", feed-forward %" PRId32 "\n", "shape", i->layers, i->width,
               i->ff_width);
        printf("%-14s%" PRId32 " heads of %" PRId32 ", %" PRId32 " for keys and values\n", "attention", i->heads,
               i->head_width, i->kv_heads);
        if (!i->encoder)
            printf("%-14sbase %g, scaling %s\n", "rotation", (double)i->rope_base, i->rope_scaling);
        print_types(p->model);
    }
    if (i->context > 0)
        printf("%-14s%" PRId32 " tokens as trained\n", "context", i->context);
    printf("%-14s%s, %" PRId32 " tokens\n", "tokenizer", i->tokenizer, i->vocab);
    if (!i->encoder) {
        print_template(p);
        print_ends(model_tokenizer(p->model));
    }
    if (p->weights) {
        print_memory(p);
        if (p->rate.kind != PACE_UNKNOWN)
            printf("%-14s%s\n", "speed", pace_text(p->rate, speed));
        printf("%-14s%s, %" PRId32 " threads unless set by -t\n", "kernels", p->kernels, engine_cores());
    }
    printf("%-14s%016" PRIx64 "\n", "fingerprint", i->fingerprint);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *json_types(const struct model *model)
{
    const char *type;
    int tensors;
    uint64_t bytes;
    json_t *array = json_array();
    for (int i = 0; model_type_row(model, i, &type, &tensors, &bytes); i++)
        json_array_append_new(array, json_pack("{s:s, s:i, s:I}", "type", type, "tensors", tensors, "bytes",
                                               (json_int_t)bytes));
    return array;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_text(text, strlen(text)));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

/* Where the template comes from, and the tokens that end an answer. */
static void add_template(json_t *object, const struct report_parts *p)
{
    static const char *const sources[] = {
        [TEMPLATE_OWN] = "own",         [TEMPLATE_USER] = "user", [TEMPLATE_BUILT_IN] = "built-in",
        [TEMPLATE_NEAREST] = "nearest", [TEMPLATE_NONE] = "none",
    };
    size_t n;
    const int32_t *ends = tokenizer_ends(model_tokenizer(p->model), &n);
    set_text(object, "template_source", sources[template_source(p->template)]);
    if (template_trouble(p->template) != NULL)
        set_text(object, "template_trouble", template_trouble(p->template));
    json_object_set_new(object, "template_drops_system", json_boolean(template_drops_system(p->template)));
    json_object_set_new(object, "end_ids", json_ids(ends, n));
}

static json_t *json_plan(const struct memory_plan *p)
{
    static const char *const verdicts[] = {
        [PLAN_FITS] = "fits", [PLAN_STREAMS] = "streams", [PLAN_TOO_LARGE] = "too large"};
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {
        {"sum", memory_plan_sum(p)},
        {"weights", p->weights},
        {"lookup", p->lookup},
        {"cache", p->cache},
        {"buffers", p->buffers},
        {"program", p->program},
        {"total", p->total},
        {"available", p->available},
        {"resident", p->resident},
        {"streamed", p->streamed},
        {"disk_rate", (uint64_t)p->disk_rate},
    };
    json_t *object = json_pack("{s:s, s:b, s:f}", "verdict", verdicts[p->verdict], "copied", p->copied,
                               "tokens_per_second", p->tokens_per_second);
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        set_number(object, numbers[n].key, numbers[n].number);
    return object;
}

static json_t *json_parts(const struct report_parts *p)
{
    const struct model_info *i = p->info;
    char fingerprint[20];
    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, i->fingerprint);
    json_t *object = json_pack("{s:o, s:f, s:f}", "types", json_types(p->model), "rope_base", (double)i->rope_base,
                               "norm_epsilon", (double)i->norm_epsilon);
    const struct {
        const char *key, *text;
    } texts[] = {
        {"path", i->path},
        {"name", i->name},
        {"format", i->format},
        {"architecture", i->architecture},
        {"type", i->type},
        {"tokenizer", i->tokenizer},
        {"template", template_name(p->template)},
        {"rope_scaling", i->rope_scaling},
        {"fingerprint", fingerprint},
        {"kernels", p->kernels},
    };
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        set_text(object, texts[t].key, texts[t].text);
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {
        {"file_bytes", i->file_bytes},
        {"parameters", i->parameters},
        {"layers", (uint64_t)i->layers},
        {"width", (uint64_t)i->width},
        {"heads", (uint64_t)i->heads},
        {"kv_heads", (uint64_t)i->kv_heads},
        {"head_width", (uint64_t)i->head_width},
        {"ff_width", (uint64_t)i->ff_width},
        {"vocab", (uint64_t)i->vocab},
        {"context", (uint64_t)i->context},
        {"session_context", (uint64_t)p->context},
        {"session_bytes", p->plan.cache + p->plan.buffers},
    };
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
        set_number(object, numbers[n].key, numbers[n].number);
    add_template(object, p);
    if (p->weights)
        json_object_set_new(object, "memory", json_plan(&p->plan));
    if (p->rate.kind != PACE_UNKNOWN)
        json_object_set_new(object, "speed",
                            json_pack("{s:f, s:s}", "tokens_per_second", p->rate.tokens, "from",
                                      pace_kind_text(p->rate.kind)));
    return object;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

/* Opens the whole model, or its vocabulary if the file holds nothing else. */
static struct model *open_any(const struct options *o, bool *weights, struct error *err)
{
    char *path = models_find_name(o, o->n_words == 1 ? o->words[0] : o->model, err);
    if (path == NULL)
        return NULL;
    struct error whole = {0};
    struct model *model = model_open(path, NULL, &whole);
    *weights = model != NULL;
    if (model == NULL && whole.code == ERR_NOT_FOUND)
        model = model_open(path, &(struct model_options){.vocab_only = true}, NULL);
    if (model == NULL)
        error_set(err, whole.code, "%s", whole.message);
    free(path);
    return model;
}

static void find_encoder_kernels(const struct options *o, struct report_parts *p)
{
    struct encoder *encoder = encoder_open(p->model, &(struct encoder_options){.exact = o->exact}, NULL);
    snprintf(p->kernels, sizeof p->kernels, "%s", encoder != NULL ? encoder_kernels(encoder) : "unknown");
    encoder_free(encoder);
}

/* As the history has it, or as models that ran here let expect. */
static void find_rate(const struct options *o, struct report_parts *p)
{
    struct shelf shelf;
    struct error ignored = {0}; /* what it can't look into does not help */
    shelf_init(&shelf);
    if (shelf_add(&shelf, o, p->info->path, p->info->path, &ignored) == ERR_NONE) {
        shelf_recall(&shelf, o);
        p->rate = shelf_rate(&shelf, &shelf.at[0]);
    }
    if (p->rate.kind == PACE_EXPECTED && shelf_add_all(&shelf, o, &ignored) == ERR_NONE) {
        shelf_recall(&shelf, o); /* others did run */
        p->rate = shelf_rate(&shelf, &shelf.at[0]);
    }
    shelf_free(&shelf);
}

/* Opens a small session to learn which kernels it uses. */
static void find_session_kernels(const struct options *o, struct report_parts *p)
{
    struct session *session = session_open(
        p->model, &(struct session_options){.context = 64, .exact = o->exact, .cache = (enum cache_type)o->cache_type},
        NULL);
    snprintf(p->kernels, sizeof p->kernels, "%s", session != NULL ? session_kernels(session) : "unknown");
    session_free(session);
}

int info_run(const struct options *o)
{
    struct error err = {0};
    struct report_parts parts = {0};
    struct model *model = open_any(o, &parts.weights, &err);
    struct chat_template *template = model != NULL ? models_template(o, model, &err) : NULL;
    if (template == NULL) {
        model_free(model);
        return report(&err);
    }
    parts.model = model;
    parts.info = model_info(model);
    parts.template = template;
    parts.context = o->context > 0 ? o->context : parts.info->context < 4096 ? parts.info->context : 4096;
    if (parts.weights) {
        const struct session_options session = {.context = parts.context,
                                                .threads = o->threads,
                                                .exact = o->exact,
                                                .cache = (enum cache_type)o->cache_type};
        model_plan(model, &session, options_load(o), true, &parts.plan);
        if (parts.info->encoder)
            find_encoder_kernels(o, &parts);
        else
            find_session_kernels(o, &parts);
        find_rate(o, &parts);
    }
    if (o->json)
        json_print(stdout, json_parts(&parts));
    else
        print_parts(&parts);
    template_free(template);
    model_free(model);
    return EXIT_ANSWER;
}
