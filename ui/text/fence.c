/* Fence: blocks in lists and quotes count like any others. */
#include <config.h>

#include "ui/text/fence.h"

#include <string.h>

static size_t skip_any(const char *line, size_t size, size_t at, const char *set)
{
    while (at < size && strchr(set, line[at]) != NULL)
        at++;
    return at;
}

bool fence_line(struct fence *f, const char *line, size_t size)
{
    size_t from = skip_any(line, size, 0, " \t>");
    size_t back = skip_any(line, size, from, "`") - from, tilde = skip_any(line, size, from, "~") - from;
    size_t n = back > tilde ? back : tilde;
    if (f->c != '\0') {
        if (n >= f->length && line[from] == f->c && skip_any(line, size, from + n, " \t\n") == size)
            f->c = '\0';
        return true;
    }
    if (n < 3 || (back > 0 && memchr(line + from + n, '`', size - from - n) != NULL))
        return false;
    *f = (struct fence){line[from], n};
    return true;
}
