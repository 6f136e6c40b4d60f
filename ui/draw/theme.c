/* Theme: reading theme files, and colours for terminals that have fewer. */
#include <config.h>

#include "ui/draw/theme.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/lines.h"

#define SUFFIX ".theme"

struct theme {
    char *name;
    struct theme_style styles[STYLE_ROLES];
    bool set[STYLE_ROLES];
};

/* What a role looks like when the file leaves it out: like its parent, with attributes of its own. A parent comes
 * before its children. */
static const struct {
    enum style_role role, parent;
    unsigned attributes;
} parents[] = {
    {STYLE_STRONG, STYLE_TEXT, STYLE_BOLD},
    {STYLE_DIM, STYLE_TEXT, STYLE_FAINT},
    {STYLE_BORDER, STYLE_DIM, 0},
    {STYLE_BORDER_FOCUS, STYLE_TEXT, 0},
    {STYLE_TITLE, STYLE_STRONG, 0},
    {STYLE_SELECTED, STYLE_TEXT, STYLE_REVERSE},
    {STYLE_ANSWERING, STYLE_ASSISTANT, 0},
    {STYLE_UNREAD, STYLE_STRONG, 0},
    {STYLE_DAY, STYLE_DIM, 0},
    {STYLE_USER, STYLE_STRONG, 0},
    {STYLE_ASSISTANT, STYLE_STRONG, 0},
    {STYLE_NOTE, STYLE_TEXT, 0},
    {STYLE_ERROR, STYLE_STRONG, 0},
    {STYLE_MARK, STYLE_DIM, 0},
    {STYLE_WINDOW, STYLE_DIM, 0},
    {STYLE_THINK, STYLE_DIM, 0},
    {STYLE_CONTROL, STYLE_TEXT, STYLE_REVERSE},
    {STYLE_MATCH, STYLE_TEXT, STYLE_REVERSE},
    {STYLE_HEADING, STYLE_STRONG, 0},
    {STYLE_EMPHASIS, STYLE_TEXT, STYLE_ITALIC},
    {STYLE_STRUCK, STYLE_TEXT, STYLE_STRIKE},
    {STYLE_CODE, STYLE_TEXT, 0},
    {STYLE_BLOCK, STYLE_CODE, 0},
    {STYLE_BLOCK_LABEL, STYLE_DIM, 0},
    {STYLE_QUOTE, STYLE_TEXT, 0},
    {STYLE_LINK, STYLE_TEXT, STYLE_UNDERLINE},
    {STYLE_BULLET, STYLE_TEXT, 0},
    {STYLE_RULE, STYLE_DIM, 0},
    {STYLE_TABLE, STYLE_DIM, 0},
    {STYLE_KEYWORD, STYLE_BLOCK, STYLE_BOLD},
    {STYLE_TYPE, STYLE_BLOCK, 0},
    {STYLE_STRING, STYLE_BLOCK, 0},
    {STYLE_NUMBER, STYLE_BLOCK, 0},
    {STYLE_COMMENT, STYLE_BLOCK, STYLE_FAINT},
    {STYLE_FUNCTION, STYLE_BLOCK, 0},
    {STYLE_DIRECTIVE, STYLE_BLOCK, 0},
    {STYLE_COMPOSER, STYLE_TEXT, 0},
    {STYLE_HINT, STYLE_DIM, 0},
    {STYLE_STATUS, STYLE_TEXT, 0},
    {STYLE_STATUS_BUSY, STYLE_STATUS, STYLE_BOLD},
    {STYLE_STATUS_ERROR, STYLE_ERROR, 0},
    {STYLE_KEY, STYLE_STRONG, 0},
    {STYLE_BAR, STYLE_TEXT, 0},
    {STYLE_BAR_EMPTY, STYLE_DIM, 0},
    {STYLE_REMOVED, STYLE_DIM, 0},
    {STYLE_CHOSEN, STYLE_STRONG, 0},
    {STYLE_ORIGIN_TEMPLATE, STYLE_DIM, 0},
    {STYLE_ORIGIN_SYSTEM, STYLE_TEXT, STYLE_UNDERLINE},
    {STYLE_ORIGIN_USER, STYLE_USER, 0},
    {STYLE_ORIGIN_ASSISTANT, STYLE_TEXT, 0},
};

