/* Clipboard. A program reads the text from its standard input; the text counts as copied only if the program
 * succeeds. */
#include <config.h>

#include "app/terminal/clipboard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* Milliseconds that a program may take: the screen waits meanwhile. */
enum { PATIENCE = 2000 };

static const struct way {
    const char *variable; /* set where this program can work */
    const char *const argv[5];
    const char *done; /* what the user is told */
} ways[] = {
    {"TMUX", {"tmux", "load-buffer", "-w", "-", NULL}, "copied by tmux"},
    {"WAYLAND_DISPLAY", {"wl-copy", NULL}, "copied by wl-copy"},
    {"DISPLAY", {"xclip", "-selection", "clipboard", NULL}, "copied by xclip"},
    {"DISPLAY", {"xsel", "--clipboard", "--input", NULL}, "copied by xsel"},
    {"__CF_USER_TEXT_ENCODING", {"pbcopy", NULL}, "copied by pbcopy"},
};

static void run_child(const struct way *way, int in)
{
    int null = open("/dev/null", O_RDWR);
    dup2(in, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execvp(way->argv[0], (char *const *)way->argv);
    _exit(127);
}

/* Milliseconds left until a moment of the monotonic clock, at least 0. */
static int time_left(int64_t end)
{
    int64_t left = end - clock_milliseconds();
    return left > 0 ? (int)left : 0;
}

static bool write_all(int fd, const char *text, size_t size, int64_t end)
{
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    while (size > 0) {
        ssize_t done = write(fd, text, size);
        if (done < 0 && errno == EAGAIN && poll(&out, 1, time_left(end)) == 0)
            return false;
        if (done < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        text += done > 0 ? done : 0;
        size -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

/* The exit status of a child; kills it at the end of its time. */
static int wait_for_child(pid_t child, int64_t end)
{
    int status = -1;
    for (pid_t ended; (ended = waitpid(child, &status, WNOHANG)) == 0;) {
        if (time_left(end) == 0)
            kill(child, SIGKILL);
        poll(NULL, 0, 5);
    }
    return status;
}

static bool copy_with(const struct way *way, const char *text, size_t size)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    int64_t end = clock_milliseconds() + PATIENCE;
    pid_t child = fork();
    if (child == 0)
        run_child(way, ends[0]);
    close(ends[0]);
    bool written = child > 0 && write_all(ends[1], text, size, end);
    close(ends[1]);
    int status = child > 0 ? wait_for_child(child, end) : -1;
    sigaction(SIGPIPE, &before, NULL);
    return written && status == 0;
}

const char *clipboard_copy(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const char *value = getenv(ways[i].variable);
        if (value != NULL && *value != '\0' && copy_with(&ways[i], text, size))
            return ways[i].done;
    }
    return NULL;
}
