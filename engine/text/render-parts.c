/* Messages as the parts of a template file. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "engine/jinja/unicode.h"
#include "engine/text/rendered.h"

enum { MAX_SYSTEM = 1 << 30 };

/* A text in the making. */
struct parts {
    const struct chat_template *t;
    const struct tokenizer *tokenizer;
    struct rendered *out;
    struct buf pending; /* a system message that waits for the user's */
};

/* A message's text as the template wants it. */
struct content {
    const char *text;
    size_t size, system_size; /* the first bytes are the system message's */
    bool open;                /* the prompt ends inside this message */
};

static void trim_content(struct content *c)
{
    for (size_t used; (used = juni_space_after(c->text, c->size)) > 0;) {
        c->text += used;
        c->size -= used;
        c->system_size -= used < c->system_size ? used : c->system_size;
    }
    for (size_t used; !c->open && (used = juni_space_before(c->text, c->size)) > 0;)
        c->size -= used;
}

static void put_template(struct parts *p, const char *text)
{
    if (text != NULL)
        rendered_add(p->out, text, strlen(text), ORIGIN_TEMPLATE);
}

static void put_token(struct parts *p, int32_t id)
{
    put_template(p, tokenizer_spelling(p->tokenizer, id));
}

static void put_message(struct parts *p, const struct template_part *format, struct content c, enum origin origin)
{
    if (p->t->trim)
        trim_content(&c);
    for (const struct template_part *part = format; part != NULL && part->kind != PART_END; part++)
        switch (part->kind) {
        case PART_LITERAL:
        case PART_TOKEN: put_template(p, part->text); break;
        case PART_BOS: put_token(p, tokenizer_bos(p->tokenizer)); break;
        case PART_EOS: put_token(p, tokenizer_eos(p->tokenizer)); break;
        case PART_TEXT: {
            size_t system = c.system_size < c.size ? c.system_size : c.size;
            rendered_add(p->out, c.text, system, ORIGIN_SYSTEM);
            rendered_add(p->out, c.text + system, c.size - system, origin);
            if (c.open)
                return;
            break;
        }
        case PART_END: break;
        }
}

/* Keeps a system message for the user message that follows. */
static void keep_system(struct parts *p, const char *text)
{
    for (const struct template_part *part = p->t->system; part != NULL && part->kind != PART_END; part++)
        if (part->kind == PART_TEXT)
            buf_puts(&p->pending, text);
        else if (part->kind == PART_LITERAL)
            buf_puts(&p->pending, part->text);
}

static void put_system(struct parts *p, const char *text)
{
    if (p->t->system_in_user)
        keep_system(p, text);
    else
        put_message(p, p->t->system, (struct content){.text = text, .size = strlen(text)}, ORIGIN_SYSTEM);
}

static void put_user(struct parts *p, const char *text)
{
    size_t system = p->pending.size;
    buf_puts(&p->pending, text);
    struct content c = {.text = buf_text(&p->pending), .size = p->pending.size, .system_size = system};
    put_message(p, p->t->user, c, ORIGIN_USER);
    p->out->failed = p->out->failed || buf_failed(&p->pending);
    buf_clear(&p->pending);
}

static void put_talk(struct parts *p, struct talk talk)
{
    const struct chat_template *t = p->t;
    bool own_system = talk.n > 0 && talk.messages[0].role == ROLE_SYSTEM;
    if (t->bos == BOS_YES || (t->bos == BOS_AUTO && tokenizer_adds_bos(p->tokenizer)))
        put_token(p, tokenizer_bos(p->tokenizer));
    if (own_system)
        put_system(p, talk.messages[0].text);
    else if (t->default_system != NULL)
        put_system(p, t->default_system);
    for (size_t i = talk.from > 0 || !own_system ? talk.from : 1; i < talk.n; i++) {
        const char *text = talk.messages[i].text;
        struct content c = {.text = text, .size = strlen(text), .open = i + 1 == talk.n};
        if (talk.messages[i].role == ROLE_SYSTEM)
            put_system(p, text);
        else if (talk.messages[i].role == ROLE_USER)
            put_user(p, text);
        else
            put_message(p, t->assistant, c, ORIGIN_ASSISTANT);
    }
    if (p->pending.size > 0)
        put_user(p, ""); /* a system message alone is shown all the same */
    if (talk.n == 0 || talk.messages[talk.n - 1].role != ROLE_ASSISTANT)
        put_message(p, t->reply, (struct content){.text = ""}, ORIGIN_TEMPLATE);
}

bool render_parts(const struct chat_template *t, const struct tokenizer *tokenizer, struct talk talk,
                  struct rendered *out)
{
    struct parts p = {.t = t, .tokenizer = tokenizer, .out = out};
    buf_init(&p.pending, MAX_SYSTEM);
    put_talk(&p, talk);
    buf_free(&p.pending);
    return !out->failed;
}
