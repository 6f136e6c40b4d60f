#include <config.h>

#include "tests/unit/templating.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

struct model *templating_open_vocabulary(const char *path)
{
    struct error err = {0};
    struct model_options options = {.vocab_only = true};
    struct model *model = path != NULL ? model_open(path, &options, &err) : NULL;
    if (path != NULL && model == NULL)
        fail_msg("%s: %s", path, err.message);
    return model;
}

struct model *templating_open_fixture(const char *name)
{
    char *path = vectors_path(name);
    struct model *model = templating_open_vocabulary(path);
    free(path);
    return model;
}

struct chat_template *templating_load(const char *name, const char *dir)
{
    struct error err = {0};
    struct chat_template *t = template_load(name, dir, &err);
    if (t == NULL)
        fail_msg("%s: %s", name, err.message);
    return t;
}

/* Messages of a JSON array; their texts stay the array's. */
static struct message *messages_of(const json_t *array, size_t *n)
{
    *n = json_array_size(array);
    struct message *messages = calloc(*n + 1, sizeof *messages);
    for (size_t i = 0; i < *n; i++) {
        const json_t *m = json_array_get(array, i);
        assert_true(role_parse(json_string_value(json_object_get(m, "role")), &messages[i].role));
        messages[i].text = json_string_value(json_object_get(m, "content"));
    }
    return messages;
}

void templating_check_text(const struct prompt *p, const char *want, const char *what)
{
    if (strcmp(buf_text(&p->text), want) != 0)
        fail_msg("%s gives\n%s\nand not\n%s", what, buf_text(&p->text), want);
}

static void check_ids(const struct prompt *p, const json_t *want, const char *what)
{
    bool same = p->ids.n == json_array_size(want);
    for (size_t i = 0; same && i < p->ids.n; i++)
        same = p->ids.at[i] == json_integer_value(json_array_get(want, i));
    if (!same)
        fail_msg("the ids of %s differ: %s", what, buf_text(&p->text));
}

void templating_check_spans(const struct prompt *p)
{
    size_t end = 0;
    for (size_t i = 0; i < p->n_spans; i++) {
        assert_true(p->spans[i].end > end);
        end = p->spans[i].end;
    }
    assert_int_equal(end, p->ids.n);
}

void templating_check_case(const struct chat_template *t, const struct tokenizer *tok, const json_t *entry)
{
    size_t n;
    struct error err = {0};
    struct prompt p = {0};
    struct message *messages = messages_of(json_object_get(entry, "messages"), &n);
    assert_int_equal(prompt_render(t, tok, messages, n, 0, &p, &err), ERR_NONE);
    templating_check_text(&p, json_string_value(json_object_get(entry, "text")), template_name(t));
    if (json_object_get(entry, "ids") != NULL)
        check_ids(&p, json_object_get(entry, "ids"), template_name(t));
    templating_check_spans(&p);
    assert_int_equal(p.dropped, 0);
    assert_int_equal(p.first_kept, messages[0].role == ROLE_SYSTEM);
    prompt_free(&p);
    free(messages);
}

enum origin templating_origin_of(const struct prompt *p, size_t id)
{
    size_t i = 0;
    while (p->spans[i].end <= id)
        i++;
    return p->spans[i].origin;
}

struct chat_template *templating_follow(const char *text, const struct tokenizer *tok)
{
    struct error err = {0};
    struct chat_template *t = template_for_text(text, tok, NULL, &err);
    if (t == NULL)
        fail_msg("%s", err.message);
    return t;
}

const char *templating_write_file(const char *folder, const char *name, const char *text)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}
