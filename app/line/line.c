/* Line: the chat in line mode, one message after another on the terminal as it is.
 *
 * Either libedit reads a message (and the poll loop in edit.c passes the engine's events on), or an answer streams and
 * the loop of this file waits for Ctrl-C and Esc; other keys are kept for the next message. */
#include <config.h>

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/chat/btw.h"
#include "app/chat/chat.h"
#include "app/chat/models.h"
#include "app/library/home.h"
#include "app/line/edit.h"
#include "app/line/line.h"
#include "app/line/recap.h"
#include "app/meaning/meaning.h"
#include "app/options/options.h"
#include "app/slash/leave.h"
#include "app/slash/slash.h"
#include "app/terminal/drop.h"
#include "app/terminal/editor.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "app/terminal/signals.h"
#include "app/terminal/stats.h"
#include "app/terminal/term.h"
#include "app/terminal/terminal.h"
#include "app/text/plural.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

/* Seconds: how long the first prompt waits for the model to load, and after how long waiting is shown. */
#define GREETING_WAIT 0.3
#define STATUS_AFTER 0.3
/* Milliseconds within which the rest of a key's sequence follows an escape. */
enum { KEY_WAIT = 30 };

struct line {
    const struct options *options;
    struct show show;
    struct repl repl;
    struct line_edit *edit;
    FILE *screen; /* where the line is edited: standard output, or standard error if that is not a terminal */
    int signals;
    int dying;      /* the signal that ends the program */
    bool at_prompt; /* libedit has the terminal */
    bool printed;   /* something was printed while it had */
    bool greeted;
    bool labelled; /* the answer has begun on the screen */
    bool failed;   /* the model could not be loaded */
    bool pasting;  /* pasted text arrives while an answer streams */
    double asked;  /* when the answer was asked for */
    const char *prompt;
};

/* ---- events of the chat ---------------------------------------------------------------------------------------- */

/* Begins a new line if a message is being typed. */
static void interrupt_prompt(struct line *l)
{
    if (l->at_prompt && !l->printed)
        fputc('\n', l->screen);
    l->printed |= l->at_prompt;
}

static void show_greeting(struct line *l)
{
    const struct chat_template *template = chat_template(l->repl.chat);
    char name[256], label[160];
    models_label(chat_model_path(l->repl.chat), name, sizeof name);
    if (template != NULL)
        models_template_label(template, label, sizeof label);
    else
        snprintf(label, sizeof label, "remote %s", chat_host(l->repl.chat));
    bool first = !l->greeted;
    l->greeted = true;
    if (l->options->quiet)
        return;
    interrupt_prompt(l);
    if (template != NULL && template_is_base(template))
        show_line(&l->show, "%s · %s%s", name, label, first ? " · /help" : "");
    else
        show_line(&l->show, "%s · %s%s", name, label, first ? " · /help, Ctrl-D leaves" : "");
}

static void on_loaded(void *context)
{
    struct line *l = context;
    struct error err = {0};
    show_greeting(l);
    if (models_check_sampling(chat_sampling(l->repl.chat), chat_model(l->repl.chat), &err) != ERR_NONE)
        show_error(&l->show, &err);
}

static void on_reading(void *context, size_t done, size_t total)
{
    struct line *l = context;
    double passed = clock_seconds() - l->asked;
    if (passed < STATUS_AFTER || total == 0)
        return;
    size_t left = done > 0 ? (size_t)(passed * (double)(total - done) / (double)done + 0.5) : 0;
    if (left > 1)
        show_status(&l->show, "reading the prompt %zu%%, %zu s left", done * 100 / total, left);
    else
        show_status(&l->show, "reading the prompt %zu%%", done * 100 / total);
}

static void on_token(void *context, const struct event *event)
{
    struct line *l = context;
    if (!l->labelled) {
        show_part(&l->show, 'C');
        show_label(&l->show, "Palaver");
    }
    l->labelled = true;
    show_text(&l->show, event->text, event->text_size);
}

