/* URL: by libcurl's parser. */
#include <config.h>

#include "remote/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/library.h"

#define URL_MOST ((size_t)1 << 16)

bool url_looks_like_one(const char *text)
{
    return strstr(text, "://") != NULL;
}

/* A parsed address; NULL if it is ill-formed. Freed by url_cleanup. */
static CURLU *url_parse(const struct library *library, const char *text)
{
    CURLU *url = strlen(text) < URL_MOST ? library->url() : NULL;
    if (url != NULL && library->url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
        return url;
    library->url_cleanup(url);
    return NULL;
}

/* One part as a string of our own, "" where the address has none; NULL on failure. */
static char *url_part(const char *text, CURLUPart part, unsigned int flags)
{
    const struct library *library = library_load(NULL);
    CURLU *url = library != NULL ? url_parse(library, text) : NULL;
    char *value = NULL;
    if (url == NULL)
        return NULL;
    const CURLUcode code = library->url_get(url, part, &value, flags);
    char *copy = code == CURLUE_OK ? strdup(value) : strdup("");
    library->free(value);
    library->url_cleanup(url);
    return copy;
}

static bool has_scheme(const char *text, const char *scheme)
{
    char *own = url_part(text, CURLUPART_SCHEME, 0);
    const bool same = own != NULL && strcasecmp(own, scheme) == 0;
    free(own);
    return same;
}

bool url_is_https(const char *text)
{
    return has_scheme(text, "https");
}

enum error_code url_check(const char *text, struct error *err)
{
    char shown[URL_SHOWN];
    if (library_load(err) == NULL)
        return err != NULL ? err->code : ERR_UNSUPPORTED;
    char *host = url_part(text, CURLUPART_HOST, 0);
    const bool web = has_scheme(text, "http") || url_is_https(text);
    const bool whole = host != NULL && host[0] != '\0';
    free(host);
    url_show(text, shown);
    if (host != NULL && !web)
        return error_set(err, ERR_ARGUMENT, "%s: only http and https addresses are fetched", shown);
    if (!whole)
        return error_set(err, ERR_ARGUMENT, "%s: not a well-formed address", shown);
    return ERR_NONE;
}

bool url_same_origin(const char *a, const char *b)
{
    static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    bool same = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && same; i++) {
        char *x = url_part(a, parts[i], CURLU_DEFAULT_PORT), *y = url_part(b, parts[i], CURLU_DEFAULT_PORT);
        same = x != NULL && y != NULL && strcasecmp(x, y) == 0;
        free(x);
        free(y);
    }
    return same;
}

bool url_is_private(const char *text)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    if (url_is_https(text))
        return true;
    char *host = url_part(text, CURLUPART_HOST, 0);
    bool inside = false;
    for (size_t i = 0; i < sizeof own / sizeof *own && host != NULL; i++)
        inside |= strcasecmp(host, own[i]) == 0;
    free(host);
    return inside;
}

void url_show(const char *text, char out[URL_SHOWN])
{
    const char *mark = strstr(text, "://");
    const char *rest = mark != NULL ? mark + 3 : text;
    const size_t authority = strcspn(rest, "/?#");
    const char *at = memrchr(rest, '@', authority);
    const char *host = at != NULL ? at + 1 : rest;
    snprintf(out, URL_SHOWN, "%.*s%.*s", (int)(rest - text), text, (int)strcspn(host, "?#"), host);
}

char *url_path(const char *text)
{
    char *path = url_part(text, CURLUPART_PATH, CURLU_URLDECODE);
    if (path != NULL && path[0] == '/')
        memmove(path, path + 1, strlen(path));
    return path;
}

/* A segment of a path as an address has it. */
static bool encode_segment(struct buf *out, const char *segment, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)segment[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           (c != '\0' && strchr("-._~", c) != NULL);
        if (plain)
            buf_putc(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
    return !buf_failed(out);
}

char *url_join(const char *base, const char *path)
{
    struct buf out;
    buf_init(&out, URL_MOST);
    buf_puts(&out, base);
    while (*path != '\0') {
        const size_t n = strcspn(path, "/");
        buf_putc(&out, '/');
        encode_segment(&out, path, n);
        path += n + (path[n] == '/');
    }
    char *whole = buf_failed(&out) ? NULL : buf_take(&out);
    buf_free(&out);
    return whole;
}

char *url_beside(const char *text, const char *name)
{
    const size_t path = strcspn(text, "?#");
    const char *slash = memrchr(text, '/', path);
    struct buf out;
    if (slash == NULL)
        return NULL;
    buf_init(&out, URL_MOST);
    buf_append(&out, text, (size_t)(slash + 1 - text));
    encode_segment(&out, name, strlen(name));
    buf_puts(&out, text + path);
    char *whole = buf_failed(&out) ? NULL : buf_take(&out);
    buf_free(&out);
    return whole;
}

char *url_resolve(const char *base, const char *reference)
{
    const struct library *library = library_load(NULL);
    CURLU *url = library != NULL ? url_parse(library, base) : NULL;
    char *whole = NULL, *copy = NULL;
    if (url != NULL && strlen(reference) < URL_MOST &&
        library->url_set(url, CURLUPART_URL, reference, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        library->url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK)
        copy = strdup(whole);
    if (library != NULL) {
        library->free(whole);
        library->url_cleanup(url);
    }
    return copy;
}

char *url_of_api(const char *url, const char *path, bool below)
{
    size_t n = strlen(url);
    while (n > 0 && url[n - 1] == '/')
        n--;
    if (!below && n > 3 && strncmp(url + n - 3, "/v1", 3) == 0)
        n -= 3;
    const size_t size = n + strlen(path) + 1;
    char *address = malloc(size);
    if (address != NULL)
        snprintf(address, size, "%.*s%s", (int)n, url, path);
    return address;
}
