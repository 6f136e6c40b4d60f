/* Template files: small files that say how messages become a prompt.
 *
 * Lines of `name = value`; # begins a comment line. A value may stand in double quotes to keep spaces at its ends, and
 * knows \n, \t, \" and \\. In system, user, assistant and reply, {text} is the message, {bos} and {eos} are the model's
 * tokens, {token:SPELLING} is a special token (or plain text where the vocabulary has none spelled so), {{ is a brace.
 *   match = A && B     a model whose own template holds all of these is one of this kind; several lines: any of them
 *   bos = yes|no|auto  BOS in front of the prompt; auto: if the model's plain texts begin with it
 *   trim, system_in_user, base = yes|no;  default_system, stop = TEXT (stop may be repeated) */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/lines.h"
#include "engine/jinja/jinja.h"
#include "engine/text/template.h"

enum { MAX_PARTS = 64, MAX_MATCHES = 16 };

/* A file that is being read, and the template in the making. */
struct reading {
    struct lines lines;
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
        error_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < size; i++) {
        if (value[i] != '\\') {
            out[n++] = value[i];
            continue;
        }
        char c = ++i < size ? value[i] : '\0';
        if (c != 'n' && c != 't' && c != '"' && c != '\\') {
            lines_fail(&r->lines, ERR_FORMAT, err, "\\%c is no escape; \\n, \\t, \\\" and \\\\ are",
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
    static const struct {
        const char *name;
        enum template_kind kind;
    } names[] = {
        {"text", PART_TEXT},
        {"bos", PART_BOS},
        {"eos", PART_EOS},
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
        error_memory(err);
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
            lines_fail(&r->lines, ERR_FORMAT, err,
                       "in braces stands text, bos, eos or token:SPELLING, and at most %d parts in all; "
                       "{{ is a brace",
                       MAX_PARTS);
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
        lines_fail(&r->lines, ERR_FORMAT, err, "yes or no is expected, not '%.40s'", value);
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
        lines_fail(&r->lines, ERR_FORMAT, err, "more than %d match lines", MAX_MATCHES);
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
    lines_fail(&r->lines, ERR_FORMAT, err, "more than %d stop lines", TEMPLATE_STOPS);
    free(value);
    return false;
}

/* Takes one `name = value`; value is malloc'ed and taken over. */
static bool parse_value(const struct reading *r, const char *name, char *value, struct error *err)
{
    struct chat_template *t = r->t;
    const struct {
        const char *name;
        struct template_part **format;
    } formats[] = {
        {"system", &t->system},
        {"user", &t->user},
        {"assistant", &t->assistant},
        {"reply", &t->reply},
    };
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"trim", &t->trim},
        {"system_in_user", &t->system_in_user},
        {"base", &t->base},
    };
    bool ok = false;
    if (*value == '\0' && (strcmp(name, "match") == 0 || strcmp(name, "stop") == 0)) {
        lines_fail(&r->lines, ERR_FORMAT, err, "'%s' needs a text", name);
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
        lines_fail(&r->lines, ERR_FORMAT, err, "a template has no '%.40s'", name);
out:
    free(value);
    return ok;
}

static bool parse_line(const struct reading *r, const char *line, struct error *err)
{
    static const char space[] = " \t";
    char name[32];
    const char *equals = strchr(line, '=');
    size_t n = equals != NULL ? (size_t)(equals - line) : 0;
    while (n > 0 && strchr(space, line[n - 1]) != NULL)
        n--;
    if (n == 0 || n >= sizeof name) {
        lines_fail(&r->lines, ERR_FORMAT, err, "a line reads `name = value`");
        return false;
    }
    memcpy(name, line, n);
    name[n] = '\0';
    const char *value = equals + 1 + strspn(equals + 1, space);
    char *text = unescape(r, value, strlen(value), err);
    return text != NULL && parse_value(r, name, text, err);
}

static bool holds_text(const struct template_part *p)
{
    while (p != NULL && p->kind != PART_END && p->kind != PART_TEXT)
        p++;
    return p != NULL && p->kind == PART_TEXT;
}

/* The template that the lines describe; closes them. */
static struct chat_template *parse_lines(struct reading *r, const char *name, struct error *err)
{
    struct chat_template *t = r->t = calloc(1, sizeof *t);
    bool ok = t != NULL && (t->name = copy_of(name, strlen(name))) != NULL;
    if (!ok)
        error_memory(err);
    for (char *line; ok && (line = lines_next(&r->lines)) != NULL;) {
        if (r->lines.number == 1 && strncmp(line, "\xEF\xBB\xBF", 3) == 0)
            line = lines_trim(line + 3); /* a byte order mark, as some editors write it */
        ok = *line == '\0' || *line == '#' || parse_line(r, line, err);
    }
    if (ok && (!holds_text(t->user) || !holds_text(t->assistant))) {
        error_set(err, ERR_FORMAT, "%s: a template needs at least `user = ...` and `assistant = ...`, each with {text}",
                  r->lines.path);
        ok = false;
    }
    lines_close(&r->lines);
    if (ok) {
        t->drops_system = !t->system_in_user && !holds_text(t->system);
        return t;
    }
    template_free(t);
    return NULL;
}

struct chat_template *template_parse(const char *name, const char *path, const char *text, struct error *err)
{
    struct reading r = {0};
    if (lines_open_text(&r.lines, path, text, strlen(text), err) != ERR_NONE)
        return NULL;
    return parse_lines(&r, name, err);
}

struct chat_template *template_read(const char *name, const char *path, struct error *err)
{
    struct reading r = {0};
    struct error why = {0};
    enum error_code code = lines_open(&r.lines, path, &why);
    if (code == ERR_NONE)
        return parse_lines(&r, name, err);
    if (code != ERR_NOT_FOUND)
        error_set(err, code, "%s", why.message);
    return NULL;
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
    jinja_free(t->jinja);
    free(t->default_system);
    free(t->trouble);
    free(t->name);
    free(t);
}
