/* Line edit: libedit, fed with characters from a poll loop of our own.
 *
 * libedit calls next_char for every key. What it can't express (a paste, a draft, an accepted line) reaches it as
 * private characters that are bound to the functions below. */
#include <config.h>

#include "app/line/edit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <histedit.h>

#include "app/library/sent.h"
#include "app/line/keys.h"
#include "app/options/options.h"
#include "app/terminal/signals.h"
#include "app/terminal/terminal.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"

/* How long the rest of a key's sequence and of a paste may take, milliseconds. */
enum { KEY_WAIT = 30, PASTE_WAIT = 2000 };
enum { TEXT_MOST = 64 << 20, HISTORY_MOST = 1000 };

struct line_edit {
    EditLine *el;
    HistoryW *history;
    struct line_history *file;
    const struct line_edit_hooks *hooks;
    FILE *out;
    int signals;
    struct line_keys keys;
    wchar_t prompt[64];
    const char *draft;
    enum line_result result;
    int signal;
    bool pasted_first;
    bool hung_up;
    bool private; /* messages are not written to the file */
    bool resumed; /* the next SIGCONT has been handled already */
};

/* ---- wide strings ----------------------------------------------------------------------------------------------- */

static bool append_narrow(struct buf *out, const wchar_t *text, const wchar_t *end)
{
    for (; text < end; text++) {
        char bytes[4];
        if ((uint32_t)*text > 0x10FFFF || !buf_append(out, bytes, utf8_encode((uint32_t)*text, bytes)))
            return false;
    }
    return true;
}

/* malloc'ed; NULL when out of memory. */
static wchar_t *widen(const char *text, size_t size)
{
    wchar_t *wide = malloc((size + 1) * sizeof *wide);
    size_t n = 0;
    for (size_t at = 0, used; wide != NULL && at < size; at += used) {
        uint32_t code = utf8_decode(text + at, size - at, &used);
        wide[n++] = code == UTF8_INVALID ? 0xFFFD : (wchar_t)code;
    }
    if (wide != NULL)
        wide[n] = L'\0';
    return wide;
}

static bool insert_text(struct line_edit *e, const char *text, size_t size)
{
    wchar_t *wide = widen(text, size);
    bool ok = wide != NULL && (*wide == L'\0' || el_winsertstr(e->el, wide) == 0);
    free(wide);
    return ok;
}

static void append_line(struct line_edit *e, struct buf *out)
{
    const LineInfoW *line = el_wline(e->el);
    append_narrow(out, line->buffer, line->lastchar);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void edit_resume(struct line_edit *e)
{
    fputc('\r', e->out);
    el_set(e->el, EL_PREP_TERM, 1);
    terminal_mark_pastes();
    el_set(e->el, EL_REFRESH);
}

static void edit_suspend(struct line_edit *e)
{
    fputc('\n', e->out);
    fflush(e->out);
    el_set(e->el, EL_PREP_TERM, 0);
    terminal_restore();
    signals_suspend();
    e->resumed = true;
    edit_resume(e);
}

/* False if a signal ends the line. */
static bool handle_signals(struct line_edit *e)
{
    struct signals came = signals_take();
    if (came.end != 0) {
        e->signal = came.end;
        e->result = LINE_SIGNAL;
        return false;
    }
    if (came.interrupt)
        line_keys_add(&e->keys, "\003", 1);
    if (came.suspend)
        edit_suspend(e);
    if (came.resize)
        el_resize(e->el);
    if (came.resume && !e->resumed)
        edit_resume(e);
    e->resumed &= !came.resume;
    return true;
}

static bool read_bytes(struct line_edit *e)
{
    char bytes[4096];
    ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (size <= 0)
        e->hung_up = true;
    else
        line_keys_add(&e->keys, bytes, (size_t)size);
    e->hooks->typed(e->hooks->context);
    return size > 0;
}

/* Waits for keys, events and signals. Returns 0 if nothing came within milliseconds (-1: no limit), -1 if the line has
 * ended, else 1. */
static int wait_for_bytes(struct line_edit *e, int milliseconds)
{
    struct pollfd fds[3] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = e->signals, .events = POLLIN},
                            {.fd = e->hooks->watch(e->hooks->context), .events = POLLIN}};
    fflush(e->out);
    int n = poll(fds, 3, milliseconds < 0 ? e->hooks->due(e->hooks->context) : milliseconds);
    if (n == 0 && milliseconds >= 0)
        return 0;
    if (n < 0 && errno != EINTR)
        return -1;
    if (!handle_signals(e) || (n > 0 && fds[0].revents != 0 && !read_bytes(e)))
        return -1;
    if ((n == 0 || (n > 0 && fds[2].revents != 0)) && e->hooks->ready(e->hooks->context))
        el_set(e->el, EL_REFRESH);
    return 1;
}

