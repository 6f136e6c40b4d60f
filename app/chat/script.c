/* Script: rendering, with as many of the newest messages as fit. */
#include <config.h>

#include "app/chat/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/distant.h"
#include "app/chat/speaker.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

/* Tokens that are left for an answer at least. */
enum { LEAST_ROOM = 64 };

/* Imported conversations may begin with a system message. */
static bool begins_with_system(const struct script *s)
{
    return s->n > 0 && s->messages[0].role == ROLE_SYSTEM;
}

/* The first message that may be left out: an imported system message stays. */
static size_t first_message(const struct script *s, size_t from)
{
    return from == 0 && begins_with_system(s) ? 1 : from;
}

/* The conversation's system message, else an imported one; NULL for none. */
static const char *system_text(const struct script *s)
{
    if (*s->system != '\0')
        return s->system;
    return begins_with_system(s) ? buf_text(&s->messages[0].text) : NULL;
}

static bool continues_text(const struct script *s)
{
    const struct chat_template *template = speaker_template(s->speaker);
    return template != NULL && template_is_base(template);
}

static size_t last_user(const struct script *s)
{
    size_t i = s->n;
    while (i > 0 && s->messages[i - 1].role != ROLE_USER)
        i--;
    return i > 0 ? i - 1 : s->n;
}

struct script script_before(const struct script *s, size_t index)
{
    struct script before = *s;
    before.n = index;
    before.answer_begins = true;
    before.first_visible = 0;
    return before;
}

/* The system message and the messages from one on, malloc'ed; NULL when out of memory. */
static struct message *gather_messages(const struct script *s, size_t from, size_t *n)
{
    const char *system = system_text(s);
    struct message *messages = calloc(s->n - from + 2, sizeof *messages);
    *n = 0;
    if (messages == NULL)
        return NULL;
    if (system != NULL)
        messages[(*n)++] = (struct message){ROLE_SYSTEM, system};
    for (size_t i = first_message(s, from); i < s->n; i++)
        messages[(*n)++] = (struct message){s->messages[i].role, buf_text(&s->messages[i].text)};
    if (s->answer_begins)
        messages[(*n)++] = (struct message){ROLE_ASSISTANT, ""};
    return messages;
}

enum error_code script_render(const struct script *s, size_t from, size_t limit, struct prompt *out, struct error *err)
{
    size_t n;
    struct message *messages = gather_messages(s, from, &n);
    if (messages == NULL)
        return error_memory(err);
    *out = (struct prompt){0};
    enum error_code code = prompt_render(speaker_template(s->speaker), model_tokenizer(speaker_model(s->speaker)),
                                         messages, n, limit, out, err);
    free(messages);
    return code;
}

/* ---- room for an answer ----------------------------------------------------------------------------------------- */

static size_t without_room(size_t capacity, size_t room)
{
    return capacity - (room < capacity / 2 ? room : capacity / 2);
}

/* Tokens that the prompt may have while messages can be left out of it. */
static size_t prompt_limit(const struct script *s)
{
    size_t capacity = speaker_capacity(s->speaker), room = capacity / 4;
    if (s->max_new_tokens >= 0 && (size_t)s->max_new_tokens < room)
        room = (size_t)s->max_new_tokens;
    return without_room(capacity, room > LEAST_ROOM ? room : LEAST_ROOM);
}

/* Tokens that it may have at all. */
static size_t prompt_most(const struct script *s)
{
    return without_room(speaker_capacity(s->speaker), LEAST_ROOM);
}

/* The error with both numbers: what the shortest prompt needs, and what there is. */
static enum error_code set_too_long(const struct script *s, struct error *err)
{
    struct prompt least;
    struct error other = {0};
    if (script_render(s, last_user(s), 0, &least, &other) != ERR_NONE)
        return error_set(err, other.code, "%s", other.message);
    size_t n = least.ids.n;
    prompt_free(&least);
    return error_set(err, ERR_CONTEXT,
                     "the message makes a prompt of %zu tokens; the context of %zu has room for %zu and an answer: "
                     "shorten it, or choose a larger context with -c",
                     n, speaker_capacity(s->speaker), prompt_most(s));
}

/* Replaces a prompt by one that leaves out a quarter more, unless that halves it: a beginning that stays the same for
 * several turns is worth the oldest messages, but not the file that was just read. */
