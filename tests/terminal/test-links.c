/* Links to pages (OSC 8): cells of an address have it, all others have none, whatever is drawn, moved or covered; nothing
 * of a text reaches the terminal by them; and they cost nothing while they stand. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "tests/cmocka.h"

#define SEA "https://sea.example/waves?a=1&b=2"
#define SKY "http://sky.example/"

/* Columns before a byte of a row. */
static int column_of(const char *row, const char *at)
{
    int columns = 0;
    for (; row < at; row++)
        columns += ((unsigned char)*row & 0xC0) != 0x80;
    return columns;
}

/* Whether a cell of the row lies in an address that is written there. */
static const char *address_at(const char *row, int column)
{
    static const char *const addresses[] = {SEA, SKY};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        for (const char *at = row; (at = strstr(at, addresses[i])) != NULL; at++)
            if (column >= column_of(row, at) && column < column_of(row, at) + (int)strlen(addresses[i]))
                return addresses[i];
    return "";
}

/* Cells of the screen that have a link. Each of those that show an address has it, each other has none; but where links
 * have another text, as "skies" has. */
static int check_links(struct vt *t, int rows, int columns)
{
    int linked = 0;
    vt_settle(t, 100);
    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++) {
            const char *text = vt_row(t, row), *link = vt_link(t, row, column), *skies = strstr(text, "skies (");
            int from = skies != NULL ? column_of(text, skies) : columns;
            bool named = column >= from && column < from + (int)strlen("skies (" SKY ")");
            const char *expected = named ? SKY : address_at(text, column);
            if (strcmp(link, expected) != 0)
                fail_msg("cell %d, %d has the link '%s' in place of '%s':\n%s", row, column, link, expected,
                         vt_screen(t));
            linked += *link != '\0';
        }
    return linked;
}

enum { ROWS = 24, WIDTH = 140, BOTH = (int)(sizeof SEA - 1 + sizeof "skies (" SKY ")" - 1) };

/* Edits the answer so that it continues with this text. */
static void let_it_say(struct vt *t, const char *text, const char *shown)
{
    exchange(t, "The llama");
    press(t, ESC);
    press(t, "e");
    assert_true(vt_wait(t, "editing message 2"));
    vt_paste(t, text);
    press(t, "\r");
    assert_true(vt_wait(t, "save and continue"));
    assert_int_equal(vt_times_sent(t, "\033]8;"), 0); /* what is typed is not linked */
    press(t, "\r");
    assert_true(vt_wait(t, "‹2/2›"));
    assert_true(vt_wait(t, shown));
}

static struct vt *start_with_links(const char *const *options)
{
    struct vt *t = start(ROWS, WIDTH, options);
    let_it_say(t, " at " SEA ", and [skies](" SKY ")", "at " SEA ", and skies (" SKY ")");
    return t;
}

static void cells_of_an_address_have_it(void **state)
{
    (void)state;
    struct vt *t = start_with_links((const char *const[]){SHORT, NULL});
    assert_int_equal(check_links(t, ROWS, WIDTH), BOTH);
    quit(t);
}

/* What people write is shown as it is, and its addresses are links too. */
static void questions_have_links(void **state)
{
    (void)state;
    struct vt *t = start(ROWS, WIDTH, (const char *const[]){SHORT, NULL});
    exchange(t, "The llama");
    exchange(t, "(" SEA ").");
    assert_int_equal(check_links(t, ROWS, WIDTH), sizeof SEA - 1);
    quit(t);
}

/* Popups over them, other texts, other widths, other themes: no cell keeps a link that it has no longer. */
static void no_cell_keeps_a_link(void **state)
{
    (void)state;
    struct vt *t = start_with_links((const char *const[]){SHORT, NULL});
    press(t, "\033OP"); /* help, over a part of them */
    assert_true(vt_wait(t, "Esc leaves"));
    check_links(t, ROWS, WIDTH);
    press(t, ESC);
    assert_true(vt_wait_gone(t, "Esc leaves"));
    assert_int_equal(check_links(t, ROWS, WIDTH), BOTH);
    vt_type(t, "/theme light\r");
    assert_true(vt_wait_gone(t, "/theme light"));
    assert_int_equal(check_links(t, ROWS, WIDTH), BOTH);
    vt_resize(t, ROWS, 60);
    assert_true(vt_wait_gone(t, "at " SEA ", and skies (" SKY ")"));
    assert_true(check_links(t, ROWS, 30) > 0);
    vt_resize(t, ROWS, WIDTH);
    assert_true(vt_wait(t, "at " SEA ", and skies (" SKY ")"));
    assert_int_equal(check_links(t, ROWS, WIDTH), BOTH);
    press(t, "\033a"); /* a new conversation */
    assert_true(vt_wait_gone(t, SEA));
    assert_int_equal(check_links(t, ROWS, WIDTH), 0);
    quit(t);
}

