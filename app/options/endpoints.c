/* Endpoints: reading the file line by line. */
#include <config.h>

#include "app/options/endpoints.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/options/paths.h"
#include "app/text/nearest.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/lines.h"

enum { ENDPOINTS_MOST = 1000, IDLE = 300 /* seconds */ };

/* Where servers listen unless they are told otherwise. */
static const struct usual {
    const char *name, *url;
    enum endpoint_kind kind;
} usual[] = {
    {"llama-server", "http://127.0.0.1:8080/v1", ENDPOINT_LLAMA_SERVER},
    {"ollama", "http://127.0.0.1:11434/v1", ENDPOINT_OLLAMA},
    {"lm-studio", "http://127.0.0.1:1234/v1", ENDPOINT_LM_STUDIO},
    {"vllm", "http://127.0.0.1:8000/v1", ENDPOINT_VLLM},
};

void endpoints_free(struct endpoints *e)
{
    for (size_t i = 0; i < e->n; i++)
        endpoint_place_free(&e->at[i]);
    free(e->at);
    *e = (struct endpoints){0};
}

static const struct endpoint_place *find_place(const struct endpoints *e, const char *name)
{
    for (size_t i = 0; i < e->n; i++)
        if (strcmp(e->at[i].name, name) == 0)
            return &e->at[i];
    return NULL;
}

