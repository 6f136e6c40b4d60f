/* Signals: the handler writes to a pipe and does nothing else. */
#include <config.h>

#include "app/terminal/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/error.h"

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH};
enum { PLAIN_COUNT = 3, ALL_COUNT = 6 };

static int pipe_ends[2] = {-1, -1};
static struct sigaction before[ALL_COUNT];
static int count;

static void write_number(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(pipe_ends[1], &byte, 1);
    (void)ignored;
    errno = saved;
}

int signals_open(bool terminal, struct error *err)
{
    if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        error_system(err, ERR_IO, errno, "can't make a pipe for signals");
        return -1;
    }
    struct sigaction action = {.sa_handler = write_number, .sa_flags = SA_RESTART};
    count = terminal ? ALL_COUNT : PLAIN_COUNT;
    for (int i = 0; i < count; i++) {
        sigaction(caught[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(caught[i], &action, NULL);
    }
    return pipe_ends[0];
}

void signals_close(void)
{
    for (int i = 0; i < count; i++)
        sigaction(caught[i], &before[i], NULL);
    count = 0;
    for (int i = 0; i < 2; i++) {
        if (pipe_ends[i] >= 0)
            close(pipe_ends[i]);
        pipe_ends[i] = -1;
    }
}

static void note_signal(struct signals *s, int number)
{
    if (number == SIGTERM || number == SIGHUP)
        s->end = number;
    s->interrupt |= number == SIGINT;
    s->suspend |= number == SIGTSTP;
    s->resume |= number == SIGCONT;
    s->resize |= number == SIGWINCH;
}

struct signals signals_take(void)
{
    struct signals taken = {0};
    unsigned char byte;
    while (pipe_ends[0] >= 0 && read(pipe_ends[0], &byte, 1) == 1)
        note_signal(&taken, byte);
    return taken;
}

void signals_suspend(void)
{
    struct sigaction normal = {.sa_handler = SIG_DFL}, ours;
    sigaction(SIGTSTP, &normal, &ours);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
}

void signals_die(int number)
{
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigaction(number, &normal, NULL);
    raise(number);
}