static void leave_more_out(const struct script *s, size_t limit, struct prompt *prompt)
{
    struct prompt shorter;
    struct error ignored = {0}; /* then the prompt stays as it is */
    if (script_render(s, s->first_visible, limit - limit / 4, &shorter, &ignored) != ERR_NONE)
        return;
    if (2 * shorter.ids.n < prompt->ids.n) {
        prompt_free(&shorter);
        return;
    }
    prompt_free(prompt);
    *prompt = shorter;
}

/* Only a system message can be too long for it. */
static enum error_code render_text_end(const struct script *s, struct prompt *out, struct script_start *start,
                                       struct error *err)
{
    if (script_render(s, 0, prompt_limit(s), out, err) != ERR_NONE)
        return err->code;
    *start = (struct script_start){out->dropped > 0 ? first_message(s, 0) + out->dropped : 0, out->first_byte};
    return ERR_NONE;
}

enum error_code script_render_fitting(const struct script *s, struct prompt *out, struct script_start *start,
                                      struct error *err)
{
    size_t limit = prompt_limit(s);
    struct error why = {0};
    if (continues_text(s))
        return render_text_end(s, out, start, err);
    *start = (struct script_start){.message = s->first_visible};
    enum error_code code = script_render(s, s->first_visible, 0, out, err);
    if (code != ERR_NONE || out->ids.n <= limit)
        return code;
    prompt_free(out);
    code = script_render(s, s->first_visible, limit, out, &why);
    if (code == ERR_NONE)
        leave_more_out(s, limit, out);
    else if (code == ERR_CONTEXT)
        code = script_render(s, s->first_visible, prompt_most(s), out, &(struct error){0});
    if (code == ERR_CONTEXT)
        return set_too_long(s, err);
    if (code != ERR_NONE)
        return error_set(err, code, "%s", why.message);
    if (out->dropped > 0)
        start->message = first_message(s, start->message) + out->dropped;
    return ERR_NONE;
}

/* ---- an answer that begins with given tokens -------------------------------------------------------------------- */

/* Appends ids that belong to the answer, and their text. */
static bool append_beginning(struct prompt *prompt, const struct tokenizer *t, const struct ids *beginning)
{
    bool ok = ids_append(&prompt->ids, beginning->at, beginning->n);
    for (size_t i = 0; ok && i < beginning->n; i++)
        ok = tokenizer_piece(t, beginning->at[i], &prompt->text);
    struct prompt_span *spans = ok ? realloc(prompt->spans, (prompt->n_spans + 1) * sizeof *spans) : NULL;
    if (spans == NULL)
        return false;
    prompt->spans = spans;
    prompt->spans[prompt->n_spans++] = (struct prompt_span){prompt->ids.n, ORIGIN_ASSISTANT};
    return true;
}

/* Renders from one message on (of a text that is continued, what leaves room), and has the last one, an answer, begin
 * with exactly these ids in place of its text. */
static enum error_code render_forced(const struct script *s, size_t from, const struct ids *beginning,
                                     struct prompt *out, struct error *err)
{
    struct script before = script_before(s, s->n - 1);
    size_t most = prompt_most(s), room = beginning->n < most ? most - beginning->n : 1, limit = prompt_limit(s);
    bool text = continues_text(s);
    if (script_render(&before, text ? 0 : from, !text ? 0 : limit < room ? limit : room, out, err) != ERR_NONE)
        return err->code;
    if (!append_beginning(out, model_tokenizer(speaker_model(s->speaker)), beginning))
        error_memory(err);
    else if (out->ids.n > most)
        error_set(err, ERR_CONTEXT, "the context has no room for this answer");
    if (err->code != ERR_NONE)
        prompt_free(out);
    return err->code;
}

/* ---- questions -------------------------------------------------------------------------------------------------- */

/* What a template adds to each message, in bytes of text. */
enum { TEMPLATE_BYTES = 16 };

/* About how many tokens a server makes of the messages from one on. */
static size_t estimate_from(const struct script *s, size_t from)
{
    const char *system = system_text(s);
    size_t bytes = system != NULL ? strlen(system) + TEMPLATE_BYTES : 0;
    for (size_t i = first_message(s, from); i < s->n; i++)
        bytes += s->messages[i].text.size + TEMPLATE_BYTES;
    return speaker_count_tokens(s->speaker, "", bytes);
}

/* The next message at which an exchange begins; the last user's message is the last of them. */
static size_t next_exchange(const struct script *s, size_t from)
{
    size_t i = first_message(s, from) + 1;
    while (i < last_user(s) && s->messages[i].role != ROLE_USER)
        i++;
    return i;
}