/* Appends one without an address; NULL when out of memory. */
static struct endpoint_place *add_place(struct endpoints *e, const char *name)
{
    struct endpoint_place *more = realloc(e->at, (e->n + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    e->at = more;
    struct endpoint_place *p = &e->at[e->n];
    *p = (struct endpoint_place){.name = strdup(name), .logprobs = -1, .idle = IDLE};
    e->n += p->name != NULL;
    return p->name != NULL ? p : NULL;
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool is_endpoint_name(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t n = strlen(name);
    return n > 0 && n < 64 && strspn(name, allowed) == n;
}

bool endpoints_is_name(const char *name, const char **endpoint)
{
    const char *at = strrchr(name, '@');
    if (at == NULL || !is_endpoint_name(at + 1) || access(name, F_OK) == 0)
        return false;
    *endpoint = at + 1;
    return true;
}

const struct endpoint_place *endpoints_find(const struct endpoints *e, const char *name, struct error *err)
{
    const struct endpoint_place *found = find_place(e, name);
    struct buf names;
    if (found != NULL)
        return found;
    buf_init(&names, 300);
    for (size_t i = 0; i < e->n && buf_printf(&names, "%s%s", i > 0 ? ", " : "", e->at[i].name); i++)
        ;
    error_set(err, ERR_NOT_FOUND, "there is no endpoint %s; there are: %s. `palaver endpoints` says where they are",
              name, buf_text(&names));
    buf_free(&names);
    return NULL;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static enum error_code set_text(char **out, const char *value, struct error *err)
{
    free(*out);
    *out = strdup(value);
    return *out != NULL ? ERR_NONE : error_memory(err);
}

/* An address without a path is that of the server, whose API is below /v1. */
static enum error_code set_url(const struct lines *l, struct endpoint_place *p, const char *value, struct error *err)
{
    char whole[2048];
    const char *from = strstr(value, "://");
    const size_t host = from != NULL ? strcspn(from + 3, "/") : 0;
    const bool bare = from != NULL && strspn(from + 3 + host, "/") == strlen(from + 3 + host);
    size_t n = strlen(value);
    while (n > 0 && value[n - 1] == '/')
        n--;
    if (snprintf(whole, sizeof whole, "%.*s%s", (int)n, value, bare ? "/v1" : "") >= (int)sizeof whole)
        return lines_fail(l, ERR_ARGUMENT, err, "the url is too long");
    if (host == 0 || (strncmp(value, "http://", 7) != 0 && strncmp(value, "https://", 8) != 0))
        return lines_fail(l, ERR_ARGUMENT, err, "a url begins with http:// or https:// and a host, not '%s'", value);
    return set_text(&p->url, whole, err);
}

static enum error_code set_number(const struct lines *l, int32_t *out, const char *value, long high, struct error *err)
{
    char *end;
    errno = 0;
    const long n = strtol(value, &end, 10);
    if (*value == '\0' || *end != '\0' || errno != 0 || n < 0 || n > high)
        return lines_fail(l, ERR_ARGUMENT, err, "'%s' is not a whole number from 0 to %ld", value, high);
    *out = (int32_t)n;
    return ERR_NONE;
}

static enum error_code set_kind(const struct lines *l, struct endpoint_place *p, const char *value, struct error *err)
{
    p->kind = endpoint_kind_named(value);
    if (p->kind < ENDPOINT_KINDS)
        return ERR_NONE;
    return lines_fail(l, ERR_ARGUMENT, err,
                      "kind is openai, vllm, llama-server, ollama, lm-studio or palaver, not '%s'", value);
}

static enum error_code set_answer(const struct lines *l, bool *out, const char *value, struct error *err)
{
    *out = strcmp(value, "yes") == 0;
    if (*out || strcmp(value, "no") == 0)
        return ERR_NONE;
    return lines_fail(l, ERR_ARGUMENT, err, "'%s' is neither yes nor no", value);
}

static const char *const names[] = {"url",  "key_variable", "key_file", "key_command", "ca",
                                    "kind", "context",      "logprobs", "idle",        "titles"};

static enum error_code refuse_name(const struct lines *l, const char *name, struct error *err)
{
    struct nearest near = nearest_to(name);
    if (strcmp(name, "key") == 0 || strcmp(name, "api_key") == 0)
        return lines_fail(
            l, ERR_ARGUMENT, err,
            "a key does not belong into this file: say where it is by key_variable, key_file or key_command");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        nearest_try(&near, names[i]);
    if (near.best != NULL)
        return lines_fail(l, ERR_ARGUMENT, err, "an endpoint has no '%s'; did you mean %s?", name, near.best);
    return lines_fail(l, ERR_ARGUMENT, err, "an endpoint has no '%s'", name);
}

static enum error_code set_value(const struct lines *l, struct endpoint_place *p, const char *name, const char *value,
                                 struct error *err)
{
    if (strcmp(name, "url") == 0)
        return set_url(l, p, value, err);
    if (strcmp(name, "key_variable") == 0)
        return set_text(&p->key_variable, value, err);
    if (strcmp(name, "key_file") == 0)
        return set_text(&p->key_file, value, err);
    if (strcmp(name, "key_command") == 0)
        return set_text(&p->key_command, value, err);
    if (strcmp(name, "ca") == 0)
        return set_text(&p->ca, value, err);
    if (strcmp(name, "kind") == 0)
        return set_kind(l, p, value, err);
    if (strcmp(name, "context") == 0)
        return set_number(l, &p->context, value, INT32_MAX, err);
    if (strcmp(name, "logprobs") == 0)
        return set_number(l, &p->logprobs, value, ENDPOINT_BEST, err);
    if (strcmp(name, "idle") == 0)
        return set_number(l, &p->idle, value, 1000000, err);
    if (strcmp(name, "titles") == 0)
        return set_answer(l, &p->titles, value, err);
    return refuse_name(l, name, err);
}

/* [NAME] */
static enum error_code read_section(const struct lines *l, char *entry, struct endpoints *e, struct error *err)
{
    char *end = strchr(entry, ']');
    if (end == NULL || end[1] != '\0')
        return lines_fail(l, ERR_ARGUMENT, err, "a section reads [NAME]");
    *end = '\0';
    const char *name = lines_trim(entry + 1);
    if (!is_endpoint_name(name))
        return lines_fail(l, ERR_ARGUMENT, err,
                          "the name of an endpoint has letters, digits, '.', '_' and '-', not '%s'", name);
    if (find_place(e, name) != NULL)
        return lines_fail(l, ERR_ARGUMENT, err, "[%s] is there already", name);
    if (e->n == ENDPOINTS_MOST)
        return lines_fail(l, ERR_ARGUMENT, err, "more than %d endpoints", ENDPOINTS_MOST);
    return add_place(e, name) != NULL ? ERR_NONE : error_memory(err);
}

static enum error_code read_entry(const struct lines *l, char *entry, struct endpoints *e, struct error *err)
{
    if (*entry == '[')
        return read_section(l, entry, e, err);
    char *equals = strchr(entry, '=');
    if (equals == NULL)
        return lines_fail(l, ERR_ARGUMENT, err, "a line reads [NAME] or `name = value`; this one has no '='");
    if (e->n == 0)
        return lines_fail(l, ERR_ARGUMENT, err, "before this there must be the name of the endpoint: [NAME]");
    *equals = '\0';
    return set_value(l, &e->at[e->n - 1], lines_trim(entry), lines_trim(equals + 1), err);
}

static enum error_code check_places(const char *path, const struct endpoints *e, struct error *err)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct endpoint_place *p = &e->at[i];
        if (p->url == NULL)
            return error_set(err, ERR_ARGUMENT, "%s: endpoint %s has no url", path, p->name);
        if ((p->key_variable != NULL) + (p->key_file != NULL) + (p->key_command != NULL) > 1)
            return error_set(err, ERR_ARGUMENT,
                             "%s: endpoint %s has its key in several places; keep one of key_variable, key_file, "
                             "key_command",
                             path, p->name);
    }
    return ERR_NONE;
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

/* key_command is run: what others may write or see is not taken. */
static enum error_code check_mode(const char *path, struct error *err)
{
    struct stat status;
    if (stat(path, &status) != 0 || (status.st_mode & 077) == 0)
        return ERR_NONE;
    return error_set(err, ERR_ARGUMENT, "%s: others may read or change it (mode %03o), so it is not used: chmod 600 %s",
                     path, (unsigned)(status.st_mode & 0777), path);
}

static enum error_code read_file(const char *path, struct endpoints *out, struct error *err)
{
    struct lines l = {0};
    struct error why = {0};
    enum error_code code = lines_open(&l, path, &why);
    if (code == ERR_NOT_FOUND)
        return ERR_NONE;
    if (code != ERR_NONE)
        return error_set(err, code, "%s", why.message);
    code = check_mode(path, err);
    for (char *entry; code == ERR_NONE && (entry = lines_next_entry(&l)) != NULL;)
        code = read_entry(&l, entry, out, err);
    lines_close(&l);
    return code == ERR_NONE ? check_places(path, out, err) : code;
}

static enum error_code add_usual(struct endpoints *out, struct error *err)
{
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (find_place(out, usual[i].name) != NULL)
            continue;
        struct endpoint_place *p = add_place(out, usual[i].name);
        if (p == NULL || set_text(&p->url, usual[i].url, err) != ERR_NONE)
            return error_memory(err);
        p->kind = usual[i].kind;
    }
    return ERR_NONE;
}

enum error_code endpoints_read(const struct options *o, struct endpoints *out, struct error *err)
{
    char *path = paths_join(o->paths.config_dir, "endpoints");
    *out = (struct endpoints){0};
    if (path == NULL)
        return error_memory(err);
    if (read_file(path, out, err) == ERR_NONE) {
        out->written = out->n;
        add_usual(out, err);
    }
    free(path);
    if (err->code != ERR_NONE)
        endpoints_free(out);
    return err->code;
}

void endpoints_offer(const struct options *o, void (*take)(void *context, const char *name), void *context)
{
    struct endpoints all;
    struct error ignored = {0};
    char name[80];
    if (endpoints_read(o, &all, &ignored) != ERR_NONE)
        return;
    for (size_t i = 0; i < all.written; i++) {
        snprintf(name, sizeof name, "@%s", all.at[i].name);
        take(context, name);
    }
    endpoints_free(&all);
}

enum error_code endpoints_resolve(const struct options *o, const char *name, struct endpoints *all,
                                  const struct endpoint_place **place, char **model, struct error *err)
{
    const char *at = strrchr(name, '@');
    if (endpoints_read(o, all, err) != ERR_NONE)
        return err->code;
    *model = at != NULL ? strndup(name, (size_t)(at - name)) : NULL;
    *place = at != NULL ? endpoints_find(all, at + 1, err) : NULL;
    if (*place != NULL && *model != NULL)
        return ERR_NONE;
    free(*model);
    endpoints_free(all);
    error_memory(err); /* unless there is no such endpoint */
    return err->code;
}
