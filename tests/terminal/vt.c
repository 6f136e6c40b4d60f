/* A terminal for tests. */
#include <config.h>

#include "vt.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "linked.h"

enum { PATIENCE = 120000 };

struct vt {
    int master, slave; /* the slave stays open, so that its modes can be read after the program has ended */
    pid_t child;
    struct termios before;
    char home[64];
    bool own_home;
    VTerm *term;
    VTermScreen *screen;
    struct linked *linked;
    int rows, columns, clipboards, bells;
    bool alternate, visible;
    char title[256];
    double came;     /* when its last bytes were read */
    struct buf sent; /* all that the program wrote */
    struct buf text, row;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

/* ---- what the terminal is told ---------------------------------------------------------------------------------- */

static int on_property(VTermProp property, VTermValue *value, void *user)
{
    struct vt *t = user;
    if (property == VTERM_PROP_TITLE || property == VTERM_PROP_ICONNAME)
        snprintf(t->title, sizeof t->title, "%s", value->string);
    else if (property == VTERM_PROP_ALTSCREEN)
        t->alternate = value->boolean;
    else if (property == VTERM_PROP_CURSORVISIBLE)
        t->visible = value->boolean;
    return 1;
}

static int on_bell(void *user)
{
    struct vt *t = user;
    t->bells++;
    return 1;
}

/* OSC 52, which libvterm does not know. */
static int on_osc(const char *command, size_t size, void *user)
{
    struct vt *t = user;
    t->clipboards += size > 3 && memcmp(command, "52;", 3) == 0;
    return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property, .bell = on_bell};
static const VTermParserCallbacks unknown = {.osc = on_osc};

/* Answers to the program's questions. */
static void answer(const char *bytes, size_t size, void *user)
{
    const struct vt *t = user;
    if (write(t->master, bytes, size) < 0)
        perror("vt");
}

/* ---- starting and ending ---------------------------------------------------------------------------------------- */

static void run_child(const struct vt *t, const char *const *argv, const char *const *environment)
{
    static const char *const kept[] = {"PATH",         "ASAN_OPTIONS", "UBSAN_OPTIONS",
                                       "TSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH"};
    enum { KEPT = sizeof kept / sizeof kept[0] };
    char *values[KEPT];
    for (int i = 0; i < KEPT; i++)
        values[i] = getenv(kept[i]) != NULL ? strdup(getenv(kept[i])) : NULL;
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT}; /* by nohup and by shells in the background */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_DFL);
    clearenv();
    for (int i = 0; i < KEPT; i++)
        if (values[i] != NULL)
            setenv(kept[i], values[i], 1);
    setenv("HOME", t->home, 1);
    setenv("LANG", "C.UTF-8", 1);
    setenv("TERM", "xterm", 1);
    setenv("TZ", "UTC", 1);
    for (; *environment != NULL; environment++)
        putenv(strdup(*environment));
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

static void open_screen(struct vt *t)
{
    t->term = vterm_new(t->rows, t->columns);
    vterm_set_utf8(t->term, 1);
    vterm_output_set_callback(t->term, answer, t);
    t->screen = vterm_obtain_screen(t->term);
    vterm_screen_set_callbacks(t->screen, &callbacks, t);
    vterm_screen_enable_altscreen(t->screen, 1);
    vterm_screen_set_unrecognised_fallbacks(t->screen, &unknown, t);
    vterm_screen_reset(t->screen, 1);
    t->linked = linked_new(t->rows, t->columns);
    t->visible = true;
}

struct vt *vt_start(int rows, int columns, const char *const *argv, const char *const *environment, const char *home)
{
    struct vt *t = calloc(1, sizeof *t);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    t->rows = rows;
    t->columns = columns;
    buf_init(&t->text, 1 << 22);
    buf_init(&t->row, 1 << 16);
    buf_init(&t->sent, 1 << 26);
    snprintf(t->home, sizeof t->home, "%s", home != NULL ? home : "/tmp/palaver-vt.XXXXXX");
    t->own_home = home == NULL;
    if ((home == NULL && mkdtemp(t->home) == NULL) || openpty(&t->master, &t->slave, NULL, NULL, &size) != 0)
        abort();
    tcgetattr(t->slave, &t->before);
    open_screen(t);
    t->child = fork();
    if (t->child == 0) {
        close(t->master);
        login_tty(t->slave);
        run_child(t, argv, environment);
    }
    return t;
}

