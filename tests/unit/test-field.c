/* The field in which a value is typed: its keys. */
#include <config.h>

#include <locale.h>
#include <string.h>

#include "tests/cmocka.h"
#include "ui/panes/field.h"

static enum field_result press(struct field *f, enum key_code code)
{
    return field_key(f, &(struct key){.code = code});
}

static enum field_result type(struct field *f, wchar_t character, unsigned modifiers)
{
    return field_key(f, &(struct key){.code = KEYS_CHARACTER, .character = character, .modifiers = modifiers});
}

static void digits_are_typed(void **state)
{
    struct field f;
    (void)state;
    field_open(&f, "1");
    assert_true(f.open);
    assert_int_equal(type(&f, L'.', 0), FIELD_EDITED);
    assert_int_equal(type(&f, L'5', 0), FIELD_EDITED);
    assert_string_equal(f.text, "1.5");
    assert_int_equal(press(&f, KEYS_BACKSPACE), FIELD_EDITED);
    assert_string_equal(f.text, "1.");
    press(&f, KEYS_BACKSPACE);
    press(&f, KEYS_BACKSPACE);
    assert_int_equal(press(&f, KEYS_BACKSPACE), FIELD_EDITED); /* the field is empty, and nothing happens */
    assert_string_equal(f.text, "");
    assert_int_equal(press(&f, KEYS_ENTER), FIELD_DONE);
    assert_int_equal(press(&f, KEYS_ESCAPE), FIELD_LEFT);
    assert_int_equal(type(&f, L'c', KEY_CTRL), FIELD_LEFT);
}

static void the_cursor_moves_by_characters(void **state)
{
    struct field f;
    (void)state;
    field_open(&f, "aé你");
    press(&f, KEYS_LEFT);
    assert_int_equal(f.cursor, 3);
    press(&f, KEYS_LEFT);
    assert_int_equal(f.cursor, 1);
    press(&f, KEYS_DELETE);
    assert_string_equal(f.text, "a你");
    type(&f, L'ü', 0);
    assert_string_equal(f.text, "aü你");
    press(&f, KEYS_HOME);
    press(&f, KEYS_LEFT);
    type(&f, L'-', 0);
    press(&f, KEYS_END);
    press(&f, KEYS_RIGHT);
    type(&f, L'!', 0);
    assert_string_equal(f.text, "-aü你!");
    press(&f, KEYS_LEFT);
    assert_int_equal(type(&f, L'u', KEY_CTRL), FIELD_EDITED);
    assert_string_equal(f.text, "!");
}

static void a_paste_is_one_clean_line(void **state)
{
    static const char text[] = "\"a\nb\t\033[2J\"";
    struct field f;
    (void)state;
    field_open(&f, "");
    field_key(&f, &(struct key){.code = KEYS_PASTE, .text = text, .text_size = sizeof text - 1});
    assert_string_equal(f.text, "\"a b ␛[2J\"");
}

static void what_is_too_long_is_not_taken(void **state)
{
    static char text[FIELD_BYTES];
    struct field f;
    (void)state;
    memset(text, 'x', sizeof text);
    field_open(&f, "12");
    field_key(&f, &(struct key){.code = KEYS_PASTE, .text = text, .text_size = sizeof text});
    assert_string_equal(f.text, "12");
    field_key(&f, &(struct key){.code = KEYS_PASTE, .text = text, .text_size = sizeof text - 3});
    assert_int_equal(f.size, sizeof text - 1);
    type(&f, L'y', 0);
    assert_int_equal(f.size, sizeof text - 1);
}

static void other_keys_are_left_alone(void **state)
{
    struct field f;
    (void)state;
    field_open(&f, "1");
    assert_int_equal(press(&f, KEYS_F1), FIELD_UNUSED);
    assert_int_equal(press(&f, KEYS_TAB), FIELD_UNUSED);
    assert_int_equal(type(&f, L'x', KEY_ALT), FIELD_UNUSED);
    assert_int_equal(press(&f, KEYS_UP), FIELD_EDITED); /* stays in the row */
    assert_string_equal(f.text, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_typed),          cmocka_unit_test(the_cursor_moves_by_characters),
        cmocka_unit_test(a_paste_is_one_clean_line), cmocka_unit_test(what_is_too_long_is_not_taken),
        cmocka_unit_test(other_keys_are_left_alone),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
