/* Editor: a temporary file, readable for its owner only, and a child process. */
#include <config.h>

#include "app/terminal/editor.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/text/input.h"
#include "app/terminal/signals.h"

extern char **environ;

static enum error_code write_file(int fd, const struct buf *text, struct error *err)
{
    for (size_t at = 0; at < text->size;) {
        ssize_t size = write(fd, text->data + at, text->size - at);
        if (size < 0)
            return error_system(err, ERR_IO, errno, "can't write the file for the editor");
        at += (size_t)size;
    }
    return ERR_NONE;
}

/* Waits for the child; when that is suspended, so are we. */
static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status)) {
        signals_suspend();
        kill(child, SIGCONT);
    }
    return status;
}

static enum error_code run(char *path, struct error *err)
{
    const char *editor = getenv("VISUAL");
    if (editor == NULL || *editor == '\0')
        editor = getenv("EDITOR");
    if (editor == NULL || *editor == '\0')
        editor = "vi";
    char command[1024];
    snprintf(command, sizeof command, "%s \"$1\"", editor);
    char *arguments[] = {"sh", "-c", command, "sh", path, NULL};
    pid_t child;
    int errnum = posix_spawnp(&child, "sh", NULL, NULL, arguments, environ);
    if (errnum != 0)
        return error_system(err, ERR_IO, errnum, "can't start the editor %s", editor);
    int status = wait_for(child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(err, ERR_IO, "the editor %s failed; the text stays as it was", editor);
    return ERR_NONE;
}

static enum error_code take_back(const char *path, struct buf *text, struct error *err)
{
    struct buf edited;
    buf_init(&edited, INPUT_MOST);
    enum error_code code = input_read_file(path, &edited, err);
    if (code == ERR_NONE)
        code = input_check_utf8(&edited, "the edited text", err);
    while (edited.size > 0 && edited.data[edited.size - 1] == '\n')
        buf_truncate(&edited, edited.size - 1);
    if (code == ERR_NONE) {
        buf_clear(text);
        buf_append(text, buf_text(&edited), edited.size);
    }
    buf_free(&edited);
    return code;
}

enum error_code editor_run(struct buf *text, struct error *err)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    int size = snprintf(path, sizeof path, "%s/palaver-XXXXXX", folder != NULL && *folder != '\0' ? folder : "/tmp");
    int fd = size < (int)sizeof path ? mkstemp(path) : -1;
    if (fd < 0)
        return error_system(err, ERR_IO, errno, "can't make a file for the editor in %s", folder != NULL ? folder : "/tmp");
    enum error_code code = write_file(fd, text, err);
    close(fd);
    if (code == ERR_NONE)
        code = run(path, err);
    if (code == ERR_NONE)
        code = take_back(path, text, err);
    unlink(path);
    return code;
}
