/* Serving: the one server that a test program's cases ask. */
#include <config.h>

#include "tests/unit/serving.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

static struct model *model;
static struct chat_template *template;
static struct serve *server;
static atomic_int gone;

static void count_note(void *context, const struct serve_note *n)
{
    (void)context;
    gone += n->gone;
}

struct serve *serving_start_speculating(const char *key, enum speculate speculate)
{
    struct error err = {0};
    const struct serve_options options = {.key = key,
                                          .name = "tiny",
                                          .settings = sampling_defaults(),
                                          .session = {.context = SERVING_CONTEXT, .threads = 2, .batch = 16},
                                          .speculate = speculate,
                                          .parallel = 4,
                                          .note = count_note};
    struct serve *s = serve_start(model, template, &options, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

struct serve *serving_start(const char *key)
{
    return serving_start_speculating(key, SPECULATE_AUTO);
}

int serving_open(void **state)
{
    (void)state;
    char *path = vectors_path("tiny-llama.gguf");
    struct error err = {0};
    if (path != NULL && (model = model_open(path, NULL, &err)) != NULL)
        template = template_load("chatml", NULL, &err);
    free(path);
    if (template == NULL)
        return -1;
    server = serving_start(NULL);
    return 0;
}

int serving_close(void **state)
{
    (void)state;
    serve_stop(server);
    template_free(template);
    model_free(model);
    return 0;
}

struct serve *serving_server(void)
{
    return server;
}

uint16_t serving_port(void)
{
    return serve_port(server);
}

struct model *serving_model(void)
{
    return model;
}

struct chat_template *serving_template(void)
{
    return template;
}

int serving_gone(void)
{
    return gone;
}

const json_t *serving_choice_of(const json_t *answer, size_t i)
{
    return json_array_get(json_object_get(answer, "choices"), i);
}

const char *serving_text_of(const json_t *answer, size_t i)
{
    const json_t *choice = serving_choice_of(answer, i);
    const char *text = json_string_value(json_object_get(choice, "text"));
    return text != NULL ? text : json_string_value(json_object_get(json_object_get(choice, "message"), "content"));
}

const json_t *serving_logprobs_of(const json_t *answer, size_t i, const char *list)
{
    return json_object_get(json_object_get(serving_choice_of(answer, i), "logprobs"), list);
}
