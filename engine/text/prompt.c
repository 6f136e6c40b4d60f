/* Prompts: messages and a template to text and ids.
 *
 * A template makes text whose bytes know where they come from. Special tokens are found by their spelling in what the
 * template wrote, and nowhere else; what lies between two of them is split into tokens as one stretch, template and
 * message together, as transformers does. */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/text/rendered.h"
#include "engine/text/template.h"
#include "engine/text/tokenizer.h"

enum { LONGEST_PIECE = 1 << 20 };

/* ---- spans ------------------------------------------------------------------------------------------------------ */

/* A text being split into a prompt. */
struct splitting {
    const struct tokenizer *tokenizer;
    const struct rendered *text;
    struct prompt *out;
    size_t spans_capacity;
};

/* The ids up to end come from origin. False when out of memory. */
static bool add_span(struct splitting *s, size_t end, enum origin origin)
{
    struct prompt *p = s->out;
    if (p->n_spans > 0 && p->spans[p->n_spans - 1].origin == origin) {
        p->spans[p->n_spans - 1].end = end;
        return true;
    }
    if (p->n_spans == s->spans_capacity) {
        size_t more = s->spans_capacity == 0 ? 16 : s->spans_capacity * 2;
        struct prompt_span *larger = realloc(p->spans, more * sizeof *larger);
        if (larger == NULL)
            return false;
        p->spans = larger;
        s->spans_capacity = more;
    }
    p->spans[p->n_spans].end = end;
    p->spans[p->n_spans++].origin = origin;
    return true;
}

/* Gives each new id the origin of the text at which it begins; a space in front does not count, for it is the
 * template's where the word after it is a message's. `added` bytes in front are in no text. */
static bool attribute_ids(struct splitting *s, size_t first, size_t from, size_t to, size_t added)
{
    struct buf piece;
    size_t at = from;
    bool ok = true;
    buf_init(&piece, LONGEST_PIECE);
    for (size_t i = first; ok && i < s->out->ids.n; i++) {
        buf_clear(&piece);
        tokenizer_piece(s->tokenizer, s->out->ids.at[i], &piece);
        size_t nowhere = piece.size < added ? piece.size : added;
        size_t word = at + (nowhere == 0 && piece.size > 1 && piece.data[0] == ' ' ? 1 : 0);
        ok = add_span(s, i + 1, rendered_origin(s->text, word < to ? word : to - 1));
        at += piece.size - nowhere;
        added -= nowhere;
    }
    buf_free(&piece);
    return ok;
}

/* ---- splitting -------------------------------------------------------------------------------------------------- */

/* Whether SentencePiece puts a space in front of the stretch at `from`: in front of a text it always does, after a
 * special token unless a space stands there already. */
static bool takes_prefix(const struct splitting *s, size_t from)
{
    const struct ids *ids = &s->out->ids;
    bool begins = ids->n == 0 || (ids->n == 1 && ids->at[0] == tokenizer_bos(s->tokenizer));
    return s->tokenizer->space_prefix && (begins || buf_text(&s->text->text)[from] != ' ');
}

static enum error_code split_stretch(struct splitting *s, size_t from, size_t to, struct error *err)
{
    size_t first = s->out->ids.n;
    if (from == to)
        return ERR_NONE;
    bool prefix = takes_prefix(s, from);
    const char *text = buf_text(&s->text->text) + from;
    enum error_code code = token_encode_stretch(s->tokenizer, text, to - from, prefix, &s->out->ids, err);
    if (code == ERR_NONE && !attribute_ids(s, first, from, to, prefix ? 1 : 0))
        code = error_memory(err);
    return code;
}

/* A second BOS right at the beginning is left out: templates that write one and programs that add one meet. */
static bool put_special(struct splitting *s, int32_t id)
{
    const struct ids *ids = &s->out->ids;
    if (id == tokenizer_bos(s->tokenizer) && ids->n == 1 && ids->at[0] == id)
        return true;
    return ids_append(&s->out->ids, &id, 1) && add_span(s, s->out->ids.n, ORIGIN_TEMPLATE);
}

/* Splits what lies before each special token of the template's bytes at..end, and takes the token. *start is where the
 * stretch that is open begins. */
static enum error_code split_template(struct splitting *s, size_t at, size_t end, size_t *start, struct error *err)
{
    const char *text = buf_text(&s->text->text);
    size_t used;
    for (enum error_code code; at < end; at += used) {
        int32_t id = token_special_at(s->tokenizer, text + at, end - at, &used);
        if (id < 0) {
            used = 1;
            continue;
        }
        if ((code = split_stretch(s, *start, at, err)) != ERR_NONE)
            return code;
        if (!put_special(s, id))
            return error_memory(err);
        *start = at + used;
    }
    return ERR_NONE;
}

