/* The settings pane, as users use it: what the candidates say, typing values, lists, what is off, where values come from.
 *
 * sea.gguf's next token is nearly certain, so that what is left depends on the settings alone. */
#include <config.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

#define BACKSPACE "\177"
/* Nothing but top_k and temperature removes a token. */
#define ONLY_TOP_K "--top-p", "1", "--min-p", "0", "--top-k"

static struct vt *open_pane(int rows, int columns, const char *const *options)
{
    struct vt *t = start(rows, columns, options);
    exchange(t, "The llama");
    press(t, F3);
    assert_true(vt_wait(t, "Next token"));
    return t;
}

/* The row of a setting in the pane, which is at the right; -1: not in view. */
static int find_setting(struct vt *t, const char *name)
{
    char begin[80];
    snprintf(begin, sizeof begin, "│%s ", name);
    return vt_find(t, begin);
}

/* Selects it: the help below is about it then. */
static void go_to(struct vt *t, const char *name, const char *help)
{
    for (int i = 0; i < 30 && !(find_setting(t, name) >= 0 && vt_shows(t, help)); i++)
        press(t, DOWN);
    assert_true(vt_wait(t, help));
}

static bool row_has(struct vt *t, int row, const char *text)
{
    return row >= 0 && strstr(vt_row(t, row), text) != NULL;
}

static void shows_value(struct vt *t, const char *name, const char *value)
{
    char text[120];
    snprintf(text, sizeof text, "│%-20s%s ", name, value);
    if (!vt_wait(t, text))
        fail_msg("no %s %s", name, value);
}

/* Rows of candidates: those between the summary and the frame. */
static int candidates(struct vt *t)
{
    int n = 0, row = vt_find(t, "entropy ");
    assert_true(row >= 0);
    while (row_has(t, row + 1 + n, ".") && !row_has(t, row + 1 + n, "──┘"))
        n++;
    return n;
}

/* How many survive, as the summary has it. */
static int survivors(struct vt *t)
{
    const int row = vt_find(t, "bits, ");
    assert_true(row >= 0);
    return atoi(strstr(vt_row(t, row), "bits, ") + strlen("bits, "));
}

/* After an answer at temperature 0, so that the next token is always the same; the temperature is 2 then. */
static struct vt *open_warm(int rows, int columns)
{
    struct vt *t = open_pane(rows, columns, (const char *const[]){ONLY_TOP_K, "3", "--temperature", "0", SHORT, NULL});
    assert_true(vt_wait(t, "1 survives"));
    go_to(t, "temperature", "below 1 surer");
    press(t, "2\r");
    assert_true(vt_wait_gone(t, "1 survives"));
    assert_true(survivors(t) >= 3); /* the third may be tied with others */
    return t;
}

/* ---- the next token --------------------------------------------------------------------------------------------- */

static void removed_candidates_name_the_setting(void **state)
{
    static const struct {
        int rows, columns, least;
    } sizes[] = {{24, 80, 5}, {45, 160, 12}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct vt *t = open_warm(sizes[i].rows, sizes[i].columns);
        assert_true(vt_wait(t, "bits"));
        assert_true(candidates(t) >= sizes[i].least);
        int last = vt_find(t, "entropy ") + survivors(t);
        assert_false(row_has(t, last, "top_k"));
        assert_true(row_has(t, last + 1, "top_k"));
        quit(t);
    }
}

static void a_setting_shows_at_once_what_it_removes(void **state)
{
    (void)state;
    struct vt *t = open_warm(24, 80);
    go_to(t, "top_k", "only this many");
    press(t, LEFT);
    shows_value(t, "top_k", "2"); /* sea.gguf has three candidates, two of them alike */
    press(t, "1\r");
    assert_true(vt_wait(t, "1 survives"));
    go_to(t, "logit_bias", "added to a token's");
    press(t, "\r");
    vt_type(t, "\" that\" -100\r");
    assert_true(vt_wait(t, "\" that\" -100"));
    assert_true(vt_wait(t, " logit_bias "));
    assert_true(row_has(t, vt_find(t, " logit_bias "), "␣that"));
    /* another conversation has other candidates, which were not computed yet */
    press(t, ESC);
    vt_type(t, "/new\r");
    press(t, F3);
    assert_true(vt_wait(t, "Candidates come"));
    assert_true(vt_wait_gone(t, "Next token"));
    quit(t);
}