/* Called by libedit for a character: returns 1, or 0 at the end. */
static int next_char(EditLine *el, wchar_t *c)
{
    struct line_edit *e;
    el_get(el, EL_CLIENTDATA, &e);
    for (bool final = false;;) {
        int32_t key = line_keys_next(&e->keys, final);
        if (key >= 0) {
            *c = (wchar_t)key;
            return 1;
        }
        int waited = e->hung_up ? -1 : wait_for_bytes(e, key == LINE_KEYS_UNSURE ? KEY_WAIT : -1);
        if (waited < 0)
            return 0;
        final = waited == 0;
    }
}

/* ---- functions of keys ------------------------------------------------------------------------------------------ */

static struct line_edit *owner(EditLine *el)
{
    struct line_edit *e;
    el_get(el, EL_CLIENTDATA, &e);
    return e;
}

static unsigned char take_paste(EditLine *el, int key)
{
    (void)key;
    struct line_edit *e = owner(el);
    struct buf text;
    buf_init(&text, TEXT_MOST);
    const LineInfoW *line = el_wline(el);
    bool first = line->cursor == line->buffer;
    for (bool final = false; !line_keys_paste(&e->keys, final, &text);)
        final = e->hung_up || wait_for_bytes(e, PASTE_WAIT) <= 0;
    bool ok = !buf_failed(&text) && insert_text(e, buf_text(&text), text.size);
    e->pasted_first |= first && text.size > 0;
    buf_free(&text);
    return e->result == LINE_SIGNAL ? CC_EOF : ok ? CC_REFRESH : CC_ERROR;
}

static unsigned char take_draft(EditLine *el, int key)
{
    (void)key;
    struct line_edit *e = owner(el);
    return insert_text(e, e->draft, strlen(e->draft)) ? CC_REFRESH : CC_ERROR;
}

static unsigned char take_newline(EditLine *el, int key)
{
    (void)key;
    return insert_text(owner(el), "\n", 1) ? CC_REFRESH : CC_ERROR;
}

static bool is_open_block(const LineInfoW *line)
{
    size_t size = (size_t)(line->lastchar - line->buffer);
    if (size < 3 || wmemcmp(line->buffer, L"\"\"\"", 3) != 0)
        return false;
    return size < 6 || wmemcmp(line->lastchar - 3, L"\"\"\"", 3) != 0;
}

/* Enter begins a new line after a backslash and in an open block, else it accepts the message. */
static unsigned char take_enter(EditLine *el, int key)
{
    struct line_edit *e = owner(el);
    const LineInfoW *line = el_wline(el);
    if (line->cursor == line->lastchar && line->cursor > line->buffer && line->cursor[-1] == L'\\') {
        el_wdeletestr(el, 1);
        return take_newline(el, key);
    }
    if (is_open_block(line))
        return take_newline(el, key);
    return line_keys_push(&e->keys, LINE_KEY_ACCEPT) ? CC_NORM : CC_ERROR;
}

static unsigned char take_interrupt(EditLine *el, int key)
{
    (void)key;
    struct line_edit *e = owner(el);
    const LineInfoW *line = el_wline(el);
    e->result = line->lastchar > line->buffer ? LINE_CLEARED : LINE_EMPTY;
    fputs("^C\n", e->out);
    return CC_EOF;
}

