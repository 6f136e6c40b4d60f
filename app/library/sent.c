/* Line history: a file of some hundred lines, cut to the newest thousand when it has grown past them. */
#include <config.h>

#include "app/library/sent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/options/paths.h"
#include "app/text/input.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/folder.h"

enum { KEPT = 1000, MOST_BYTES = 64 << 20, MOST_LINE_BYTES = 64 << 10 };

struct line_history {
    char *path;
};

/* Undoes the escapes in place. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\\' && p[1] != '\0')
            *to++ = *++p == 'n' ? '\n' : *p;
        else
            *to++ = *p;
    }
    *to = '\0';
}

/* Where the newest lines begin. */
static char *newest_lines(char *text)
{
    int lines = 0;
    char *p = text + strlen(text);
    while (p > text && lines <= KEPT)
        if (*--p == '\n')
            lines++;
    return lines > KEPT ? p + 1 : text;
}

/* Replaces the file by its newest lines. */
static void keep_newest(const struct line_history *h, const char *text)
{
    char *path = paths_join(h->path, "new");
    if (path == NULL)
        return;
    strcpy(path + strlen(h->path), ".new");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0600);
    size_t size = strlen(text);
    if (fd >= 0) {
        bool ok = write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
        close(fd);
        if (!ok || rename(path, h->path) != 0)
            unlink(path);
    }
    free(path);
}

static void read_lines(struct line_history *h, line_history_take *take, void *context)
{
    struct buf text;
    struct error ignored = {0};
    buf_init(&text, MOST_BYTES);
    if (access(h->path, R_OK) == 0)
        input_read_file(h->path, &text, &ignored);
    if (text.size > 0) {
        char *begin = newest_lines(text.data);
        if (begin != text.data || buf_failed(&text))
            keep_newest(h, begin);
        for (char *line = strtok(begin, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            unescape(line);
            take(context, line);
        }
    }
    buf_free(&text);
}

struct line_history *line_history_open(const struct paths *paths, line_history_take *take, void *context)
{
    struct line_history *h = calloc(1, sizeof *h);
    struct error ignored = {0};
    if (h == NULL || (h->path = paths_join(paths->state_dir, "line-history")) == NULL) {
        free(h);
        return NULL;
    }
    folder_make(paths->state_dir, &ignored);
    read_lines(h, take, context);
    return h;
}

void line_history_free(struct line_history *h)
{
    if (h == NULL)
        return;
    free(h->path);
    free(h);
}

void line_history_add(struct line_history *h, const char *text)
{
    struct buf line;
    buf_init(&line, MOST_LINE_BYTES);
    for (const char *p = text; *p != '\0'; p++)
        if (*p == '\n')
            buf_puts(&line, "\\n");
        else
            buf_printf(&line, *p == '\\' ? "\\\\" : "%c", *p);
    buf_putc(&line, '\n');
    int fd = buf_failed(&line) ? -1 : open(h->path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd >= 0) {
        ssize_t ignored = write(fd, line.data, line.size);
        (void)ignored;
        close(fd);
    }
    buf_free(&line);
}
