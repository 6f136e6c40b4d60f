/* How quick the screen is: `make bench/ui && bench/ui PALAVER MODEL [DATA_FOLDER [ENCODER]]`.
 *
 * Runs the program on a pseudo-terminal of 30 × 100 with a home of its own and times, from the outside, how long bytes
 * take from a key to the terminal; each row says how often. DATA_FOLDER (a copy is not made) holds a palaver/history.db, e.g.
 * the large one that bench/history FOLDER makes; with it, opening, scrolling and searching are timed too. With ENCODER, the
 * folder of one, searching by words and meaning fused. */
#include <config.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/drawn.h"
#include "bench/evict.h"
#include "bench/watch.h"

#define STORY "Tell me a very long story about the sea."

enum { FRAME = 30 }; /* milliseconds without a byte after which a frame has ended */

/* ---- what the kernel tells of a process -------------------------------------------------------------------------- */

/* The number after a word in /proc/PID/FILE; 0 when it is not there. */
static double number_of(const struct watch *w, const char *file, const char *word)
{
    char path[64], line[256];
    double number = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)vt_pid(w->vt), file);
    FILE *in = fopen(path, "r");
    while (in != NULL && fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, word, strlen(word)) == 0)
            number = atof(line + strlen(word));
    if (in != NULL)
        fclose(in);
    return number;
}

static void print_memory(const struct watch *w, const char *what)
{
    figure_print(what, number_of(w, "status", "RssAnon:") / 1024, "MB");
}

/* ---- starting, typing, answering --------------------------------------------------------------------------------- */

static void time_start(const struct watch_program *p)
{
    struct figures f = {0};
    for (int i = 0; i < 15; i++) {
        struct watch w = watch_start(p, NULL);
        figures_add(&f, watch_until(&w, "Enter sends"));
        watch_stop(&w);
    }
    figures_print(&f, "start to first screen");
}

/* The options by which any model chats, and writes until it is told to end: one of random weights has no template, and would
 * end whenever it comes upon the token for it. */
static const char *chatty[16]; /* ends with NULL */

/* From what palaver info tells: `"template_source": "none"`, `"end_ids": [2, 32000]`. */
static bool find_options(const char *palaver, const char *model)
{
    enum { ENDS = 3 };
    static char command[9000], told[65536], biases[ENDS][32];
    size_t n = 0;
    snprintf(command, sizeof command, "'%s' info --json '%s'", palaver, model);
    FILE *in = popen(command, "r");
    const size_t size = in != NULL ? fread(told, 1, sizeof told - 1, in) : 0;
    told[size] = '\0';
    if (strstr(told, "\"template_source\":\"none\"") != NULL) {
        chatty[n++] = "--template";
        chatty[n++] = "chatml";
    }
    const char *at = strstr(told, "\"end_ids\":[");
    at = at != NULL ? strchr(at, '[') : NULL;
    for (int i = 0; at != NULL && *at != ']' && at[1] != ']' && i < ENDS; i++, at = strpbrk(at + 1, ",]")) {
        snprintf(biases[i], sizeof *biases, "%ld=-100", strtol(at + 1, NULL, 10));
        chatty[n++] = "--logit-bias";
        chatty[n++] = biases[i];
    }
    return in != NULL && pclose(in) == 0 && at != NULL;
}

/* With an end after so many tokens. */
static const char *const *ending_after(const char *tokens)
{
    static const char *options[sizeof chatty / sizeof *chatty + 2];
    size_t n = 0;
    for (; chatty[n] != NULL; n++)
        options[n] = chatty[n];
    options[n++] = "-n";
    options[n++] = tokens;
    options[n] = NULL;
    return options;
}

/* Types a letter that stands nowhere else and takes it away again. The pauses differ, so that keys do not keep step with
 * the tokens of an answer. */
static void time_key(struct watch *w, struct figures *f)
{
    watch_type(w, "ѯ");
    figures_add(f, watch_until(w, "ѯ"));
    watch_type(w, "\177");
    vt_pause(w->vt, 10 + (int)(f->n * 7 % 30));
}

static void time_typing(struct watch *w, struct figures *f)
{
    for (int i = 0; i < 50; i++)
        time_key(w, f);
}

/* From the start to a key that is typed as soon as the prompt is there, and keys until the model is loaded. */
static void time_first_keys(const struct watch_program *p, bool cold)
{
    struct figures first = {0}, keys = {0};
    double stays = 0;
    for (int i = 0; i < 15; i++) {
        const double share = cold ? evict_file(p->model) : 0;
        stays = share > stays ? share : stays;
        struct watch w = watch_start(p, NULL);
        const double start = w.since;
        watch_until(&w, "Enter sends");
        watch_type(&w, "ѯ");
        if (watch_until(&w, "ѯ") >= 0)
            figures_add(&first, vt_came(w.vt) - start);
        watch_type(&w, "\177");
        while (!w.lost && keys.n < 300 && !vt_shows(w.vt, "ready"))
            time_key(&w, &keys);
        watch_stop(&w);
    }
    figures_print(&first, cold ? "start to the first key, model on disk" : "start to the first key");
    figures_print(&keys, cold ? "key while it is loaded from disk" : "key while the model is loaded");
    if (stays > 0.01)
        figure_print("the model did not leave the page cache", 100 * stays, "% stayed");
}

