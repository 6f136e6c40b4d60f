/* Fuzz target: any text as a template file, and what it makes of a conversation. A refused file has an error that names
 * it; a prompt's spans cover its ids, and a limit is kept. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/text/template.h"
#include "tests/fuzz/vocabularies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct prompt *p, size_t limit)
{
    size_t end = 0;
    for (size_t i = 0; i < p->n_spans; i++) {
        if (p->spans[i].end <= end)
            abort();
        end = p->spans[i].end;
    }
    if (end != p->ids.n || (limit > 0 && p->ids.n > limit))
        abort();
}

static void render(const struct chat_template *t)
{
    static const struct message talk[] = {
        {ROLE_SYSTEM, " the gull\n"}, {ROLE_USER, " \xe3\x80\x80sea"}, {ROLE_ASSISTANT, "<s>\xff"}, {ROLE_USER, ""},
        {ROLE_ASSISTANT, "a hill "},
    };
    static const size_t limits[] = {0, 1, 30, 100};
    for (size_t i = 0; i < 6 * 4 * VOCABULARIES; i++) {
        size_t n = i % 6, limit = limits[i / 6 % 4];
        struct error err = {0};
        struct prompt p = {0};
        enum error_code code = prompt_render(t, vocabulary((int)(i / 24)), talk, n, limit, &p, &err);
        if (code != ERR_NONE && (code != ERR_CONTEXT || limit == 0))
            abort();
        check(&p, limit);
        prompt_free(&p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct chat_template *t = template_parse("fuzz", "fuzz.template", text, &err);
    if (t != NULL)
        render(t);
    else if (strncmp(err.message, "fuzz.template:", 14) != 0)
        abort();
    template_free(t);
    template_free(template_for_text(text, NULL, NULL, &err));
    free(text);
    return 0;
}