static unsigned char take_suspend(EditLine *el, int key)
{
    (void)key;
    edit_suspend(owner(el));
    return CC_NORM;
}

/* ---- completion ------------------------------------------------------------------------------------------------- */

static void list_candidates(const struct line_edit *e, const struct words *candidates)
{
    size_t column = 0;
    fputc('\n', e->out);
    for (size_t i = 0; i < candidates->n; i++) {
        size_t size = strlen(candidates->at[i]) + 2;
        if (column > 0 && column + size > 78) {
            fputc('\n', e->out);
            column = 0;
        }
        fprintf(e->out, "%s  ", candidates->at[i]);
        column += size;
    }
    fputc('\n', e->out);
}

static unsigned char take_completion(EditLine *el, int key)
{
    (void)key;
    struct line_edit *e = owner(el);
    struct words candidates = {0};
    struct buf text;
    size_t start = 0;
    unsigned char result = CC_REFRESH_BEEP;
    buf_init(&text, TEXT_MOST);
    const LineInfoW *line = el_wline(el);
    append_narrow(&text, line->buffer, line->cursor);
    e->hooks->complete(e->hooks->context, buf_text(&text), &candidates, &start);
    size_t typed = text.size - start, common = words_common(&candidates);
    if (candidates.n > 0 && common > typed) {
        insert_text(e, candidates.at[0] + typed, common - typed);
        result = CC_REFRESH;
    }
    if (candidates.n == 1 && candidates.at[0][common - 1] != '/')
        result = insert_text(e, " ", 1) ? CC_REFRESH : CC_ERROR;
    if (candidates.n > 1 && common == typed) {
        list_candidates(e, &candidates);
        result = CC_REDISPLAY;
    }
    words_free(&candidates);
    buf_free(&text);
    return result;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static wchar_t *show_prompt(EditLine *el)
{
    return owner(el)->prompt;
}

static const struct {
    const wchar_t *name, *help;
    unsigned char (*run)(EditLine *, int);
    const wchar_t *keys[3];
} functions[] = {
    {L"palaver-paste", L"insert pasted text", take_paste, {L"\x80"}},
    {L"palaver-newline", L"begin a new line", take_newline, {L"\x81"}},
    {L"palaver-draft", L"insert the draft", take_draft, {L"\x82"}},
    {L"palaver-enter", L"send, or begin a new line", take_enter, {L"^M", L"^J"}},
    {L"palaver-interrupt", L"clear the line", take_interrupt, {L"^C"}},
    {L"palaver-suspend", L"suspend", take_suspend, {L"^Z"}},
    {L"palaver-complete", L"complete a command", take_completion, {L"^I"}},
};

static void bind_keys(EditLine *el)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        el_wset(el, EL_ADDFN, functions[i].name, functions[i].help, functions[i].run);
        for (const wchar_t *const *key = functions[i].keys; *key != NULL; key++) {
            el_wset(el, EL_BIND, *key, functions[i].name, NULL);
            el_wset(el, EL_BIND, L"-a", *key, functions[i].name, NULL);
        }
    }
    el_wset(el, EL_BIND, L"\x83", L"ed-newline", NULL);
    el_wset(el, EL_BIND, L"-a", L"\x83", L"ed-newline", NULL);
}

/* Keys are bytes while libedit reads (-d) and after it (-x): even a moment in the usual modes would echo what is typed
 * then and interpret control characters of a paste. */
static void set_modes(EditLine *el)
{
    el_wset(el, EL_SETTY, L"-d", L"-isig", L"-icrnl", L"-inlcr", L"-ixon", NULL);
    el_wset(el, EL_SETTY, L"-x", L"-isig", L"-icanon", L"-echo", L"-icrnl", L"-inlcr", L"-ixon", L"-iexten", NULL);
}

static void add_to_history(void *context, const char *text)
{
    struct line_edit *e = context;
    HistEventW event;
    wchar_t *wide = widen(text, strlen(text));
    if (wide != NULL)
        history_w(e->history, &event, H_ENTER, wide);
    free(wide);
}