static void on_window(void *context, size_t messages, size_t tokens)
{
    struct line *l = context;
    if (chat_continues_text(l->repl.chat))
        show_note(&l->show, "the model no longer sees the first %zu tokens of the text", tokens);
    else
        show_note(&l->show, "the model no longer sees the first %zu message%s (%zu tokens)", messages, plural(messages),
                  tokens);
}

static void on_ended(void *context, const struct chat_message *answer)
{
    struct line *l = context;
    show_end(&l->show);
    if (answer->finish == FINISH_END && answer->text.size == 0)
        show_note(&l->show, "the answer is empty; /regenerate tries again");
    else if (answer->finish == FINISH_STOPPED)
        show_note(&l->show, "stopped; /continue resumes it");
    else if (answer->finish == FINISH_LENGTH)
        show_note(&l->show, "stopped after %d tokens (max_new_tokens); /continue resumes it",
                  (int)chat_sampling(l->repl.chat)->max_new_tokens);
    else if (answer->finish == FINISH_CONTEXT)
        show_note(&l->show,
                  "the context of %zu tokens is full; /new begins a new conversation, palaver -c N has a larger "
                  "context",
                  chat_capacity(l->repl.chat));
    if (l->options->stats)
        stats_print(stderr, &answer->timings, answer->seed);
    if (l->show.moves)
        fputc('\n', l->screen);
}

static void on_refused(void *context, const char *text, const struct error *err)
{
    struct line *l = context;
    interrupt_prompt(l);
    if (!l->failed)
        show_error(&l->show, err);
    if (*text == '\0')
        return;
    buf_clear(&l->repl.draft);
    buf_puts(&l->repl.draft, buf_text(&l->repl.sent));
}

static void on_failed(void *context, const struct error *err)
{
    struct line *l = context;
    interrupt_prompt(l);
    show_end(&l->show);
    show_error(&l->show, err);
    l->failed = chat_state(l->repl.chat) == CHAT_NO_MODEL;
}

static void on_changed(void *context, size_t from)
{
    struct line *l = context;
    if (from >= chat_count(l->repl.chat))
        return;
    interrupt_prompt(l);
    recap_show(&l->show, l->repl.chat, from, l->prompt);
}

static void on_remark(void *context, bool trouble, const char *text)
{
    struct line *l = context;
    struct error err = {0};
    interrupt_prompt(l);
    if (trouble)
        show_error(&l->show, (error_set(&err, ERR_IO, "%s", text), &err));
    else
        show_note(&l->show, "%s", text);
}

/* ---- while an answer streams
 * -------------------------------------------------------------------------------------- */

static void handle_signals(struct line *l)
{
    struct signals came = signals_take();
    if (came.end != 0)
        l->dying = came.end;
    if (came.end != 0 || came.interrupt)
        repl_stop(&l->repl);
    if (came.suspend) {
        show_no_status(&l->show);
        terminal_restore();
        signals_suspend();
    }
    if (came.suspend || came.resume)
        terminal_listen();
}

/* True for an escape alone, which no further bytes of a key's sequence follow. */
static bool is_escape(const char *bytes, ssize_t size)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    return size == 1 && bytes[0] == '\033' && poll(&fd, 1, KEY_WAIT) == 0;
}

static bool has_mark(const char *bytes, ssize_t size, const char *mark)
{
    return memmem(bytes, (size_t)size, mark, strlen(mark)) != NULL;
}

/* Ctrl-C stops, Ctrl-Z suspends; other keys are kept for the next message. */
static void take_typed(struct line *l, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\003')
            repl_stop(&l->repl);
        else if (bytes[i] == '\032')
            raise(SIGTSTP);
        else
            line_edit_feed(l->edit, bytes + i, 1);
    }
}

/* Esc stops too; pasted text is passed on unchanged. */
static void take_keys(struct line *l)
{
    char bytes[4096];
    ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) {
        l->dying = SIGHUP;
        repl_stop(&l->repl);
    }
    if (size <= 0)
        return;
    if (is_escape(bytes, size)) {
        repl_stop(&l->repl);
        return;
    }
    l->pasting |= has_mark(bytes, size, "\033[200~");
    if (l->pasting)
        line_edit_feed(l->edit, bytes, (size_t)size);
    else
        take_typed(l, bytes, (size_t)size);
    l->pasting &= !has_mark(bytes, size, "\033[201~");
}