/* The ids of a rendered text. */
static enum error_code split_text(const struct tokenizer *tokenizer, const struct rendered *text, struct prompt *out,
                                  struct error *err)
{
    struct splitting s = {.tokenizer = tokenizer, .text = text, .out = out};
    enum error_code code = ERR_NONE;
    size_t start = 0;
    for (size_t i = 0, at = 0; code == ERR_NONE && i < text->n_spans; at = text->spans[i++].end)
        if (text->spans[i].origin == ORIGIN_TEMPLATE)
            code = split_template(&s, at, text->spans[i].end, &start, err);
    return code == ERR_NONE ? split_stretch(&s, start, text->text.size, err) : code;
}

enum error_code prompt_encode(const struct tokenizer *tok, const char *text, size_t size, struct ids *out,
                              struct error *err)
{
    struct rendered whole;
    struct prompt prompt = {0};
    rendered_open(&whole);
    enum error_code code = rendered_add(&whole, text, size, ORIGIN_TEMPLATE) ? ERR_NONE : error_memory(err);
    if (code == ERR_NONE)
        code = split_text(tok, &whole, &prompt, err);
    if (code == ERR_NONE && !ids_append(out, prompt.ids.at, prompt.ids.n))
        code = error_memory(err);
    prompt_free(&prompt);
    rendered_close(&whole);
    return code;
}

/* ---- rendering -------------------------------------------------------------------------------------------------- */

/* What the model's own template says when it does not render a conversation. */
static enum error_code tell_refusal(enum error_code code, const struct error *why, struct error *err)
{
    if (code == ERR_ARGUMENT)
        return error_set(err, code, "the model's chat template refuses this conversation: %s", why->message);
    return error_set(err, code, "the model's chat template can't be followed here (%s); choose another with --template",
                     why->message);
}

/* Today, or the day that SOURCE_DATE_EPOCH in the environment says, so that a prompt can be made again. */
static struct tm present_day(void)
{
    const char *given = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    long long seconds = given != NULL ? strtoll(given, &end, 10) : 0;
    time_t now = end != NULL && end != given && *end == '\0' ? (time_t)seconds : time(NULL);
    struct tm day = {0};
    localtime_r(&now, &day);
    return day;
}

static enum error_code render_text(const struct chat_template *t, const struct tokenizer *tokenizer, struct talk talk,
                                   struct rendered *out, struct error *err)
{
    if (t->jinja == NULL)
        return render_parts(t, tokenizer, talk, out) ? ERR_NONE : error_memory(err);
    struct error why = {0};
    struct tm date = t->dated ? t->date : present_day();
    enum error_code code = render_jinja(t->jinja, tokenizer, talk, &date, out, &why);
    return code == ERR_NONE || code == ERR_MEMORY ? error_set(err, code, "%s", why.message)
                                                  : tell_refusal(code, &why, err);
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
    struct rendered text;
    *out = (struct prompt){0};
    rendered_open(&text);
    enum error_code code = render_text(t, tokenizer, (struct talk){messages, n, from}, &text, err);
    if (code == ERR_NONE)
        code = split_text(tokenizer, &text, out, err);
    out->text = text.text;
    buf_init(&text.text, 0);
    rendered_close(&text);
    if (code != ERR_NONE)
        prompt_free(out);
    return code;
}

/* Renders all messages; the beginning of a text that is continued is cut off if it exceeds the limit, unless that is
 * 0. */
static enum error_code render_all(const struct chat_template *t, const struct tokenizer *tokenizer,
                                  const struct message *messages, size_t n, size_t first, size_t limit,
                                  struct prompt *out, struct error *err)
{
    enum error_code code = render_from(t, tokenizer, messages, n, first, out, err);
    if (code != ERR_NONE)
        return code;
    out->first_kept = first;
    if (limit == 0 || out->ids.n <= limit)
        return ERR_NONE;
    code = prompt_cut(out, tokenizer, messages, n, first, limit, err);
    if (code != ERR_NONE)
        prompt_free(out);
    return code;
}

/* ---- fitting ---------------------------------------------------------------------------------------------------- */

/* The start of the exchange before message `at`; first when there is none. */
static size_t exchange_before(const struct message *messages, size_t first, size_t at)
{
    while (at > first && messages[--at].role != ROLE_USER)
        ;
    return at;
}

enum error_code prompt_render(const struct chat_template *t, const struct tokenizer *tok,
                              const struct message *messages, size_t n, size_t limit, struct prompt *out,
                              struct error *err)
{
    size_t first = n > 0 && messages[0].role == ROLE_SYSTEM ? 1 : 0;
    if (limit == 0 || t->base)
        return render_all(t, tok, messages, n, first, limit, out, err);
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
