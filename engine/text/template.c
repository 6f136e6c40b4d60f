/* Templates: which one there are, and which one a model is spoken to with.
 *
 * A user's own file comes first, by its name or because it says that it suits the model's text. Then comes the
 * model's own text, followed as it is; where that is impossible, the built-in file that is most like it, and
 * template_trouble says so. */
#include "config.h"

#include "engine/text/template.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/jinja/jinja.h"

/* The built-in files, in the order in which they are tried on a model. */
static const struct {
    const char *name, *text;
} builtin[] = {
#include "engine/templates.inc"
};
enum { N_BUILTIN = sizeof builtin / sizeof *builtin };

static const char suffix[] = ".template";

/* ---- by name ----------------------------------------------------------------------------------------------------- */

/* The user's file of that name; NULL without an error when there is none. */
static struct chat_template *load_file(const char *name, const char *dir, struct error *err)
{
    struct chat_template *t = NULL;
    struct buf path;
    buf_init(&path, PATH_MAX - 1);
    if (buf_printf(&path, "%s/%s%s", dir, name, suffix))
        t = template_read(name, buf_text(&path), err);
    buf_free(&path);
    if (t != NULL)
        t->source = TEMPLATE_USER;
    return t;
}

static struct chat_template *load_builtin(int i, struct error *err)
{
    struct chat_template *t = template_parse(builtin[i].name, builtin[i].name, builtin[i].text, err);
    if (t != NULL)
        t->source = TEMPLATE_BUILT_IN;
    return t;
}

struct chat_template *template_load_user(const char *name, const char *dir, struct error *err)
{
    return dir != NULL && strchr(name, '/') == NULL ? load_file(name, dir, err) : NULL;
}

