/* Running programs in bubblewrap (bwrap(1)).
 *
 * The sandbox sees /usr and its links, read-only, and an empty /tmp; it has no network, no other processes, no
 * environment and no terminal. Limits are set before bwrap starts and hold for all that it starts. */
#include <config.h>

#include "app/eval/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

enum {
    RAN_THROUGH = 77, /* the status of a program that came to its end: one that ends itself before has not passed */
    SECONDS = 10,     /* of the processor, and of the clock a little more */
    MEMORY = 1 << 30,
    FILES = 16 << 20, /* bytes that a file in /tmp may have */
};

/* What runs the program: few processes, and a status that says that it came to its end. */
static char wrapper[] = "import resource, sys\n"
                        "resource.setrlimit(resource.RLIMIT_NPROC, (32, 32))\n"
                        "exec(compile(sys.stdin.read(), 'program', 'exec'), {'__name__': '__main__'})\n"
                        "sys.exit(77)\n";

static char *const sandbox_arguments[] = {
    "bwrap",
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--clearenv",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/bin",
    "/bin",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--chdir",
    "/tmp",
    "--setenv",
    "PATH",
    "/usr/bin",
    "/usr/bin/python3",
    "-I",
    "-c",
    wrapper,
    NULL,
};

static void limit(int what, rlim_t most)
{
    setrlimit(what, &(struct rlimit){most, most});
}

/* In the child: never returns. */
static void start_sandbox(int program)
{
    const int nothing = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    dup2(program, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    limit(RLIMIT_CPU, SECONDS);
    limit(RLIMIT_AS, MEMORY);
    limit(RLIMIT_FSIZE, FILES);
    limit(RLIMIT_CORE, 0);
    execvp(sandbox_arguments[0], sandbox_arguments);
    _exit(127);
}

/* Waits for the child until the time is over, and ends it then. */
static int wait_limited(pid_t child)
{
    const double end = clock_seconds() + 2 * SECONDS;
    int status = -1;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (clock_seconds() > end) {
            kill(-child, SIGKILL);
            waitpid(child, &status, 0);
            return -1;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return status;
}

/* A file in memory that holds the program, at its beginning; -1 with err filled. */
static int program_file(const char *program, size_t size, struct error *err)
{
    const int fd = memfd_create("program", MFD_CLOEXEC);
    for (size_t done = 0; fd >= 0 && done < size;) {
        const ssize_t n = write(fd, program + done, size - done);
        if (n <= 0) {
            close(fd);
            error_system(err, ERR_IO, errno, "the program can't be written");
            return -1;
        }
        done += (size_t)n;
    }
    if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0)
        error_system(err, ERR_IO, errno, "the program can't be written");
    return fd;
}

enum error_code sandbox_run(const char *program, size_t size, bool *passed, struct error *err)
{
    const int fd = program_file(program, size, err);
    if (fd < 0)
        return err->code;
    const pid_t child = fork();
    if (child == 0)
        start_sandbox(fd);
    close(fd);
    if (child < 0)
        return error_system(err, ERR_IO, errno, "a process can't be started");
    const int status = wait_limited(child);
    *passed = WIFEXITED(status) && WEXITSTATUS(status) == RAN_THROUGH;
    return ERR_NONE;
}

enum error_code sandbox_check(struct error *err)
{
    static const char good[] = "pass", bad[] = "raise SystemExit(0)";
    bool passes = false, fails = false;
    if (sandbox_run(good, sizeof good - 1, &passes, err) != ERR_NONE ||
        sandbox_run(bad, sizeof bad - 1, &fails, err) != ERR_NONE)
        return err->code;
    if (passes && !fails)
        return ERR_NONE;
    return error_set(err, ERR_UNSUPPORTED,
                     "--run-code runs what the model wrote in a sandbox alone, and bwrap can't make one here: install "
                     "bubblewrap and python3; without --run-code --samples FILE writes the programs for their own "
                     "evaluators");
}
