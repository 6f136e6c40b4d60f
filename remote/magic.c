/* Magic: by the ending of the name. */
#include <config.h>

#include "remote/magic.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "remote/names.h"

static bool begins(const unsigned char *head, size_t n, const char *with)
{
    const size_t size = strlen(with);
    return n >= size && strncasecmp((const char *)head, with, size) == 0;
}

static bool is_gguf(const unsigned char *head, size_t n)
{
    return n >= 4 && memcmp(head, "GGUF", 4) == 0;
}

/* The length of a JSON object in eight bytes, and its beginning. */
static bool is_safetensors(const unsigned char *head, size_t n)
{
    return n > 8 && head[8] == '{' && head[5] == 0 && head[6] == 0 && head[7] == 0;
}

/* A zip archive, or a pickle as torch wrote before 1.6. */
static bool is_torch(const unsigned char *head, size_t n)
{
    return n >= 4 && (memcmp(head, "PK\003\004", 4) == 0 || (head[0] == 0x80 && head[1] <= 5));
}

static bool is_json(const unsigned char *head, size_t n)
{
    size_t at = n >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < n && strchr(" \t\r\n", head[at]) != NULL && head[at] != '\0')
        at++;
    return at == n || head[at] == '{' || head[at] == '[';
}

static const struct {
    const char *end;
    bool (*is)(const unsigned char *head, size_t n);
    const char *what;
} kinds[] = {
    {".gguf", is_gguf, "a GGUF file, which begins with 'GGUF'"},
    {".safetensors", is_safetensors, "a safetensors file"},
    {".bin", is_torch, "a checkpoint of PyTorch"},
    {".pth", is_torch, "a checkpoint of PyTorch"},
    {".whl", is_torch, "a Python package"},
    {".json", is_json, "JSON"},
};

static bool is_page(const unsigned char *head, size_t n)
{
    size_t at = 0;
    while (at < n && head[at] != '\0' && strchr(" \t\r\n", head[at]) != NULL)
        at++;
    return begins(head + at, n - at, "<!doctype") || begins(head + at, n - at, "<html");
}

enum error_code magic_check(const char *name, const unsigned char *head, size_t n, const char *source,
                            struct error *err)
{
    if (is_page(head, n))
        return error_set(err, ERR_FORMAT,
                         "%s: sends a web page (a login, or an error) instead of %s; look at the address in a browser",
                         source, name);
    if (begins(head, n, "version https://git-lfs"))
        return error_set(err, ERR_FORMAT,
                         "%s: sends a Git LFS pointer instead of %s; use the address of the file itself", source, name);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (name_ends_with(name, kinds[i].end) && !kinds[i].is(head, n))
            return error_set(err, ERR_FORMAT, "%s: what comes is not %s; %s is not kept", source, kinds[i].what, name);
    return ERR_NONE;
}
