/* Test: kill -9 at random moments.
 *
 * A child works on a database (answers stream in, messages are edited, conversations renamed, deleted, purged) and
 * writes to a pipe what it has done. At a random moment it is killed; then the database must open, be sound, and hold
 * all that the pipe says; of an answer at most the last quarter of a second may be missing. */
#include <config.h>

#include "tests/sanitized.h"
#include "tests/unit/history.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = SANITIZED ? 50 : 200 };
#define LONG_RUNS_EVERY 40 /* these last long enough for the quarter of a second to count */
#define LOG_MAX (4 << 20)

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static uint32_t seed;
static uint32_t draw(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

/* ---- the child -------------------------------------------------------------------------------------------------- */

struct child {
    struct store *s;
    int log;
    int64_t conversation, last;
    int n;
};

static void say(struct child *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct child *c, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    line[n] = '\n';
    if (write(c->log, line, (size_t)n + 1) != n + 1)
        _exit(2);
}

static void child_ok(enum error_code code, const struct error *err, struct child *c)
{
    if (code != ERR_NONE) {
        say(c, "! %s", err->message);
        _exit(3);
    }
}

static void child_append(struct child *c, bool edit)
{
    struct error err = {0};
    char text[64];
    int64_t id = 0;
    int size = snprintf(text, sizeof text, "message %d of process %d", c->n++, (int)getpid());
    child_ok(edit ? store_edit(c->s, c->last, text, (size_t)size, &id, &err)
                  : store_append(c->s, c->conversation, c->last, STORE_USER, text, (size_t)size, NULL, &id, &err),
             &err, c);
    c->last = id;
    say(c, "M %lld %s", (long long)id, text);
}

/* Without flushing, all depends on what an append writes by itself. */
static void child_stream(struct child *c, int tokens, bool flush)
{
    struct error err = {0};
    struct store_reply *r = store_reply_begin(c->s, c->conversation, c->last, STORE_ASSISTANT, NULL, &err);
    child_ok(err.code, &err, c);
    c->last = store_reply_message(r);
    say(c, "M %lld ", (long long)c->last);
    struct store_token token = {.chosen = {7, 0.5f, 0.5f}, .bytes = 4, .entropy = 1, .n_best = 5};
    for (int i = 1; i <= tokens; i++) {
        child_ok(store_reply_append(r, "abc ", 4, &token, &err), &err, c);
        if (flush && i % 16 == 0 && draw(2) == 0)
            child_ok(store_reply_flush(r, &err), &err, c);
        say(c, "%c %lld %d %lld", store_reply_due(r) < 0 ? 'F' : 'A', (long long)c->last, i * 4, (long long)now_ms());
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
    }
    child_ok(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err, c);
    say(c, "F %lld %d %lld", (long long)c->last, tokens * 4, (long long)now_ms());
    store_reply_free(r);
}

static void child_new(struct child *c)
{
    struct error err = {0};
    child_ok(store_new(c->s, &c->conversation, &err), &err, c);
    c->last = 0;
    child_append(c, false);
}

static void child_step(struct child *c, bool slow)
{
    struct error err = {0};
    char title[64];
    switch (draw(slow ? 2 : 8)) {
    case 0:
    case 1: child_stream(c, slow ? 4000 : 40, !slow); break;
    case 2:
    case 3: child_append(c, false); break;
    case 4: child_append(c, true); break;
    case 5:
        snprintf(title, sizeof title, "title %d of %d", c->n++, (int)getpid());
        say(c, "t %lld", (long long)c->conversation);
        child_ok(store_rename(c->s, c->conversation, title, STORE_TITLED_BY_HAND, &err), &err, c);
        say(c, "T %lld %s", (long long)c->conversation, title);
        break;
    case 6:
        child_ok(store_delete(c->s, c->conversation, &err), &err, c);
        say(c, "D %lld", (long long)c->conversation);
        child_new(c);
        break;
    default:
        say(c, "P %lld", (long long)c->conversation);
        child_ok(store_purge(c->s, c->conversation, &err), &err, c);
        say(c, "Q %lld", (long long)c->conversation);
        child_new(c);
    }
}

static void child(const char *path, int log, int run)
{
    struct error err = {0};
    struct child c = {.log = log};
    seed = (uint32_t)run * 7919 + 1;
    c.s = store_open(path, NULL, &err);
    child_ok(err.code, &err, &c);
    say(&c, "ready");
    child_new(&c);
    for (;;)
        child_step(&c, run % LONG_RUNS_EVERY == 0);
}

/* ---- the parent ------------------------------------------------------------------------------------------------- */

/* Reads the pipe until the deadline, which begins at the first line; returns the bytes. */
static size_t listen_until(int log, int for_ms, char *out, size_t size)
{
    int64_t end = now_ms() + 10000;
    bool begun = false;
    while (now_ms() < end && size < LOG_MAX - 4096) {
        struct pollfd p = {.fd = log, .events = POLLIN};
        poll(&p, 1, 1);
        if (p.revents == 0)
            continue;
        ssize_t n = read(log, out + size, LOG_MAX - size - 1);
        if (n <= 0)
            break;
        if (!begun)
            end = now_ms() + for_ms;
        begun = true;
        size += (size_t)n;
    }
    return size;
}

/* What the log says of one message that streamed. */
struct stream {
    long long message, flushed, at, gap;
    const char *from; /* its first line */
    long long killed;
};

/* The bytes that must have been written: what was appended a quarter of a second before the kill, and earlier by as much
 * as the child was kept from running at most. That may be while it writes, so the time from its last line counts too. */
static long long due(const struct stream *r)
{
    long long gap = r->killed - r->at > r->gap ? r->killed - r->at : r->gap, most = r->flushed;
    for (const char *line = r->from; *line != '\0'; line = strchr(line, '\n') + 1) {
        long long message = 0, bytes = 0, at = 0;
        if (sscanf(line, "A %lld %lld %lld", &message, &bytes, &at) == 3 && message == r->message &&
            at <= r->killed - 250 - gap && bytes > most)
            most = bytes;
    }
    return most;
}

static void check_stream(struct store *s, const struct stream *r)
{
    struct error err = {0};
    struct store_message m = {0};
    if (r->message == 0 || store_message_get(s, r->message, &m, &err) != ERR_NONE)
        return; /* purged: checked elsewhere */
    long long least = due(r);
    if ((long long)m.size < least)
        fail_msg("answer %lld has %zu bytes, at least %lld were due (gap %lld ms)", r->message, m.size, least, r->gap);
    for (size_t i = 0; i < m.size; i++)
        assert_int_equal(m.text[i], "abc "[i % 4]);
    assert_true(m.state == STORE_COMPLETE || m.state == STORE_INTERRUPTED);
    struct store_records records = {0};
    history_ok(store_records(s, m.id, &records, &err), &err);
    assert_int_equal(records.n * 4, m.size); /* text and records are written together */
    store_records_free(&records);
    store_message_free(&m);
}

static void check_message(struct store *s, const char *log, const char *line)
{
    long long id = 0;
    int at = 0;
    struct error err = {0};
    struct store_message m = {0};
    assert_int_equal(sscanf(line, "M %lld %n", &id, &at), 1);
    enum error_code code = store_message_get(s, id, &m, &err);
    if (code == ERR_NOT_FOUND && strstr(log, "\nP ") != NULL)
        return; /* its conversation was being purged */
    history_ok(code, &err);
    const char *text = strchr(line + 2, ' ') + 1;
    size_t size = strcspn(text, "\n");
    if (size > 0) {
        assert_int_equal(m.size, size);
        assert_memory_equal(m.text, text, size);
    }
    store_message_free(&m);
}

static void check_title(struct store *s, const char *log, const char *line)
{
    long long id = 0;
    char pending[32], purged[32];
    struct error err = {0};
    struct store_conversation c = {0};
    sscanf(line, "T %lld", &id);
    snprintf(pending, sizeof pending, "\nt %lld\n", id);
    snprintf(purged, sizeof purged, "\nP %lld\n", id);
    if (strstr(line, pending) != NULL || strstr(log, purged) != NULL)
        return; /* changed again later */
    history_ok(store_conversation_get(s, id, &c, &err), &err);
    const char *title = strchr(line + 2, ' ') + 1;
    assert_memory_equal(c.title, title, strlen(c.title));
    store_conversation_free(&c);
}

static void check_gone(struct store *s, const char *line)
{
    long long id = 0;
    struct store_conversation c = {0};
    sscanf(line + 1, "%lld", &id);
    enum error_code code = store_conversation_get(s, id, &c, &(struct error){0});
    assert_true(line[0] == 'Q' ? code == ERR_NOT_FOUND : code == ERR_NONE && c.trashed > 0);
    store_conversation_free(&c);
}

/* Follows one streamed message through the log. */
static void follow(struct stream *r, struct store *s, const char *line, long long killed)
{
    long long message = 0, bytes = 0, at = 0;
    sscanf(line + 1, "%lld %lld %lld", &message, &bytes, &at);
    if (message != r->message) {
        check_stream(s, r);
        *r = (struct stream){.message = message, .at = at, .from = line, .killed = killed};
    }
    r->gap = at - r->at > r->gap ? at - r->at : r->gap;
    r->at = at;
    if (line[0] == 'F')
        r->flushed = bytes;
}

static size_t check_log(struct store *s, char *log, size_t size, long long killed)
{
    struct stream r = {0};
    size_t lines = 0;
    while (size > 0 && log[size - 1] != '\n') /* the last line may be cut */
        size--;
    log[size] = '\0';
    for (const char *line = log; *line != '\0'; line = strchr(line, '\n') + 1, lines++)
        switch (*line) {
        case '!': fail_msg("the child failed: %.*s", (int)strcspn(line, "\n"), line); break;
        case 'M': check_message(s, log, line); break;
        case 'T': check_title(s, log, line); break;
        case 'D':
            if (strstr(line, "\nQ ") == NULL && strstr(line, "\nP ") == NULL)
                check_gone(s, line);
            break;
        case 'Q': check_gone(s, line); break;
        case 'A':
        case 'F': follow(&r, s, line, killed); break;
        default: break;
        }
    check_stream(s, &r);
    return lines;
}

static size_t one_run(const char *path, int run, char *log)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(path, ends[1], run);
        _exit(0);
    }
    close(ends[1]);
    seed = (uint32_t)run * 31 + 5;
    size_t size = listen_until(ends[0], run % LONG_RUNS_EVERY == 0 ? 500 + (int)draw(500) : 1 + (int)draw(40), log, 0);
    kill(pid, SIGKILL);
    long long killed = now_ms();
    waitpid(pid, NULL, 0);
    ssize_t n;
    while ((n = read(ends[0], log + size, LOG_MAX - size - 1)) > 0)
        size += (size_t)n;
    close(ends[0]);
    struct error err = {0};
    struct store *s = store_open(path, NULL, &err);
    if (s == NULL)
        fail_msg("after run %d: %s", run, err.message);
    size_t lines = check_log(s, log, size, killed);
    store_close(s);
    return lines;
}

static void nothing_is_lost_by_kill_9(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", history_file("kill.db"));
    char *log = malloc(LOG_MAX);
    size_t lines = 0;
    int64_t start = now_ms();
    for (int run = 0; run < RUNS; run++) {
        lines += one_run(path, run, log);
        history_sound(path);
        assert_int_equal(history_count(path, "SELECT count(*) FROM message WHERE state = 1 OR writer IS NOT NULL"), 0);
    }
    print_message("%d kills after %zu logged steps in %lld ms\n", RUNS, lines, (long long)(now_ms() - start));
    free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost_by_kill_9)};
    return cmocka_run_group_tests(tests, NULL, history_clean);
}