void vt_end(struct vt *t)
{
    char command[128];
    if (t->child > 0) {
        kill(t->child, SIGKILL);
        waitpid(t->child, NULL, 0);
    }
    close(t->master);
    close(t->slave);
    vterm_free(t->term);
    linked_free(t->linked);
    buf_free(&t->text);
    buf_free(&t->row);
    buf_free(&t->sent);
    snprintf(command, sizeof command, "rm -rf '%s'", t->home);
    if (t->own_home && system(command) != 0)
        fprintf(stderr, "%s stays\n", t->home);
    free(t);
}

const char *vt_home(const struct vt *t)
{
    return t->home;
}

pid_t vt_pid(const struct vt *t)
{
    return t->child;
}

/* ---- typing and waiting ----------------------------------------------------------------------------------------- */

bool vt_read(struct vt *t, double milliseconds)
{
    char bytes[4096];
    struct pollfd fd = {.fd = t->master, .events = POLLIN};
    if (milliseconds < 0 || poll(&fd, 1, (int)milliseconds) <= 0 || (fd.revents & POLLIN) == 0)
        return false;
    ssize_t size = read(t->master, bytes, sizeof bytes);
    if (size <= 0)
        return false;
    t->came = now();
    buf_append(&t->sent, bytes, (size_t)size);
    vterm_input_write(t->term, bytes, (size_t)size);
    vterm_screen_flush_damage(t->screen);
    linked_write(t->linked, bytes, (size_t)size);
    return true;
}

void vt_type(struct vt *t, const char *bytes)
{
    size_t size = strlen(bytes);
    for (size_t at = 0; at < size;) {
        size_t piece = size - at < 512 ? size - at : 512;
        ssize_t done = write(t->master, bytes + at, piece);
        if (done < 0 && errno != EINTR)
            return;
        at += done > 0 ? (size_t)done : 0;
        while (vt_read(t, 0))
            ;
    }
}

void vt_paste(struct vt *t, const char *text)
{
    vt_type(t, "\033[200~");
    vt_type(t, text);
    vt_type(t, "\033[201~");
}

void vt_resize(struct vt *t, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    t->rows = rows;
    t->columns = columns;
    vterm_set_size(t->term, rows, columns);
    linked_resize(t->linked, rows, columns);
    ioctl(t->master, TIOCSWINSZ, &size);
}

bool vt_has_ended(const struct vt *t)
{
    siginfo_t info = {0};
    return t->child <= 0 ||
           (waitid(P_PID, (id_t)t->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0);
}

static bool wait_until(struct vt *t, const char *text, bool shown)
{
    double end = now() + PATIENCE;
    while (vt_shows(t, text) != shown) {
        bool more = vt_read(t, 50);
        if (!more && (now() > end || (vt_has_ended(t) && !vt_read(t, 50)))) {
            if (vt_shows(t, text) == shown)
                return true;
            fprintf(stderr, "waited in vain for '%s'%s; the screen:\n%s\n", text, shown ? "" : " to go", vt_screen(t));
            return false;
        }
    }
    vt_pause(t, 15); /* the rest of the frame */
    return true;
}

bool vt_wait(struct vt *t, const char *text)
{
    return wait_until(t, text, true);
}

bool vt_wait_gone(struct vt *t, const char *text)
{
    return wait_until(t, text, false);
}

bool vt_wait_row(struct vt *t, int row, const char *beginning, bool is)
{
    double end = now() + PATIENCE;
    while ((strncmp(vt_row(t, row), beginning, strlen(beginning)) == 0) != is) {
        bool more = vt_read(t, 50);
        if (!more && (now() > end || vt_has_ended(t))) {
            fprintf(stderr, "row %d %s '%s'; the screen:\n%s\n", row, is ? "never began with" : "kept beginning with",
                    beginning, vt_screen(t));
            return false;
        }
    }
    vt_pause(t, 15); /* the rest of the frame */
    return true;
}

void vt_settle(struct vt *t, int milliseconds)
{
    double end = now() + 2000;
    while (now() < end && vt_read(t, milliseconds))
        ;
}

void vt_pause(struct vt *t, int milliseconds)
{
    for (double end = now() + milliseconds, left; (left = end - now()) > 0;)
        vt_read(t, left);
}

int vt_wait_end(struct vt *t)
{
    int status = -1;
    double end = now() + PATIENCE;
    while (!vt_has_ended(t) && now() < end)
        vt_read(t, 20);
    if (!vt_has_ended(t))
        return -1;
    while (vt_read(t, 0))
        ;
    waitpid(t->child, &status, 0);
    t->child = -1;
    return status;
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

static void put_row(const struct vt *t, int row, struct buf *out)
{
    size_t end = out->size;
    for (int column = 0; column < t->columns;) {
        VTermScreenCell cell;
        char bytes[4];
        if (!vterm_screen_get_cell(t->screen, (VTermPos){row, column}, &cell))
            break;
        for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0; i++)
            buf_append(out, bytes, utf8_encode(cell.chars[i], bytes));
        if (cell.chars[0] == 0)
            buf_putc(out, ' ');
        if (cell.chars[0] != 0 && cell.chars[0] != ' ')
            end = out->size;
        column += cell.width > 0 ? cell.width : 1;
    }
    buf_truncate(out, end);
}

const char *vt_row(struct vt *t, int row)
{
    buf_clear(&t->row);
    put_row(t, row, &t->row);
    return buf_text(&t->row);
}

const char *vt_screen(struct vt *t)
{
    buf_clear(&t->text);
    for (int row = 0; row < t->rows; row++) {
        put_row(t, row, &t->text);
        buf_putc(&t->text, '\n');
    }
    return buf_text(&t->text);
}

int vt_find(struct vt *t, const char *text)
{
    for (int row = 0; row < t->rows; row++)
        if (strstr(vt_row(t, row), text) != NULL)
            return row;
    return -1;
}

bool vt_shows(struct vt *t, const char *text)
{
    return vt_find(t, text) >= 0;
}

void vt_cursor(const struct vt *t, int *row, int *column)
{
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(t->term), &at);
    *row = at.row;
    *column = at.col;
}

