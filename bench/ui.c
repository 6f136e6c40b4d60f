/* How quick the screen is: `make bench/ui && bench/ui PALAVER MODEL [DATA_FOLDER [ENCODER]]`.
 *
 * Runs the program on a pseudo-terminal of 30 × 100 with a home of its own and times, from the outside, how long bytes
 * take from a key to the terminal. DATA_FOLDER (a copy is not made) holds a palaver/history.db, e.g. the large one that
 * bench/history FOLDER makes; with it, opening, searching and scrolling are timed too. With ENCODER, the folder of one,
 * searching by words and meaning fused: each message then has a vector that was drawn, for a search takes the same time
 * whatever the vectors say. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/meaning/find.h"
#include "app/meaning/vectors.h"
#include "app/options/options.h"
#include "base/folder.h"
#include "engine/engine.h"
#include "history/history.h"

enum { MOST = 400 };

struct program {
    pid_t pid;
    int terminal;
    char out[1 << 20];
    size_t size;
};

struct figures {
    double at[MOST];
    int n;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Reads what comes within milliseconds; false when nothing did. */
static bool take(struct program *p, int milliseconds)
{
    struct pollfd fd = {.fd = p->terminal, .events = POLLIN};
    if (poll(&fd, 1, milliseconds) <= 0)
        return false;
    if (p->size > sizeof p->out - 65536)
        p->size = 0;
    ssize_t n = read(p->terminal, p->out + p->size, 65536);
    if (n <= 0)
        return false;
    p->size += (size_t)n;
    return true;
}

/* Milliseconds until text comes; negative when it does not within ten seconds. */
static double until(struct program *p, const char *text)
{
    double start = now();
    p->size = 0;
    while (now() - start < 10000) {
        take(p, 50);
        if (memmem(p->out, p->size, text, strlen(text)) != NULL)
            return now() - start;
    }
    return -1;
}

/* Milliseconds until the last byte of what a key brings: nothing follows for so many. */
static double until_quiet_for(struct program *p, int milliseconds)
{
    double start = now(), last = start;
    while (take(p, last == start ? 1000 : milliseconds))
        last = now();
    return last - start;
}

static double until_quiet(struct program *p)
{
    return until_quiet_for(p, 30);
}

static void type(struct program *p, const char *keys)
{
    p->size = 0;
    if (write(p->terminal, keys, strlen(keys)) < 0)
        perror("write");
}

/* The encoder that the programs search by meaning with. */
static const char *encoder = "off";

static bool start(struct program *p, const char *palaver, const char *model, const char *home, const char *data)
{
    struct winsize size = {.ws_row = 30, .ws_col = 100};
    p->size = 0;
    p->pid = forkpty(&p->terminal, NULL, NULL, &size);
    if (p->pid == 0) {
        setenv("HOME", home, 1);
        setenv("TERM", "xterm-256color", 1);
        setenv("LANG", "C.UTF-8", 1);
        setenv("PALAVER_ENCODER", encoder, 1);
        if (data != NULL)
            setenv("XDG_DATA_HOME", data, 1);
        execl(palaver, palaver, "-m", model, "-s", "1", (char *)NULL);
        _exit(127);
    }
    return p->pid > 0;
}

static void stop(struct program *p)
{
    kill(p->pid, SIGTERM);
    while (take(p, 1000))
        ;
    waitpid(p->pid, NULL, 0);
    close(p->terminal);
}

static void add(struct figures *f, double value)
{
    if (value >= 0 && f->n < MOST)
        f->at[f->n++] = value;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *what, struct figures *f)
{
    if (f->n == 0) {
        printf("%-52s nothing came\n", what);
        return;
    }
    qsort(f->at, (size_t)f->n, sizeof f->at[0], by_size);
    printf("%-52s %8.1f %8.1f ms\n", what, f->at[f->n / 2], f->at[f->n * 99 / 100]);
    f->n = 0;
}

