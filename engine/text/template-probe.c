/* What a compiled template does to a short conversation: whether it can be followed, and how a turn ends. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/text/rendered.h"
#include "engine/text/template.h"
#include "engine/text/tokenizer.h"

enum { LONGEST_STOP = SAMPLING_STOP_BYTES - 1 };

static const struct message talk[] = {{ROLE_USER, "Hello"}, {ROLE_ASSISTANT, "Hi"}, {ROLE_USER, "Why?"}};
static const struct tm day = {.tm_mday = 1, .tm_year = 124, .tm_wday = 1};

bool template_probe(const struct jinja *jinja, const struct tokenizer *tokenizer, struct error *err)
{
    struct rendered r;
    struct error why = {0};
    rendered_open(&r);
    enum error_code code = render_jinja(jinja, tokenizer, (struct talk){talk, 1, 0}, &day, &r, &why);
    rendered_close(&r);
    if (code == ERR_NONE || code == ERR_ARGUMENT)
        return true;
    error_set(err, code, "%s", why.message);
    return false;
}

bool template_probe_drops_system(const struct jinja *jinja, const struct tokenizer *tokenizer)
{
    static const char text[] = "Reply in verse.";
    static const struct message asked[] = {{ROLE_SYSTEM, text}, {ROLE_USER, "Hello"}};
    struct rendered r;
    rendered_open(&r);
    bool drops = render_jinja(jinja, tokenizer, (struct talk){asked, 2, 0}, &day, &r, NULL) == ERR_NONE &&
                 strstr(buf_text(&r.text), text) == NULL;
    for (size_t i = 0; i < r.n_spans; i++) /* it may have been made into something else */
        drops = drops && r.spans[i].origin != ORIGIN_SYSTEM;
    rendered_close(&r);
    return drops;
}

/* Where the template's text after the answer lies; false when there is none. */
static bool after_answer(const struct rendered *r, size_t *from, size_t *to)
{
    for (size_t i = 0; i + 1 < r->n_spans; i++)
        if (r->spans[i].origin == ORIGIN_ASSISTANT && r->spans[i + 1].origin == ORIGIN_TEMPLATE) {
            *from = r->spans[i].end;
            *to = r->spans[i + 1].end;
            return true;
        }
    return false;
}

/* The text without white space around it, malloc'ed; NULL when it is no stop string. */
static char *stop_of(const char *text, size_t size)
{
    static const char space[] = " \t\r\n";
    while (size > 0 && strchr(space, *text) != NULL) {
        text++;
        size--;
    }
    while (size > 0 && strchr(space, text[size - 1]) != NULL)
        size--;
    return size > 1 && size <= LONGEST_STOP ? strndup(text, size) : NULL;
}

int32_t template_probe_end(const struct jinja *jinja, const struct tokenizer *tokenizer, char **stop)
{
    struct rendered r;
    size_t from, to, used;
    int32_t end = -1;
    bool special = false;
    rendered_open(&r);
    *stop = NULL;
    if (render_jinja(jinja, tokenizer, (struct talk){talk, 3, 0}, &day, &r, NULL) == ERR_NONE &&
        after_answer(&r, &from, &to)) {
        const char *text = buf_text(&r.text);
        size_t at = from + strspn(text + from, " \n");
        if (at < to)
            end = token_special_at(tokenizer, text + at, to - at, &used);
        for (at = from; at < to && !special; at++)
            special = token_special_at(tokenizer, text + at, to - at, &used) >= 0;
        if (!special)
            *stop = stop_of(text + from, to - from);
    }
    rendered_close(&r);
    return end;
}

int32_t template_text_end(const char *text, const struct tokenizer *tokenizer)
{
    char *stop = NULL;
    struct jinja *jinja = *text != '\0' ? jinja_compile(text, strlen(text), NULL) : NULL;
    int32_t end = jinja != NULL ? template_probe_end(jinja, tokenizer, &stop) : -1;
    free(stop);
    jinja_free(jinja);
    return end;
}