static void set_prompt(struct line_edit *e, const char *prompt, bool color)
{
    wchar_t *wide = widen(prompt, strlen(prompt));
    swprintf(e->prompt, sizeof e->prompt / sizeof e->prompt[0], color ? L"\1\033[1m\1%ls\1\033[0m\1" : L"%ls",
             wide != NULL ? wide : L"> ");
    free(wide);
}

static bool open_libedit(struct line_edit *e, const struct options *o)
{
    HistEventW event;
    e->el = el_init("palaver", stdin, e->out, stderr);
    e->history = history_winit();
    if (e->el == NULL || e->history == NULL)
        return false;
    history_w(e->history, &event, H_SETSIZE, HISTORY_MOST);
    history_w(e->history, &event, H_SETUNIQUE, 1);
    el_set(e->el, EL_CLIENTDATA, e);
    el_set(e->el, EL_EDITOR, "emacs");
    el_set(e->el, EL_SIGNAL, 0);
    el_wset(e->el, EL_PROMPT_ESC, show_prompt, L'\1');
    el_wset(e->el, EL_HIST, history_w, e->history);
    el_wset(e->el, EL_GETCFN, next_char);
    el_source(e->el, NULL);
    bind_keys(e->el);
    set_modes(e->el);
    e->file = line_history_open(&o->paths, add_to_history, e);
    return e->file != NULL;
}

struct line_edit *line_edit_open(const struct options *o, const struct line_edit_hooks *hooks, FILE *out, int signals,
                                 const char *prompt, bool color, struct error *err)
{
    struct line_edit *e = calloc(1, sizeof *e);
    if (e != NULL) {
        e->hooks = hooks;
        e->out = out;
        e->signals = signals;
        line_keys_init(&e->keys);
        set_prompt(e, prompt, color);
    }
    if (e != NULL && open_libedit(e, o))
        return e;
    error_memory(err);
    line_edit_free(e);
    return NULL;
}

void line_edit_free(struct line_edit *e)
{
    if (e == NULL)
        return;
    if (e->el != NULL)
        el_end(e->el);
    if (e->history != NULL)
        history_wend(e->history);
    line_history_free(e->file);
    line_keys_free(&e->keys);
    free(e);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Remembers a message, unless it is empty or the same as the one before. */
static void keep_message(struct line_edit *e, const char *text)
{
    HistEventW event;
    struct buf newest;
    buf_init(&newest, TEXT_MOST);
    if (history_w(e->history, &event, H_FIRST) == 0)
        append_narrow(&newest, event.str, event.str + wcslen(event.str));
    if (*text != '\0' && strcmp(text, buf_text(&newest)) != 0) {
        add_to_history(e, text);
        if (!e->private && !e->hooks->is_untraced(e->hooks->context, text))
            line_history_add(e->file, text);
    }
    buf_free(&newest);
}

enum line_result line_edit_read(struct line_edit *e, const char *draft, struct buf *out, bool *pasted)
{
    int n = 0;
    e->draft = draft;
    e->result = LINE_END;
    e->pasted_first = false;
    if (draft != NULL && *draft != '\0')
        line_keys_push(&e->keys, LINE_KEY_DRAFT);
    terminal_mark_pastes();
    const wchar_t *line = el_wgets(e->el, &n);
    if (line != NULL && n > 0) {
        e->result = LINE_TEXT;
        append_narrow(out, line, line + n - (line[n - 1] == L'\n'));
    } else if (e->result == LINE_CLEARED) {
        append_line(e, out);
    }
    if (e->result == LINE_TEXT || e->result == LINE_CLEARED)
        keep_message(e, buf_text(out));
    *pasted = e->pasted_first;
    return e->result;
}

void line_edit_keep_private(struct line_edit *e, bool private)
{
    e->private = private;
}

void line_edit_feed(struct line_edit *e, const char *bytes, size_t size)
{
    line_keys_add(&e->keys, bytes, size);
}

int line_edit_signal(const struct line_edit *e)
{
    return e->signal;
}
