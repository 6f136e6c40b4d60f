/* Kinds: from the servers' documentation: platform.openai.com/docs/api-reference/chat, vLLM's "Extra parameters" of its
 * OpenAI-compatible server, tools/server/README.md of llama.cpp, docs.ollama.com/api/openai-compatibility,
 * lmstudio.ai/docs/developer/openai-compat. */
#include <config.h>

#include "remote/kinds.h"

#include <string.h>

#include <jansson.h>

#define OF(kind) (1u << ENDPOINT_##kind)
#define ALL (~0u)

static const struct kind {
    const char *name, *owner; /* owner: as GET /v1/models has it; NULL: any other */
    bool has_defaults, continues, counts;
    int32_t logprobs;
    size_t width;
    const char *contexts;
} kinds[ENDPOINT_KINDS] = {
    [ENDPOINT_ANY] = {"any", NULL, false, false, false, 0, 1, NULL},
    [ENDPOINT_OPENAI] = {"openai", NULL, false, false, false, 0, 1, NULL},
    [ENDPOINT_VLLM] = {"vllm", "vllm", true, true, true, 5, 16, NULL},
    [ENDPOINT_LLAMA_SERVER] = {"llama-server", "llamacpp", true, true, true, 5, 4, "/props"},
    [ENDPOINT_OLLAMA] = {"ollama", "library", false, true, false, 0, 1, "/api/ps"},
    [ENDPOINT_LM_STUDIO] = {"lm-studio", "organization_owner", false, true, false, 0, 1, "/api/v0/models"},
    [ENDPOINT_PALAVER] = {"palaver", "palaver", true, true, true, 5, 8, NULL},
};

/* A setting here, its name there, and the kinds that have it under this name. */
static const struct setting_row {
    const char *here, *there;
    unsigned kinds;
} settings[] = {
    {"temperature", "temperature", ALL},
    {"top_p", "top_p", ALL},
    {"seed", "seed", ALL},
    {"presence_penalty", "presence_penalty", ALL},
    {"frequency_penalty", "frequency_penalty", ALL},
    {"stop", "stop", ALL},
    {"max_new_tokens", "max_completion_tokens", OF(OPENAI)},
    {"max_new_tokens", "max_tokens", ALL},
    {"top_k", "top_k", OF(VLLM) | OF(LLAMA_SERVER) | OF(LM_STUDIO) | OF(PALAVER)},
    {"min_p", "min_p", OF(VLLM) | OF(LLAMA_SERVER) | OF(PALAVER)},
    {"typical_p", "typical_p", OF(LLAMA_SERVER) | OF(PALAVER)},
    {"repetition_penalty", "repetition_penalty", OF(VLLM) | OF(PALAVER)},
    {"repetition_penalty", "repeat_penalty", OF(LLAMA_SERVER) | OF(LM_STUDIO)},
    {"repetition_window", "repeat_last_n", OF(LLAMA_SERVER)},
    {"dry_multiplier", "dry_multiplier", OF(LLAMA_SERVER)},
    {"dry_base", "dry_base", OF(LLAMA_SERVER)},
    {"dry_allowed_length", "dry_allowed_length", OF(LLAMA_SERVER)},
    {"dynatemp_range", "dynatemp_range", OF(LLAMA_SERVER)},
    {"dynatemp_exponent", "dynatemp_exponent", OF(LLAMA_SERVER)},
    {"top_n_sigma", "top_n_sigma", OF(LLAMA_SERVER)},
    {"xtc_probability", "xtc_probability", OF(LLAMA_SERVER)},
    {"xtc_threshold", "xtc_threshold", OF(LLAMA_SERVER)},
    {"mirostat_tau", "mirostat_tau", OF(LLAMA_SERVER)},
    {"mirostat_eta", "mirostat_eta", OF(LLAMA_SERVER)},
};

const char *endpoint_kind_name(enum endpoint_kind kind)
{
    return kinds[kind].name;
}

enum endpoint_kind endpoint_kind_named(const char *name)
{
    enum endpoint_kind kind = ENDPOINT_OPENAI;
    while (kind < ENDPOINT_KINDS && strcmp(kinds[kind].name, name) != 0)
        kind++;
    return kind;
}

enum endpoint_kind kind_by_owner(const char *owner)
{
    for (enum endpoint_kind kind = ENDPOINT_OPENAI; owner != NULL && kind < ENDPOINT_KINDS; kind++)
        if (kinds[kind].owner != NULL && strcmp(kinds[kind].owner, owner) == 0)
            return kind;
    return ENDPOINT_OPENAI;
}

const char *kind_setting(enum endpoint_kind kind, const char *setting)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (strcmp(settings[i].here, setting) == 0 && (settings[i].kinds & (1u << kind)) != 0)
            return settings[i].there;
    return NULL;
}

bool endpoint_takes(enum endpoint_kind kind, const char *setting)
{
    return kind_setting(kind, setting) != NULL;
}

bool endpoint_continues(enum endpoint_kind kind)
{
    return kinds[kind].continues;
}

bool kind_has_defaults(enum endpoint_kind kind)
{
    return kinds[kind].has_defaults;
}

int32_t kind_logprobs(enum endpoint_kind kind)
{
    return kinds[kind].logprobs;
}

const char *kind_contexts(enum endpoint_kind kind)
{
    return kinds[kind].contexts;
}

bool kind_counts(enum endpoint_kind kind)
{
    return kinds[kind].counts;
}

bool kind_counts_rendered(enum endpoint_kind kind)
{
    return kind == ENDPOINT_LLAMA_SERVER;
}

size_t kind_width(enum endpoint_kind kind)
{
    return kinds[kind].width;
}

int32_t kind_scores_ahead(enum endpoint_kind kind)
{
    return kind == ENDPOINT_PALAVER ? 1 : -1;
}

/* llama-server's switch beside mirostat's two numbers. */
static void add_mirostat(const struct endpoint_question *q, json_t *body)
{
    for (size_t i = 0; i < q->n_settings; i++)
        if (strcmp(q->settings[i].name, "mirostat_tau") == 0)
            json_object_set_new(body, "mirostat", json_integer(q->settings[i].neutral ? 0 : 2));
}

void kind_add_continuing(enum endpoint_kind kind, const struct endpoint_question *q, json_t *body)
{
    if (kind == ENDPOINT_VLLM && q->continues) {
        json_object_set_new(body, "continue_final_message", json_true());
        json_object_set_new(body, "add_generation_prompt", json_false());
    }
}

void kind_add_extras(enum endpoint_kind kind, const struct endpoint_question *q, json_t *body)
{
    if (kind == ENDPOINT_LLAMA_SERVER) {
        json_object_set_new(body, "return_progress", json_true());
        json_object_set_new(body, "cache_prompt", json_true());
        add_mirostat(q, body);
    }
    kind_add_continuing(kind, q, body);
}
