/* Slash commands: /read --about attaches what text files say about a question.
 *
 * The folder is read by a thread (meaning/folder.h) that the front end looks after ten times a second. What is found is
 * attached as whole files are, the likest passages first until three quarters of the context are full: the rest is for the
 * question and the answer. In the message they stand in the order of the files. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/btw.h"
#include "app/chat/chat.h"
#include "app/meaning/folder.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "app/text/plural.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

enum {
    DUE = 100,            /* milliseconds */
    CONTEXT_USUAL = 4096, /* tokens, where a server does not say what its context holds */
};

/* ---- asking ----------------------------------------------------------------------------------------------------- */

enum error_code slash_read_about(struct repl *t, const struct words *words, struct error *err)
{
    struct words folders = {0};
    const char *question = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < words->n; i++)
        if (strcmp(words->at[i], "--about") == 0)
            question = ++i < words->n ? words->at[i] : NULL;
        else
            ok = words_add(&folders, words->at[i], strlen(words->at[i]));
    if (!ok)
        error_memory(err);
    else if (question == NULL || strspn(question, " \t\n") == strlen(question) || folders.n == 0)
        error_set(err, ERR_ARGUMENT,
                  "a question in quotes and a folder, please: /read --about \"how is it installed?\" FOLDER");
    else if (repl_reads(t))
        error_set(err, ERR_BUSY, "/read is still reading; Esc stops it");
    else if (chat_state(t->chat) == CHAT_NO_MODEL)
        error_set(err, ERR_NOT_FOUND, "no model is loaded that could be asked; /model NAME loads one");
    else
        t->folder = folder_ask(t->options, question, &folders, err);
    words_free(&folders);
    return err->code;
}

bool repl_reads(const struct repl *t)
{
    return t->folder != NULL;
}

void repl_stop(struct repl *t)
{
    if (btw_runs(t->btw))
        btw_stop(t->btw);
    else if (repl_reads(t))
        folder_stop(t->folder);
    else
        chat_stop(t->chat);
}

void repl_reading(const struct repl *t, char *out, size_t size)
{
    const int percent = folder_percent(t->folder), left = folder_seconds_left(t->folder);
    if (folder_is_stopped(t->folder))
        snprintf(out, size, "stopping");
    else if (percent < 0)
        snprintf(out, size, "looking for files · Esc stops");
    else if (left > 1)
        snprintf(out, size, "reading files %d%%, %d s left · Esc stops", percent, left);
    else
        snprintf(out, size, "reading files %d%% · Esc stops", percent);
}

int repl_due(const struct repl *t)
{
    return repl_reads(t) ? DUE : -1;
}

/* ---- what fits -------------------------------------------------------------------------------------------------- */

/* Tokens that may be attached; 0 when the conversation leaves too few. */
static size_t find_room(const struct repl *t, struct error *err)
{
    struct prompt prompt = {0};
    struct error ignored = {0}; /* a conversation that does not fit loses its beginning when it is sent */
    const size_t told = chat_capacity(t->chat), capacity = told > 0 ? told : CONTEXT_USUAL;
    const size_t most = capacity - capacity / 4;
    size_t used = chat_count_tokens(t->chat, buf_text(&t->attached), t->attached.size);
    if (chat_count(t->chat) > 0 && chat_host(t->chat) != NULL)
        used += chat_estimate_used(t->chat);
    else if (chat_count(t->chat) > 0 && chat_render(t->chat, &prompt, &ignored) == ERR_NONE)
        used += prompt.ids.n;
    prompt_free(&prompt);
    if (used + capacity / 8 <= most)
        return most - used;
    error_set(
        err, ERR_CONTEXT,
        "the context of %zu tokens has no room for files beside the conversation; /new begins another, palaver -c N "
        "has a larger context",
        capacity);
    return 0;
}

static bool follows(const struct folder_passage *a, const struct folder_passage *b)
{
    return a->file == b->file && a->number + 1 == b->number;
}

/* "3-9", or "3". */
static void write_lines(struct buf *out, size_t first, size_t last)
{
    buf_printf(out, "%zu", first);
    if (last > first)
        buf_printf(out, "-%zu", last);
}

/* Appends "NAME, lines 3-9:" and the passage; of one that follows the one before, the text alone. */
static void write_passage(struct buf *out, const struct folder_passage *p, const struct folder_passage *before,
                          size_t last_line)
{
    if (before == NULL || !follows(before, p)) {
        buf_printf(out, "%s%s, line%s ", out->size > 0 ? "\n" : "", p->path, last_line > p->line ? "s" : "");
        write_lines(out, p->line, last_line);
        buf_puts(out, ":\n");
    }
    buf_append(out, p->text, p->size);
    buf_putc(out, '\n');
}

/* How many of the passages, from the likest on, have room. */
static size_t count_fitting(const struct repl *t, const struct folder_answer *a, size_t room)
{
    struct buf piece;
    size_t n = 0, tokens = 0;
    buf_init(&piece, CHAT_TEXT_MOST);
    for (; n < a->n; n++) {
        buf_clear(&piece);
        write_passage(&piece, &a->at[n], NULL, a->at[n].last_line);
        const size_t more = chat_count_tokens(t->chat, buf_text(&piece), piece.size) + 1;
        if (tokens + more > room)
            break;
        tokens += more;
    }
    buf_free(&piece);
    return n;
}

