/* Once: one answer on standard output, for the shell and for scripts.
 *
 * The answer is made safe for a terminal, unchanged in a pipe, and ends with one newline. Standard input is read no
 * further than the context could hold, so that an endless one is refused soon. */
#include <config.h>

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "app/chat/chat.h"
#include "app/chat/models.h"
#include "app/line/line.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "app/terminal/signals.h"
#include "app/terminal/stats.h"
#include "app/text/input.h"
#include "app/text/jsonl.h"
#include "app/text/safe.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

/* Milliseconds after which waiting for input is told. */
enum { INPUT_PATIENCE = 3000 };

struct once {
    const struct options *options;
    struct chat *chat;
    struct show show;
    int signals;
    size_t breaks;   /* newlines at the end of the text so far, not written yet */
    struct buf head; /* the beginning of standard input, read before the model is loaded */
    json_t *tokens;  /* with --json; else NULL */
    bool ended;
    bool told_waiting; /* for input */
    bool interrupted;  /* by a signal */
    struct error err;
};

/* ---- the answer ------------------------------------------------------------------------------------------------- */

/* Holds newlines back until something follows, so that the text ends with exactly one. */
static void write_piece(struct once *o, const char *text, size_t size)
{
    size_t solid = size;
    while (solid > 0 && text[solid - 1] == '\n')
        solid--;
    if (solid > 0) {
        for (; o->breaks > 0; o->breaks--)
            show_text(&o->show, "\n", 1);
        show_text(&o->show, text, solid);
    }
    o->breaks += size - solid;
    if (ferror(stdout))
        chat_stop(o->chat);
}

/* JSON has no infinity. */
static json_t *logarithm(float probability)
{
    return probability > 0 ? json_real(log((double)probability)) : json_null();
}

static json_t *candidate_json(const struct once *o, const struct candidate *c)
{
    struct buf piece;
    buf_init(&piece, 1 << 16);
    chat_piece(o->chat, c->id, &piece);
    json_t *object = json_pack("{s:i, s:o, s:o, s:f, s:f}", "id", (int)c->id, "text",
                               json_text(buf_text(&piece), piece.size), "logprob", logarithm(c->before), "prob_before",
                               (double)c->before, "prob_after", (double)c->after);
    buf_free(&piece);
    return object;
}

static void add_token(struct once *o, const struct event *event)
{
    struct candidate chosen = event->chosen;
    chosen.id = event->id;
    json_t *object = candidate_json(o, &chosen);
    json_t *top = o->options->logprobs > 0 ? json_array() : NULL;
    for (int32_t i = 0; top != NULL && i < event->n_best && i < o->options->logprobs; i++)
        json_array_append_new(top, candidate_json(o, &event->best[i]));
    if (top != NULL)
        json_object_set_new(object, "top", top);
    json_array_append_new(o->tokens, object);
}

static void on_token(void *context, const struct event *event)
{
    struct once *o = context;
    if (o->tokens != NULL && event->id >= 0)
        add_token(o, event);
    if (o->tokens == NULL)
        write_piece(o, event->text, event->text_size);
}

static void on_ended(void *context, const struct chat_message *answer)
{
    struct once *o = context;
    (void)answer;
    o->ended = true;
}

static void on_remark(void *context, bool trouble, const char *text)
{
    const struct once *o = context;
    if (trouble && !o->options->quiet)
        safe_printf(stderr, "palaver: %s\n", text);
}

static void on_failed(void *context, const struct error *err)
{
    struct once *o = context;
    error_set(&o->err, err->code, "%s", err->message);
}

/* A server found it too long; the message is the caller's. */
static void on_refused(void *context, const char *text, const struct error *err)
{
    (void)text;
    on_failed(context, err);
}

/* A number if JSON integers can hold it, else a string. */
static json_t *seed_json(uint64_t seed)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)seed);
    return seed <= INT64_MAX ? json_integer((json_int_t)seed) : json_string(digits);
}

static void print_json(const struct once *o, const struct chat_message *answer)
{
    json_t *object = json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:O}", "text",
                               json_text(buf_text(&answer->text), answer->text.size), "finish",
                               finish_name(answer->finish), "model", json_text(answer->model, strlen(answer->model)),
                               "seed", seed_json(answer->seed), "usage", stats_usage(&answer->timings), "timings",
                               stats_timings(&answer->timings), "tokens", o->tokens);
    json_print(stdout, object);
}

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

static void handle_signals(struct once *o)
{
    struct signals came = signals_take();
    if (came.end == 0 && !came.interrupt)
        return;
    o->interrupted = true;
    chat_stop(o->chat);
}

/* Waits for the engine and signals, and for fd unless it is -1; true if fd is readable. After most milliseconds (-1: no
 * limit) it returns anyway. */
