/* Prompts: messages and a template to text and ids.
 *
 * Text between two special tokens is split into tokens as one stretch, template and message together, as transformers
 * does; special tokens come only from the template. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/text/template.h"
#include "engine/text/tokenizer.h"

enum { MAX_PROMPT = 1 << 30 };

/* A prompt being made. */
struct rendering {
    const struct chat_template *t;
    const struct tokenizer *tokenizer;
    struct prompt *out;
    struct buf stretch;             /* text since the last special token */
    struct { size_t end; enum origin origin; } *ranges; /* where the stretch comes from */
    size_t n_ranges, ranges_capacity;
    size_t spans_capacity;
    struct buf pending;             /* a system message that waits for the user's */
    bool failed;                    /* out of memory */
    struct error *err;
};

static const char *const role_names[] = {"system", "user", "assistant"};

const char *role_name(enum role role)
{
    return role_names[role];
}

bool role_parse(const char *name, enum role *role)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(name, role_names[i]) == 0) {
            *role = (enum role)i;
            return true;
        }
    return false;
}

/* ---- spans ------------------------------------------------------------------------------------------------------ */

static bool grow(void **array, size_t *capacity, size_t n, size_t size)
{
    if (n < *capacity)
        return true;
    size_t more = *capacity == 0 ? 16 : *capacity * 2;
    void *larger = realloc(*array, more * size);
    if (larger == NULL)
        return false;
    *array = larger;
    *capacity = more;
    return true;
}

/* The ids up to end come from origin. */
static void add_span(struct rendering *r, size_t end, enum origin origin)
{
    struct prompt *p = r->out;
    if (p->n_spans > 0 && p->spans[p->n_spans - 1].origin == origin) {
        p->spans[p->n_spans - 1].end = end;
        return;
    }
    if (!grow((void **)&p->spans, &r->spans_capacity, p->n_spans, sizeof *p->spans)) {
        r->failed = true;
        return;
    }
    p->spans[p->n_spans].end = end;
    p->spans[p->n_spans++].origin = origin;
}

/* Gives each new id the origin of the text at which it begins; a space in front does not count, for it is the
 * template's where the word behind it is a person's. */