static int in_order(const void *a, const void *b)
{
    const struct folder_passage *x = *(const struct folder_passage *const *)a;
    const struct folder_passage *y = *(const struct folder_passage *const *)b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* ---- attaching -------------------------------------------------------------------------------------------------- */

/* The last line of those that follow passage i without a gap. */
static size_t last_line_of(const struct folder_passage *const *all, size_t n, size_t i)
{
    while (i + 1 < n && follows(all[i], all[i + 1]))
        i++;
    return all[i]->last_line;
}

/* The names of the files, each once, as the composer shows what is attached. */
static void name_files(struct buf *names, const struct folder_passage *const *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *slash = strrchr(all[i]->path, '/');
        if (i == 0 || all[i - 1]->file != all[i]->file)
            buf_printf(names, "%s%s", names->size > 0 ? ", " : "", slash != NULL ? slash + 1 : all[i]->path);
    }
}

/* *tokens: what they take. */
static bool attach_passages(struct repl *t, const struct folder_passage *const *all, size_t n, size_t *tokens)
{
    const size_t before = t->attached.size;
    struct buf text;
    buf_init(&text, CHAT_TEXT_MOST);
    for (size_t i = 0; i < n; i++)
        write_passage(&text, all[i], i > 0 ? all[i - 1] : NULL, last_line_of(all, n, i));
    buf_puts(&t->attached, before > 0 ? "\n" : "");
    buf_append(&t->attached, buf_text(&text), text.size);
    *tokens = chat_count_tokens(t->chat, buf_text(&text), text.size);
    const bool ok = !buf_failed(&text) && !buf_failed(&t->attached);
    buf_free(&text);
    return ok;
}

/* Whether passage i, the first of its file, is of one line, and no other of the file is there. */
static bool is_one_line(const struct folder_passage *const *all, size_t n, size_t i)
{
    return all[i]->line == all[i]->last_line && (i + 1 == n || all[i + 1]->file != all[i]->file);
}

/* One line for each file: "notes/a.md: lines 3-9, 20-31", "notes/b.md: line 3". */
static void tell_lines(const struct repl *t, const struct folder_passage *const *all, size_t n)
{
    struct buf line;
    buf_init(&line, 1 << 16);
    for (size_t i = 0; i < n; i++) {
        const bool first = i == 0 || all[i - 1]->file != all[i]->file;
        if (first && line.size > 0)
            show_line(t->show, "%s", buf_text(&line));
        if (first) {
            buf_clear(&line);
            buf_printf(&line, "%s: line%s ", all[i]->path, is_one_line(all, n, i) ? "" : "s");
        }
        if (first || !follows(all[i - 1], all[i])) {
            buf_puts(&line, first ? "" : ", ");
            write_lines(&line, all[i]->line, last_line_of(all, n, i));
        }
    }
    show_line(t->show, "%s", buf_text(&line));
    buf_free(&line);
}

static void add_left_out(struct buf *out, size_t n, const char *one, const char *several)
{
    if (n > 0)
        buf_printf(out, "%s%zu %s", out->size > 0 ? ", " : "", n, n == 1 ? one : several);
}

static void tell_left_out(const struct repl *t, const struct folder_answer *a)
{
    struct buf text;
    buf_init(&text, 1024);
    add_left_out(&text, a->binary, "file that is no text", "files that are no text");
    add_left_out(&text, a->large, "file of more than 8 MiB", "files of more than 8 MiB");
    add_left_out(&text, a->unreadable, "that can't be read", "that can't be read");
    add_left_out(&text, a->links, "link to a folder", "links to folders");
    if (a->full)
        buf_printf(&text, "%swhat is beyond 10,000 files or 64 MiB", text.size > 0 ? ", " : "");
    if (text.size > 0)
        show_note(t->show, "left out: %s", buf_text(&text));
    buf_free(&text);
}

static void attach_answer(struct repl *t, const struct folder_answer *a, struct error *err)
{
    const struct folder_passage *all[FOLDER_PASSAGES_MOST];
    const size_t room = find_room(t, err);
    size_t tokens, n = room > 0 ? count_fitting(t, a, room) : 0;
    if (n == 0) {
        error_set(err, ERR_CONTEXT, "no passage fits the context; palaver -c N has a larger one");
        return;
    }
    for (size_t i = 0; i < n; i++)
        all[i] = &a->at[i];
    qsort(all, n, sizeof *all, in_order);
    const size_t before = t->attached.size;
    if (!attach_passages(t, all, n, &tokens)) {
        buf_truncate(&t->attached, before);
        error_memory(err);
        return;
    }
    name_files(&t->attached_names, all, n);
    show_note(t->show, "%zu of %zu passage%s in %zu file%s, %s%zu tokens, sent with your next message:", n, a->passages,
              plural(a->passages), a->files, plural(a->files), chat_count_sign(t->chat), tokens);
    tell_lines(t, all, n);
    tell_left_out(t, a);
}

bool repl_tick(struct repl *t)
{
    struct error err = {0};
    /* what fits is known when the model is loaded */
    if (!repl_reads(t) || !folder_has_ended(t->folder) || chat_state(t->chat) == CHAT_LOADING)
        return false;
    const struct folder_answer *a = folder_result(t->folder, &err);
    if (a != NULL && chat_state(t->chat) == CHAT_NO_MODEL)
        error_set(&err, ERR_NOT_FOUND, "no model is loaded that could be asked; /model NAME loads one");
    else if (a != NULL)
        attach_answer(t, a, &err);
    if (err.code == ERR_STOPPED)
        show_note(t->show, "stopped; nothing is attached");
    else if (err.code != ERR_NONE)
        show_error(t->show, &err);
    folder_free(t->folder);
    t->folder = NULL;
    return true;
}
