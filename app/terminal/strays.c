/* Strays: two descriptors exchanged for that of a file. */
#include <config.h>

#include "app/terminal/strays.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

enum { PRINTED_MOST = 65536 };

static struct {
    FILE *file;
    volatile int out, err; /* where the two went; 0: they go there */
} strays;

/* A sanitizer that ends the program tells why on standard error, and has this where it is linked. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void send_aside(int fd, volatile int *aside)
{
    int kept = *aside == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
    if (kept >= 0 && dup2(fileno(strays.file), fd) >= 0)
        *aside = kept;
    else if (kept >= 0)
        close(kept);
}

static void bring_back(int fd, volatile int *aside)
{
    int kept = *aside;
    *aside = 0;
    if (kept == 0)
        return;
    dup2(kept, fd);
    close(kept);
}

void strays_keep(void)
{
    if (strays.file == NULL && (strays.file = tmpfile()) == NULL)
        return;
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(strays_print);
    fcntl(fileno(strays.file), F_SETFD, FD_CLOEXEC);
    fflush(stdout);
    send_aside(STDOUT_FILENO, &strays.out);
    if (isatty(STDERR_FILENO))
        send_aside(STDERR_FILENO, &strays.err);
}

/* No function from here on allocates or locks. */
void strays_release(void)
{
    bring_back(STDOUT_FILENO, &strays.out);
    bring_back(STDERR_FILENO, &strays.err);
}

void strays_print(void)
{
    char bytes[4096];
    off_t at = 0;
    ssize_t size;
    strays_release();
    if (strays.file == NULL)
        return;
    int fd = fileno(strays.file);
    while (at < PRINTED_MOST && (size = pread(fd, bytes, sizeof bytes, at)) > 0 &&
           write(STDERR_FILENO, bytes, (size_t)size) == size)
        at += size;
    if (ftruncate(fd, 0) == 0)
        lseek(fd, 0, SEEK_SET);
}