/* ---- typing ----------------------------------------------------------------------------------------------------- */

static void numbers_are_typed(void **state)
{
    static const int sizes[][2] = {{24, 80}, {45, 160}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct vt *t = open_pane(sizes[i][0], sizes[i][1], (const char *const[]){"--temperature", "0.8", SHORT, NULL});
        go_to(t, "temperature", "below 1 surer");
        vt_type(t, "1.25" BACKSPACE "\r");
        shows_value(t, "temperature", "1.2");
        assert_true(vt_wait(t, "from: this conversation"));
        press(t, "99\r");
        assert_true(vt_wait(t, "temperature is a number"));
        shows_value(t, "temperature", "99"); /* stays, to be corrected */
        press(t, BACKSPACE);
        press(t, BACKSPACE);
        vt_type(t, "0.3\r");
        shows_value(t, "temperature", "0.3");
        assert_true(vt_wait_gone(t, "is a number"));
        press(t, "7");
        shows_value(t, "temperature", "7");
        press(t, ESC);
        shows_value(t, "temperature", "0.3");
        press(t, BACKSPACE);
        shows_value(t, "temperature", "0.7");
        quit(t);
    }
}

static void a_seed_is_typed(void **state)
{
    (void)state;
    struct vt *t = start(45, 160, plain);
    press(t, F3);
    go_to(t, "seed", "the same seed");
    assert_true(vt_wait(t, "from: a flag"));
    press(t, "18446744073709551615\r");
    assert_true(vt_wait(t, "│seed 18446744073709551615"));
    press(t, "18446744073709551616\r");
    assert_true(vt_wait(t, "seed is a whole number"));
    press(t, ESC);
    press(t, BACKSPACE);
    assert_true(vt_wait(t, "chance"));
    shows_value(t, "seed", "random");
    quit(t);
}

static void a_stop_string_stops(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){ENDLESS, NULL});
    press(t, F3);
    go_to(t, "more samplers", "off until set"); /* the last row folds samplers away */
    assert_true(vt_wait_gone(t, "mirostat_tau"));
    press(t, RIGHT);
    assert_true(vt_wait(t, "mirostat_tau"));
    press(t, LEFT);
    assert_true(vt_wait_gone(t, "mirostat_tau"));
    press(t, UP);
    assert_true(vt_wait(t, "an answer ends"));
    press(t, "\r");
    vt_type(t, "\"stood\" \"a\\nb\"\r");
    assert_true(vt_wait(t, "\"stood\" \"a\\nb\""));
    assert_true(vt_wait(t, "from: this conversation"));
    press(t, ESC);
    ask(t, "The llama");
    assert_true(vt_wait(t, "and gulls"));
    assert_true(vt_wait(t, "ready"));
    assert_true(vt_wait_gone(t, "stood"));
    /* taken out again */
    press(t, F3);
    press(t, "\r");
    for (int i = 0; i < 20; i++)
        vt_type(t, BACKSPACE);
    press(t, "\r");
    shows_value(t, "stop", "Off");
    press(t, "\r");
    vt_type(t, "\"open\r");
    assert_true(vt_wait(t, "not closed"));
    press(t, ESC);
    press(t, ESC);
    /* by a command, with quotes */
    vt_type(t, "/set stop \"one\" \"two\"\r");
    assert_true(vt_wait(t, "\"one\" \"two\""));
    quit(t);
}

static void a_bias_must_be_one_token(void **state)
{
    (void)state;
    struct vt *t = open_pane(24, 80, (const char *const[]){SHORT, NULL});
    go_to(t, "logit_bias", "added to a token's score");
    press(t, "\r");
    vt_type(t, "\" The sea\" 2\r");
    assert_true(vt_wait(t, "is no token of this"));
    press(t, ESC);
    press(t, ESC);
    vt_type(t, "/set logit_bias \" sea\" -2\r");
    assert_true(vt_wait(t, "\" sea\" -2"));
    quit(t);
}

/* ---- what is off, and where values come from -------------------------------------------------------------------- */