/* Waits once for the engine, keys and signals. */
static void wait_for_events(struct line *l, int milliseconds)
{
    struct pollfd fds[4] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = l->signals, .events = POLLIN},
                            {.fd = chat_fd(l->repl.chat), .events = POLLIN},
                            {.fd = btw_fd(l->repl.btw), .events = POLLIN}};
    int due = chat_due(l->repl.chat);
    int n = poll(fds, 4, due >= 0 && due < milliseconds ? due : milliseconds);
    handle_signals(l);
    if (n > 0 && fds[0].revents != 0)
        take_keys(l);
    if (n > 0 && fds[2].revents != 0)
        chat_handle(l->repl.chat);
    if (n > 0 && fds[3].revents != 0)
        btw_handle(l->repl.btw);
    chat_tick(l->repl.chat);
    repl_pace(&l->repl);
}

static void show_loading(struct line *l)
{
    int percent = chat_loading_percent(l->repl.chat);
    if (percent >= 0)
        show_status(&l->show, "loading the model %d%%", percent);
    else
        show_status(&l->show, "loading the model");
}

/* Returns when the answer has ended. */
static void watch_answer(struct line *l)
{
    l->asked = clock_seconds();
    l->labelled = false;
    while (chat_is_busy(l->repl.chat) && l->dying == 0) {
        wait_for_events(l, 100);
        if (chat_state(l->repl.chat) == CHAT_LOADING && clock_seconds() - l->asked > STATUS_AFTER)
            show_loading(l);
    }
    show_end(&l->show);
    show_part(&l->show, 'D');
}

/* Returns when /read --about has read, or was stopped. */
static void watch_reading(struct line *l)
{
    char text[80];
    while (repl_reads(&l->repl) && l->dying == 0) {
        repl_reading(&l->repl, text, sizeof text);
        show_status(&l->show, "%s", text);
        wait_for_events(l, repl_due(&l->repl));
        repl_tick(&l->repl);
    }
    show_no_status(&l->show);
}

/* Prints the answer to /btw as it comes; returns when it has ended, and then it is gone. */
static void watch_btw(struct line *l)
{
    size_t shown = 0;
    show_part(&l->show, 'C');
    show_label(&l->show, "Palaver, beside the conversation");
    for (bool runs = true; runs && l->dying == 0;) {
        wait_for_events(l, 100);
        runs = btw_runs(l->repl.btw);
        const struct buf *answer = btw_answer(l->repl.btw);
        if (btw_reading(l->repl.btw) >= 0)
            show_status(&l->show, "reading the question %d%%", btw_reading(l->repl.btw));
        if (answer->size > shown)
            show_text(&l->show, buf_text(answer) + shown, answer->size - shown);
        shown = answer->size;
    }
    show_end(&l->show);
    const struct btw_end *end = btw_end(l->repl.btw);
    if (end->error.code != ERR_NONE)
        show_error(&l->show, &end->error);
    else if (*repl_btw_note(&l->repl) != '\0')
        show_note(&l->show, "%s", repl_btw_note(&l->repl));
    show_note(&l->show, "this was beside the conversation and leaves no trace");
    show_part(&l->show, 'D');
    btw_free(l->repl.btw);
    l->repl.btw = NULL;
}

/* ---- typing ----------------------------------------------------------------------------------------------------- */

static int watched_fd(void *context)
{
    const struct line *l = context;
    return chat_fd(l->repl.chat);
}

static int next_due(void *context)
{
    const struct line *l = context;
    return chat_due(l->repl.chat);
}

static bool handle_chat(void *context)
{
    struct line *l = context;
    l->printed = false;
    chat_handle(l->repl.chat);
    chat_tick(l->repl.chat);
    return l->printed;
}