/* Where what a server is sent begins, so that its context has room for it and an answer: it would cut without a word. A
 * quarter more than necessary is left out, as in prompts, so that the server's cache is of use. */
static enum error_code fit_messages(const struct script *s, size_t *from, struct error *err)
{
    const size_t limit = prompt_limit(s);
    if (speaker_capacity(s->speaker) == 0 || estimate_from(s, *from) <= limit)
        return ERR_NONE;
    while (*from < last_user(s) && estimate_from(s, *from) > limit - limit / 4)
        *from = next_exchange(s, *from);
    const size_t n = estimate_from(s, *from);
    if (n <= prompt_most(s))
        return ERR_NONE;
    return error_set(err, ERR_CONTEXT,
                     "the message makes a prompt of about %zu tokens; the context of %zu at %s has room for %zu and an "
                     "answer: shorten it",
                     n, speaker_capacity(s->speaker), distant_host(speaker_distant(s->speaker)), prompt_most(s));
}

static enum error_code ask_messages(const struct script *s, struct speaker_question *out, struct script_start *start,
                                    struct error *err)
{
    size_t from = s->first_visible;
    if (fit_messages(s, &from, err) != ERR_NONE)
        return err->code;
    *start = (struct script_start){.message = from};
    *out = (struct speaker_question){.tokens = estimate_from(s, from), .most = prompt_most(s)};
    out->messages = gather_messages(s, from, &out->n);
    return out->messages != NULL ? ERR_NONE : error_memory(err);
}

enum error_code script_question(const struct script *s, const struct ids *forced, struct speaker_question *out,
                                struct script_start *start, struct error *err)
{
    struct prompt prompt;
    if (speaker_distant(s->speaker) != NULL)
        return ask_messages(s, out, start, err);
    if (script_render_fitting(s, &prompt, start, err) != ERR_NONE)
        return err->code;
    if (forced != NULL && forced->n > 0) {
        prompt_free(&prompt);
        if (render_forced(s, start->message, forced, &prompt, err) != ERR_NONE)
            return err->code;
    }
    *out = (struct speaker_question){.prompt = prompt, .tokens = prompt.ids.n};
    return ERR_NONE;
}

void script_write_left_out(const struct script *s, struct script_start start, char out[SCRIPT_LEFT_OUT])
{
    const bool stays = start.message > 0 && begins_with_system(s);
    const size_t n = start.message - stays;
    *out = '\0';
    if (start.byte > 0)
        snprintf(out, SCRIPT_LEFT_OUT,
                 "; asked without the beginning of the text, for which today's context has no room");
    else if (n > 0)
        snprintf(out, SCRIPT_LEFT_OUT, "; asked without the first %zu message%s, for which today's context has no room",
                 n, plural(n));
}

size_t script_estimate(const struct script *s)
{
    return estimate_from(s, s->first_visible);
}

size_t script_count_whole(const struct script *s)
{
    struct prompt whole;
    struct error ignored = {0};
    if (speaker_distant(s->speaker) != NULL)
        return estimate_from(s, 0);
    if (script_render(s, 0, 0, &whole, &ignored) != ERR_NONE)
        return 0;
    size_t n = whole.ids.n;
    prompt_free(&whole);
    return n;
}

enum error_code script_render_task(const struct chat_template *t, const struct tokenizer *tokenizer, const char *system,
                                   const struct buf *task, struct prompt *out, struct error *err)
{
    if (buf_failed(task))
        return error_memory(err);
    const struct message messages[] = {{ROLE_SYSTEM, system}, {ROLE_USER, buf_text(task)}};
    struct error refusal = {0};
    enum error_code code = prompt_render(t, tokenizer, messages, 2, 0, out, &refusal);
    if (code == ERR_ARGUMENT)
        return prompt_render(t, tokenizer, messages + 1, 1, 0, out, err);
    return code == ERR_NONE ? code : error_set(err, code, "%s", refusal.message);
}

enum error_code script_task(const struct speaker *s, const char *system, const struct buf *task,
                            struct speaker_question *out, struct error *err)
{
    *out = (struct speaker_question){0};
    if (speaker_distant(s) == NULL)
        return script_render_task(speaker_template(s), model_tokenizer(speaker_model(s)), system, task, &out->prompt,
                                  err);
    out->messages = buf_failed(task) ? NULL : malloc(sizeof *out->messages);
    if (out->messages == NULL)
        return error_memory(err);
    out->messages[out->n++] = (struct message){ROLE_USER, buf_text(task)};
    return ERR_NONE;
}