/* They go up with their text while an answer is written, until they have left. */
static void links_move_with_their_text(void **state)
{
    (void)state;
    struct vt *t = start_with_links((const char *const[]){SHORT, "--temperature", "0", NULL});
    vt_type(t, "/set max_new_tokens 400\rAnd then?\r");
    assert_true(vt_wait_gone(t, SEA));
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_int_equal(check_links(t, ROWS, WIDTH), 0);
    press(t, ESC);
    press(t, "g");
    assert_true(vt_wait(t, SEA));
    assert_int_equal(check_links(t, ROWS, WIDTH), BOTH);
    press(t, "j");
    press(t, "j");
    check_links(t, ROWS, WIDTH);
    quit(t);
}

/* While they stand they are not sent again, however much is written below. */
static void standing_links_cost_nothing(void **state)
{
    (void)state;
    struct vt *t = start_with_links((const char *const[]){SHORT, NULL});
    check_links(t, ROWS, WIDTH);
    vt_type(t, "/set max_new_tokens 12\r");
    assert_true(vt_wait_gone(t, "/set max"));
    vt_type(t, "and then?"); /* what came before is drawn to the end when this is seen */
    assert_true(vt_wait(t, "and then?"));
    const int sent = vt_times_sent(t, "\033]8;");
    vt_type(t, "\003And then?\r");
    assert_true(vt_wait(t, "12 tokens"));
    assert_int_equal(check_links(t, ROWS, WIDTH), BOTH);
    assert_int_equal(vt_times_sent(t, "\033]8;"), sent);
    quit(t);
}

/* What an address holds is told as printable ASCII, or not at all. */
static void an_address_commands_nothing(void **state)
{
    (void)state;
    struct vt *t = start(ROWS, WIDTH, (const char *const[]){SHORT, NULL});
    let_it_say(t,
               " [one](https://a.example/&#27;]52;c;eA==&#7;) [two](<https://b.example/$\\<500\\>é>) "
               "[five](<https://b.example/\302\205 x>) "
               "[three](javascript:alert) [four](file:///etc/passwd)",
               "one (https://a.example/");
    assert_true(vt_was_sent(t, ";https://a.example/%1B]52;c;eA==%07\033\\"));
    assert_true(vt_was_sent(t, ";https://b.example/$%3C500%3E%C3%A9\033\\"));
    assert_false(vt_was_sent(t, ";javascript:"));
    assert_false(vt_was_sent(t, ";file:"));
    assert_int_equal(vt_clipboards(t), 0);
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < WIDTH; column++)
            for (const char *c = vt_link(t, row, column); *c != '\0'; c++)
                assert_true(*c > ' ' && *c < 0x7f);
    quit(t);
}

static void terminals_without_links_get_none(void **state)
{
    static const char *const terms[] = {"TERM=linux", "TERM=vt100", "TERM=screen"};
    (void)state;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct vt *t =
            start_in(NULL, ROWS, WIDTH, (const char *const[]){terms[i], NULL}, (const char *const[]){SHORT, NULL});
        assert_true(vt_wait(t, READY));
        exchange(t, "The llama");
        exchange(t, "see " SEA);
        assert_int_equal(vt_times_sent(t, "\033]8;"), 0);
        quit(t);
    }
}

/* Colours are no condition: marks are attributes. */
static void links_need_no_colours(void **state)
{
    static const char *const environments[][2] = {{"NO_COLOR=1", NULL}, {"TERM=xterm-256color", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof environments / sizeof *environments; i++) {
        struct vt *t = start_in(NULL, ROWS, WIDTH, environments[i], (const char *const[]){SHORT, NULL});
        assert_true(vt_wait(t, READY));
        exchange(t, "The llama");
        exchange(t, "see " SEA);
        assert_int_equal(check_links(t, ROWS, WIDTH), sizeof SEA - 1);
        quit(t);
    }
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_an_address_have_it),
        cmocka_unit_test(questions_have_links),
        cmocka_unit_test(no_cell_keeps_a_link),
        cmocka_unit_test(links_move_with_their_text),
        cmocka_unit_test(standing_links_cost_nothing),
        cmocka_unit_test(an_address_commands_nothing),
        cmocka_unit_test(terminals_without_links_get_none),
        cmocka_unit_test(links_need_no_colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
