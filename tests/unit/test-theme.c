/* Themes: the ones that come with Palaver, mistakes in files, colours for terminals that have fewer. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/cmocka.h"
#include "ui/draw/theme.h"
#include "tests/source.h"

static const char *shipped[2];

/* The relative luminance of WCAG 2. */
static double luminance(const struct theme_color *c)
{
    double parts[3] = {c->r / 255.0, c->g / 255.0, c->b / 255.0};
    for (int i = 0; i < 3; i++)
        parts[i] = parts[i] <= 0.03928 ? parts[i] / 12.92 : pow((parts[i] + 0.055) / 1.055, 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}

static double contrast(const struct theme_style *s)
{
    double a = luminance(&s->foreground), b = luminance(&s->background);
    return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

/* Lines and empty bars may be faint. */
static bool is_text(int role)
{
    return role != STYLE_BORDER && role != STYLE_RULE && role != STYLE_TABLE && role != STYLE_BAR_EMPTY;
}

static void shipped_themes_are_readable(void **state)
{
    struct error err = {0};
    char **names = theme_list(shipped);
    size_t n = 0;
    (void)state;
    for (; names[n] != NULL; n++) {
        struct theme *t = theme_load(names[n], shipped, &err);
        if (t == NULL)
            fail_msg("%s", err.message);
        for (int role = 0; role < STYLE_ROLES; role++) {
            const struct theme_style *s = theme_style(t, (enum style_role)role);
            bool rgb = s->foreground.kind == THEME_RGB && s->background.kind == THEME_RGB;
            if (rgb && is_text(role) && contrast(s) < 4.5)
                fail_msg("%s: %s has a contrast of only %.1f", names[n], style_name((enum style_role)role),
                         contrast(s));
        }
        theme_free(t);
    }
    free(names);
    assert_true(n >= 6);
}

static void the_lens_needs_no_colours(void **state)
{
    struct error err = {0};
    struct theme *t = theme_load("mono", shipped, &err);
    (void)state;
    assert_non_null(t);
    const struct theme_style *surprising = theme_style(t, STYLE_LENS_0), *expected = theme_style(t, STYLE_LENS_7);
    assert_int_not_equal(surprising->attributes, expected->attributes);
    assert_true(surprising->attributes & STYLE_REVERSE);
    theme_free(t);
}

/* The error for a theme file with this text, from the line number on; NULL when there is none. */
static const char *load(const char *text, struct theme **out)
{
    static struct error err;
    char folder[] = "/tmp/palaver-theme.XXXXXX", path[64];
    const char *folders[] = {NULL, NULL};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/mine.theme", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    folders[0] = folder;
    err = (struct error){0};
    *out = theme_load("mine", folders, &err);
    unlink(path);
    rmdir(folder);
    const char *said = strstr(err.message, ".theme:");
    return *out != NULL ? NULL : said != NULL ? said + 7 : err.message;
}

static void a_file_is_read(void **state)
{
    struct theme *t;
    (void)state;
    assert_null(load("# mine\n\ntext = #102030 default\nerror=red - bold underline # loud\nlink = - blue\n", &t));
    assert_int_equal(theme_style(t, STYLE_ERROR)->foreground.kind, THEME_NAMED);
    assert_int_equal(theme_style(t, STYLE_ERROR)->foreground.named, 1);
    assert_int_equal(theme_style(t, STYLE_ERROR)->attributes, STYLE_BOLD | STYLE_UNDERLINE);
    assert_int_equal(theme_style(t, STYLE_LINK)->foreground.g, 0x20);
    /* a role that is left out looks like its parent */
    assert_int_equal(theme_style(t, STYLE_HEADING)->foreground.b, 0x30);
    assert_true(theme_style(t, STYLE_HEADING)->attributes & STYLE_BOLD);
    assert_int_equal(theme_style(t, STYLE_STATUS_ERROR)->foreground.named, 1);
    theme_free(t);
}

static void mistakes_name_their_line(void **state)
{
    struct theme *t;
    (void)state;
    assert_non_null(strstr(load("text = red default\nnonsense\n", &t), "2: a line reads"));
    assert_non_null(strstr(load("txet = red default\n", &t), "1: there is no role 'txet'"));
    assert_non_null(strstr(load("\n\ntext = reddish default\n", &t), "3: 'reddish' is no colour"));
    assert_non_null(strstr(load("text = #12345 default\n", &t), "1: "));
    assert_non_null(strstr(load("text = red\n", &t), "1: '' is no colour"));
    assert_non_null(strstr(load("text = red default loud\n", &t), "1: 'loud' is no attribute"));
}

/* It would wait for a writer for good. */
static void a_pipe_is_no_theme(void **state)
{
    char folder[] = "/tmp/palaver-theme.XXXXXX", path[64];
    const char *const folders[] = {folder, NULL};
    struct error err = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/mine.theme", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(theme_load("mine", folders, &err));
    assert_non_null(strstr(err.message, "not a regular file"));
    unlink(path);
    rmdir(folder);
}

static void names_are_names(void **state)
{
    static const char *const bad[] = {"", ".", "../x", "no-such"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err = {0};
        assert_null(theme_load(bad[i], shipped, &err));
        assert_true(err.code != ERR_NONE);
    }
}

static void fewer_colours(void **state)
{
    struct theme_color white = {.kind = THEME_RGB, .r = 255, .g = 255, .b = 255}, red = {.kind = THEME_RGB, .r = 250};
    struct theme_color bright = {.kind = THEME_NAMED, .named = 9}, none = {.kind = THEME_DEFAULT};
    (void)state;
    assert_int_equal(theme_color_number(&white, 1 << 24), 0xffffff);
    assert_int_equal(theme_color_number(&white, 256), 231);
    assert_int_equal(theme_color_number(&white, 16), 15);
    assert_int_equal(theme_color_number(&red, 16), 9);
    assert_int_equal(theme_color_number(&red, 8), 1);
    assert_int_equal(theme_color_number(&bright, 256), 9);
    assert_int_equal(theme_color_number(&bright, 8), 1);
    assert_int_equal(theme_color_number(&none, 256), -1);
    assert_int_equal(theme_color_number(&white, 0), -1);
}

int main(void)
{
    const char *source = source_folder();
    static char folder[4096];
    snprintf(folder, sizeof folder, "%s/themes", source);
    shipped[0] = folder;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_themes_are_readable),
        cmocka_unit_test(the_lens_needs_no_colours),
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(mistakes_name_their_line),
        cmocka_unit_test(a_pipe_is_no_theme),
        cmocka_unit_test(names_are_names),
        cmocka_unit_test(fewer_colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
