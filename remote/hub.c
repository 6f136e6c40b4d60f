/* Hub: names and lists. */
#include <config.h>

#include "remote/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/text.h"
#include "remote/url.h"

enum {
    PAGES_MOST = 50,     /* of a list */
    ENTRIES_MOST = 50000 /* of a list */
};
#define LIST_MOST ((size_t)16 << 20) /* bytes of a page */

/* ---- names ------------------------------------------------------------------------------------------------------ */

/* Takes text[0..n) if it is short enough and made of letters, digits and the characters given. */
static bool take_word(char *out, size_t size, const char *text, size_t n, const char *also)
{
    if (n == 0 || n >= size)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && strchr(also, c) == NULL)
            return false;
    }
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

/* ORG/NAME; returns its length, 0 if there is none. */
static size_t take_repository(const char *text, struct hub_name *out)
{
    const size_t org = strcspn(text, "/");
    if (org == 0 || text[org] != '/' || text[0] == '.')
        return 0;
    const size_t n = org + 1 + strcspn(text + org + 1, "/:@?#");
    if (text[org + 1] == '.' || n == org + 1)
        return 0;
    return take_word(out->repository, sizeof out->repository, text, n, "/._-") ? n : 0;
}

/* [@REVISION][:TYPE or /FILE] */
static enum error_code take_choice(const char *rest, struct hub_name *out, struct error *err)
{
    if (*rest == '@') {
        const size_t n = strcspn(rest + 1, "/:");
        if (!take_word(out->revision, sizeof out->revision, rest + 1, n, "._-"))
            return error_set(err, ERR_ARGUMENT, "%s: after @ comes a branch, tag or commit", out->repository);
        rest += 1 + n;
    }
    if (*rest == ':' && !take_word(out->type, sizeof out->type, rest + 1, strlen(rest + 1), "._-"))
        return error_set(err, ERR_ARGUMENT, "%s: after : comes a type such as Q4_K_M", out->repository);
    if (*rest == '/' && rest[1] != '\0' &&
        (strlen(rest + 1) >= sizeof out->file || snprintf(out->file, sizeof out->file, "%s", rest + 1) < 0))
        return error_set(err, ERR_ARGUMENT, "%s: the file's name is too long", out->repository);
    return ERR_NONE;
}

/* The path of a page: ORG/NAME, and perhaps tree, blob or resolve, REVISION and FILE. */
static enum error_code take_page(const char *path, struct hub_name *out, struct error *err)
{
    static const char *const views[] = {"/tree/", "/blob/", "/resolve/"};
    const size_t n = take_repository(path, out);
    const char *rest = path + n;
    if (n == 0)
        return ERR_NOT_FOUND;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        const size_t view = strlen(views[i]);
        if (strncmp(rest, views[i], view) != 0)
            continue;
        rest += view;
        const size_t revision = strcspn(rest, "/");
        if (!take_word(out->revision, sizeof out->revision, rest, revision, "._-"))
            return ERR_NOT_FOUND;
        return take_choice(rest + revision, out, err);
    }
    return *rest == '\0' || strcmp(rest, "/") == 0 ? ERR_NONE : ERR_NOT_FOUND;
}

/* The path of an address on the hub, below the hub's own; malloc'ed, NULL when it lies elsewhere. */
static char *path_on_hub(const char *text, const char *hub)
{
    if (!url_same_origin(text, hub))
        return NULL;
    char *path = url_path(text), *own = url_path(hub);
    const size_t n = own != NULL ? strlen(own) : 0;
    const bool below = path != NULL && own != NULL && strncmp(path, own, n) == 0 && (n == 0 || path[n] == '/');
    if (below)
        memmove(path, path + n + (n > 0), strlen(path) + 1 - n - (n > 0));
    free(own);
    if (below)
        return path;
    free(path);
    return NULL;
}

enum error_code hub_parse(const char *text, const char *hub, struct hub_name *out, struct error *err)
{
    *out = (struct hub_name){.revision = "main"};
    if (url_looks_like_one(text)) {
        char *path = path_on_hub(text, hub);
        const enum error_code code = path != NULL ? take_page(path, out, err) : ERR_NOT_FOUND;
        free(path);
        return code;
    }
    const bool named = strncmp(text, "hf:", 3) == 0;
    text += named ? 3 : 0;
    const size_t n = take_repository(text, out);
    if (n == 0 && named)
        return error_set(err, ERR_ARGUMENT, "hf:%s: after hf: comes ORG/NAME", text);
    if (n == 0 || strpbrk(text + n, "?#") != NULL)
        return ERR_NOT_FOUND;
    return take_choice(text + n, out, err);
}