static void what_has_no_effect_is_off(void **state)
{
    (void)state;
    struct vt *t = open_pane(45, 160, (const char *const[]){"--temperature", "0", "--top-k", "40", SHORT, NULL});
    shows_value(t, "top_k", "Off");
    shows_value(t, "top_p", "Off");
    shows_value(t, "seed", "Off");
    shows_value(t, "repetition_window", "Off");
    go_to(t, "top_k", "40 has no effect: temperature is 0");
    assert_true(vt_wait(t, "1 survives"));
    vt_type(t, "\033");
    press(t, "");
    vt_type(t, "/set temperature 0.8\r");
    shows_value(t, "top_k", "40");
    vt_type(t, "/set mirostat-tau 5\r");
    shows_value(t, "top_k", "Off");
    assert_true(vt_wait(t, "mirostat is on"));
    /* in the order in which they act */
    vt_type(t, "/set dry-multiplier 0.5\r");
    shows_value(t, "dry_multiplier", "0.5");
    assert_true(vt_wait(t, "│dry_sequence_breakers "));
    static const char *const order[] = {
        "logit_bias", "repetition_penalty", "dry_multiplier", "temperature", "mirostat_tau", "top_k", "top_p",
        "min_p",      "typical_p",          "seed",           "stop"};
    for (size_t i = 1; i < sizeof order / sizeof order[0]; i++)
        assert_true(find_setting(t, order[i - 1]) < find_setting(t, order[i]));
    quit(t);
}

static void sources_are_told(void **state)
{
    static const char *const environment[] = {"PALAVER_TOP_K=33", NULL};
    (void)state;
    struct vt *t = start_in(NULL, 45, 160, environment, (const char *const[]){"--temperature", "0.9", NULL});
    assert_true(vt_wait(t, READY));
    press(t, F3);
    go_to(t, "temperature", "below 1 surer");
    assert_true(vt_wait(t, "from: a flag"));
    go_to(t, "top_k", "only this many");
    assert_true(vt_wait(t, "from: an environment variable"));
    go_to(t, "top_p", "together have this");
    assert_true(vt_wait(t, "from: built-in"));
    press(t, ESC);
    vt_type(t, "/preset alpaca\r");
    assert_true(vt_wait(t, "from: preset alpaca"));
    shows_value(t, "top_p", "0.75");
    vt_type(t, "/persona save scholar\r");
    assert_true(vt_wait(t, "saved"));
    vt_type(t, "/persona scholar\r");
    assert_true(vt_wait(t, "from: persona scholar"));
    quit(t);
}