static bool wait_once(struct once *o, int fd, int most)
{
    struct pollfd fds[3] = {{.fd = o->signals, .events = POLLIN},
                            {.fd = chat_fd(o->chat), .events = POLLIN},
                            {.fd = fd, .events = POLLIN}};
    int due = chat_due(o->chat);
    int n = poll(fds, 3, most >= 0 && (due < 0 || most < due) ? most : due);
    handle_signals(o);
    if (n > 0 && fds[1].revents != 0)
        chat_handle(o->chat);
    chat_tick(o->chat);
    return n > 0 && fds[2].revents != 0;
}

static bool is_over(const struct once *o)
{
    return o->err.code != ERR_NONE || o->interrupted;
}

/* ---- the prompt ------------------------------------------------------------------------------------------------- */

/* How many bytes the context could hold if each token were the longest of the vocabulary. */
static size_t context_bytes(const struct once *o)
{
    size_t longest = 1;
    if (chat_host(o->chat) != NULL) /* the server may take more than is known here */
        return CHAT_TEXT_MOST;
    const struct tokenizer *t = model_tokenizer(chat_model(o->chat));
    for (int32_t id = 0; id < tokenizer_size(t); id++) {
        const char *spelling = tokenizer_spelling(t, id);
        size_t size = spelling != NULL ? strlen(spelling) : 0;
        longest = size > longest ? size : longest;
    }
    return longest * chat_capacity(o->chat);
}

/* Tells once that input keeps the program waiting, for whoever started it in a pipe that stays open. */
static void tell_waiting(struct once *o, const char *name, int64_t since)
{
    if (o->told_waiting || o->options->quiet || clock_milliseconds() - since < INPUT_PATIENCE)
        return;
    o->told_waiting = true;
    safe_printf(stderr, "palaver: waiting for the end of %s, which belongs to the prompt\n", name);
}

static bool has_words(const struct options *o)
{
    bool any = o->prompt != NULL && *o->prompt != '\0';
    for (int i = 0; i < o->n_words; i++)
        any |= *o->words[i] != '\0';
    return any;
}

/* Without a file or words the prompt must come from standard input. That is told before a model is loaded. */
static void read_head(struct once *o)
{
    char block[4096];
    const struct options *p = o->options;
    if (p->file != NULL || has_words(p))
        return;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (!isatty(STDIN_FILENO) && poll(&input, 1, INPUT_PATIENCE) == 0)
        tell_waiting(o, "standard input", clock_milliseconds() - INPUT_PATIENCE);
    ssize_t size = isatty(STDIN_FILENO) ? 0 : read(STDIN_FILENO, block, sizeof block);
    if (size < 0 && errno == EBADF)
        error_set(&o->err, ERR_ARGUMENT, "there is no prompt: standard input is closed; palaver -p TEXT answers once");
    else if (size < 0)
        error_system(&o->err, ERR_IO, errno, "standard input");
    else if (size == 0 && (p->prompt != NULL || p->n_words > 0))
        error_set(&o->err, ERR_ARGUMENT, "the prompt is empty");
    else if (size == 0)
        error_set(&o->err, ERR_ARGUMENT,
                  "there is no prompt: standard input is empty and not a terminal; palaver -p TEXT answers once");
    else
        buf_append(&o->head, block, (size_t)size);
}

/* Appends all of a descriptor, unless it is longer than the context. Waits for nothing else than poll(2) does. */
static void read_input(struct once *o, int fd, const char *name, struct buf *text)
{
    char block[65536];
    size_t most = context_bytes(o), before = text->size;
    int64_t since = clock_milliseconds();
    while (!is_over(o)) {
        tell_waiting(o, name, since);
        if (!wait_once(o, fd, o->told_waiting ? -1 : INPUT_PATIENCE))
            continue;
        ssize_t size = read(fd, block, sizeof block);
        if (size == 0 || (size < 0 && errno == EBADF)) /* a closed descriptor is an empty one here */
            break;
        if (size < 0 && errno != EINTR && errno != EAGAIN)
            error_system(&o->err, ERR_IO, errno, "%s", name);
        if (size > 0 && (!buf_append(text, block, (size_t)size) || text->size - before > most))
            error_set(&o->err, ERR_CONTEXT,
                      "%s: more than %zu bytes, which the context of %zu tokens can't hold: give a part of it, or "
                      "choose a larger context with -c",
                      name, text->size - before, chat_capacity(o->chat));
    }
}

static void check_text(struct once *o, const struct buf *text, const char *name)
{
    const char *nul = text->size > 0 ? memchr(text->data, '\0', text->size) : NULL;
    if (!is_over(o) && nul != NULL)
        error_set(&o->err, ERR_FORMAT, "%s: not text: byte %zu is zero", name, (size_t)(nul - text->data));
    if (!is_over(o))
        input_check_utf8(text, name, &o->err);
}

/* Appends a part after an empty line. */
static void append_part(struct buf *text, const struct buf *part)
{
    if (text->size > 0 && part->size > 0)
        buf_puts(text, text->data[text->size - 1] == '\n' ? "\n" : "\n\n");
    buf_append(text, buf_text(part), part->size);
}