static const char *const color_names[] = {
    "black",       "red",          "green",      "yellow",       "blue",          "magenta",     "cyan",
    "white",       "bright-black", "bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta",
    "bright-cyan", "bright-white",
};

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool parse_color(const char *word, const struct theme_color *text, struct theme_color *out)
{
    unsigned rgb;
    char rest;
    if (strcmp(word, "-") == 0)
        *out = *text;
    else if (strcmp(word, "default") == 0)
        *out = (struct theme_color){.kind = THEME_DEFAULT};
    else if (word[0] == '#' && strlen(word) == 7 && sscanf(word + 1, "%6x%c", &rgb, &rest) == 1)
        *out = (struct theme_color){THEME_RGB, .r = (uint8_t)(rgb >> 16), .g = (uint8_t)(rgb >> 8), .b = (uint8_t)rgb};
    else {
        for (uint8_t i = 0; i < 16; i++)
            if (strcmp(word, color_names[i]) == 0) {
                *out = (struct theme_color){.kind = THEME_NAMED, .named = i};
                return true;
            }
        return false;
    }
    return true;
}

static bool parse_attribute(const char *word, unsigned *out)
{
    static const struct {
        const char *name;
        unsigned bit;
    } names[] = {
        {"bold", STYLE_BOLD},           {"dim", STYLE_FAINT},       {"italic", STYLE_ITALIC},
        {"underline", STYLE_UNDERLINE}, {"reverse", STYLE_REVERSE}, {"strike", STYLE_STRIKE},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(word, names[i].name) == 0) {
            *out |= names[i].bit;
            return true;
        }
    return false;
}

static enum error_code read_style(struct theme *t, const struct lines *l, int role, char *rest, struct error *err)
{
    struct theme_style style = {0};
    char *state = NULL, *word = strtok_r(rest, " \t", &state);
    struct theme_color *const colors[] = {&style.foreground, &style.background};
    const struct theme_color *const text[] = {&t->styles[STYLE_TEXT].foreground, &t->styles[STYLE_TEXT].background};
    for (int i = 0; i < 2; i++, word = strtok_r(NULL, " \t", &state))
        if (word == NULL || !parse_color(word, text[i], colors[i]))
            return lines_fail(l, ERR_FORMAT, err,
                              "'%s' is no colour; colours are default, -, red, bright-red and so on, #rrggbb",
                              word != NULL ? word : "");
    for (; word != NULL; word = strtok_r(NULL, " \t", &state))
        if (!parse_attribute(word, &style.attributes))
            return lines_fail(l, ERR_FORMAT, err,
                              "'%s' is no attribute; attributes are bold, dim, italic, underline, reverse, strike",
                              word);
    t->styles[role] = style;
    t->set[role] = true;
    return ERR_NONE;
}

static enum error_code read_role(struct theme *t, const struct lines *l, char *line, struct error *err)
{
    char name[64];
    int used = 0;
    char *comment = strchr(line, '#');
    while (comment != NULL && strspn(comment + 1, "0123456789abcdefABCDEF") == 6)
        comment = strchr(comment + 1, '#');
    if (comment != NULL)
        *comment = '\0';
    if (line[strspn(line, " \t")] == '\0')
        return ERR_NONE;
    if (sscanf(line, "%63[^ \t=] = %n", name, &used) < 1 || used == 0)
        return lines_fail(l, ERR_FORMAT, err, "a line reads `role = foreground background attributes`");
    int role = style_find(name);
    if (role < 0)
        return lines_fail(l, ERR_FORMAT, err, "there is no role '%s'", name);
    return read_style(t, l, role, line + used, err);
}

/* Gives the roles that the file left out the looks of their parents. */
static void inherit_styles(struct theme *t)
{
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        enum style_role role = parents[i].role;
        if (t->set[role])
            continue;
        t->styles[role] = t->styles[parents[i].parent];
        t->styles[role].attributes |= parents[i].attributes;
    }
    for (int i = 0; i < 8; i++)
        if (!t->set[STYLE_LENS_0 + i]) {
            t->styles[STYLE_LENS_0 + i] = t->styles[STYLE_TEXT];
            t->styles[STYLE_LENS_0 + i].attributes = i == 0 ? STYLE_REVERSE : i < 3 ? STYLE_UNDERLINE : 0;
        }
}

static struct theme *read_theme(const char *name, struct lines *l, struct error *err)
{
    struct theme *t = calloc(1, sizeof *t);
    if (t == NULL || (t->name = strdup(name)) == NULL) {
        error_memory(err);
        theme_free(t);
        return NULL;
    }
    for (char *line; (line = lines_next(l)) != NULL;)
        if (read_role(t, l, line, err) != ERR_NONE) {
            theme_free(t);
            return NULL;
        }
    inherit_styles(t);
    return t;
}

