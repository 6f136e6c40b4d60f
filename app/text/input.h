/* Input: whole texts from standard input and files. */
#ifndef PALAVER_APP_TEXT_INPUT_H
#define PALAVER_APP_TEXT_INPUT_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Bytes; more than any context holds. A larger text is refused. */
#define INPUT_MOST ((size_t)64 << 20)

/* Appends everything that can be read from fd to out; messages call it name. ERR_CONTEXT past out->max, ERR_STOPPED if
 * a signal interrupted it. */
enum error_code input_read(int fd, const char *name, struct buf *out, struct error *err);
/* The same from a file. */
enum error_code input_read_file(const char *path, struct buf *out, struct error *err);
/* ERR_FORMAT with the offset of the first byte that is not UTF-8. name as above. */
enum error_code input_check_utf8(const struct buf *text, const char *name, struct error *err);

#endif
