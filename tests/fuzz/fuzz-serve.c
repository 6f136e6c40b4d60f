/* Fuzz target: any body of a request: the first byte chooses the path. A refusal has a message and comes with no request;
 * a request has prompts that the vocabulary and the context hold; every answer to it is JSON, and a stream tells its end. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "serve/internal.h"
#include "serve/job.h"
#include "serve/reply.h"
#include "serve/request.h"
#include "serve/routes.h"
#include "serve/spell.h"
#include "tests/fuzz/vocabularies.h"

enum { CONTEXT = 64, TEXT_MOST = 1 << 26 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(const char *text, size_t size)
{
    json_t *value = json_loadb(text, size, JSON_ALLOW_NUL, NULL);
    if (!json_is_object(value))
        abort();
    json_decref(value);
}

static void check_refusal(const struct refusal *why)
{
    struct buf out;
    buf_init(&out, TEXT_MOST);
    if (why->error.code == ERR_NONE || *why->error.message == '\0' || reply_refusal(why, &out) < 400)
        abort();
    check_json(buf_text(&out), out.size);
    buf_free(&out);
}

/* As if the engine had answered each prompt with its own tokens. */
static bool fill_part(const struct serve *s, struct part *p, const struct ids *prompt, int32_t top)
{
    const struct likely likely = {prompt->at[0], -0.5f};
    p->tokens.top = top;
    p->state = PART_DONE;
    p->finish = "length";
    buf_init(&p->text, TEXT_MOST);
    for (size_t i = 0; i < prompt->n; i++) {
        spell_token(s->tokenizer, prompt->at, i, &p->text);
        if (!tokens_add(&p->tokens, prompt->at[i], i == 0 ? NAN : -1.5f, &likely, 1))
            return false;
    }
    return true;
}

static void check_stream(const struct serve *s, struct job *j)
{
    struct buf out;
    buf_init(&out, TEXT_MOST);
    for (size_t i = 0; i < j->request.n_prompts; i++)
        reply_piece(s, j, i, &out);
    reply_end(s, j, &out);
    const char *at = buf_text(&out);
    for (const char *end; strcmp(at, "data: [DONE]\n\n") != 0; at = end + 2) {
        end = strstr(at, "\n\n");
        if (strncmp(at, "data: ", 6) != 0 || end == NULL)
            abort();
        check_json(at + 6, (size_t)(end - at) - 6);
    }
    buf_free(&out);
}

static void check_answers(const struct serve *s, struct request *r)
{
    struct job j = {.request = *r, .id = "fuzz", .parts = calloc(r->n_prompts, sizeof *j.parts)};
    struct buf out;
    buf_init(&out, TEXT_MOST);
    bool ok = j.parts != NULL;
    for (size_t i = 0; ok && i < r->n_prompts; i++)
        ok = fill_part(s, &j.parts[i], &r->prompts[i], r->top);
    if (ok) {
        reply_whole(s, &j, &out);
        check_json(buf_text(&out), out.size);
        for (size_t i = 0; i < r->n_prompts; i++)
            j.parts[i].offset = 0;
        check_stream(s, &j);
    }
    for (size_t i = 0; j.parts != NULL && i < r->n_prompts; i++) {
        free(j.parts[i].tokens.ids);
        free(j.parts[i].tokens.logp);
        free(j.parts[i].tokens.likely);
        buf_free(&j.parts[i].text);
    }
    free(j.parts);
    buf_free(&out);
}

static void read_request(const struct serve *s, const char *body, size_t size, bool chat)
{
    struct request r;
    struct refusal why = {0};
    if (!request_read(s, body, size, chat, &r, &why)) {
        if (r.prompts != NULL)
            abort();
        check_refusal(&why);
        return;
    }
    if (r.n_prompts == 0 || r.n_prompts > REQUEST_PROMPTS || r.top < 0 || r.top > SCORE_TOP)
        abort();
    for (size_t i = 0; i < r.n_prompts; i++) {
        if (r.prompts[i].n == 0 || r.prompts[i].n > CONTEXT)
            abort();
        for (size_t k = 0; k < r.prompts[i].n; k++)
            if (r.prompts[i].at[k] < 0 || r.prompts[i].at[k] >= tokenizer_size(s->tokenizer))
                abort();
    }
    check_answers(s, &r);
    request_free(&r);
}

static void read_tokens(const struct serve *s, enum route route, const char *bytes, size_t size)
{
    struct buf body, out;
    struct refusal why = {0};
    buf_init(&body, size + 1);
    buf_init(&out, TEXT_MOST);
    buf_append(&body, bytes, size);
    route_answer(s, route, &body, &out, &why);
    if (why.error.code != ERR_NONE)
        check_refusal(&why);
    else
        check_json(buf_text(&out), out.size);
    buf_free(&body);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct chat_template *template; /* kept for all inputs */
    struct error err = {0};
    if (template == NULL)
        template = template_load("chatml", NULL, &err);
    if (size == 0 || template == NULL)
        return 0;
    const struct serve s = {.options = {.name = "fuzz", .settings = sampling_defaults()},
                            .tokenizer = vocabulary(data[0] >> 2 & 1),
                            .template = template,
                            .context = CONTEXT,
                            .fingerprint = "fp"};
    const char *body = (const char *)data + 1;
    switch (data[0] & 3) {
    case 0: read_request(&s, body, size - 1, false); break;
    case 1: read_request(&s, body, size - 1, true); break;
    case 2: read_tokens(&s, ROUTE_TOKENIZE, body, size - 1); break;
    case 3: read_tokens(&s, ROUTE_DETOKENIZE, body, size - 1); break;
    }
    return 0;
}