struct theme *theme_load(const char *name, const char *const *folders, struct error *err)
{
    char path[4096];
    if (strchr(name, '/') != NULL || *name == '\0' || *name == '.') {
        error_set(err, ERR_ARGUMENT, "'%s' cannot be the name of a theme", name);
        return NULL;
    }
    for (; *folders != NULL; folders++) {
        struct lines l;
        struct error why = {0};
        snprintf(path, sizeof path, "%s/%s" SUFFIX, *folders, name);
        enum error_code code = lines_open(&l, path, &why);
        if (code == ERR_NOT_FOUND)
            continue;
        struct theme *t = code == ERR_NONE ? read_theme(name, &l, err) : NULL;
        if (code != ERR_NONE)
            error_set(err, code, "%s", why.message);
        lines_close(&l);
        return t;
    }
    error_set(err, ERR_NOT_FOUND, "there is no theme '%s'; /theme lists them", name);
    return NULL;
}

void theme_free(struct theme *t)
{
    if (t == NULL)
        return;
    free(t->name);
    free(t);
}

const char *theme_name(const struct theme *t)
{
    return t->name;
}

const struct theme_style *theme_style(const struct theme *t, enum style_role role)
{
    return &t->styles[(unsigned)role < STYLE_ROLES ? role : STYLE_TEXT];
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends NAME\0 for each theme of a folder. */
static size_t add_folder(const char *folder, struct buf *names)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        size_t size = strlen(entry->d_name), suffix = strlen(SUFFIX);
        if (entry->d_name[0] == '.' || size <= suffix || strcmp(entry->d_name + size - suffix, SUFFIX) != 0)
            continue;
        n += buf_append(names, entry->d_name, size - suffix) && buf_putc(names, '\0');
    }
    if (dir != NULL)
        closedir(dir);
    return n;
}

char **theme_list(const char *const *folders)
{
    struct buf names;
    size_t n = 0, kept = 0;
    buf_init(&names, 1 << 20);
    for (; *folders != NULL; folders++)
        n += add_folder(*folders, &names);
    char **list = malloc((n + 1) * sizeof *list + names.size);
    if (list != NULL) {
        char *text = (char *)(list + n + 1);
        memcpy(text, buf_text(&names), names.size);
        for (size_t i = 0; i < n; i++, text += strlen(text) + 1)
            list[i] = text;
        qsort(list, n, sizeof *list, compare_names);
        for (size_t i = 0; i < n; i++)
            if (kept == 0 || strcmp(list[kept - 1], list[i]) != 0)
                list[kept++] = list[i];
        list[kept] = NULL;
    }
    buf_free(&names);
    return list;
}

/* ---- colours ---------------------------------------------------------------------------------------------------- */

/* A distance near to what eyes see: "redmean", which weights RGB by the mean red. */
static long color_distance(int r, int g, int b, int r2, int g2, int b2)
{
    long mean = (r + r2) / 2, dr = r - r2, dg = g - g2, db = b - b2;
    return ((512 + mean) * dr * dr >> 8) + 4 * dg * dg + ((767 - mean) * db * db >> 8);
}

/* xterm's 256 colours: 16 named, a cube of 6 × 6 × 6, 24 greys. */
static int nearest_256(const struct theme_color *c)
{
    static const int steps[] = {0, 95, 135, 175, 215, 255};
    int best = 16;
    long least = -1;
    for (int i = 16; i < 256; i++) {
        int r, g, b;
        if (i < 232) {
            r = steps[(i - 16) / 36];
            g = steps[(i - 16) / 6 % 6];
            b = steps[(i - 16) % 6];
        } else {
            r = g = b = 8 + 10 * (i - 232);
        }
        long d = color_distance(c->r, c->g, c->b, r, g, b);
        if (least < 0 || d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

static int nearest_16(const struct theme_color *c)
{
    static const uint8_t rgb[16][3] = {
        {0, 0, 0},     {205, 0, 0},     {0, 205, 0},     {205, 205, 0},   {0, 0, 238}, {205, 0, 205},
        {0, 205, 205}, {229, 229, 229}, {127, 127, 127}, {255, 0, 0},     {0, 255, 0}, {255, 255, 0},
        {92, 92, 255}, {255, 0, 255},   {0, 255, 255},   {255, 255, 255},
    };
    int best = 0;
    for (int i = 1; i < 16; i++)
        if (color_distance(c->r, c->g, c->b, rgb[i][0], rgb[i][1], rgb[i][2]) <
            color_distance(c->r, c->g, c->b, rgb[best][0], rgb[best][1], rgb[best][2]))
            best = i;
    return best;
}

int theme_color_number(const struct theme_color *c, int colors)
{
    int number = c->named;
    if (c->kind == THEME_DEFAULT || colors < 8)
        return -1;
    if (c->kind == THEME_RGB && colors > 256)
        return c->r << 16 | c->g << 8 | c->b;
    if (c->kind == THEME_RGB)
        number = colors >= 256 ? nearest_256(c) : nearest_16(c);
    return colors < 16 && number < 16 ? number % 8 : number;
}