/* One that has ended is asked for again. */
static void keep_answering(struct watch *w)
{
    if (vt_shows(w->vt, "answering"))
        return;
    watch_type(w, STORY "\r");
    watch_until(w, "answering");
}

static void time_typing_beside(struct watch *w, struct figures *f)
{
    enum { KEYS = 300, TRIES = 2 * KEYS };
    for (int i = 0; i < TRIES && f->n < KEYS && !w->lost; i++) {
        keep_answering(w);
        time_key(w, f);
    }
}

/* What it writes while nobody does anything: frames nobody asked for, files nobody changed. */
static void count_idle(struct watch *w)
{
    enum { SECONDS = 5 };
    vt_settle(w->vt, 500);
    const size_t shown = vt_size(w->vt);
    const double written = number_of(w, "io", "wchar:");
    vt_pause(w->vt, SECONDS * 1000);
    figure_print("bytes to the screen in 5 seconds of idling", (double)(vt_size(w->vt) - shown), "bytes");
    figure_print("bytes written at all in them", number_of(w, "io", "wchar:") - written, "bytes");
}

static void time_chat(const struct watch_program *p)
{
    struct figures f = {0};
    struct watch w = watch_start(p, chatty);
    watch_until(&w, "ready");
    vt_pause(w.vt, 300);
    print_memory(&w, "memory beside mapped files, model open");
    count_idle(&w);
    time_typing(&w, &f);
    figures_print(&f, "key to screen, idle");
    time_typing_beside(&w, &f);
    figures_print(&f, "key while an answer is written");
    keep_answering(&w);
    watch_type(&w, "\033");
    figures_add(&f, watch_until(&w, "stopped"));
    figures_print(&f, "Esc to stopped");
    watch_stop(&w);
}

/* The tokens of the answer whose figures are on the screen. */
static int tokens_shown(struct watch *w)
{
    const int row = vt_find(w->vt, " tokens · ");
    const char *end = row >= 0 ? strstr(vt_row(w->vt, row), " tokens · ") : NULL;
    while (end != NULL && end > vt_row(w->vt, row) && end[-1] >= '0' && end[-1] <= '9')
        end--;
    return end != NULL ? atoi(end) : 0;
}

/* Starts with a new conversation; the last one, which opens by itself, has an answer. */
static struct watch start_new(const struct watch_program *p, const char *const *options)
{
    struct watch w = watch_start(p, options);
    watch_until(&w, "ready");
    watch_type(&w, "/new");
    watch_quiet(&w, FRAME);
    watch_type(&w, "\r");
    watch_until(&w, "New conversation");
    return w;
}

/* From the first word to the figures below the last. */
static void count_stream(const struct watch_program *p)
{
    struct watch w = start_new(p, ending_after("64"));
    watch_type(&w, STORY "\r");
    watch_until(&w, "answering");
    const size_t before = vt_size(w.vt);
    watch_until(&w, " t/s · ");
    const double size = (double)(vt_size(w.vt) - before);
    const int tokens = tokens_shown(&w);
    if (tokens > 0)
        figure_print("written to the screen for a token of an answer", size / tokens, "bytes");
    watch_stop(&w);
}

/* A step of the temperature until the pane shows what it makes of the next token, with the candidates of a short answer. */
static void time_settings(const struct watch_program *p)
{
    struct figures f = {0};
    struct watch w = start_new(p, ending_after("8"));
    watch_type(&w, STORY "\r");
    watch_until(&w, " t/s · ");
    vt_pause(w.vt, 4000);             /* while the model makes a title previews wait */
    watch_type(&w, "\033OR");         /* F3 */
    watch_until(&w, "below 1 surer"); /* it begins at the temperature */
    watch_until(&w, "entropy");
    watch_quiet(&w, FRAME);
    for (int i = 0; i < 100; i++) {
        watch_type(&w, i / 10 % 2 == 0 ? "\033[C" : "\033[D");
        figures_add(&f, watch_quiet(&w, FRAME));
    }
    figures_print(&f, "a setting to what it makes of the next token");
    watch_stop(&w);
}

/* ---- the map ----------------------------------------------------------------------------------------------------- */

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

/* Opening it, and any message in four keys: its number and Enter. */
static void time_tree(struct watch *w)
{
    static const char *const numbers[] = {"873", "127", "999", "402"};
    struct figures f = {0}, jumps = {0}, chosen = {0};
    for (int i = 0; i < 40; i++) {
        watch_type(w, "/tree");
        watch_quiet(w, FRAME);
        watch_type(w, "\r");
        figures_add(&f, watch_until(w, "Map of 1000"));
        watch_quiet(w, FRAME);
        watch_type(w, numbers[i % 4]);
        figures_add(&jumps, watch_quiet(w, FRAME));
        watch_type(w, "\r");
        figures_add(&chosen, watch_quiet(w, FRAME));
        watch_type(w, "i"); /* back to the composer */
        watch_quiet(w, FRAME);
    }
    figures_print(&f, "the map of 1,000 messages in 50 branches");
    figures_print(&jumps, "a number typed to its message in the map");
    figures_print(&chosen, "Enter to that message in the conversation");
}

