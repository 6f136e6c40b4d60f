/* Composer edit: the thread, the pseudo-terminal, and what is bound before ~/.editrc is read. */
#include <config.h>

#include "ui/panes/composer-edit.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

#include "base/utf8.h"

enum { HISTORY_MOST = 1000, LOW_BYTES = 0xDC00, ABOVE_UNICODE = 0x1F };
/* When libedit goes to its history it saves no more than this of the line that it leaves, so longer lines do not go
 * there. */
enum { LEAVE_MOST = 1000 };

struct edit {
    EditLine *el;
    HistoryW *history;
    FILE *null, *complaints;
    char *complaint; /* what libedit wrote to it */
    size_t complaint_size;
    int master, slave;
    pthread_t thread;
    pthread_mutex_t lock; /* guards running and quit; whoever has the turn owns the rest */
    pthread_cond_t turned;
    bool started, running, quit;
    bool fresh; /* libedit waits for the first key of a command */
    bool abort;
    const wchar_t *keys;
    size_t n_keys;
    bool wants_editor, vi_command;
    bool alt[128];
};

/* ---- wide text --------------------------------------------------------------------------------------------------- */

static wchar_t *widen_text(const char *text, size_t size)
{
    wchar_t *wide = malloc((size + 1) * sizeof *wide);
    size_t n = 0;
    for (size_t at = 0, used; wide != NULL && at < size; at += used) {
        unsigned char byte = (unsigned char)text[at];
        used = 1;
        if (byte == 0)
            wide[n++] = LOW_BYTES;
        else if (byte < 0x80)
            wide[n++] = byte;
        else {
            uint32_t code = utf8_decode(text + at, size - at, &used);
            if (code == UTF8_INVALID)
                used = 1;
            wide[n++] = (wchar_t)(code == UTF8_INVALID ? LOW_BYTES + (uint32_t)byte : code);
        }
    }
    if (wide != NULL)
        wide[n] = L'\0';
    return wide;
}

bool edit_narrow(struct buf *out, const wchar_t *text, size_t n)
{
    char bytes[4096];
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t code = (uint32_t)text[i];
        if (code - LOW_BYTES < 256 || code < 0x80)
            bytes[used++] = (char)(code & 0xFF);
        else
            used += utf8_encode(code > 0x10FFFF ? ABOVE_UNICODE : code, bytes + used);
        if (used + 4 > sizeof bytes || i + 1 == n) {
            if (!buf_append(out, bytes, used))
                return false;
            used = 0;
        }
    }
    return true;
}

/* ---- the thread -------------------------------------------------------------------------------------------------- */

static struct edit *edit_of(EditLine *el)
{
    struct edit *e = NULL;
    el_get(el, EL_CLIENTDATA, &e);
    return e;
}

/* Returns the turn to the caller and waits for the next; false when it is time to quit. */
static bool return_turn(struct edit *e)
{
    pthread_mutex_lock(&e->lock);
    e->running = false;
    pthread_cond_broadcast(&e->turned);
    while (!e->running)
        pthread_cond_wait(&e->turned, &e->lock);
    bool quit = e->quit;
    pthread_mutex_unlock(&e->lock);
    return !quit;
}

/* Called by libedit for a key: 1, or 0 for none. */
static int get_key(EditLine *el, wchar_t *key)
{
    struct edit *e = edit_of(el);
    while (e->n_keys == 0) {
        if (e->abort && !e->fresh)
            return 0;
        e->abort = false;
        if (!return_turn(e))
            return 0;
    }
    *key = *e->keys++;
    e->n_keys--;
    e->fresh = false;
    return 1;
}

static void *run_libedit(void *context)
{
    struct edit *e = context;
    for (int n; !e->quit;) {
        e->fresh = true;
        el_wgets(e->el, &n);
    }
    return NULL;
}

/* Gives libedit the turn, and waits until it returns it unless it quits. */
static void give_turn(struct edit *e, bool quit)
{
    pthread_mutex_lock(&e->lock);
    e->running = true;
    e->quit = quit;
    pthread_cond_broadcast(&e->turned);
    while (e->running && !quit)
        pthread_cond_wait(&e->turned, &e->lock);
    pthread_mutex_unlock(&e->lock);
}

/* The thread takes no signals; they belong to the program's thread. */
static bool start_thread(struct edit *e)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    e->running = true;
    e->started = pthread_create(&e->thread, NULL, run_libedit, e) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (e->started)
        give_turn(e, false);
    return e->started;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static unsigned char want_editor(EditLine *el, int key)
{
    (void)key;
    edit_of(el)->wants_editor = true;
    return CC_NORM;
}

static unsigned char tell_insert(EditLine *el, int key)
{
    (void)key;
    edit_of(el)->vi_command = false;
    return CC_NORM;
}

static unsigned char tell_command(EditLine *el, int key)
{
    (void)key;
    edit_of(el)->vi_command = true;
    return CC_NORM;
}

enum { TELL_MODE = 0x86 };

