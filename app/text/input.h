/* Input: files that the user names, and whole texts from them and from standard input. */
#ifndef PALAVER_APP_TEXT_INPUT_H
#define PALAVER_APP_TEXT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Bytes; more than any context holds. A larger text is refused. */
#define INPUT_MOST ((size_t)64 << 20)

/* Opens a file for reading, never waiting for another program as a named pipe would make it. Only regular files are
 * opened; with pipes also whatever the user passes as /dev/stdin or /dev/fd/N, from which reading may wait. Returns the
 * descriptor, or -1 with err filled. Every file that the user names is opened here, or by base/lines.h. */
int input_open(const char *path, bool pipes, struct error *err);
/* True for the names of descriptors that a shell passes: /dev/stdin, /dev/fd/N and so on. */
bool input_is_passed(const char *path);
/* Appends everything that can be read from fd to out; messages call it name. ERR_CONTEXT past out->max, ERR_STOPPED if
 * a signal interrupted it. */
enum error_code input_read(int fd, const char *name, struct buf *out, struct error *err);
/* The same from a regular file. */
enum error_code input_read_file(const char *path, struct buf *out, struct error *err);
/* The offset of the first byte that does not occur in text: zero, or no UTF-8; its size if there is none. */
size_t input_binary_at(const struct buf *text);
/* ERR_FORMAT with the offset of the first byte that is not UTF-8. name as above. */
enum error_code input_check_utf8(const struct buf *text, const char *name, struct error *err);

#endif
