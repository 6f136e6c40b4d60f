/* palaver pull: fetches a model into the models folder. The only command that uses the network. */
#include <config.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/chat/supply.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/fetching.h"
#include "app/terminal/report.h"
#include "app/terminal/signals.h"
#include "app/text/bytes.h"
#include "app/text/safe.h"
#include "base/clock.h"
#include "base/error.h"
#include "remote/remote.h"

struct pull {
    const struct options *options;
    struct fetching fetching;
    int signals; /* readable when one came */
    int end;     /* the signal by which the program ends; 0: none */
    bool stopped;
    size_t files; /* begun */
};

/* ---- what remote asks and tells --------------------------------------------------------------------------------- */

/* Takes the signals that came; false once one of them ends the command. */
static bool pull_goes_on(struct pull *p)
{
    const struct signals s = signals_take();
    p->stopped |= s.interrupt || s.end != 0;
    p->end = s.end != 0 ? s.end : p->end;
    return !p->stopped;
}

static bool on_progress(void *context, int64_t done, int64_t total)
{
    struct pull *p = context;
    fetching_show(&p->fetching, done, total);
    return pull_goes_on(p);
}

static void on_file(void *context, const struct remote_file *file, int64_t from)
{
    struct pull *p = context;
    char size[BYTES_TEXT] = "", before[BYTES_TEXT];
    if (file->size >= 0)
        bytes_text((uint64_t)file->size, size);
    if (from > 0)
        fetching_line(&p->fetching, "%s  %s, continued after %s", file->name, size, bytes_text((uint64_t)from, before));
    else
        fetching_line(&p->fetching, "%s  %s", file->name, size);
}

static void on_note(void *context, const char *text)
{
    struct pull *p = context;
    fetching_line(&p->fetching, "%s", text);
}

/* A signal ends the wait. */
static bool on_wait(void *context, int seconds, const char *why)
{
    struct pull *p = context;
    fetching_line(&p->fetching, "%s; trying again in %d s", why, seconds);
    const int64_t until = clock_milliseconds() + (int64_t)seconds * 1000;
    for (int64_t left; pull_goes_on(p) && (left = until - clock_milliseconds()) > 0;) {
        struct pollfd fd = {.fd = p->signals, .events = POLLIN};
        poll(&fd, 1, (int)left);
    }
    return !p->stopped;
}

static enum error_code on_check(void *context, const char *path, struct error *err)
{
    struct pull *p = context;
    struct error why = {0};
    if (supply_check(path, &why, err) == ERR_NONE && why.code != ERR_NONE)
        fetching_line(&p->fetching, "%s", why.message);
    return err->code;
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static void tell_plan(struct pull *p, const struct remote_plan *plan)
{
    char size[BYTES_TEXT];
    const int64_t bytes = remote_plan_bytes(plan);
    if (plan->n > 1 || plan->licence != NULL)
        fetching_line(&p->fetching, "%s%s%s%s%s", plan->title, bytes >= 0 ? ", " : "",
                      bytes >= 0 ? bytes_text((uint64_t)bytes, size) : "", plan->licence != NULL ? ", licence " : "",
                      plan->licence != NULL ? plan->licence : "");
}

static enum error_code pull_model(struct pull *p, const char *name, const struct remote_options *ro, struct error *err)
{
    struct remote_plan plan;
    if (remote_plan(&plan, name, ro, err) == ERR_NONE) {
        tell_plan(p, &plan);
        remote_pull(&plan, ro, err);
        fetching_clear(&p->fetching);
    }
    if (err->code == ERR_NONE)
        safe_printf(stdout, "%s/%s\n", ro->folder, plan.target);
    remote_plan_free(&plan);
    return err->code;
}

/* Says how it ended; returns the exit code. */
static int pull_end(struct pull *p, const struct error *err)
{
    if (err->code != ERR_STOPPED)
        return err->code == ERR_NONE ? EXIT_ANSWER : report(err);
    fputs("palaver: stopped; the same command continues where it stopped\n", stderr); /* a name may hold a secret */
    if (p->end != 0)
        signals_die(p->end);
    return EXIT_INTERRUPTED;
}

/* Libraries write into connections that others close. */
static void ignore_broken_pipes(void)
{
    signal(SIGPIPE, SIG_IGN);
}

int pull_run(const struct options *o)
{
    struct error err = {0};
    struct pull p = {.options = o, .fetching = fetching_start(o->quiet)};
    struct supply supply = {0};
    const char *name = o->n_words == 1 ? o->words[0] : "";
    if (o->n_words != 1)
        error_set(&err, ERR_ARGUMENT, "palaver pull takes one name or address; see palaver pull --help");
    else if (supply_open(&supply, o, &err) == ERR_NONE && (p.signals = signals_open(false, &err)) >= 0) {
        struct remote_options ro = supply_options(&supply);
        ro.sha256 = o->sha256;
        ro.watch = (struct remote_watch){&p, on_progress, on_file, on_note, on_wait, on_check};
        ignore_broken_pipes();
        pull_model(&p, name, &ro, &err);
        signals_close();
    }
    const int status = pull_end(&p, &err);
    supply_free(&supply);
    return status;
}