static void bind_in_both_modes(EditLine *el, int key, const wchar_t *function, const wchar_t *command)
{
    const wchar_t name[] = {(wchar_t)key, L'\0'};
    el_wset(el, EL_BIND, name, function, NULL);
    el_wset(el, EL_BIND, L"-a", name, command, NULL);
}

/* Called after ~/.editrc was read, as "bind -v" there forgets all bindings. */
static void bind_keys(EditLine *el)
{
    el_wset(el, EL_ADDFN, L"palaver-editor", L"open the text in an editor", want_editor);
    el_wset(el, EL_ADDFN, L"palaver-insert-mode", L"for the composer", tell_insert);
    el_wset(el, EL_ADDFN, L"palaver-command-mode", L"for the composer", tell_command);
    bind_in_both_modes(el, TELL_MODE, L"palaver-insert-mode", L"palaver-command-mode");
    bind_in_both_modes(el, EDIT_LEFT, L"ed-prev-char", L"ed-prev-char");
    bind_in_both_modes(el, EDIT_RIGHT, L"ed-next-char", L"ed-next-char");
    bind_in_both_modes(el, EDIT_HOME, L"ed-move-to-beg", L"ed-move-to-beg");
    bind_in_both_modes(el, EDIT_END, L"ed-move-to-end", L"ed-move-to-end");
    bind_in_both_modes(el, EDIT_DELETE, L"ed-delete-next-char", L"ed-delete-next-char");
    el_wset(el, EL_BIND, L"^X^E", L"palaver-editor", NULL);
    el_wset(el, EL_BIND, L"-a", L"v", L"palaver-editor",
            NULL); /* the command bound by default would start vi on this terminal */
}

/* libedit drops an unbound sequence and then waits for a key as if in the middle of a command, so we have to know
 * which are bound: asked for a binding, it complains when there is none. */
static void find_alt_keys(struct edit *e)
{
    for (wchar_t c = L' ' + 1; c < 0x7F; c++) {
        wchar_t name[] = {L'^', L'[', L'\\', c, L'\0'};
        if ((c >= L'0' && c <= L'7') || wcschr(L"abefnrtvU", c) != NULL)
            wmemmove(name + 2, name + 3, 2); /* a backslash would mean something else */
        fflush(e->complaints);
        size_t before = e->complaint_size;
        el_wset(e->el, EL_BIND, name, NULL);
        fflush(e->complaints);
        e->alt[c] = e->complaint_size == before;
    }
}

bool edit_binds_alt(const struct edit *e, wchar_t character)
{
    return (uint32_t)character < 128 && e->alt[character];
}

static wchar_t *no_prompt(EditLine *el)
{
    static wchar_t empty[1];
    (void)el;
    return empty;
}

static int look_up_history(void *context, HistEventW *event, int operation, ...)
{
    struct edit *e = context;
    size_t size, cursor;
    edit_line(e, &size, &cursor);
    if (size > LEAVE_MOST)
        return -1;
    if (operation == H_FIRST || operation == H_NEXT || operation == H_PREV || operation == H_LAST ||
        operation == H_CURR)
        return history_w(e->history, event, operation);
    va_list args;
    va_start(args, operation);
    int number = va_arg(args, int);
    va_end(args);
    return history_w(e->history, event, operation, number);
}

static bool open_terminal(struct edit *e, struct error *err)
{
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    e->master = posix_openpt(O_RDWR | O_NOCTTY);
    if (e->master >= 0 && grantpt(e->master) == 0 && unlockpt(e->master) == 0)
        e->slave = open(ptsname(e->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    e->null = fopen("/dev/null", "r+e");
    e->complaints = open_memstream(&e->complaint, &e->complaint_size);
    if (e->slave < 0 || e->null == NULL || e->complaints == NULL) {
        error_system(err, ERR_IO, errno, "no pseudo-terminal for the line editor");
        return false;
    }
    fcntl(e->master, F_SETFD, FD_CLOEXEC);
    ioctl(e->slave, TIOCSWINSZ, &size);
    return true;
}

/* libedit reads the terminal's modes by its descriptor and draws into its file, which leads nowhere. */
static bool open_libedit(struct edit *e, const char *program)
{
    HistEventW event;
    TERMINAL *screen = cur_term; /* libedit reads a description of the terminal and leaves it as the current one */
    e->el = el_init_fd(program, e->null, e->null, e->complaints, e->slave, e->slave, e->slave);
    e->history = history_winit();
    if (e->el != NULL && e->history != NULL) {
        history_w(e->history, &event, H_SETSIZE, HISTORY_MOST);
        history_w(e->history, &event, H_SETUNIQUE, 1);
        el_set(e->el, EL_CLIENTDATA, e);
        el_set(e->el, EL_SIGNAL, 0);
        el_set(e->el, EL_EDITOR, "emacs");
        el_wset(e->el, EL_PROMPT, no_prompt);
        el_wset(e->el, EL_HIST, look_up_history, e);
        el_wset(e->el, EL_GETCFN, get_key);
        el_source(e->el, NULL);
        el_set(e->el, EL_EDITMODE, 1);
        bind_keys(e->el);
        find_alt_keys(e);
        el_set(e->el, EL_UNBUFFERED, 1);
    }
    if (screen != NULL)
        set_curterm(screen);
    return e->el != NULL && e->history != NULL;
}

struct edit *edit_open(const char *program, struct error *err)
{
    struct edit *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_memory(err);
        return NULL;
    }
    e->master = e->slave = -1;
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->turned, NULL);
    if (open_terminal(e, err) && open_libedit(e, program) && start_thread(e))
        return e;
    error_memory(err);
    edit_free(e);
    return NULL;
}

