/* Tests of ui/panes/selection: what is copied from the view with the mouse. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"
#include "ui/panes/selection.h"

enum { INDENT = 2, ROWS = 20 };

/* The text that is selected in a message from one row and column to another; row 0 is the name. */
static void selects(const char *text, int width, const int from[2], const int to[2], const char *expected)
{
    struct messages *messages = messages_new();
    struct message_lines *lines = message_lines_new(messages);
    struct view *view = view_new(messages, lines);
    struct selection *s = selection_new(messages, lines, view, INDENT);
    struct ui_message message = {.speaker = UI_MODEL, .text = text, .size = strlen(text)};
    assert_non_null(s);
    assert_true(messages_add(messages, &message));
    message_lines_set_look(lines, &(struct message_look){.width = width});
    view_settle(view, ROWS);
    view_home(view);
    selection_press(s, from[0], INDENT + from[1]);
    selection_drag(s, to[0], INDENT + to[1]);
    char *got = selection_text(s);
    assert_non_null(got);
    assert_string_equal(got, expected);
    free(got);
    selection_free(s);
    view_free(view);
    message_lines_free(lines);
    messages_free(messages);
}

static void text_is_copied_as_it_is_shown(void **state)
{
    (void)state;
    selects("some **bold** words", 40, (int[]){1, 5}, (int[]){1, 9}, "bold");
    selects("one two three four", 9, (int[]){1, 4}, (int[]){2, 5}, "two three");
    selects("a\n\nb", 40, (int[]){1, 0}, (int[]){3, 1}, "a\n\nb");
}

/* As LaTeX, however little of it is selected, and once. */
static void formulas_are_copied_as_they_are_written(void **state)
{
    (void)state;
    const char *block = "So\n\n$$\\frac{a}{b}$$\n\nholds"; /* rows: So, blank, a, bar, b, blank, holds */
    selects("As $\\alpha^2$ or \\(b\\) go", 40, (int[]){1, 0}, (int[]){1, 11}, "As $\\alpha^2$ or \\(b\\) ");
    selects("As $\\alpha^2$ or", 40, (int[]){1, 4}, (int[]){1, 5}, "$\\alpha^2$");
    selects(block, 40, (int[]){1, 0}, (int[]){7, 5}, "So\n\n$$\\frac{a}{b}$$\n\nholds");
    selects(block, 40, (int[]){4, 2}, (int[]){5, 3}, "$$\\frac{a}{b}$$");
    selects("> $$\\frac{a}{b}$$", 40, (int[]){1, 0}, (int[]){3, 9}, "│ $$\\frac{a}{b}$$");
    selects("$$a + b + c + d + e$$", 9, (int[]){1, 0}, (int[]){2, 3}, "$$a + b + c + d + e$$");
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_copied_as_it_is_shown),
        cmocka_unit_test(formulas_are_copied_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
