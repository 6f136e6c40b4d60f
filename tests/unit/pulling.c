/* Tests of remote/: the server's process, the watch, the folders. */
#include "tests/unit/pulling.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "remote/digest.h"
#include "remote/remote.h"
#include "tests/cmocka.h"
#include "tests/source.h"

static struct pulling pulling;
static pid_t server;
static int server_in = -1;

/* ---- the server ------------------------------------------------------------------------------------------------- */

static bool server_start(void)
{
    int in[2], out[2];
    char script[4096], port[16] = "";
    snprintf(script, sizeof script, "%s/tests/unit/server.py", source_folder());
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    server = fork();
    if (server == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execlp("python3", "python3", script, pulling.served, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    server_in = in[1];
    for (size_t n = 0; n + 1 < sizeof port && strchr(port, '\n') == NULL && read(out[0], port + n, 1) == 1;)
        n++;
    close(out[0]);
    pulling.port = atoi(port);
    return pulling.port > 0;
}

static void make_model(void)
{
    uint32_t x = 1;
    for (size_t i = 0; i < MODEL_BYTES; i++) {
        x = x * 1664525 + 1013904223;
        pulling.model[i] = (unsigned char)(x >> 24);
    }
    memcpy(pulling.model, "GGUF", 4);
    pulling_serve(&pulling, "model.gguf", pulling.model, MODEL_BYTES);
    struct digest *digest = digest_new(DIGEST_SHA256, 0, NULL);
    assert_non_null(digest);
    digest_add(digest, pulling.model, MODEL_BYTES);
    digest_end(digest, pulling.model_sum);
    digest_free(digest);
}

int pulling_start(void **state)
{
    static const char *const proxies[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++)
        unsetenv(proxies[i]);
    signal(SIGPIPE, SIG_IGN);
    strcpy(pulling.served, "/tmp/palaver-served.XXXXXX");
    strcpy(pulling.folder, "/tmp/palaver-models.XXXXXX");
    assert_non_null(mkdtemp(pulling.served));
    assert_non_null(mkdtemp(pulling.folder));
    make_model();
    *state = server_start() ? &pulling : NULL;
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

int pulling_end(void **state)
{
    (void)state;
    close(server_in);
    waitpid(server, NULL, 0);
    nftw(pulling.served, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    nftw(pulling.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static void forget_calls(struct pulling *p)
{
    p->waits = p->seconds = p->notes = p->checks = 0;
    p->note[0] = '\0';
    p->err = (struct error){0};
}

struct pulling *pulling_begin(void **state)
{
    char requests[100];
    struct pulling *p = *state;
    if (p == NULL)
        skip();
    nftw(p->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(p->folder, 0700), 0);
    snprintf(requests, sizeof requests, "%s/requests", p->served);
    unlink(requests);
    p->token = p->sha256 = NULL;
    p->stop_at = -1;
    forget_calls(p);
    return p;
}

/* ---- the watch -------------------------------------------------------------------------------------------------- */

static bool on_progress(void *context, int64_t done, int64_t total)
{
    const struct pulling *p = context;
    assert_true(total < 0 || done <= total);
    return p->stop_at < 0 || done < p->stop_at;
}

static void on_file(void *context, const struct remote_file *file, int64_t from)
{
    (void)context;
    assert_true(file->name[0] != '\0' && from >= 0);
}

static void on_note(void *context, const char *text)
{
    struct pulling *p = context;
    p->notes++;
    snprintf(p->note, sizeof p->note, "%s", text);
}

static bool on_wait(void *context, int seconds, const char *why)
{
    struct pulling *p = context;
    p->waits++;
    p->seconds += seconds;
    snprintf(p->note, sizeof p->note, "%s", why);
    return true;
}

static enum error_code on_check(void *context, const char *path, struct error *err)
{
    struct pulling *p = context;
    struct stat st;
    p->checks++;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size == MODEL_BYTES - 100 ? error_set(err, ERR_FORMAT, "%s: cut off", path) : ERR_NONE;
}

enum error_code pulling_pull(struct pulling *p, const char *name)
{
    char whole[600] = "", base[40], hub[60], index[60];
    struct remote_plan plan;
    forget_calls(p);
    snprintf(base, sizeof base, "http://127.0.0.1:%d", p->port);
    snprintf(hub, sizeof hub, "%s/hub", base);
    snprintf(index, sizeof index, "%s/simple", base);
    for (; *name != '\0'; name++)
        if (*name == '^')
            strcat(whole, base);
        else
            strncat(whole, name, 1);
    const struct remote_options o = {
        .folder = p->folder,
        .sha256 = p->sha256,
        .hub = hub,
        .token = p->token,
        .index = index,
        .watch = {p, on_progress, on_file, on_note, on_wait, on_check},
    };
    if (remote_plan(&plan, whole, &o, &p->err) == ERR_NONE)
        remote_pull(&plan, &o, &p->err);
    remote_plan_free(&plan);
    return p->err.code;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

void pulling_serve(struct pulling *p, const char *name, const void *bytes, size_t n)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", p->served, name);
    for (char *slash = strchr(path + strlen(p->served) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

int64_t pulling_size(const struct pulling *p, const char *name)
{
    char path[300];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

bool pulling_has(const struct pulling *p, const char *name, const void *bytes, size_t n)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL || bytes == NULL) {
        if (file != NULL)
            fclose(file);
        return file != NULL;
    }
    char *there = malloc(n + 1);
    assert_non_null(there);
    const size_t got = fread(there, 1, n + 1, file);
    const bool same = got == n && memcmp(there, bytes, n) == 0;
    free(there);
    fclose(file);
    return same;
}

int pulling_count(const struct pulling *p)
{
    int n = 0;
    DIR *dir = opendir(p->folder);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

int pulling_requests(const struct pulling *p, const char *text)
{
    char path[300], line[2000];
    int n = 0;
    snprintf(path, sizeof path, "%s/requests", p->served);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        n += strstr(line, text) != NULL;
    if (file != NULL)
        fclose(file);
    return n;
}