/* However little room there is: parts of what is said of the model give way, then the title. */
static void what_is_not_usual_is_seen(void **state)
{
    (void)state;
    struct vt *t = start(24, 80, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    ask(t, "/rename A title so long that it takes all the room that there is above");
    assert_true(vt_wait_row(t, 0, " A title so long that it", true));
    assert_true(row_has(t, 0, "takes all the room"));
    assert_false(row_has(t, 0, "changed"));
    ask(t, "/system You are a pirate");
    assert_true(vt_wait(t, "sea · system"));
    ask(t, "/set top_k 5");
    assert_true(vt_wait(t, "system, 1 setting changed"));
    assert_true(row_has(t, 0, "…"));
    press(t, F3); /* a pane takes its room */
    assert_true(vt_wait(t, "─ Settings"));
    assert_true(row_has(t, 0, "1 setting changed"));
    press(t, F3);
    ask(t, "/set top_k 40");
    assert_true(vt_wait_gone(t, "1 setting changed"));
    ask(t, "/system off");
    assert_true(vt_wait(t, "no system message"));
    assert_true(vt_wait(t, "takes all the room"));
    quit(t);
}

/* The choice comes back with the next start; one that is gone is said. */
static void a_theme_is_kept(void **state)
{
    char command[120];
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    for (int i = 0; i < 3; i++) {
        struct vt *t = start_in(test_folder, 24, 80, plain, plain);
        assert_true(vt_wait(t, READY));
        assert_true(i < 2 || vt_wait(t, "there is no theme 'gone'"));
        if (i == 0) {
            ask(t, "/theme mono");
            assert_true(vt_wait_gone(t, "/theme mono"));
        }
        assert_int_equal(vt_is_colored(t, 0, 77), i == 2); /* the model, at the right */
        quit(t);
        snprintf(command, sizeof command, "echo gone > %s/.local/state/palaver/theme", test_folder);
        assert_int_equal(i == 1 ? system(command) : 0, 0);
    }
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* Cells that show the terminal's own ground. */
static int count_bare(struct vt *t, int rows, int columns)
{
    int n = 0;
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            n += !vt_has_ground(t, row, column);
    return n;
}

/* Shows a screen by a key and looks for cells without ground; the key or Esc leaves it. */
static void is_painted(struct vt *t, const char *theme, const char *key, const char *shows, const char *leaves)
{
    press(t, key);
    assert_true(vt_wait(t, shows));
    vt_settle(t, 60);
    if (count_bare(t, 30, 110) > 0)
        fail_msg("%s: cells without ground where '%s' is:\n%s", theme, shows, vt_screen(t));
    press(t, leaves);
    assert_true(vt_wait_gone(t, shows));
}

static void theme_is_painted(struct vt *t, const char *theme)
{
    char line[80];
    snprintf(line, sizeof line, "/theme %s", theme);
    ask(t, line);
    assert_true(vt_wait_gone(t, line));
    is_painted(t, theme, F3, "─ Settings", F3);
    is_painted(t, theme, "\0334", "Could have been", "\0334");
    is_painted(t, theme, "\033x", "Enter chooses", ESC); /* a popup */
    vt_type(t, "/tree");
    is_painted(t, theme, "\r", "Map of", ESC);
    vt_type(t, "/new");
    is_painted(t, theme, "\r", "Tab writes it", "\033[1;3B"); /* the welcome, and back */
}

/* Every theme there is, but those two that have the terminal's own ground. */
static void themes_paint_their_whole_ground(void **state)
{
    char path[4096];
    int n = 0;
    (void)state;
    snprintf(path, sizeof path, "%s/themes", source_folder());
    DIR *folder = opendir(path);
    assert_non_null(folder);
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    assert_true(count_bare(t, 30, 110) > 0); /* the default theme has the terminal's */
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[40];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(entry->d_name, "."), entry->d_name);
        if (strcmp(entry->d_name + strlen(name), ".theme") != 0 || strcmp(name, "default") == 0 ||
            strcmp(name, "mono") == 0)
            continue;
        theme_is_painted(t, name);
        n++;
    }
    closedir(folder);
    assert_true(n >= 5);
    quit(t);
}

/* Letters that a pane has no use for go to the composer, and the cursor stands where keys go. */
static void panes_eat_no_text(void **state)
{
    int row, column;
    (void)state;
    struct vt *t = open_pane(30, 110, (const char *const[]){SHORT, NULL});
    vt_settle(t, 100);
    vt_cursor(t, &row, &column);
    assert_true(vt_cursor_visible(t) && column > 70); /* in the pane */
    vt_type(t, "Why is the sky blue?");
    assert_true(vt_wait(t, "Why is the sky blue?"));
    vt_cursor(t, &row, &column);
    assert_int_equal(row, vt_find(t, "Why is the sky blue?"));
    press(t, ESC); /* to the transcript */
    vt_settle(t, 100);
    assert_false(vt_cursor_visible(t));
    vt_type(t, "Or?");
    assert_true(vt_wait(t, "blue?Or?"));
    assert_true(vt_cursor_visible(t));
    press(t, F("11")); /* F1 */
    assert_true(vt_wait(t, "Esc leaves"));
    vt_settle(t, 100);
    vt_cursor(t, &row, &column);
    assert_true(vt_cursor_visible(t) && row == vt_find(t, "│ >")); /* where letters go that find a key */
    press(t, ESC);
    quit(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removed_candidates_name_the_setting),
        cmocka_unit_test(a_setting_shows_at_once_what_it_removes),
        cmocka_unit_test(numbers_are_typed),
        cmocka_unit_test(a_seed_is_typed),
        cmocka_unit_test(a_stop_string_stops),
        cmocka_unit_test(a_bias_must_be_one_token),
        cmocka_unit_test(what_has_no_effect_is_off),
        cmocka_unit_test(sources_are_told),
        cmocka_unit_test(what_is_not_usual_is_seen),
        cmocka_unit_test(panes_eat_no_text),
        cmocka_unit_test(a_theme_is_kept),
        cmocka_unit_test(themes_paint_their_whole_ground),
    };
    return find_program() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
