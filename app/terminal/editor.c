/* Editor: a temporary file that only its owner can read, and a child process. */
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

#include "app/terminal/signals.h"
#include "app/text/input.h"
#include "base/buf.h"
#include "base/error.h"

extern char **environ;

static enum error_code write_file(int fd, const struct buf *text, struct error *err)
{
    for (size_t at = 0; at < text->size;) {
        ssize_t size = write(fd, text->data + at, text->size - at);
        if (size < 0)
            return error_system(err, ERR_IO, errno, "the file for the editor can't be written");
        at += (size_t)size;
    }
    return ERR_NONE;
}

/* Waits for the child; suspends this program while the child is suspended. */
static int wait_for_child(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status)) {
        signals_suspend();
        kill(child, SIGCONT);
    }
    return status;
}

static enum error_code run_editor(char *path, struct error *err)
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
        return error_system(err, ERR_IO, errnum, "the editor %s can't be started", editor);
    int status = wait_for_child(child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(err, ERR_IO, "the editor %s failed; the text is unchanged", editor);
    return ERR_NONE;
}

static enum error_code read_edited(const char *path, struct buf *text, struct error *err)
{
    struct buf edited;
    buf_init(&edited, INPUT_MOST);
    enum error_code code = input_read_file(path, &edited, err);
    if (code == ERR_NONE)
        code = input_check_utf8(&edited, "the edited text", err);
    bool ended = text->size > 0 && text->data[text->size - 1] == '\n';
    if (!ended && edited.size > 0 && edited.data[edited.size - 1] == '\n')
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
        return error_system(err, ERR_IO, errno, "%s: can't be written, and the editor needs a file there; see TMPDIR",
                            folder != NULL && *folder != '\0' ? folder : "/tmp");
    enum error_code code = write_file(fd, text, err);
    close(fd);
    if (code == ERR_NONE)
        code = run_editor(path, err);
    if (code == ERR_NONE)
        code = read_edited(path, text, err);
    unlink(path);
    return code;
}