static void time_map(const struct watch_program *p)
{
    char path[4200], command[9000];
    snprintf(path, sizeof path, "%s/branches.json", p->home);
    write_branches(path);
    snprintf(command, sizeof command, "HOME='%s' '%s' import '%s' >/dev/null", p->home, p->palaver, path);
    if (system(command) != 0)
        return;
    static const char *const options[] = {"-r", "Branches", NULL};
    struct watch w = watch_start(p, options);
    watch_until(&w, "ready");
    time_tree(&w);
    watch_stop(&w);
}

/* ---- a large history --------------------------------------------------------------------------------------------- */

static void time_history(const struct watch_program *p)
{
    struct figures f = {0};
    struct watch w = watch_start(p, NULL);
    watch_until(&w, "ready");
    watch_quiet(&w, 300);
    for (int i = 0; i < 40; i++) {
        watch_type(&w, "\033[1;3B"); /* the next conversation of the list */
        figures_add(&f, watch_quiet(&w, FRAME));
    }
    figures_print(&f, "open a conversation");
    print_memory(&w, "memory beside mapped files, after 40 of them");
    watch_type(&w, "/open The long one\r");
    watch_until(&w, "The long one  "); /* in the header */
    watch_quiet(&w, 300);
    for (int i = 0; i < 100; i++) {
        watch_type(&w, "\033[5~");
        figures_add(&f, watch_quiet(&w, FRAME));
    }
    figures_print(&f, "scroll by a page in one of 10,000 messages");
    print_memory(&w, "memory beside mapped files, with these 10,000");
    watch_stop(&w);
}

/* Types what people look for letter by letter. A letter has been answered when nothing comes for so long. */
static void time_search(const struct watch_program *p, const char *what, int quiet)
{
    static const char *const queries[] = {"the sea in winter", "why is the sky blue", "a short story about light",
                                          "temperature of water", "größer als der Himmel"};
    enum { QUERIES = sizeof queries / sizeof *queries };
    struct figures f = {0};
    struct watch w = watch_start(p, NULL);
    watch_until(&w, "ready");
    watch_quiet(&w, 300);
    for (int round = 0; round < 4 * QUERIES; round++) {
        watch_type(&w, "\033s");
        watch_until(&w, "Search all");
        vt_pause(w.vt, 200); /* people look at what opened */
        for (const char *c = queries[round % QUERIES], *next; *c != '\0'; c = next) {
            for (next = c + 1; ((unsigned char)*next & 0xC0) == 0x80;)
                next++;
            char letter[8] = {0};
            memcpy(letter, c, (size_t)(next - c));
            watch_type(&w, letter);
            figures_add(&f, watch_quiet(&w, quiet));
        }
        watch_type(&w, "\003");
        watch_quiet(&w, FRAME);
    }
    figures_print(&f, what);
    print_memory(&w, "memory beside mapped files, then");
    watch_stop(&w);
}

/* The likest sentences come when no letter did for 150 ms, and do not count. */
static void time_meaning(struct watch_program p, const char *encoder)
{
    enum { FUSED = 120 };
    p.encoder = encoder;
    if (drawn_write(p.home, p.data, encoder))
        time_search(&p, "search by words and meaning, per letter", FUSED);
}

/* Whether all of them are there: a program without its model would be waited for in vain. */
static bool are_there(int n, char *const *paths)
{
    for (int i = 0; i < n; i++)
        if (access(paths[i], R_OK) != 0) {
            perror(paths[i]);
            return false;
        }
    return true;
}

int main(int argc, char **argv)
{
    char home[] = "/tmp/palaver-bench.XXXXXX", command[64];
    if (argc < 3 || argc > 5 || !are_there(argc - 1, argv + 1) || mkdtemp(home) == NULL) {
        fprintf(stderr, "usage: bench/ui PALAVER MODEL [DATA_FOLDER [ENCODER]]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!find_options(argv[1], argv[2]))
        fprintf(stderr, "bench/ui: %s info does not tell how answers end: some may be short\n", argv[1]);
    const struct watch_program empty = {argv[1], argv[2], home, NULL, "off"};
    const struct watch_program large = {argv[1], argv[2], home, argc > 3 ? argv[3] : NULL, "off"};
    printf("%-52s %8s %8s %8s    %8s\n", "", "median", "99%", "longest", "times");
    time_start(&large);
    time_first_keys(&large, false);
    time_first_keys(&large, true);
    time_chat(&empty);
    count_stream(&empty);
    time_settings(&empty);
    time_map(&empty);
    if (argc > 3) {
        time_history(&large);
        time_search(&large, "search by words, per letter", FRAME);
    }
    if (argc > 4)
        time_meaning(large, argv[4]);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    return system(command) == 0 ? 0 : 1;
}