bool vt_is_reverse(const struct vt *t, int row, int column)
{
    VTermScreenCell cell;
    return vterm_screen_get_cell(t->screen, (VTermPos){row, column}, &cell) && cell.attrs.reverse;
}

bool vt_is_colored(const struct vt *t, int row, int column)
{
    VTermScreenCell cell;
    return vterm_screen_get_cell(t->screen, (VTermPos){row, column}, &cell) && !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg);
}

bool vt_has_ground(const struct vt *t, int row, int column)
{
    VTermScreenCell cell;
    return vterm_screen_get_cell(t->screen, (VTermPos){row, column}, &cell) && !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg);
}

int vt_is_light(const struct vt *t, int row, int column)
{
    VTermScreenCell cell;
    if (!vt_has_ground(t, row, column) || !vterm_screen_get_cell(t->screen, (VTermPos){row, column}, &cell))
        return -1;
    vterm_screen_convert_color_to_rgb(t->screen, &cell.bg);
    return cell.bg.rgb.red + cell.bg.rgb.green + cell.bg.rgb.blue > 3 * 128;
}

const char *vt_link(const struct vt *t, int row, int column)
{
    return linked_at(t->linked, row, column);
}

const char *vt_title(const struct vt *t)
{
    return t->title;
}

bool vt_was_sent(const struct vt *t, const char *bytes)
{
    return t->sent.size > 0 && memmem(t->sent.data, t->sent.size, bytes, strlen(bytes)) != NULL;
}

int vt_times_sent(const struct vt *t, const char *bytes)
{
    int times = 0;
    const char *at = buf_text(&t->sent), *end = at + t->sent.size;
    while ((at = memmem(at, (size_t)(end - at), bytes, strlen(bytes))) != NULL) {
        at += strlen(bytes);
        times++;
    }
    return times;
}

double vt_came(const struct vt *t)
{
    return t->came;
}

size_t vt_size(const struct vt *t)
{
    return t->sent.size;
}

int vt_clipboards(const struct vt *t)
{
    return t->clipboards;
}

int vt_bells(const struct vt *t)
{
    return t->bells;
}

bool vt_on_alternate(const struct vt *t)
{
    return t->alternate;
}

bool vt_cursor_visible(const struct vt *t)
{
    return t->visible;
}

bool vt_is_restored(const struct vt *t)
{
    struct termios after;
    return tcgetattr(t->master, &after) == 0 && after.c_iflag == t->before.c_iflag &&
           after.c_oflag == t->before.c_oflag && after.c_lflag == t->before.c_lflag &&
           memcmp(after.c_cc, t->before.c_cc, sizeof after.c_cc) == 0;
}