static void attribute(struct rendering *r, size_t first)
{
    struct buf piece;
    size_t at = 0, range = 0;
    size_t prefix = r->tokenizer->space_prefix ? 1 : 0; /* the space that no text has */
    buf_init(&piece, MAX_PROMPT);
    for (size_t i = first; i < r->out->ids.n; i++) {
        buf_clear(&piece);
        tokenizer_piece(r->tokenizer, r->out->ids.at[i], &piece);
        size_t added = piece.size < prefix ? piece.size : prefix;
        size_t word = at + (added == 0 && piece.size > 1 && piece.data[0] == ' ' ? 1 : 0);
        while (range + 1 < r->n_ranges && r->ranges[range].end <= word)
            range++;
        add_span(r, i + 1, r->ranges[range].origin);
        at += piece.size - added;
        prefix -= added;
    }
    buf_free(&piece);
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

static void put_text(struct rendering *r, const char *text, size_t size, enum origin origin)
{
    if (size == 0)
        return;
    if (!buf_append(&r->stretch, text, size) || !buf_append(&r->out->text, text, size) ||
        !grow((void **)&r->ranges, &r->ranges_capacity, r->n_ranges, sizeof *r->ranges)) {
        r->failed = true;
        return;
    }
    r->ranges[r->n_ranges].end = r->stretch.size;
    r->ranges[r->n_ranges++].origin = origin;
}

/* Splits the stretch into tokens. */
static void flush(struct rendering *r)
{
    size_t first = r->out->ids.n;
    if (r->stretch.size == 0 || r->failed)
        return;
    if (tokenizer_encode(r->tokenizer, buf_text(&r->stretch), r->stretch.size, &r->out->ids, r->err) != ERR_NONE)
        r->failed = true;
    else
        attribute(r, first);
    buf_clear(&r->stretch);
    r->n_ranges = 0;
}

static void put_token(struct rendering *r, int32_t id)
{
    if (id < 0)
        return;
    flush(r);
    if (!ids_append(&r->out->ids, &id, 1) || !buf_puts(&r->out->text, tokenizer_spelling(r->tokenizer, id)))
        r->failed = true;
    else
        add_span(r, r->out->ids.n, ORIGIN_TEMPLATE);
}

/* Special tokens by spelling; where the vocabulary has none, plain text. */
static void put_special(struct rendering *r, const char *spelling)
{
    int32_t id = tokenizer_find(r->tokenizer, spelling);
    if (id >= 0)
        put_token(r, id);
    else
        put_text(r, spelling, strlen(spelling), ORIGIN_TEMPLATE);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* White space as Python's strip and Jinja's trim know it. */
static bool is_space(uint32_t code)
{
    static const uint32_t others[] = {' ', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (code == others[i])
            return true;
    return (code >= '\t' && code <= '\r') || (code >= 0x1c && code <= 0x1f) || (code >= 0x2000 && code <= 0x200a);
}

/* A message's text as the template wants it. */
struct content {
    const char *text;
    size_t size, system_size; /* the first bytes are the system message's */
    bool open;                /* the prompt ends inside this message */
};

/* The bytes of the white-space character at the end of text[0..size), 0 when none stands there. */
static size_t last_space(const char *text, size_t size)
{
    size_t start = size, used;
    while (start > 0 && size - start < 4 && ((unsigned char)text[--start] & 0xc0) == 0x80)
        ;
    return size > 0 && is_space(utf8_decode(text + start, size - start, &used)) ? size - start : 0;
}

static void trim(struct content *c)
{
    for (size_t used; c->size > 0 && is_space(utf8_decode(c->text, c->size, &used));) {
        c->text += used;
        c->size -= used;
        c->system_size -= used < c->system_size ? used : c->system_size;
    }
    for (size_t used; !c->open && (used = last_space(c->text, c->size)) > 0;)
        c->size -= used;
}

static void put_message(struct rendering *r, const struct template_part *format, struct content c, enum origin origin)
{
    if (r->t->trim)
        trim(&c);
    for (const struct template_part *p = format; p != NULL && p->kind != PART_END; p++)
        switch (p->kind) {
        case PART_LITERAL:
            put_text(r, p->text, strlen(p->text), ORIGIN_TEMPLATE);
            break;
        case PART_TEXT: {
            size_t system = c.system_size < c.size ? c.system_size : c.size;
            put_text(r, c.text, system, ORIGIN_SYSTEM);
            put_text(r, c.text + system, c.size - system, origin);
            if (c.open)
                return;
            break;
        }
        case PART_BOS:
            put_token(r, tokenizer_bos(r->tokenizer));
            break;
        case PART_EOS:
            put_token(r, tokenizer_eos(r->tokenizer));
            break;
        case PART_TOKEN:
            put_special(r, p->text);
            break;
        case PART_END:
            break;
        }
}

/* Keeps a system message for the user message behind it. */
static void keep_system(struct rendering *r, const char *text)
{
    for (const struct template_part *p = r->t->system; p != NULL && p->kind != PART_END; p++)
        if (p->kind == PART_TEXT)
            buf_puts(&r->pending, text);
        else if (p->kind == PART_LITERAL)
            buf_puts(&r->pending, p->text);
}

static void put_system(struct rendering *r, const char *text)
{
    if (r->t->system_in_user)
        keep_system(r, text);
    else
        put_message(r, r->t->system, (struct content){.text = text, .size = strlen(text)}, ORIGIN_SYSTEM);
}

static void put_user(struct rendering *r, const char *text)
{
    size_t system = r->pending.size;
    buf_puts(&r->pending, text);
    struct content c = {.text = buf_text(&r->pending), .size = r->pending.size, .system_size = system};
    put_message(r, r->t->user, c, ORIGIN_USER);
    r->failed = r->failed || buf_failed(&r->pending);
    buf_clear(&r->pending);
}

/* Everything: an optional system message, then messages[from..n). */
static bool render(struct rendering *r, const struct message *messages, size_t n, size_t from)
{
    const struct chat_template *t = r->t;
    bool own_system = n > 0 && messages[0].role == ROLE_SYSTEM;
    if (t->bos == BOS_YES || (t->bos == BOS_AUTO && tokenizer_adds_bos(r->tokenizer)))
        put_token(r, tokenizer_bos(r->tokenizer));
    if (own_system)
        put_system(r, messages[0].text);
    else if (t->default_system != NULL)
        put_system(r, t->default_system);
    for (size_t i = from > 0 || !own_system ? from : 1; i < n; i++) {
        const char *text = messages[i].text;
        struct content c = {.text = text, .size = strlen(text), .open = i + 1 == n};
        if (messages[i].role == ROLE_SYSTEM)
            put_system(r, text);
        else if (messages[i].role == ROLE_USER)
            put_user(r, text);
        else
            put_message(r, t->assistant, c, ORIGIN_ASSISTANT);
    }
    if (r->pending.size > 0)
        put_user(r, ""); /* a system message alone is shown all the same */
    if (n == 0 || messages[n - 1].role != ROLE_ASSISTANT)
        put_message(r, t->reply, (struct content){.text = ""}, ORIGIN_TEMPLATE);
    flush(r);
    return !r->failed;
}

void prompt_free(struct prompt *p)
{
    buf_free(&p->text);
    ids_free(&p->ids);
    free(p->spans);
    *p = (struct prompt){0};
}

/* Renders from one message on into *out, which holds nothing yet. */
static enum error_code render_from(const struct chat_template *t, const struct tokenizer *tokenizer,
                                   const struct message *messages, size_t n, size_t from, struct prompt *out,
                                   struct error *err)
{
    struct rendering r = {.t = t, .tokenizer = tokenizer, .out = out, .err = err};
    *out = (struct prompt){0};
    buf_init(&out->text, MAX_PROMPT);
    buf_init(&r.stretch, MAX_PROMPT);
    buf_init(&r.pending, MAX_PROMPT);
    bool ok = render(&r, messages, n, from);
    buf_free(&r.stretch);
    buf_free(&r.pending);
    free(r.ranges);
    if (ok)
        return ERR_NONE;
    prompt_free(out);
    return error_set(err, ERR_MEMORY, "no memory for the prompt");
}

/* ---- fitting ---------------------------------------------------------------------------------------------------- */

/* The start of the exchange before message `at`; first when there is none. */
static size_t exchange_before(const struct message *messages, size_t first, size_t at)
{
    while (at > first && messages[--at].role != ROLE_USER)
        ;
    return at;
}

enum error_code prompt_render(const struct chat_template *t, const struct tokenizer *tok, const struct message *messages,
                              size_t n, size_t limit, struct prompt *out, struct error *err)
{
    size_t first = n > 0 && messages[0].role == ROLE_SYSTEM ? 1 : 0;
    if (limit == 0) {
        enum error_code code = render_from(t, tok, messages, n, first, out, err);
        if (code == ERR_NONE)
            out->first_kept = first;
        return code;
    }
    /* from the newest exchange backwards in growing steps, then in shrinking ones */
    size_t from = exchange_before(messages, first, n);
    struct prompt best;
    enum error_code code = render_from(t, tok, messages, n, from, &best, err);
    if (code != ERR_NONE)
        return code;
    if (best.ids.n > limit) {
        size_t least = best.ids.n;
        prompt_free(&best);
        return error_set(err, ERR_CONTEXT, "the message needs %zu tokens, the context has room for %zu", least, limit);
    }
    size_t kept = from, step = 1;
    for (bool growing = true; kept > first;) {
        struct prompt tried;
        size_t at = kept;
        for (size_t i = 0; i < step && at > first; i++)
            at = exchange_before(messages, first, at);
        code = render_from(t, tok, messages, n, at, &tried, err);
        if (code != ERR_NONE) {
            prompt_free(&best);
            return code;
        }
        if (tried.ids.n <= limit) {
            prompt_free(&best);
            best = tried;
            kept = at;
            step *= growing ? 2 : 1;
        } else {
            prompt_free(&tried);
            if (step == 1)
                break;
            growing = false;
            step /= 2;
        }
    }
    best.first_kept = kept;
    best.dropped = kept - first;
    *out = best;
    return ERR_NONE;
}
