/* Names: a server must not choose where it writes. */
#include <config.h>

#include "remote/names.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define NAME_MOST 200 /* bytes; file systems allow 255, and a growing file has a longer name */

bool name_is_safe(const char *name)
{
    const size_t size = strlen(name);
    if (size == 0 || size > NAME_MOST || name[0] == '.' || strchr(name, '/') != NULL || name_ends_with(name, ".part"))
        return false;
    uint32_t before = 0;
    for (size_t at = 0, used; at < size; at += used) {
        const uint32_t code = utf8_decode(name + at, size - at, &used);
        if (code == UTF8_INVALID || code < ' ' || utf8_is_unsafe(code) || utf8_hides(code, before))
            return false;
        before = code;
    }
    return true;
}

const char *name_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool name_ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* Five digits as a number; -1 if they are none. */
static int five_digits(const char *text)
{
    int number = 0;
    for (int i = 0; i < 5; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = 10 * number + text[i] - '0';
    }
    return number;
}

bool name_is_part(const char *name, int *part, int *parts, size_t *stem)
{
    static const char between[] = "-of-";
    const char *dot = strrchr(name, '.');
    const size_t tail = 1 + 5 + sizeof between - 1 + 5;
    if (dot == NULL || (size_t)(dot - name) <= tail)
        return false;
    const char *at = dot - tail;
    if (*at != '-' || strncmp(at + 6, between, sizeof between - 1) != 0)
        return false;
    *part = five_digits(at + 1);
    *parts = five_digits(dot - 5);
    *stem = (size_t)(at - name);
    return *part >= 1 && *parts >= *part;
}

char *name_join(const char *folder, const char *name)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}
