/* Package: the page is asked for in both forms, and read by its first character. */
#include <config.h>

#include "remote/package.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/names.h"
#include "remote/text.h"
#include "remote/url.h"

#define PAGE_MOST ((size_t)32 << 20) /* bytes */

static const char accept[] = "application/vnd.pypi.simple.v1+json, text/html;q=0.1";

/* {"files": [{"filename": ..., "url": ...}, ...]} */
static char *find_in_json(const struct buf *text, const char *file)
{
    json_t *page = json_loadb(buf_text(text), text->size, 0, NULL);
    const json_t *files = json_object_get(page, "files");
    char *found = NULL;
    for (size_t i = 0; found == NULL && i < json_array_size(files); i++) {
        const json_t *object = json_array_get(files, i);
        const char *name = json_string_value(json_object_get(object, "filename"));
        const char *url = json_string_value(json_object_get(object, "url"));
        if (name != NULL && url != NULL && strcmp(name, file) == 0)
            found = strdup(url);
    }
    json_decref(page);
    return found;
}

/* Whether an address, up to its query or fragment, ends in this file. */
static bool leads_to(const char *reference, const char *file)
{
    const size_t n = strcspn(reference, "?#"), size = strlen(file);
    return n >= size && strncmp(reference + n - size, file, size) == 0 && (n == size || reference[n - size - 1] == '/');
}

/* <a href="../../packages/.../FILE#sha256=...">FILE</a> */
static char *find_in_html(const struct buf *text, const char *file)
{
    static const char mark[] = "href=";
    for (const char *at = buf_text(text); (at = strstr(at, mark)) != NULL;) {
        at += sizeof mark - 1;
        const char quote[] = {*at, '\0'};
        if (*at != '"' && *at != '\'')
            continue;
        char *reference = strndup(at + 1, strcspn(at + 1, quote));
        if (reference != NULL && leads_to(reference, file))
            return reference;
        free(reference);
    }
    return NULL;
}

char *package_read(const struct buf *page, const char *file)
{
    return buf_text(page)[0] == '{' ? find_in_json(page, file) : find_in_html(page, file);
}

char *package_find(struct fetcher *f, const char *package, const char *file, struct error *err)
{
    struct buf text;
    char *url = NULL, *found = NULL, *page = url_join(f->options->index, package);
    buf_init(&text, PAGE_MOST);
    if (page != NULL && buf_printf(&text, "%s/", page)) /* without the slash most indices answer with a redirect */
        url = strdup(buf_text(&text));
    buf_clear(&text);
    free(page);
    if (url == NULL)
        error_memory(err);
    else if (text_fetch(f, url, accept, &text, NULL, err) == ERR_NONE) {
        char *reference = package_read(&text, file);
        found = reference != NULL ? url_resolve(url, reference) : NULL;
        char shown[URL_SHOWN];
        url_show(url, shown);
        if (found == NULL)
            error_set(err, ERR_NOT_FOUND, "%s: does not list %s; PIP_INDEX_URL names another index", shown, file);
        free(reference);
    }
    buf_free(&text);
    free(url);
    return found;
}
