/* Tests of which remark the status shows. */
#include <config.h>

#include "tests/cmocka.h"
#include "ui/panes/status.h"

enum { ERROR_LEAST = 4001, ERROR = 18001 }; /* milliseconds, rounded up */

static void an_error_keeps_its_place_for_a_while(void **state)
{
    (void)state;
    struct status *s = status_new(NULL);
    assert_int_equal(status_timeout(s), -1);
    status_notice(s, true, "what the user asked for is not possible");
    status_remark(s, false, "something else has happened");
    assert_true(status_timeout(s) <= ERROR_LEAST);
    status_remark(s, true, "and more"); /* the last is told */
    assert_true(status_timeout(s) <= ERROR_LEAST);
    status_notice(s, false, NULL); /* the user has read it */
    assert_int_not_equal(status_timeout(s), -1);
    status_notice(s, false, NULL);
    assert_int_equal(status_timeout(s), -1);
    status_free(s);
}

static void other_remarks_are_replaced_at_once(void **state)
{
    (void)state;
    struct status *s = status_new(NULL);
    status_notice(s, false, "done");
    status_remark(s, true, "something has happened");
    assert_true(status_timeout(s) > ERROR_LEAST && status_timeout(s) <= ERROR);
    status_notice(s, false, "done");
    status_notice(s, false, NULL);
    assert_int_equal(status_timeout(s), -1); /* nothing waited */
    status_remark(s, true, "something has happened");
    status_notice(s, true, "what the user asked for is not possible");
    status_notice(s, false, NULL);
    assert_int_equal(status_timeout(s), -1);
    status_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_keeps_its_place_for_a_while),
        cmocka_unit_test(other_remarks_are_replaced_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
