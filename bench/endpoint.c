/* bench/endpoint PALAVER: how soon what a server sends is on the screen, and what a fast stream costs.
 *
 * A server on a thread sends an answer word by word to PALAVER, which runs on a pseudo-terminal. Each word is its own
 * number, so that it is found in what the program draws. First 50 words a second, as a good server sends them: the median and
 * the 99th percentile of the milliseconds from a word's write to its drawing. Then 1,000 words a second for ten seconds: how
 * far behind the last word is drawn, and how much of a core the program took from the first word to the last. */
#include <config.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SLOW = 50, FAST = 1000, SECONDS = 10, WORDS_MOST = FAST * SECONDS };

struct bench {
    int listener, rate, n;
    double sent[WORDS_MOST]; /* seconds, by word */
    clockid_t busy;          /* of the program: what it has had of a processor */
    double busy_first;       /* seconds of that when the first word was seen */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double busy(const struct bench *b)
{
    struct timespec t = {0};
    clock_gettime(b->busy, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_until(double when)
{
    const struct timespec t = {(time_t)when, (long)((when - (double)(time_t)when) * 1e9)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* ---- the server ------------------------------------------------------------------------------------------------- */

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        perror("send");
}

static void stream(struct bench *b, int fd)
{
    char line[120];
    const double begun = now();
    say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < b->n; i++) {
        sleep_until(begun + (double)i / b->rate);
        snprintf(line, sizeof line, "data: {\"choices\":[{\"delta\":{\"content\":\"w%05dx \"}}]}\n\n", i);
        b->sent[i] = now();
        say(fd, line);
    }
    say(fd, "data: [DONE]\n\n");
}

static void *serve(void *context)
{
    static const char models[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 24\r\nConnection: close\r\n\r\n{\"data\":[{\"id\":\"m\"}]}    ";
    struct bench *b = context;
    char request[65536];
    for (bool done = false; !done;) {
        const int yes = 1, fd = accept(b->listener, NULL, NULL);
        if (fd < 0)
            break;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        const ssize_t n = recv(fd, request, sizeof request - 1, 0);
        done = n > 4 && memcmp(request, "POST", 4) == 0;
        if (done)
            stream(b, fd);
        else
            say(fd, models);
        close(fd);
    }
    return NULL;
}

static int open_listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        perror("listen");
        exit(1);
    }
    *port = ntohs(address.sin_port);
    return fd;
}

/* ---- the program ------------------------------------------------------------------------------------------------ */

static pid_t start(const char *program, const char *home, int *terminal)
{
    struct winsize size = {.ws_row = 50, .ws_col = 120};
    const pid_t child = forkpty(terminal, NULL, NULL, &size);
    if (child != 0)
        return child;
    setenv("HOME", home, 1);
    setenv("TERM", "xterm-256color", 1);
    setenv("LANG", "C.UTF-8", 1);
    execl(program, program, "-m", "m@bench", "--no-save", "Say words", (char *)NULL);
    _exit(127);
}

/* Reads what is drawn until the last word is; fills the delays of the words that are found. Returns how many. */
static int watch(struct bench *b, int terminal, double *delays)
{
    static char drawn[1 << 16];
    size_t size = 0;
    int found = 0, next = 0;
    const double limit = now() + 60;
    while (next < b->n && now() < limit) {
        struct pollfd fd = {.fd = terminal, .events = POLLIN};
        if (poll(&fd, 1, 1000) <= 0)
            continue;
        const ssize_t n = read(terminal, drawn + size, sizeof drawn - size - 1);
        const double seen = now();
        if (n <= 0)
            break;
        size += (size_t)n;
        drawn[size] = '\0';
        for (char *at = drawn; (at = strchr(at, 'w')) != NULL; at++) {
            int word, end = 0;
            if (sscanf(at, "w%5dx%n", &word, &end) == 1 && end == 7 && word >= next && word < b->n) {
                b->busy_first = found > 0 ? b->busy_first : busy(b);
                delays[found++] = seen - b->sent[word];
                next = word + 1;
            }
        }
        const size_t kept = size < 8 ? size : 8; /* the beginning of a word */
        memmove(drawn, drawn + size - kept, kept);
        size = kept;
    }
    return found;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void run(const char *program, const char *home, struct bench *b)
{
    static double delays[WORDS_MOST];
    pthread_t thread;
    int terminal, status;
    pthread_create(&thread, NULL, serve, b);
    const pid_t child = start(program, home, &terminal);
    clock_getcpuclockid(child, &b->busy);
    const int found = watch(b, terminal, delays);
    const double taken = busy(b) - b->busy_first;
    const double last = found > 0 ? delays[found - 1] : -1;
    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    pthread_join(thread, NULL);
    close(terminal);
    qsort(delays, (size_t)found, sizeof *delays, by_value);
    printf(
        "%5d words/s: %d of %d words seen one by one; median %.2f ms, p99 %.2f ms; the last after %.2f ms; %.1f%% of a core\n",
        b->rate, found, b->n, found > 0 ? delays[found / 2] * 1e3 : 0.0,
        found > 0 ? delays[found * 99 / 100] * 1e3 : 0.0, last * 1e3, taken / ((double)b->n / b->rate) * 100);
}

int main(int argc, char **argv)
{
    static struct bench b;
    char home[] = "/tmp/palaver-bench-XXXXXX", path[200];
    int port;
    if (argc != 2 || mkdtemp(home) == NULL) {
        fprintf(stderr, "usage: bench/endpoint PALAVER\n");
        return 2;
    }
    b.listener = open_listener(&port);
    snprintf(path, sizeof path, "%s/.config", home);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/.config/palaver", home);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/.config/palaver/endpoints", home);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return 1;
    fprintf(file, "[bench]\nurl = http://127.0.0.1:%d\n", port);
    fclose(file);
    chmod(path, 0600);
    b.rate = SLOW;
    b.n = SLOW * SECONDS;
    run(argv[1], home, &b);
    b.rate = FAST;
    b.n = FAST * SECONDS;
    run(argv[1], home, &b);
    snprintf(path, sizeof path, "rm -rf %s", home);
    return system(path) == 0 ? 0 : 1;
}