/* Memory of its own, beside mapped files, in MB. */
static double own_memory(pid_t pid)
{
    char path[64], line[256];
    double kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *in = fopen(path, "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kilobytes = atof(line + 8);
    if (in != NULL)
        fclose(in);
    return kilobytes / 1024;
}

/* Types a letter that stands nowhere else and takes it away again. */
static void time_typing(struct program *p, struct figures *f, int times)
{
    for (int i = 0; i < times; i++) {
        type(p, "ж");
        add(f, until(p, "ж"));
        type(p, "\177");
        usleep(20000);
    }
}

static void time_start(const char *palaver, const char *model, const char *home, const char *data)
{
    static struct program p;
    struct figures f = {0};
    for (int i = 0; i < 15; i++) {
        if (start(&p, palaver, model, home, data))
            add(&f, until(&p, "palette"));
        usleep(50000);
        stop(&p);
    }
    print("start to first screen", &f);
}

static void time_chat(const char *palaver, const char *model, const char *home)
{
    static struct program p;
    struct figures f = {0};
    start(&p, palaver, model, home, NULL);
    until(&p, "ready");
    usleep(300000);
    printf("%-52s %8.1f MB\n", "memory beside mapped files, model open", own_memory(p.pid));
    time_typing(&p, &f, 50);
    print("key to screen, idle", &f);
    type(&p, "Tell me a very long story about the sea.\r");
    until(&p, "answering");
    time_typing(&p, &f, 50);
    print("key to screen, while answering", &f);
    type(&p, "\033");
    add(&f, until(&p, "stopped"));
    print("Esc to stopped", &f);
    stop(&p);
}

/* A step of the temperature until the pane shows what it makes of the next token, with the candidates of a short answer. */
static void time_settings(const char *palaver, const char *model, const char *home)
{
    static struct program p;
    struct figures f = {0};
    start(&p, palaver, model, home, NULL);
    until(&p, "ready");
    type(&p, "/set max_new_tokens 8\r");
    until_quiet(&p);
    type(&p, "Tell me a very long story about the sea.\r");
    until(&p, "goes on");
    for (int i = 0; i < 80; i++)
        take(&p, 50);   /* while the model makes a title previews wait */
    type(&p, "\033OR"); /* F3 */
    until(&p, "entropy");
    for (int i = 0; i < 5; i++)
        type(&p, "\033[B"), until_quiet(&p);
    for (int i = 0; i < 100; i++) {
        type(&p, i / 10 % 2 == 0 ? "\033[C" : "\033[D");
        add(&f, until_quiet(&p));
    }
    print("a setting to what it makes of the next token", &f);
    stop(&p);
}

/* A file that palaver import reads: 1,000 messages with 50 branches. */
static void write_branches(const char *path)
{
    enum { MESSAGES = 1000, BRANCH = 20 };
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return;
    fprintf(out, "[{\"title\":\"Branches\",\"create_time\":1,\"current_node\":\"n%d\",\"mapping\":{", MESSAGES - 1);
    for (int i = 0; i < MESSAGES; i++) {
        int parent = i % BRANCH != 0 ? i - 1 : i / BRANCH / 2 * BRANCH + BRANCH / 2 - 1;
        fprintf(out, "%s\"n%d\":{\"id\":\"n%d\",\"children\":[],\"parent\":", i > 0 ? "," : "", i, i);
        if (i == 0)
            fputs("null", out);
        else
            fprintf(out, "\"n%d\"", parent);
        fprintf(out,
                ",\"message\":{\"id\":\"n%d\",\"create_time\":%d,\"author\":{\"role\":\"%s\"},"
                "\"content\":{\"content_type\":\"text\",\"parts\":[\"Message %d of the tree\"]}}}",
                i, i + 1, i % 2 == 0 ? "user" : "assistant", i);
    }
    fputs("}}]", out);
    fclose(out);
}

/* The map of a large conversation: opening it, and going to a message by its number. */
static void time_map(const char *palaver, const char *model, const char *home)
{
    static struct program p;
    struct figures f = {0}, jumps = {0};
    char path[4096], command[9000];
    snprintf(path, sizeof path, "%s/branches.json", home);
    write_branches(path);
    snprintf(command, sizeof command, "HOME='%s' '%s' import '%s' >/dev/null", home, palaver, path);
    if (system(command) != 0 || !start(&p, palaver, model, home, NULL))
        return;
    until(&p, "ready");
    for (int i = 0; i < 40; i++) {
        type(&p, "/tree\r");
        add(&f, until(&p, "Map of 1000"));
        until_quiet(&p);
        type(&p, i % 2 == 0 ? "873" : "127");
        add(&jumps, until_quiet(&p));
        type(&p, "q");
        until_quiet(&p);
    }
    print("the map of 1,000 messages in 50 branches", &f);
    print("a number typed to its message in the map", &jumps);
    stop(&p);
}

static void time_history(const char *palaver, const char *model, const char *home, const char *data)
{
    static struct program p;
    struct figures f = {0};
    start(&p, palaver, model, home, data);
    until(&p, "ready");
    usleep(500000);
    for (int i = 0; i < 40; i++) {
        type(&p, "\033[1;3B"); /* the next conversation of the list */
        add(&f, until_quiet(&p));
    }
    print("open a conversation", &f);
    for (int i = 0; i < 100; i++) {
        type(&p, "\033[5~");
        add(&f, until_quiet(&p));
    }
    print("scroll by a page", &f);
    for (int round = 0; round < 10; round++) {
        type(&p, "\033s");
        until_quiet(&p);
        for (const char *c = "the sea"; *c != '\0'; c++) {
            type(&p, (char[]){*c, '\0'});
            add(&f, until_quiet(&p));
        }
        type(&p, "\003");
        until_quiet(&p);
    }
    print("search all conversations, per letter", &f);
    printf("%-52s %8.1f MB\n", "memory beside mapped files, then", own_memory(p.pid));
    stop(&p);
}

/* ---- meaning ---------------------------------------------------------------------------------------------------- */

struct drawing {
    struct vectors *vectors;
    size_t width;
    size_t n;
};

/* Directions that differ in all elements, as those of texts do. */
static bool draw_vector(void *context, const struct store_text *text)
{
    struct drawing *d = context;
    struct error err = {0};
    int8_t bytes[VECTORS_WIDTH];
    for (size_t i = 0; i < d->width; i++)
        bytes[i] = (int8_t)(rand() % 255 - 127);
    const struct vectors_passage passage = {0, (uint32_t)text->size, 0.0007F, bytes};
    d->n++;
    return vectors_put(d->vectors, text->message, vectors_hash(text->text, text->size), &passage, 1, &err) == ERR_NONE;
}

/* Writes the file of vectors where the program looks for it; false with a message on failure. */
static bool draw_vectors(const char *home, const char *data, const char *path)
{
    char history[4096], folder[4096];
    struct error err = {0};
    struct options o = {.paths = {.cache_dir = folder}};
    struct drawing d = {.width = 0};
    int64_t last;
    snprintf(folder, sizeof folder, "%s/.cache/palaver", home);
    snprintf(history, sizeof history, "%s/palaver/history.db", data);
    struct model *model = model_open(path, NULL, &err);
    struct store *store = store_open(history, &(struct store_options){.read_only = true}, &err);
    char *file = meaning_file(&o, history);
    if (model != NULL && store != NULL && file != NULL && folder_make(folder, &err) == ERR_NONE) {
        d.width = (size_t)model_info(model)->width;
        d.vectors = vectors_write(file, model_info(model)->fingerprint, d.width, &err);
    }
    if (d.vectors != NULL && store_texts(store, 0, 0, SIZE_MAX >> 1, draw_vector, &d, &last, &err) == ERR_NONE)
        printf("%-52s %8zu messages, %.1f MB\n", "vectors drawn", d.n, (double)vectors_bytes(d.vectors) / 1e6);
    else
        fprintf(stderr, "bench/ui: %s\n", err.message);
    vectors_free(d.vectors);
    store_close(store);
    model_free(model);
    free(file);
    return d.vectors != NULL && err.code == ERR_NONE;
}

/* The time from a letter until the hits of words and meaning together are on the screen: the last byte before nothing comes
 * for 120 ms. The likest sentences come when no letter did for 150 ms and do not count. */
static void time_meaning(const char *palaver, const char *model, const char *home, const char *data)
{
    static struct program p;
    static const char *const queries[] = {"the sea in winter", "why is the sky blue", "a short story about light"};
    struct figures f = {0};
    start(&p, palaver, model, home, data);
    until(&p, "ready");
    usleep(500000);
    for (size_t round = 0; round < 3 * sizeof queries / sizeof *queries; round++) {
        type(&p, "\033s");
        until_quiet(&p);
        usleep(200000); /* people look at what opened */
        for (const char *c = queries[round % 3]; *c != '\0'; c++) {
            type(&p, (char[]){*c, '\0'});
            add(&f, until_quiet_for(&p, 120));
        }
        type(&p, "\003");
        until_quiet(&p);
    }
    print("search by words and meaning, per letter", &f);
    printf("%-52s %8.1f MB\n", "memory beside mapped files, then", own_memory(p.pid));
    stop(&p);
}

int main(int argc, char **argv)
{
    char home[] = "/tmp/palaver-bench.XXXXXX", command[64];
    if (argc < 3 || mkdtemp(home) == NULL) {
        fprintf(stderr, "usage: bench/ui PALAVER MODEL [DATA_FOLDER [ENCODER]]\n");
        return 2;
    }
    printf("%-52s %8s %8s\n", "", "median", "99%");
    time_start(argv[1], argv[2], home, argc > 3 ? argv[3] : NULL);
    time_chat(argv[1], argv[2], home);
    time_settings(argv[1], argv[2], home);
    time_map(argv[1], argv[2], home);
    if (argc > 3)
        time_history(argv[1], argv[2], home, argv[3]);
    encoder = argc > 4 ? argv[4] : encoder;
    if (argc > 4 && draw_vectors(home, argv[3], encoder))
        time_meaning(argv[1], argv[2], home, argv[3]);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return system(command) == 0 ? 0 : 1;
}
