/* Key: read late, kept in memory alone. */
#include <config.h>

#include "remote/key.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"

#define KEY_MOST 8192 /* bytes; the longest in use are tokens of one or two thousand */

extern char **environ;

void key_init(struct key *k)
{
    *k = (struct key){.fd = -1};
    buf_init(&k->said, KEY_MOST);
}

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void end_command(struct key *k)
{
    if (k->fd >= 0)
        close(k->fd);
    k->fd = -1;
    if (k->said.data != NULL)
        explicit_bzero(k->said.data, k->said.size);
    buf_free(&k->said);
}

void key_free(struct key *k)
{
    if (k->child > 0) {
        kill(k->child, SIGKILL);
        waitpid(k->child, NULL, 0);
    }
    k->child = 0;
    end_command(k);
    key_forget(k);
}

void key_forget(struct key *k)
{
    wipe(k->value);
    k->value = NULL;
    k->known = false;
}

/* Takes the first line of text as the key. What is no header's value is refused, and stands in no message. */
static enum error_code take_key(struct key *k, const char *name, const char *from, const char *text, struct error *err)
{
    const size_t n = strcspn(text, "\r\n");
    if (n == 0)
        return error_set(err, ERR_NOT_FOUND, "endpoint %s: %s holds no key", name, from);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x21 || (unsigned char)text[i] > 0x7E)
            return error_set(err, ERR_FORMAT,
                             "endpoint %s: what %s holds can't be a key: it has blanks or signs that are not ASCII",
                             name, from);
    k->value = strndup(text, n);
    k->known = k->value != NULL;
    return k->known ? ERR_NONE : error_memory(err);
}

static enum error_code read_file(struct key *k, const struct endpoint_place *p, struct error *err)
{
    char text[KEY_MOST] = "";
    struct stat status;
    const int fd = open(p->key_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0) {
        error_system(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "endpoint %s: key file %s", p->name,
                     p->key_file);
    } else if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0) {
        error_set(err, ERR_ARGUMENT, "%s: others may read this key: chmod 600 it", p->key_file);
    } else if (read(fd, text, sizeof text - 1) < 0) {
        error_system(err, ERR_IO, errno, "endpoint %s: key file %s", p->name, p->key_file);
    } else {
        take_key(k, p->name, p->key_file, text, err);
    }
    explicit_bzero(text, sizeof text);
    if (fd >= 0)
        close(fd);
    return err->code;
}

/* ---- a command -------------------------------------------------------------------------------------------------- */

/* Its standard input is empty and what it complains of is dropped: the terminal is the program's. */
static enum error_code start_command(struct key *k, const struct endpoint_place *p, struct error *err)
{
    int ends[2];
    char *const arguments[] = {"sh", "-c", p->key_command, NULL};
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_system(err, ERR_IO, errno, "endpoint %s: cannot run key_command", p->name);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    const int failed = posix_spawn(&k->child, "/bin/sh", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed != 0) {
        k->child = 0;
        close(ends[0]);
        return error_system(err, ERR_IO, failed, "endpoint %s: cannot run key_command", p->name);
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    k->fd = ends[0];
    return ERR_NONE;
}

static enum error_code finish_command(struct key *k, const struct endpoint_place *p, struct error *err)
{
    int status = 0;
    waitpid(k->child, &status, 0); /* it has closed its output, and ends */
    k->child = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        error_set(err, ERR_NOT_FOUND, "endpoint %s: key_command failed (%s %d); run it in a shell to see why", p->name,
                  WIFEXITED(status) ? "exit status" : "signal",
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    else
        take_key(k, p->name, "the output of key_command", buf_text(&k->said), err);
    end_command(k);
    return err->code;
}

enum error_code key_read(struct key *k, const struct endpoint_place *place, struct error *err)
{
    char block[1024];
    ssize_t n;
    while ((n = read(k->fd, block, sizeof block)) > 0)
        buf_append(&k->said, block, (size_t)n);
    explicit_bzero(block, sizeof block);
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? ERR_NONE : finish_command(k, place, err);
}

enum error_code key_begin(struct key *k, const struct endpoint_place *p, struct error *err)
{
    if (k->known || k->child > 0)
        return ERR_NONE;
    if (p->key_variable != NULL) {
        const char *value = getenv(p->key_variable);
        if (value == NULL)
            return error_set(err, ERR_NOT_FOUND, "endpoint %s: its key is in %s, which is not set: export it", p->name,
                             p->key_variable);
        return take_key(k, p->name, p->key_variable, value, err);
    }
    if (p->key_file != NULL)
        return read_file(k, p, err);
    if (p->key_command != NULL)
        return start_command(k, p, err);
    k->known = true;
    return ERR_NONE;
}