static void append_words(const struct options *options, struct buf *text)
{
    if (options->prompt != NULL)
        buf_puts(text, options->prompt);
    for (int i = 0; i < options->n_words; i++)
        buf_printf(text, "%s%s", i > 0 ? " " : "", options->words[i]);
    size_t good = options->raw ? text->size : 0;
    while (text->size > good && text->data[text->size - 1] == '\n')
        buf_truncate(text, text->size - 1);
}

static void append_input(struct once *o, struct buf *text, bool file)
{
    struct buf part;
    const char *name = file ? o->options->file : "standard input";
    buf_init(&part, INPUT_MOST);
    int fd = file ? input_open(name, true, &o->err) : STDIN_FILENO;
    if (!file)
        buf_append(&part, buf_text(&o->head), o->head.size);
    if (fd >= 0)
        read_input(o, fd, name, &part);
    if (file && fd >= 0)
        close(fd);
    check_text(o, &part, name);
    while (!o->options->raw && part.size > 0 && part.data[part.size - 1] == '\n')
        buf_truncate(&part, part.size - 1);
    append_part(text, &part);
    buf_free(&part);
}

/* The prompt: -p or the words, the file, and standard input, with empty lines between them. */
static void compose_prompt(struct once *o, struct buf *text)
{
    append_words(o->options, text);
    check_text(o, text, "the prompt");
    if (o->options->file != NULL && !is_over(o))
        append_input(o, text, true);
    if (!isatty(STDIN_FILENO) && !is_over(o))
        append_input(o, text, false);
    if (text->size == 0 && !is_over(o))
        error_set(&o->err, ERR_ARGUMENT, "the prompt is empty");
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

/* A model without a chat template was perhaps meant to answer. */
static void tell_base(const struct once *o)
{
    const struct chat_template *template = chat_template(o->chat);
    if (template != NULL && template_source(template) == TEMPLATE_NONE && !o->options->quiet)
        fputs("palaver: the model has no chat template: it continues the text, as --raw asks for\n", stderr);
}

static void run_answer(struct once *o)
{
    struct buf text;
    buf_init(&text, CHAT_TEXT_MOST);
    while (chat_state(o->chat) == CHAT_LOADING && !is_over(o))
        wait_once(o, -1, -1);
    if (!is_over(o))
        models_check_sampling(&o->options->sampling, chat_model(o->chat), &o->err);
    if (!is_over(o))
        tell_base(o);
    if (!is_over(o))
        compose_prompt(o, &text);
    if (!is_over(o))
        chat_send(o->chat, buf_text(&text), text.size, &o->err);
    while (!o->ended && o->err.code == ERR_NONE && chat_is_busy(o->chat))
        wait_once(o, -1, -1);
    buf_free(&text);
}

/* Prints what is left; returns the exit code. */
static int end_answer(struct once *o)
{
    const struct chat_message *last = o->ended ? chat_message(o->chat, chat_count(o->chat) - 1) : NULL;
    if (last != NULL && o->tokens != NULL)
        print_json(o, last);
    else
        show_end(&o->show);
    if (last != NULL && o->tokens == NULL && last->finish == FINISH_CONTEXT && !o->options->quiet)
        fprintf(stderr,
                "palaver: the answer ends here because the context of %zu tokens is full; choose a larger one with "
                "-c\n",
                chat_capacity(o->chat));
    if (last != NULL && o->options->stats)
        stats_print(stderr, &last->timings, last->seed);
    if (ferror(stdout) && errno == EPIPE)
        clearerr(stdout);
    if (o->interrupted)
        return EXIT_INTERRUPTED;
    return o->err.code != ERR_NONE ? report(&o->err) : EXIT_ANSWER;
}

/* Saves what is left; an answer that is not in the history makes the exit code an error. */
static int close_chat(struct once *o, int status)
{
    struct error why = {0}, told = {0};
    size_t unsaved;
    if (o->chat == NULL || chat_close(o->chat, &unsaved, &why) == ERR_NONE)
        return status;
    error_set(&told, why.code, "the conversation could not be saved: %s", why.message);
    int failed = report(&told);
    return status == EXIT_ANSWER ? failed : status;
}

int once_run(const struct options *options)
{
    struct once o = {.options = options};
    const struct chat_view view = {
        .context = &o,
        .token = on_token,
        .ended = on_ended,
        .failed = on_failed,
        .refused = on_refused,
        .remark = on_remark,
    };
    int status = EXIT_ERROR;
    show_init(&o.show, options, stdout);
    o.show.exact = true;
    buf_init(&o.head, 4096);
    read_head(&o);
    o.signals = signals_open(false, &o.err);
    o.tokens = options->json ? json_array() : NULL;
    if (o.signals >= 0 && o.err.code == ERR_NONE)
        o.chat = chat_open(options, &view, &o.err);
    if (o.chat != NULL) {
        chat_begin_one_shots(o.chat);
        run_answer(&o);
    }
    status = close_chat(&o, end_answer(&o));
    chat_free(o.chat);
    signals_close();
    json_decref(o.tokens);
    buf_free(&o.head);
    show_free(&o.show);
    return status;
}
