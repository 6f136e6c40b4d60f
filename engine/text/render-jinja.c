/* Messages by a model's own template.
 *
 * The template is given what transformers' apply_chat_template gives: messages of role and content, the special
 * tokens by their spelling, and add_generation_prompt. Contents carry their message's origin; roles and tokens are
 * as if the template had written them.
 *
 * To continue an answer, the prompt has to end inside of the last message, whatever the template writes after it: a
 * mark of two private characters is put at its end, and the text is cut where the mark comes out. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/jinja/jinja.h"
#include "engine/text/rendered.h"
#include "engine/text/tokenizer.h"

#define MARK "\xf3\xb1\x8c\x8d\xf3\xb2\x9e\x9f"
enum { TOKENS = 3, NAMES = 2 + TOKENS };

/* What the template is given. */
struct given {
    struct jinja_value names[NAMES];
    size_t n;
    struct jinja_value *messages;    /* a dict each */
    struct jinja_value (*fields)[2]; /* role and content */
    struct buf last;                 /* the last message with the mark, if it is continued */
};

static struct jinja_value text_value(const char *name, const char *text, size_t size, enum origin origin)
{
    return (
        struct jinja_value){.name = name, .kind = JINJA_STRING, .bytes = text, .size = size, .origin = (int32_t)origin};
}

static void give_token(struct given *g, const char *name, const char *spelling)
{
    if (spelling != NULL)
        g->names[g->n++] = text_value(name, spelling, strlen(spelling), ORIGIN_TEMPLATE);
}

static void give_message(struct given *g, size_t i, const struct message *m, bool open)
{
    static const enum origin origins[] = {
        [ROLE_SYSTEM] = ORIGIN_SYSTEM, [ROLE_USER] = ORIGIN_USER, [ROLE_ASSISTANT] = ORIGIN_ASSISTANT};
    const char *role = role_name(m->role), *text = m->text;
    if (open) {
        buf_puts(&g->last, m->text);
        buf_puts(&g->last, MARK);
        text = buf_text(&g->last);
    }
    g->fields[i][0] = text_value("role", role, strlen(role), ORIGIN_TEMPLATE);
    g->fields[i][1] = text_value("content", text, strlen(text), origins[m->role]);
    g->messages[i] = (struct jinja_value){.kind = JINJA_DICT, .items = g->fields[i], .n = 2};
}

static bool give(struct given *g, const struct tokenizer *t, struct talk talk)
{
    size_t n = 0;
    bool system = talk.n > 0 && talk.from > 0 && talk.messages[0].role == ROLE_SYSTEM;
    bool open = talk.n > talk.from && talk.messages[talk.n - 1].role == ROLE_ASSISTANT;
    g->messages = calloc(talk.n + 1, sizeof *g->messages);
    g->fields = calloc(talk.n + 1, sizeof *g->fields);
    buf_init(&g->last, SIZE_MAX / 2);
    if (g->messages == NULL || g->fields == NULL)
        return false;
    if (system)
        give_message(g, n++, &talk.messages[0], false);
    for (size_t i = talk.from; i < talk.n; i++, n++)
        give_message(g, n, &talk.messages[i], open && i + 1 == talk.n);
    g->names[g->n++] = (struct jinja_value){.name = "messages", .kind = JINJA_LIST, .items = g->messages, .n = n};
    g->names[g->n++] = (struct jinja_value){.name = "add_generation_prompt", .kind = JINJA_BOOL, .truth = !open};
    give_token(g, "bos_token", t == NULL ? "<s>" : tokenizer_spelling(t, tokenizer_bos(t)));
    give_token(g, "eos_token", t == NULL ? "</s>" : tokenizer_spelling(t, tokenizer_eos(t)));
    give_token(g, "unk_token", t == NULL ? NULL : tokenizer_spelling(t, t->unknown));
    return !buf_failed(&g->last);
}

/* Cuts at the last mark that comes from the answer. */
static enum error_code cut_at_mark(struct rendered *r, struct error *err)
{
    const size_t size = sizeof MARK - 1;
    const char *text = buf_text(&r->text);
    for (size_t at = r->text.size; at >= size; at--)
        if (memcmp(text + at - size, MARK, size) == 0 && rendered_origin(r, at - size) == ORIGIN_ASSISTANT) {
            rendered_cut(r, at - size);
            return ERR_NONE;
        }
    return error_set(err, ERR_ARGUMENT, "the template leaves out the answer that is to be continued");
}

enum error_code render_jinja(const struct jinja *jinja, const struct tokenizer *tokenizer, struct talk talk,
                             const struct tm *date, struct rendered *out, struct error *err)
{
    struct given g = {0};
    struct jinja_output text = {0};
    enum error_code code = ERR_NONE;
    if (!give(&g, tokenizer, talk))
        code = error_memory(err);
    else
        code = jinja_render(jinja, g.names, g.n, date, NULL, &text, err);
    for (size_t i = 0, at = 0; i < text.n_spans; at = text.spans[i++].end)
        rendered_add(out, text.bytes + at, text.spans[i].end - at, (enum origin)text.spans[i].origin);
    if (code == ERR_NONE && out->failed)
        code = error_memory(err);
    if (code == ERR_NONE && g.last.size > 0)
        code = cut_at_mark(out, err);
    jinja_output_free(&text);
    buf_free(&g.last);
    free(g.messages);
    free(g.fields);
    return code;
}
