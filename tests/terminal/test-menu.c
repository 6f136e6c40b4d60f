/* The menu above the composer, which opens while a command is typed. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"

#define TAB "\t"
/* A row of the menu that no pane shows. */
#define HELP_ROW "show this list, or what a command does"

static bool types(struct vt *t, const char *text)
{
    char row[200];
    snprintf(row, sizeof row, "│%s", text);
    return vt_wait(t, row);
}

static void a_slash_opens_it_and_letters_narrow_it(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    vt_type(t, "/");
    assert_true(vt_wait(t, HELP_ROW));
    vt_type(t, "the");
    assert_true(vt_wait(t, "choose the colours of the screen"));
    assert_true(vt_wait_gone(t, HELP_ROW));
    press(t, "x");
    assert_true(vt_wait_gone(t, "choose the colours"));
    press(t, "\177");
    assert_true(vt_wait(t, "choose the colours"));
    /* Esc closes it and leaves what is typed, and typing on does not bring it back */
    press(t, ESC);
    assert_true(vt_wait_gone(t, "choose the colours"));
    assert_true(types(t, "/the"));
    vt_type(t, "m");
    assert_true(types(t, "/them"));
    assert_true(vt_wait_gone(t, "choose the colours"));
    vt_type(t, TAB);
    assert_true(types(t, "/theme"));
    quit(t);
}

static void enter_takes_what_is_begun_and_arrows_choose(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    vt_type(t, "/thi");
    assert_true(vt_wait(t, "show or hide what a model thinks"));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "what a model thinks before it answers is hidden"));
    vt_type(t, "/think ");
    assert_true(vt_wait(t, "[show | hide]"));
    press(t, DOWN);
    press(t, UP);
    vt_type(t, "\r"); /* show is the first */
    assert_true(vt_wait(t, "what a model thinks before it answers is shown"));
    vt_type(t, "/think h" TAB);
    assert_true(types(t, "/think hide"));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "what a model thinks before it answers is hidden"));
    /* what needs more is put in and waits for it */
    vt_type(t, "/compa");
    vt_type(t, "\r");
    assert_true(types(t, "/compare "));
    assert_true(vt_wait(t, "deterministic"));
    quit(t);
}

/* Nothing that is typed is replaced by Enter, unless the user went to a choice. */
static void enter_sends_what_is_typed(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    vt_type(t, "/delte\r");
    assert_true(vt_wait(t, "did you mean /delete?"));
    vt_type(t, "\003/set\r"); /* a command, though /settings begins with it */
    assert_true(vt_wait(t, "┌─ /set "));
    press(t, ESC);
    exchange(t, "The llama");
    vt_type(t, "/tag work\r");
    assert_true(vt_wait_gone(t, "/tag work"));
    vt_type(t, "/tag wor");
    assert_true(vt_wait(t, "1 conversation"));
    vt_type(t, "\r/tag\r");
    assert_true(vt_wait(t, "#wor "));
    quit(t);
}

static void it_stays_away_where_no_command_is_typed(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    vt_type(t, "1/2 and /he");
    assert_true(types(t, "1/2 and /he"));
    assert_true(vt_wait_gone(t, HELP_ROW));
    vt_type(t, "\003/theme\r");
    assert_true(vt_wait(t, "gruvbox"));
    press(t, ESC);
    /* a command that comes back by Up does not take the next Up */
    vt_type(t, UP);
    assert_true(types(t, "/theme"));
    vt_type(t, UP);
    assert_true(types(t, "1/2 and /he"));
    quit(t);
}

/* Waits until the theme has a ground of its own, or none. */
static bool has_ground(struct vt *t, bool expected)
{
    for (int i = 0; i < 1000 && vt_has_ground(t, 5, 60) != expected; i++)
        vt_pause(t, 20);
    return vt_has_ground(t, 5, 60) == expected;
}

/* A theme is tried on while the menu stands at it, and taken by Enter. */
static void a_theme_is_seen_before_it_is_chosen(void **state)
{
    (void)state;
    struct vt *t = start(24, 110, (const char *const[]){"--theme", "default", NULL});
    vt_type(t, "/theme lig");
    assert_true(vt_wait(t, " light "));
    assert_true(has_ground(t, false));
    press(t, DOWN); /* to auto, and back */
    press(t, UP);
    assert_true(has_ground(t, true));
    press(t, ESC);
    assert_true(has_ground(t, false));
    vt_type(t, "\003/theme lig");
    assert_true(vt_wait(t, " light "));
    press(t, DOWN); /* to auto, and back */
    press(t, UP);
    assert_true(has_ground(t, true));
    press(t, "\r");
    assert_true(vt_wait_gone(t, "/theme"));
    assert_true(has_ground(t, true));
    quit(t);
}

static void a_click_beside_a_popup_leaves_it(void **state)
{
    (void)state;
    struct vt *t = start(24, 110, plain);
    press(t, "\033x");
    assert_true(vt_wait(t, "Commands, models"));
    vt_type(t, "\033[<0;40;8M\033[<0;40;8m"); /* inside: the command there */
    assert_true(vt_wait_gone(t, "Commands, models"));
    press(t, ESC);
    press(t, "\033x");
    assert_true(vt_wait(t, "Commands, models"));
    vt_type(t, "\033[<0;1;12M\033[<0;1;12m");
    assert_true(vt_wait_gone(t, "Commands, models"));
    quit(t);
}