void edit_free(struct edit *e)
{
    if (e == NULL)
        return;
    if (e->started) {
        give_turn(e, true);
        pthread_join(e->thread, NULL);
    }
    TERMINAL *screen = cur_term;
    if (e->el != NULL)
        el_end(e->el);
    if (screen != NULL)
        set_curterm(screen);
    if (e->history != NULL)
        history_wend(e->history);
    if (e->null != NULL)
        fclose(e->null);
    if (e->complaints != NULL)
        fclose(e->complaints);
    free(e->complaint);
    if (e->slave >= 0)
        close(e->slave);
    if (e->master >= 0)
        close(e->master);
    pthread_cond_destroy(&e->turned);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

/* ---- use --------------------------------------------------------------------------------------------------------- */

void edit_feed(struct edit *e, const wchar_t *keys, size_t n)
{
    e->keys = keys;
    e->n_keys = n;
    give_turn(e, false);
}

bool edit_idle(const struct edit *e)
{
    return e->fresh;
}

void edit_abort(struct edit *e)
{
    e->abort = true;
    give_turn(e, false);
    el_reset(e->el);
}

bool edit_is_vi(struct edit *e)
{
    const wchar_t *name = NULL;
    return el_wget(e->el, EL_EDITOR, &name) == 0 && name != NULL && wcscmp(name, L"vi") == 0;
}

bool edit_in_vi_command(struct edit *e)
{
    if (!edit_is_vi(e))
        return false;
    edit_feed(e, (const wchar_t[]){TELL_MODE}, 1);
    return e->vi_command;
}

bool edit_wants_editor(struct edit *e)
{
    bool wants = e->wants_editor;
    e->wants_editor = false;
    return wants;
}

const wchar_t *edit_line(struct edit *e, size_t *size, size_t *cursor)
{
    const LineInfoW *line = el_wline(e->el);
    *size = (size_t)(line->lastchar - line->buffer);
    *cursor = (size_t)(line->cursor - line->buffer);
    return line->buffer;
}

static bool replace_line(struct edit *e, const wchar_t *text)
{
    if (*text != L'\0')
        return el_wreplacestr(e->el, text) == 0;
    el_reset(e->el); /* the call above refuses an empty line; this begins a new one */
    return true;
}

bool edit_replace(struct edit *e, const char *text, size_t size)
{
    wchar_t *wide = widen_text(text, size);
    bool ok = wide != NULL && replace_line(e, wide);
    free(wide);
    return ok;
}

bool edit_insert(struct edit *e, const char *text, size_t size)
{
    wchar_t *wide = widen_text(text, size);
    bool ok = wide != NULL && (*wide == L'\0' || el_winsertstr(e->el, wide) == 0);
    free(wide);
    return ok;
}

bool edit_insert_character(struct edit *e, wchar_t character)
{
    return el_winsertstr(e->el, (const wchar_t[]){character, L'\0'}) == 0;
}

bool edit_copy(struct edit *e, struct edit_copy *out)
{
    size_t size, cursor;
    const wchar_t *line = edit_line(e, &size, &cursor);
    wchar_t *text = malloc((size + 1) * sizeof *text);
    if (text == NULL)
        return false;
    wmemcpy(text, line, size);
    text[size] = L'\0';
    *out = (struct edit_copy){text, size, cursor};
    return true;
}

bool edit_restore(struct edit *e, const struct edit_copy *copy)
{
    bool ok = replace_line(e, copy->text);
    if (ok)
        edit_move(e, copy->cursor);
    return ok;
}

bool edit_delete_before(struct edit *e, size_t n)
{
    size_t size, cursor;
    const wchar_t *line = edit_line(e, &size, &cursor);
    wchar_t *rest = n > 0 && n <= cursor ? malloc((size - n + 1) * sizeof *rest) : NULL;
    if (rest == NULL)
        return n == 0;
    wmemcpy(rest, line, cursor - n);
    wmemcpy(rest + cursor - n, line + cursor, size - cursor);
    rest[size - n] = L'\0';
    bool ok = replace_line(e, rest);
    edit_move(e, cursor - n);
    free(rest);
    return ok;
}

void edit_move(struct edit *e, size_t cursor)
{
    size_t size, at;
    edit_line(e, &size, &at);
    el_cursor(e->el, (int)cursor - (int)at);
}

void edit_remember(struct edit *e, const char *text)
{
    HistEventW event;
    wchar_t *wide = widen_text(text, strlen(text));
    if (wide != NULL)
        history_w(e->history, &event, H_ENTER, wide);
    free(wide);
}
