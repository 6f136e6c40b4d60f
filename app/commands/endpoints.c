/* palaver endpoints: each server of the endpoints file is asked what it has, and a model of it a few short questions, since
 * what servers can do is found out best by having them do it. Those that are only usual are shown, and asked when they are
 * named. */
#include <config.h>

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands/commands.h"
#include "app/options/endpoints.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "base/buf.h"
#include "base/error.h"
#include "remote/remote.h"

enum { IDLE = 60 /* seconds that a short answer may take to begin */, MODELS_SHOWN = 20 };

struct inquiry {
    struct show show;
    struct endpoint *endpoint;
    const char *model; /* NULL: none is chosen */
    int troubles;
};

/* What came of a question. */
struct probe {
    struct buf text;
    size_t best; /* alternatives of the first token */
    bool tokens;
    struct error error;
};

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static void take_event(struct probe *p, const struct endpoint_event *event)
{
    if (event->kind == ENDPOINT_TEXT) {
        buf_append(&p->text, event->text, event->size);
        p->best = event->token != NULL && !p->tokens ? event->token->n_best : p->best;
        p->tokens |= event->token != NULL;
    } else if (event->kind == ENDPOINT_FAILED) {
        p->error = event->error;
    }
}

/* Waits for what the server has. One that is busy or loads is told so at once: this command says how things are. */
static void wait_for_look(struct inquiry *q, struct probe *p)
{
    struct endpoint_event event = {.kind = ENDPOINT_READING};
    while (event.kind != ENDPOINT_KNOWN && p->error.code == ERR_NONE) {
        if (!endpoint_next(q->endpoint, &event))
            poll(&(struct pollfd){.fd = endpoint_fd(q->endpoint), .events = POLLIN}, 1, -1);
        else if (event.kind == ENDPOINT_WAITING)
            error_set(&p->error, ERR_BUSY, "%s; try again in %d s", event.text, event.seconds);
        else
            take_event(p, &event);
    }
}

/* Waits for the answer's end. */
static void wait_for_end(struct inquiry *q, struct probe *p)
{
    struct endpoint_event event = {.kind = ENDPOINT_READING};
    while (event.kind != ENDPOINT_DONE && event.kind != ENDPOINT_FAILED) {
        if (endpoint_next(q->endpoint, &event)) {
            take_event(p, &event);
            continue;
        }
        event.kind = ENDPOINT_READING;
        poll(&(struct pollfd){.fd = endpoint_fd(q->endpoint), .events = POLLIN}, 1, -1);
    }
}

static struct probe ask_model(struct inquiry *q, const struct endpoint_message *messages, size_t n, int tokens)
{
    const struct endpoint_setting settings[] = {{.name = "max_new_tokens", .value = tokens},
                                                {.name = "temperature", .value = 1, .neutral = true},
                                                {.name = "seed", .seed = 7}};
    struct probe p = {0};
    buf_init(&p.text, 1 << 16);
    const struct endpoint_question question = {.model = q->model,
                                               .messages = messages,
                                               .n = n,
                                               .continues = strcmp(messages[n - 1].role, "assistant") == 0,
                                               .settings = settings,
                                               .n_settings = sizeof settings / sizeof *settings};
    if (endpoint_ask(q->endpoint, &question, &p.error) == ERR_NONE)
        wait_for_end(q, &p);
    return p;
}

/* ---- what it can do --------------------------------------------------------------------------------------------- */

static void say(struct inquiry *q, const char *what, const char *answer)
{
    show_line(&q->show, "  %-18s %s", what, answer);
}

/* Tells a failure in place of an answer; true when it was one. */
static bool tell_failure(struct inquiry *q, const char *what, const struct probe *p)
{
    if (p->error.code == ERR_NONE)
        return false;
    say(q, what, p->error.message);
    q->troubles++;
    return true;
}

/* Two answers with one seed. The first one tells of log-probabilities, too. */
static void try_seeds(struct inquiry *q)
{
    static const struct endpoint_message message = {"user", "Name three animals and where they live.", 39};
    char best[80] = "no";
    struct probe first = ask_model(q, &message, 1, 16);
    struct probe second = {0};
    if (!tell_failure(q, "answers", &first)) {
        if (first.tokens)
            snprintf(best, sizeof best, "yes, with %zu alternatives of each token", first.best);
        say(q, "log-probabilities", best);
        second = ask_model(q, &message, 1, 16);
        if (!tell_failure(q, "seeds", &second))
            say(q, "seeds",
                strcmp(buf_text(&first.text), buf_text(&second.text)) == 0 ? "yes: the same seed gave the same answer"
                                                                           : "no: the same seed gave another answer");
    }
    buf_free(&first.text);
    buf_free(&second.text);
}

/* Whether an answer that was begun goes on where it stopped. */
static void try_continuing(struct inquiry *q)
{
    static const struct endpoint_message messages[] = {{"user", "Count from 1 to 20, with blanks between the numbers.",
                                                        52},
                                                       {"assistant", "1 2 3 4 5 6 7 8 9", 17}};
    if (!endpoint_continues(endpoint_about(q->endpoint).kind)) {
        say(q, "continues answers", "no: forks and /continue are not possible");
        return;
    }
    struct probe p = ask_model(q, messages, 2, 6);
    const char *text = buf_text(&p.text);
    if (!tell_failure(q, "continues answers", &p))
        say(q, "continues answers",
            strncmp(text + strspn(text, " "), "10", 2) == 0 ? "yes" : "perhaps: it did not count on from 9 to 10");
    buf_free(&p.text);
}