static void complete_word(void *context, const char *line, struct words *candidates, size_t *start)
{
    const struct line *l = context;
    slash_complete(&l->repl, line, candidates, start);
}

static void note_typed(void *context)
{
    const struct line *l = context;
    meaning_rest(l->repl.meaning);
}

static bool is_untraced(void *context, const char *text)
{
    const struct line *l = context;
    return slash_is_untraced(&l->repl, text);
}

static enum error_code edit_text(void *context, struct buf *text, struct error *err)
{
    (void)context;
    terminal_restore();
    enum error_code code = editor_run(text, err);
    terminal_listen();
    return code;
}

/* Removes the """ around a message, the space that makes a message of what looks like a command, and newlines at its
 * end, unless the text is continued. */
static char *message_text(const struct line *l, char *text)
{
    size_t size = strlen(text);
    bool exact = chat_continues_text(l->repl.chat);
    while (!exact && size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    if (size >= 6 && strncmp(text, "\"\"\"", 3) == 0 && strcmp(text + size - 3, "\"\"\"") == 0) {
        text[size - 3] = '\0';
        text += 3 + (text[3] == '\n');
    } else if (text[0] == ' ' && text[1] == '/') {
        text++;
    }
    return text;
}

/* Offers to attach a file that was dropped on the terminal. */
static bool offer_file(struct line *l, const char *text)
{
    if (!drop_offers_file(text, &l->repl.draft))
        return false;
    show_note(&l->show, "that is a file; Enter attaches it to your next message");
    return true;
}

static void take_line(struct line *l, char *text, bool pasted)
{
    bool exact = chat_continues_text(l->repl.chat);
    bool blank = text[exact ? 0 : strspn(text, " \t\n")] == '\0';
    bool several = strchr(text, '\n') != NULL;
    if (blank && l->repl.attached.size == 0)
        return;
    if (slash_is_command(text) && (!(pasted && several) || slash_is_untraced(&l->repl, text)))
        slash_run(&l->repl, text);
    else if (!offer_file(l, text))
        repl_send(&l->repl, blank ? "" : message_text(l, text));
}

/* Ctrl-C on an empty line detaches files, or else tells how to leave. */
static void take_interrupt(struct line *l)
{
    if (l->repl.attached.size > 0) {
        repl_detach(&l->repl);
        show_note(&l->show, "the files are no longer attached");
    } else {
        show_note(&l->show, "Ctrl-D or /quit leaves");
    }
}

static void read_message(struct line *l)
{
    struct buf text, draft;
    bool pasted = false;
    buf_init(&text, CHAT_TEXT_MOST);
    draft = l->repl.draft;
    buf_init(&l->repl.draft, CHAT_TEXT_MOST);
    l->at_prompt = true;
    repl_pace(&l->repl);
    show_part(&l->show, 'A');
    line_edit_keep_private(l->edit, home_is_temporary(chat_home(l->repl.chat)));
    enum line_result result = line_edit_read(l->edit, buf_text(&draft), &text, &pasted);
    l->at_prompt = false;
    terminal_listen();
    if (result == LINE_END)
        fputc('\n', l->screen);
    if (result == LINE_END)
        l->repl.quit = true;
    else if (result == LINE_SIGNAL)
        l->dying = line_edit_signal(l->edit);
    else if (result == LINE_EMPTY)
        take_interrupt(l);
    else if (result == LINE_TEXT && text.size > 0)
        take_line(l, text.data, pasted);
    else if (result == LINE_TEXT && l->repl.attached.size > 0)
        repl_send(&l->repl, "");
    buf_free(&draft);
    buf_free(&text);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* Editing needs a UTF-8 locale; true if the user's is one. */
static bool use_utf8(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        return true;
    setlocale(LC_CTYPE, "C.UTF-8");
    return false;
}

static bool open_line(struct line *l, const struct chat_view *view, const struct line_edit_hooks *hooks,
                      struct error *err)
{
    bool utf8 = use_utf8();
    l->screen = isatty(STDOUT_FILENO) ? stdout : stderr;
    show_init(&l->show, l->options, stdout);
    repl_init(&l->repl, l->options, &l->show);
    l->repl.edit = edit_text;
    l->repl.context = l;
    l->show.labels |= l->show.terminal && (!utf8 || !l->show.moves);
    l->prompt = l->show.labels ? "You: " : utf8 && l->show.moves ? "› " : "> ";
    l->signals = signals_open(true, err);
    if (l->signals < 0)
        return false;
    terminal_open(fileno(l->screen), term_kind() == TERM_KIND_MOVES);
    terminal_listen(); /* before the first prompt, so that no key is echoed or lost */
    l->edit = line_edit_open(l->options, hooks, l->screen, l->signals, l->prompt, l->show.color, err);
    if (l->edit == NULL)
        return false;
    l->repl.chat = chat_open(l->options, view, err);
    if (l->repl.chat != NULL)
        repl_begin(&l->repl);
    return l->repl.chat != NULL;
}

/* True if all is saved; else reports what is lost. */
static bool close_line(struct line *l)
{
    struct leave_loss loss = leave_close(&l->repl);
    line_edit_free(l->edit);
    terminal_close();
    signals_close();
    bool saved = !leave_report(&l->repl, &loss, false);
    repl_end(&l->repl);
    chat_free(l->repl.chat);
    repl_free(&l->repl);
    show_free(&l->show);
    return saved;
}

/* The words of the command line are the first message. */
static void send_words(struct line *l)
{
    struct buf text;
    buf_init(&text, CHAT_TEXT_MOST);
    for (int i = 0; i < l->options->n_words; i++)
        buf_printf(&text, "%s%s", i > 0 ? " " : "", l->options->words[i]);
    if (text.size > 0) {
        show_line(&l->show, "%s%s", l->prompt, buf_text(&text));
        repl_send(&l->repl, buf_text(&text));
    }
    buf_free(&text);
}

/* Waits a moment, so that a model that loads quickly is greeted before the first prompt. */
static void wait_for_model(struct line *l)
{
    double end = clock_seconds() + GREETING_WAIT;
    for (double left; chat_state(l->repl.chat) == CHAT_LOADING && l->dying == 0 && (left = end - clock_seconds()) > 0;)
        wait_for_events(l, (int)(left * 1000) + 1);
}

/* The first attempt to leave is refused while something is not saved. */
static bool may_leave(struct line *l)
{
    struct error err = {0};
    if (leave_allowed(&l->repl, &err))
        return true;
    l->repl.quit = false;
    show_error(&l->show, &err);
    show_note(&l->show, "/export FILE writes the conversation to a file; leaving again gives it up");
    return false;
}

static void run_chat(struct line *l)
{
    chat_tick(l->repl.chat);
    on_changed(l, 0); /* shows a resumed conversation */
    wait_for_model(l);
    if (l->failed)
        return;
    send_words(l);
    while (l->dying == 0 && !(l->repl.quit && may_leave(l))) {
        if (chat_is_busy(l->repl.chat))
            watch_answer(l);
        else if (repl_reads(&l->repl))
            watch_reading(l);
        else if (l->repl.btw != NULL)
            watch_btw(l);
        else
            read_message(l);
    }
}

int line_run(const struct options *o)
{
    struct error err = {0};
    struct line l = {.options = o};
    const struct chat_view view = {.context = &l,
                                   .loaded = on_loaded,
                                   .reading = on_reading,
                                   .token = on_token,
                                   .window = on_window,
                                   .ended = on_ended,
                                   .refused = on_refused,
                                   .failed = on_failed,
                                   .changed = on_changed,
                                   .remark = on_remark};
    const struct line_edit_hooks hooks = {&l,         watched_fd, next_due, handle_chat, complete_word,
                                          note_typed, is_untraced};
    bool open = open_line(&l, &view, &hooks, &err);
    if (open)
        run_chat(&l);
    bool failed = l.failed && !l.repl.quit;
    bool saved = close_line(&l);
    if (l.dying != 0)
        signals_die(l.dying);
    return !open ? report(&err) : failed || !saved ? EXIT_ERROR : EXIT_ANSWER;
}