static void a_file_is_attached_by_its_name(void **state)
{
    char path[512], typed[600];
    (void)state;
    struct vt *t = start(30, 140, (const char *const[]){SHORT, NULL});
    snprintf(path, sizeof path, "%s/sea-notes.txt", vt_home(t));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 1; i <= 40; i++)
        fprintf(f, "wave %d\n", i);
    fclose(f);
    snprintf(typed, sizeof typed, "Read @%s/sea", vt_home(t));
    vt_type(t, typed);
    assert_true(vt_wait(t, "attach a file"));
    assert_true(vt_wait(t, "sea-notes.txt"));
    vt_type(t, TAB);
    assert_true(vt_wait(t, "sent with your next message"));
    assert_true(vt_wait(t, "+ sea-notes.txt, "));
    assert_true(vt_wait_gone(t, "attach a file"));
    /* one line stands for the file until it is opened */
    vt_type(t, "\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait(t, "▸ sea-notes.txt: 41 lines, f shows them"));
    assert_true(vt_wait_gone(t, "wave 1"));
    vt_type(t, "\033kf");
    assert_true(vt_wait(t, "wave 12"));
    press(t, "f");
    assert_true(vt_wait_gone(t, "wave 12"));
    press(t, "i");
    vt_type(t, "/find wave\r");
    assert_true(vt_wait(t, "wave 40"));
    quit(t);
}

/* A file in the configuration's folder is a command, found by its description too. */
static void own_prompts_are_commands(void **state)
{
    char command[512];
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    snprintf(command, sizeof command,
             "mkdir -p %s/.config/palaver/prompts && cd %s/.config/palaver/prompts && "
             "printf -- '---\\ndescription: Ask a whale\\n---\\nDear whale, $1 and $2?\\n' >whale.md && : >empty.md",
             test_folder, test_folder);
    assert_int_equal(system(command), 0);
    struct vt *t = start_in(test_folder, 30, 110, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    vt_type(t, "/emp");
    assert_true(vt_wait(t, "there is no text to send"));
    vt_type(t, "\003/what");
    assert_true(vt_wait_gone(t, "there is no text"));
    vt_type(t, "\003/wha");
    assert_true(vt_wait(t, "Ask a whale"));
    vt_type(t, "\r");
    assert_true(types(t, "/whale "));
    vt_type(t, "one\r");
    assert_true(vt_wait(t, "/whale needs 2 words"));
    assert_true(types(t, "/whale one")); /* it stays to be completed */
    vt_type(t, " 'two three'\r");
    assert_true(vt_wait(t, "Dear whale, one and two three?"));
    assert_true(vt_wait(t, "/continue resumes it"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void it_fits_the_smallest_screen(void **state)
{
    (void)state;
    struct vt *t = start(10, 40, (const char *const[]){SHORT, NULL});
    vt_type(t, "/");
    assert_true(vt_wait(t, "/help"));
    assert_true(vt_wait(t, " of "));
    for (int i = 0; i < 12; i++)
        vt_type(t, DOWN);
    assert_true(vt_wait(t, "13 of "));
    vt_resize(t, 24, 80);
    assert_true(vt_wait(t, "13 of "));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "13 of "));
    quit(t);
}

/* /help: in two columns where there is room; letters of a command, of what it does or of another name of it find it. */
static void help_finds_commands_and_writes_them(void **state)
{
    (void)state;
    struct vt *t = start(44, 160, (const char *const[]){SHORT, NULL});
    ask(t, "/help");
    assert_true(vt_wait(t, "Help: type to find a command"));
    assert_true(vt_wait(t, "/new"));
    const char *row = vt_row(t, vt_find(t, "/new"));
    assert_non_null(strchr(strstr(row, "/new") + 1, '/')); /* another one is beside it */
    vt_type(t, "side by side");
    assert_true(vt_wait_gone(t, "/new"));
    assert_true(vt_wait(t, "/compare  compare presets, settings or models side by side"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "Help: type to find a command"));
    ask(t, "/help");
    assert_true(vt_wait(t, "Enter chooses, Esc leaves"));
    vt_type(t, "resume");
    assert_true(vt_wait(t, "/open"));
    assert_true(vt_wait_gone(t, "/new"));
    press(t, "\r");
    assert_true(vt_wait_gone(t, "Help: type to find a command"));
    assert_true(types(t, "/open "));
    vt_type(t, "\003");
    ask(t, "/help compare"); /* with a name it tells of one */
    assert_true(vt_wait(t, "compare presets, settings or models"));
    quit(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slash_opens_it_and_letters_narrow_it),
        cmocka_unit_test(enter_takes_what_is_begun_and_arrows_choose),
        cmocka_unit_test(enter_sends_what_is_typed),
        cmocka_unit_test(it_stays_away_where_no_command_is_typed),
        cmocka_unit_test(a_theme_is_seen_before_it_is_chosen),
        cmocka_unit_test(a_click_beside_a_popup_leaves_it),
        cmocka_unit_test(a_file_is_attached_by_its_name),
        cmocka_unit_test(own_prompts_are_commands),
        cmocka_unit_test(it_fits_the_smallest_screen),
        cmocka_unit_test(help_finds_commands_and_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