/* ---- what it has ------------------------------------------------------------------------------------------------ */

static void show_models(struct inquiry *q)
{
    const struct endpoint_about about = endpoint_about(q->endpoint);
    const struct endpoint_place *place = endpoint_place(q->endpoint);
    char line[400];
    for (size_t i = 0; i < about.n_models && i < MODELS_SHOWN; i++) {
        const bool loose = place->context == 0 && about.loose[i];
        const int32_t context = place->context > 0 ? place->context : about.contexts[i];
        if (context > 0)
            snprintf(line, sizeof line, "%.200s@%s, context of %s%d tokens%s", about.models[i], place->name,
                     loose ? "at most " : "", (int)context, loose ? "; it does not tell how many it is run with" : "");
        else
            snprintf(line, sizeof line, "%.200s@%s, context not told", about.models[i], place->name);
        say(q, i == 0 ? "models" : "", line);
    }
    if (about.n_models > MODELS_SHOWN)
        snprintf(line, sizeof line, "and %zu more", about.n_models - MODELS_SHOWN);
    if (about.n_models == 0 || about.n_models > MODELS_SHOWN)
        say(q, about.n_models == 0 ? "models" : "", about.n_models == 0 ? "none" : line);
}

/* What stays unknown: a question to a model may cost money, so that one of several is asked only by its name. */
static void try_model(struct inquiry *q)
{
    char line[200];
    snprintf(line, sizeof line, "palaver endpoints NAME@%s tries what a model can do",
             endpoint_place(q->endpoint)->name);
    if (q->model == NULL) {
        say(q, "", line);
        return;
    }
    try_seeds(q);
    try_continuing(q);
}

/* The model that is to be tried: by its name, or the only one; NULL: several could be meant. Some servers tell of a model's
 * context when they are asked for it alone. */
static void choose_model(struct inquiry *q, const char *wanted)
{
    const struct endpoint_about about = endpoint_about(q->endpoint);
    struct probe looked = {0}; /* what can't be found out is not told */
    size_t i = 0;
    while (i < about.n_models && (*wanted != '\0' ? strcmp(about.models[i], wanted) != 0 : about.n_models > 1))
        i++;
    q->model = *wanted != '\0' ? wanted : i < about.n_models ? about.models[i] : NULL;
    if (endpoint_look_at(q->endpoint, i))
        wait_for_look(q, &looked);
}

static void inquire(struct inquiry *q, const struct endpoint_place *place, const char *model)
{
    struct error err = {0};
    struct probe looked = {0};
    struct endpoint_place patient = *place;
    patient.idle = IDLE;
    show_line(&q->show, "%s  %s", place->name, place->url);
    if (endpoint_is_clear(place->url))
        say(q, "encrypted", "no: everybody on the way can read what is sent");
    q->endpoint = endpoint_open(&patient, &err);
    if (q->endpoint == NULL || endpoint_look(q->endpoint, &err) != ERR_NONE)
        looked.error = err;
    else
        wait_for_look(q, &looked);
    if (!tell_failure(q, "reachable", &looked)) {
        char kind[60];
        snprintf(kind, sizeof kind, "yes, a server of kind %s", endpoint_kind_name(endpoint_about(q->endpoint).kind));
        say(q, "reachable", kind);
        choose_model(q, model);
        show_models(q);
        try_model(q);
    }
    endpoint_free(q->endpoint);
    q->endpoint = NULL;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

/* NAME, @NAME or MODEL@NAME. */
static enum error_code inquire_word(struct inquiry *q, const struct endpoints *all, const char *word, struct error *err)
{
    const char *at = strrchr(word, '@');
    const struct endpoint_place *place = endpoints_find(all, at != NULL ? at + 1 : word, err);
    char *model = at != NULL ? strndup(word, (size_t)(at - word)) : strdup("");
    if (model == NULL)
        error_memory(err);
    else if (place != NULL)
        inquire(q, place, model);
    free(model);
    return err->code;
}

static void offer_usual(struct inquiry *q, const struct options *o, const struct endpoints *all)
{
    if (all->written == 0)
        show_note(&q->show, "there are none in %s/endpoints; see palaver(1), Endpoints", o->paths.config_dir);
    show_note(&q->show, "usual places on this machine, asked only when they are named:");
    for (size_t i = all->written; i < all->n; i++)
        show_line(&q->show, "%-14s %s", all->at[i].name, all->at[i].url);
}

int endpoints_run(const struct options *o)
{
    struct error err = {0};
    struct endpoints all;
    struct inquiry q = {0};
    if (endpoints_read(o, &all, &err) != ERR_NONE)
        return report(&err);
    show_init(&q.show, o, stdout);
    q.show.side = stdout; /* what is found is what was asked for */
    for (int i = 0; i < o->n_words && err.code == ERR_NONE; i++)
        inquire_word(&q, &all, o->words[i], &err);
    for (size_t i = 0; o->n_words == 0 && i < all.written; i++)
        inquire(&q, &all.at[i], "");
    if (o->n_words == 0)
        offer_usual(&q, o, &all);
    show_free(&q.show);
    endpoints_free(&all);
    if (err.code != ERR_NONE)
        return report(&err);
    return q.troubles > 0 ? EXIT_ERROR : EXIT_ANSWER;
}