struct chat_template *template_load(const char *name, const char *dir, struct error *err)
{
    struct error broken = {0};
    struct chat_template *t = template_load_user(name, dir, &broken);
    if (broken.code != ERR_NONE)
        error_set(err, broken.code, "%s", broken.message);
    if (t != NULL || broken.code != ERR_NONE)
        return t;
    for (int i = 0; i < N_BUILTIN; i++)
        if (strcmp(builtin[i].name, name) == 0)
            return load_builtin(i, err);
    struct buf known;
    buf_init(&known, 300);
    for (int i = 0; i < N_BUILTIN; i++)
        buf_printf(&known, "%s%s", i == 0 ? "" : ", ", builtin[i].name);
    error_set(err, ERR_NOT_FOUND, "there is no template '%s'; built in are %s", name, buf_text(&known));
    buf_free(&known);
    return NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **template_list(const char *dir)
{
    enum { MOST = 256, NAME = 128 };
    char **names = malloc((MOST + 1) * (sizeof *names + NAME));
    size_t n = 0;
    if (names == NULL)
        return NULL;
    char *texts = (char *)(names + MOST + 1);
    for (; n < N_BUILTIN; n++)
        names[n] = strcpy(texts + n * NAME, builtin[n].name);
    DIR *d = dir != NULL ? opendir(dir) : NULL;
    for (struct dirent *entry; d != NULL && n < MOST && (entry = readdir(d)) != NULL;) {
        size_t size = strlen(entry->d_name), end = sizeof suffix - 1;
        if (size <= end || size - end >= NAME || strcmp(entry->d_name + size - end, suffix) != 0)
            continue;
        names[n] = texts + n * NAME;
        memcpy(names[n], entry->d_name, size - end);
        names[n][size - end] = '\0';
        bool again = false;
        for (size_t i = 0; i < n; i++)
            again = again || strcmp(names[i], names[n]) == 0;
        n += again ? 0 : 1;
    }
    if (d != NULL)
        closedir(d);
    qsort(names, n, sizeof *names, compare_names);
    names[n] = NULL;
    return names;
}

/* ---- by kinship -------------------------------------------------------------------------------------------------- */

/* Whether text holds every part of "part && part". */
static bool holds_all(const char *text, const char *match)
{
    while (*match != '\0') {
        const char *end = strstr(match, " && ");
        size_t size = end != NULL ? (size_t)(end - match) : strlen(match);
        if (memmem(text, strlen(text), match, size) == NULL)
            return false;
        match += size + (end != NULL ? 4 : 0);
    }
    return true;
}

static bool matches(const struct chat_template *t, const char *text)
{
    for (size_t i = 0; i < t->n_matches; i++)
        if (holds_all(text, t->matches[i]))
            return true;
    return false;
}

/* The first of the user's own files that matches; a broken one is an error. */
static struct chat_template *match_own(const char *dir, const char *text, struct error *broken)
{
    struct chat_template *found = NULL;
    char **names = template_list(dir);
    for (char **name = names; name != NULL && *name != NULL && found == NULL && broken->code == ERR_NONE; name++) {
        struct chat_template *t = load_file(*name, dir, broken);
        if (t != NULL && matches(t, text))
            found = t;
        else
            template_free(t);
    }
    free(names);
    return found;
}

/* The user's file or built-in one that suits the text; NULL without an error when none does. */
static struct chat_template *match_any(const char *text, const char *dir, struct error *broken)
{
    struct chat_template *t = dir != NULL ? match_own(dir, text, broken) : NULL;
    for (int i = 0; t == NULL && broken->code == ERR_NONE && i < N_BUILTIN; i++) {
        t = load_builtin(i, broken);
        if (t != NULL && !matches(t, text)) {
            template_free(t);
            t = NULL;
        }
    }
    return t;
}

struct chat_template *template_nearest(const char *text, const char *dir, struct error *err)
{
    struct error broken = {0};
    struct chat_template *t = text[0] != '\0' ? match_any(text, dir, &broken) : NULL;
    if (broken.code == ERR_NONE)
        return t != NULL ? t : template_load("plain", dir, err);
    error_set(err, broken.code, "%s", broken.message);
    return NULL;
}

/* ---- the model's own --------------------------------------------------------------------------------------------- */

/* Strings at which an answer ends: where no special token does, what begins the next turn. */
static void find_stops(struct chat_template *t, const char *text, const struct tokenizer *tokenizer)
{
    char *stop = NULL;
    struct error ignored = {0}; /* a template works without stops */
    if (tokenizer != NULL)
        template_probe_end(t->jinja, tokenizer, &stop);
    t->stops[0] = stop;
    struct chat_template *kin = match_any(text, NULL, &ignored);
    for (int i = 0, n = stop != NULL ? 1 : 0; kin != NULL && kin->stops[i] != NULL && n < TEMPLATE_STOPS; i++)
        if (stop == NULL || strcmp(stop, kin->stops[i]) != 0)
            t->stops[n++] = strdup(kin->stops[i]);
    template_free(kin);
}

struct chat_template *template_follow(const char *name, const char *text, const struct tokenizer *tokenizer,
                                      struct error *err)
{
    struct jinja *jinja = jinja_compile(text, strlen(text), err);
    if (jinja == NULL)
        return NULL;
    struct chat_template *t = template_probe(jinja, tokenizer, err) ? calloc(1, sizeof *t) : NULL;
    if (t == NULL) {
        error_memory(err);
        jinja_free(jinja);
        return NULL;
    }
    t->jinja = jinja;
    t->source = TEMPLATE_OWN;
    t->name = strdup(name);
    if (t->name == NULL) {
        error_memory(err);
        template_free(t);
        return NULL;
    }
    t->drops_system = template_probe_drops_system(jinja, tokenizer);
    find_stops(t, text, tokenizer);
    return t;
}

/* The nearest template with what is wrong about it. */
static struct chat_template *fall_back(const char *text, const char *dir, const struct error *why, struct error *err)
{
    struct chat_template *t = template_nearest(text, dir, err);
    struct buf trouble;
    if (t == NULL)
        return NULL;
    buf_init(&trouble, 1000);
    buf_printf(&trouble, "the model's own chat template can't be followed (%s); ", why->message);
    if (t->base)
        buf_puts(&trouble, "none of those built in is like it, so the text is continued as it stands");
    else
        buf_printf(&trouble, "%s, the nearest of those built in, is used", t->name);
    t->source = TEMPLATE_NEAREST;
    t->trouble = buf_take(&trouble);
    if (t->trouble != NULL)
        return t;
    error_memory(err);
    template_free(t);
    return NULL;
}

struct chat_template *template_for_text(const char *text, const struct tokenizer *tokenizer, const char *dir,
                                        struct error *err)
{
    struct error broken = {0}, why = {0};
    if (text[0] == '\0') {
        struct chat_template *plain = template_load("plain", dir, err);
        if (plain != NULL)
            plain->source = TEMPLATE_NONE;
        return plain;
    }
    struct chat_template *t = dir != NULL ? match_own(dir, text, &broken) : NULL;
    if (t != NULL)
        return t;
    if (broken.code != ERR_NONE) {
        error_set(err, broken.code, "%s", broken.message);
        return NULL;
    }
    t = template_follow("own", text, tokenizer, &why);
    return t != NULL ? t : fall_back(text, dir, &why, err);
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

void template_set_date(struct chat_template *t, const struct tm *date)
{
    t->dated = true;
    t->date = *date;
}

const char *template_name(const struct chat_template *t)
{
    return t->name;
}

enum template_source template_source(const struct chat_template *t)
{
    return t->source;
}

const char *template_trouble(const struct chat_template *t)
{
    return t->trouble;
}

bool template_drops_system(const struct chat_template *t)
{
    return t->drops_system;
}

bool template_is_base(const struct chat_template *t)
{
    return t->base;
}

const char *const *template_stops(const struct chat_template *t)
{
    return (const char *const *)t->stops;
}