char *hub_url(const char *hub, const struct hub_name *name, const char *path)
{
    struct buf whole;
    buf_init(&whole, 4096);
    buf_printf(&whole, "%s/resolve/%s/%s", name->repository, name->revision, path);
    char *url = buf_failed(&whole) ? NULL : url_join(hub, buf_text(&whole));
    buf_free(&whole);
    return url;
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

void hub_list_free(struct hub_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->at[i].path);
    free(list->at);
    *list = (struct hub_list){0};
}

/* The checksum if it has so many digits and no other characters. */
static void take_sum(struct hub_entry *e, const char *sum, size_t digits, enum digest_kind kind)
{
    if (sum == NULL || strlen(sum) != digits || strspn(sum, "0123456789abcdef") != digits)
        return;
    e->kind = kind;
    snprintf(e->sum, sizeof e->sum, "%s", sum);
}

/* {"type": "file", "path": ..., "size": ..., "oid": ..., "lfs": {"oid": ..., "size": ...}} */
static enum error_code add_entry(struct hub_list *list, const json_t *object, struct error *err)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    const char *path = json_string_value(json_object_get(object, "path"));
    const json_t *lfs = json_object_get(object, "lfs"), *large = json_object_get(lfs, "size");
    const json_t *size = json_is_integer(large) ? large : json_object_get(object, "size");
    if (type == NULL || strcmp(type, "file") != 0 || path == NULL || path[0] == '\0')
        return ERR_NONE;
    if (list->n == ENTRIES_MOST)
        return error_set(err, ERR_FORMAT, "the hub lists more than %d files; name the one you want", ENTRIES_MOST);
    struct hub_entry *at = realloc(list->at, (list->n + 1) * sizeof *at);
    if (at == NULL)
        return error_memory(err);
    list->at = at;
    struct hub_entry *e = &at[list->n];
    *e = (struct hub_entry){.path = strdup(path), .size = json_is_integer(size) ? json_integer_value(size) : -1};
    if (e->path == NULL)
        return error_memory(err);
    list->n++;
    const char *oid = json_string_value(json_object_get(lfs, "oid"));
    if (oid != NULL)
        take_sum(e, strncmp(oid, "sha256:", 7) == 0 ? oid + 7 : oid, DIGEST_TEXT - 1, DIGEST_SHA256);
    else if (e->size >= 0)
        take_sum(e, json_string_value(json_object_get(object, "oid")), 40, DIGEST_GIT);
    return ERR_NONE;
}

enum error_code hub_list_read(struct hub_list *list, const char *url, const struct buf *text, struct error *err)
{
    json_error_t fault;
    char shown[URL_SHOWN];
    json_t *page = json_loadb(buf_text(text), text->size, 0, &fault);
    url_show(url, shown);
    if (!json_is_array(page))
        error_set(err, ERR_FORMAT, "%s: no list of files comes back (%s); is this a Hugging Face hub?", shown,
                  page != NULL ? "no array" : fault.text);
    for (size_t i = 0; err->code == ERR_NONE && i < json_array_size(page); i++)
        add_entry(list, json_array_get(page, i), err);
    json_decref(page);
    return err->code;
}

enum error_code hub_files(struct fetcher *f, const struct hub_name *name, struct hub_list *out, struct error *err)
{
    const char *hub = f->options->hub;
    struct buf path, text;
    *out = (struct hub_list){0};
    buf_init(&path, 1024);
    buf_init(&text, LIST_MOST);
    buf_printf(&path, "api/models/%s/tree/%s", name->repository, name->revision);
    char *base = url_join(hub, buf_text(&path));
    buf_clear(&path);
    buf_printf(&path, "%s?recursive=true", base != NULL ? base : "");
    char *url = base != NULL ? strdup(buf_text(&path)) : NULL;
    if (url == NULL)
        error_memory(err);
    for (int page = 0; url != NULL && err->code == ERR_NONE; page++) {
        char *next = NULL;
        buf_clear(&text);
        if (text_fetch(f, url, "application/json", &text, &next, err) == ERR_NONE)
            hub_list_read(out, url, &text, err);
        if (next != NULL && (!url_same_origin(next, hub) || page == PAGES_MOST))
            error_set(err, ERR_FORMAT, "%s: the hub's list of files goes on elsewhere, or without end",
                      name->repository);
        free(url);
        url = next;
    }
    free(url);
    free(base);
    buf_free(&path);
    buf_free(&text);
    return err->code;
}
