/* Templates: small files that say how messages become a prompt.
 *
 * Lines of `name = value`; # begins a comment line. A value may stand in double quotes to keep spaces at its ends, and
 * knows \n, \t, \" and \\. In system, user, assistant and reply, {text} is the message, {bos} and {eos} are the model's
 * tokens, {token:SPELLING} is a special token (or plain text where the vocabulary has none spelled so), {{ is a brace.
 *   match = A && B     a model whose own template holds all of these is one of this kind; several lines: any of them
 *   bos = yes|no|auto  BOS in front of the prompt; auto: if the model's plain texts begin with it
 *   trim, system_in_user, base = yes|no;  default_system, stop = TEXT (stop may be repeated) */
#include "config.h"

#include "engine/text/template.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

enum { MAX_FILE = 1 << 16, MAX_PARTS = 64, MAX_MATCHES = 16 };

/* The built-in files, in the order in which they are tried on a model. */
static const struct { const char *name, *text; } builtin[] = {
#include "engine/templates.inc"
};
enum { N_BUILTIN = sizeof builtin / sizeof *builtin };

/* Where a file is being read. */
struct reading {
    const char *path;
    int line;
    struct chat_template *t;
};

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* The value with quotes taken off and escapes undone, malloc'ed; NULL on failure. */
static char *unescape(const struct reading *r, const char *value, size_t size, struct error *err)
{
    bool quoted = size >= 2 && value[0] == '"' && value[size - 1] == '"';
    if (quoted) {
        value++;
        size -= 2;
    }
    char *out = malloc(size + 1);
    size_t n = 0;
    if (out == NULL) {
        error_set(err, ERR_MEMORY, "no memory for a template");
        return NULL;
    }
    for (size_t i = 0; i < size; i++) {
        if (value[i] != '\\') {
            out[n++] = value[i];
            continue;
        }
        char c = ++i < size ? value[i] : '\0';
        if (c != 'n' && c != 't' && c != '"' && c != '\\') {
            error_set(err, ERR_FORMAT, "%s:%d: \\%c is no escape; \\n, \\t, \\\" and \\\\ are", r->path, r->line,
                      c != '\0' ? c : ' ');
            free(out);
            return NULL;
        }
        out[n++] = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
    out[n] = '\0';
    return out;
}

static char *copy_of(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

/* What stands between braces; false when it means nothing. */
static bool parse_brace(const char *inside, size_t size, struct template_part *part)
{
    static const struct { const char *name; enum template_kind kind; } names[] = {
        {"text", PART_TEXT}, {"bos", PART_BOS}, {"eos", PART_EOS},
    };
    for (size_t i = 0; i < 3; i++)
        if (strlen(names[i].name) == size && memcmp(names[i].name, inside, size) == 0) {
            part->kind = names[i].kind;
            return true;
        }
    if (size <= 6 || memcmp(inside, "token:", 6) != 0)
        return false;
    part->kind = PART_TOKEN;
    part->text = copy_of(inside + 6, size - 6);
    return part->text != NULL;
}

static void free_parts(struct template_part *parts)
{
    for (struct template_part *p = parts; p != NULL && p->kind != PART_END; p++)
        free(p->text);
    free(parts);
}

/* A format's parts, malloc'ed; NULL on failure. */
static struct template_part *parse_format(const struct reading *r, const char *value, struct error *err)
{
    struct template_part *parts = calloc(MAX_PARTS + 1, sizeof *parts);
    size_t n = 0;
    if (parts == NULL)
        error_set(err, ERR_MEMORY, "no memory for a template");
    while (parts != NULL && *value != '\0') {
        size_t plain = strcspn(value, "{");
        bool doubled = value[plain] == '{' && value[plain + 1] == '{';
        const char *end = value[plain] == '{' && !doubled ? strchr(value + plain, '}') : NULL;
        bool ok = n + 2 <= MAX_PARTS && (value[plain] == '\0' || doubled || end != NULL);
        if (ok && plain + doubled > 0) {
            parts[n++] = (struct template_part){PART_LITERAL, copy_of(value, plain + doubled)};
            ok = parts[n - 1].text != NULL;
        }
        if (ok && end != NULL)
            ok = parse_brace(value + plain + 1, (size_t)(end - value) - plain - 1, &parts[n++]);
        if (!ok) {
            error_set(err, ERR_FORMAT, "%s:%d: in braces stands text, bos, eos or token:SPELLING, and at most %d parts in all; "
                      "{{ is a brace", r->path, r->line, MAX_PARTS);
            free_parts(parts);
            return NULL;
        }
        value = end != NULL ? end + 1 : value + plain + 2 * doubled;
    }
    return parts;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static bool parse_flag(const struct reading *r, const char *value, bool *flag, struct error *err)
{
    *flag = strcmp(value, "yes") == 0;
    if (!*flag && strcmp(value, "no") != 0) {
        error_set(err, ERR_FORMAT, "%s:%d: yes or no is expected, not '%.40s'", r->path, r->line, value);
        return false;
    }
    return true;
}

static bool parse_bos(const struct reading *r, const char *value, struct error *err)
{
    bool yes;
    if (strcmp(value, "auto") == 0) {
        r->t->bos = BOS_AUTO;
        return true;
    }
    if (!parse_flag(r, value, &yes, err))
        return false;
    r->t->bos = yes ? BOS_YES : BOS_NO;
    return true;
}

static bool add_match(const struct reading *r, char *value, struct error *err)
{
    struct chat_template *t = r->t;
    if (t->matches == NULL)
        t->matches = calloc(MAX_MATCHES + 1, sizeof *t->matches);
    if (t->matches == NULL || t->n_matches == MAX_MATCHES) {
        error_set(err, ERR_FORMAT, "%s:%d: more than %d match lines", r->path, r->line, MAX_MATCHES);
        free(value);
        return false;
    }
    t->matches[t->n_matches++] = value;
    return true;
}

static bool add_stop(const struct reading *r, char *value, struct error *err)
{
    for (int i = 0; i < TEMPLATE_STOPS; i++)
        if (r->t->stops[i] == NULL) {
            r->t->stops[i] = value;
            return true;
        }
    error_set(err, ERR_FORMAT, "%s:%d: more than %d stop lines", r->path, r->line, TEMPLATE_STOPS);
    free(value);
    return false;
}

/* Takes one `name = value`; value is malloc'ed and taken over. */
static bool parse_value(const struct reading *r, const char *name, char *value, struct error *err)
{
    struct chat_template *t = r->t;
    const struct { const char *name; struct template_part **format; } formats[] = {
        {"system", &t->system}, {"user", &t->user}, {"assistant", &t->assistant}, {"reply", &t->reply},
    };
    const struct { const char *name; bool *flag; } flags[] = {
        {"trim", &t->trim}, {"system_in_user", &t->system_in_user}, {"base", &t->base},
    };
    bool ok = false;
    if (*value == '\0' && (strcmp(name, "match") == 0 || strcmp(name, "stop") == 0)) {
        error_set(err, ERR_FORMAT, "%s:%d: '%s' needs a text", r->path, r->line, name);
        goto out;
    }
    if (strcmp(name, "match") == 0)
        return add_match(r, value, err);
    if (strcmp(name, "stop") == 0)
        return add_stop(r, value, err);
    if (strcmp(name, "default_system") == 0) {
        free(t->default_system);
        t->default_system = value;
        return true;
    }
    for (size_t i = 0; i < 4; i++)
        if (strcmp(name, formats[i].name) == 0) {
            free_parts(*formats[i].format);
            *formats[i].format = parse_format(r, value, err);
            ok = *formats[i].format != NULL;
            goto out;
        }
    for (size_t i = 0; i < 3; i++)
        if (strcmp(name, flags[i].name) == 0) {
            ok = parse_flag(r, value, flags[i].flag, err);
            goto out;
        }
    if (strcmp(name, "bos") == 0)
        ok = parse_bos(r, value, err);
    else
        error_set(err, ERR_FORMAT, "%s:%d: a template has no '%.40s'", r->path, r->line, name);
out:
    free(value);
    return ok;
}

static bool parse_line(const struct reading *r, const char *line, size_t size, struct error *err)
{
    static const char space[] = " \t\r";
    char name[32];
    while (size > 0 && strchr(space, line[size - 1]) != NULL)
        size--;
    while (size > 0 && strchr(space, *line) != NULL) {
        line++;
        size--;
    }
    if (size == 0 || *line == '#')
        return true;
    const char *equals = memchr(line, '=', size);
    size_t n = equals != NULL ? (size_t)(equals - line) : 0;
    while (n > 0 && strchr(space, line[n - 1]) != NULL)
        n--;
    if (n == 0 || n >= sizeof name) {
        error_set(err, ERR_FORMAT, "%s:%d: a line reads `name = value`", r->path, r->line);
        return false;
    }
    memcpy(name, line, n);
    name[n] = '\0';
    const char *value = equals + 1;
    while (value < line + size && strchr(space, *value) != NULL)
        value++;
    char *text = unescape(r, value, (size_t)(line + size - value), err);
    return text != NULL && parse_value(r, name, text, err);
}

static bool holds_text(const struct template_part *p)
{
    while (p != NULL && p->kind != PART_END && p->kind != PART_TEXT)
        p++;
    return p != NULL && p->kind == PART_TEXT;
}

struct chat_template *template_parse(const char *name, const char *path, const char *text, struct error *err)
{
    struct chat_template *t = calloc(1, sizeof *t);
    struct reading r = {path, 0, t};
    bool ok = t != NULL && (t->name = copy_of(name, strlen(name))) != NULL;
    if (!ok)
        error_set(err, ERR_MEMORY, "no memory for a template");
    text += strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; /* a byte order mark, as some editors write it */
    while (ok && *text != '\0') {
        size_t size = strcspn(text, "\n");
        r.line++;
        ok = parse_line(&r, text, size, err);
        text += size + (text[size] == '\n' ? 1 : 0);
    }
    if (ok && (!holds_text(t->user) || !holds_text(t->assistant))) {
        error_set(err, ERR_FORMAT, "%s: a template needs at least `user = ...` and `assistant = ...`, each with {text}", path);
        ok = false;
    }
    if (!ok) {
        template_free(t);
        return NULL;
    }
    return t;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static const char suffix[] = ".template";

/* A whole file, malloc'ed with a NUL behind it; NULL on failure, and without an error when there is none. */
static char *read_file(const char *path, struct error *err)
{
    char *text = malloc(MAX_FILE + 2);
    int fd = text != NULL ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1; /* waits for no pipe */
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    size_t size = 0;
    bool ok = false;
    if (text == NULL)
        error_set(err, ERR_MEMORY, "no memory for a template");
    else if (file == NULL && errno != ENOENT && errno != ENOTDIR)
        error_system(err, ERR_IO, errno, "%s cannot be read", path);
    if (file == NULL)
        goto out;
    size = fread(text, 1, MAX_FILE + 1, file);
    text[size] = '\0';
    if (ferror(file))
        error_system(err, ERR_IO, errno, "%s cannot be read", path);
    else if (size > MAX_FILE)
        error_set(err, ERR_FORMAT, "%s: a template has at most %d bytes", path, MAX_FILE);
    else if (strlen(text) < size)
        error_set(err, ERR_FORMAT, "%s: a template is text, this file holds a NUL at byte %zu", path, strlen(text));
    else
        ok = true;
    fclose(file);
out:
    if (!ok) {
        free(text);
        text = NULL;
    }
    return text;
}

/* The user's file of that name; NULL without an error when there is none. */
static struct chat_template *load_file(const char *name, const char *dir, struct error *err)
{
    struct chat_template *t = NULL;
    struct buf path;
    buf_init(&path, PATH_MAX - 1);
    if (buf_printf(&path, "%s/%s%s", dir, name, suffix)) {
        char *text = read_file(buf_text(&path), err);
        t = text != NULL ? template_parse(name, buf_text(&path), text, err) : NULL;
        free(text);
    }
    buf_free(&path);
    return t;
}

struct chat_template *template_load(const char *name, const char *dir, struct error *err)
{
    struct error broken = {0};
    struct chat_template *t = dir != NULL && strchr(name, '/') == NULL ? load_file(name, dir, &broken) : NULL;
    if (broken.code != ERR_NONE)
        error_set(err, broken.code, "%s", broken.message);
    if (t != NULL || broken.code != ERR_NONE)
        return t;
    for (int i = 0; i < N_BUILTIN; i++)
        if (strcmp(builtin[i].name, name) == 0)
            return template_parse(name, name, builtin[i].text, err);
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

/* ---- which one -------------------------------------------------------------------------------------------------- */

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

struct chat_template *template_for_text(const char *text, const char *dir, struct error *err)
{
    struct error broken = {0};
    if (text[0] == '\0')
        return template_load("plain", dir, err);
    struct chat_template *t = dir != NULL ? match_own(dir, text, &broken) : NULL;
    if (broken.code != ERR_NONE) {
        error_set(err, broken.code, "%s", broken.message);
        return NULL;
    }
    for (int i = 0; t == NULL && i < N_BUILTIN; i++) {
        t = template_parse(builtin[i].name, builtin[i].name, builtin[i].text, err);
        if (t == NULL)
            return NULL;
        if (!matches(t, text)) {
            template_free(t);
            t = NULL;
        }
    }
    return t != NULL ? t : template_load("plain", dir, err);
}

void template_free(struct chat_template *t)
{
    if (t == NULL)
        return;
    free_parts(t->system);
    free_parts(t->user);
    free_parts(t->assistant);
    free_parts(t->reply);
    for (size_t i = 0; i < t->n_matches; i++)
        free(t->matches[i]);
    free(t->matches);
    for (int i = 0; i < TEMPLATE_STOPS; i++)
        free(t->stops[i]);
    free(t->default_system);
    free(t->name);
    free(t);
}

const char *template_name(const struct chat_template *t)
{
    return t->name;
}

bool template_is_base(const struct chat_template *t)
{
    return t->base;
}

const char *const *template_stops(const struct chat_template *t)
{
    return (const char *const *)t->stops;
}
