/* A program on a pseudo-terminal. */
#include <config.h>

#include "pty.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

enum { PATIENCE = 120000, SETTLED = 1000, QUIET = 200 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static void run_child(struct pty *p, const char *const *argv, const char *const *environment)
{
    char home[80];
    static const char *const kept[] = {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH"};
    const char *values[5];
    for (int i = 0; i < 5; i++)
        values[i] = getenv(kept[i]) != NULL ? strdup(getenv(kept[i])) : NULL;
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT}; /* by nohup and by shells in the background */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_DFL);
    clearenv();
    for (int i = 0; i < 5; i++)
        if (values[i] != NULL)
            setenv(kept[i], values[i], 1);
    snprintf(home, sizeof home, "HOME=%s", p->home);
    putenv(home);
    putenv("LANG=C.UTF-8");
    putenv("TERM=xterm");
    putenv("TZ=UTC");
    for (; *environment != NULL; environment++)
        putenv(strdup(*environment));
    execv(argv[0], (char *const *)argv);
    _exit(127);
}

bool pty_start(struct pty *p, const char *const *argv, const char *const *environment)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    int slave;
    *p = (struct pty){.child = -1};
    buf_init(&p->out, (size_t)64 << 20);
    snprintf(p->home, sizeof p->home, "/tmp/palaver-pty.XXXXXX");
    if (mkdtemp(p->home) == NULL || openpty(&p->master, &slave, NULL, NULL, &size) != 0)
        return false;
    tcgetattr(slave, &p->before);
    p->child = fork();
    if (p->child == 0) {
        close(p->master);
        login_tty(slave);
        run_child(p, argv, environment);
    }
    /* The slave stays open, so that its modes can be read after the program has ended. */
    return p->child > 0;
}

void pty_end(struct pty *p)
{
    char command[128];
    if (p->child > 0) {
        kill(p->child, SIGKILL);
        waitpid(p->child, NULL, 0);
    }
    close(p->master);
    buf_free(&p->out);
    snprintf(command, sizeof command, "rm -rf '%s'", p->home);
    if (system(command) != 0)
        fprintf(stderr, "%s stays\n", p->home);
}

/* Reads once, waiting at most so many milliseconds; false when nothing came. */
static bool read_some(struct pty *p, double milliseconds)
{
    char bytes[4096];
    struct pollfd fd = {.fd = p->master, .events = POLLIN};
    if (milliseconds < 0 || poll(&fd, 1, (int)milliseconds) <= 0 || (fd.revents & POLLIN) == 0)
        return false;
    ssize_t size = read(p->master, bytes, sizeof bytes);
    return size > 0 && buf_append(&p->out, bytes, (size_t)size);
}

void pty_type(struct pty *p, const char *bytes)
{
    size_t size = strlen(bytes);
    for (size_t at = 0; at < size;) {
        size_t piece = size - at < 512 ? size - at : 512;
        ssize_t done = write(p->master, bytes + at, piece);
        if (done < 0 && errno != EINTR)
            return;
        at += done > 0 ? (size_t)done : 0;
        while (read_some(p, 0))
            ;
    }
}

static bool has_ended(struct pty *p)
{
    siginfo_t info = {0};
    return p->child <= 0 ||
           (waitid(P_PID, (id_t)p->child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0);
}

bool pty_expect(struct pty *p, const char *text)
{
    double end = now() + PATIENCE;
    for (;;) {
        const char *from = buf_text(&p->out) + p->seen;
        const char *found = memmem(from, p->out.size - p->seen, text, strlen(text));
        if (found != NULL) {
            p->seen = (size_t)(found - buf_text(&p->out)) + strlen(text);
            return true;
        }
        double left = end - now();
        if (!read_some(p, left < 50 ? left : 50) && (left <= 0 || has_ended(p)) && !read_some(p, 0))
            break;
    }
    fprintf(stderr, "waited in vain for '%s'; since the last wait came:\n%s\n", text, buf_text(&p->out) + p->seen);
    return false;
}

void pty_settle(struct pty *p)
{
    double end = now() + SETTLED;
    while (now() < end && read_some(p, QUIET))
        ;
}

bool pty_saw(const struct pty *p, const char *text)
{
    return p->out.size > 0 && memmem(p->out.data, p->out.size, text, strlen(text)) != NULL;
}

int pty_wait(struct pty *p)
{
    int status = -1;
    double end = now() + PATIENCE;
    while (!has_ended(p) && now() < end)
        read_some(p, 20);
    if (!has_ended(p))
        return -1;
    while (read_some(p, 0))
        ;
    waitpid(p->child, &status, 0);
    p->child = -1;
    return status;
}

bool pty_is_restored(const struct pty *p)
{
    struct termios after;
    return tcgetattr(p->master, &after) == 0 && after.c_iflag == p->before.c_iflag &&
           after.c_oflag == p->before.c_oflag && after.c_lflag == p->before.c_lflag &&
           memcmp(after.c_cc, p->before.c_cc, sizeof after.c_cc) == 0;
}
