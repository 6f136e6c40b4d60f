/* The rows of a conversation's map: order, levels, what is folded, and how few keys lead anywhere. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"
#include "ui/panes/map.h"

/* Two ways on after 2; a run of seven after the second. */
static const struct map_node small[] = {{10, 0},  {11, 10}, {12, 11}, {13, 11}, {14, 12}, {15, 13},
                                        {16, 15}, {17, 16}, {18, 17}, {19, 18}, {20, 19}, {99, 98}};
enum { SMALL = sizeof small / sizeof small[0] };

static size_t node(const struct map *m, int64_t id)
{
    size_t found = map_node_of(m, id);
    assert_true(found != MAP_NONE);
    return found;
}

/* Rows as ids, a run's middle as the number of its messages in brackets. */
static void rows_are(const struct map *m, const char *expected)
{
    char shown[400] = "";
    for (size_t i = 0; i < map_rows(m); i++) {
        struct map_row r = map_row(m, i);
        size_t at = strlen(shown);
        if (r.hidden > 0)
            snprintf(shown + at, sizeof shown - at, "%s[%zu]", i > 0 ? " " : "", r.hidden);
        else
            snprintf(shown + at, sizeof shown - at, "%s%lld", i > 0 ? " " : "", (long long)small[r.node].id);
    }
    assert_string_equal(shown, expected);
}

static void rows_follow_the_branches(void **state)
{
    (void)state;
    struct map *m = map_new(small, SMALL);
    assert_int_equal(map_count(m), SMALL - 1); /* the last one's parent is missing */
    rows_are(m, "10 11 12 14 13 [5] 20");
    assert_int_equal(map_number(m, node(m, 13)), 5);
    assert_int_equal(map_level(m, node(m, 11)), 0);
    assert_int_equal(map_level(m, node(m, 14)), 1);
    assert_true(map_goes_on(m, node(m, 14), 1));
    assert_false(map_goes_on(m, node(m, 20), 1));
    assert_true(map_begins_branch(m, node(m, 13)));
    assert_false(map_begins_branch(m, node(m, 15)));
    assert_int_equal(map_parting(m, node(m, 20)), node(m, 11));
    assert_int_equal(map_parting(m, node(m, 11)), MAP_NONE);
    assert_int_equal(map_leaf(m, node(m, 10), 1), node(m, 14));
    assert_int_equal(map_leaf(m, node(m, 14), 1), node(m, 20));
    assert_int_equal(map_leaf(m, node(m, 14), -1), MAP_NONE);
    assert_int_equal(map_run_end(m, node(m, 10)), node(m, 11));
    assert_int_equal(map_below(m, node(m, 11)), 9);
    assert_int_equal(map_number(m, node(m, 99)), 0);
    map_free(m);
}

static void folding_hides_and_reveals(void **state)
{
    (void)state;
    struct map *m = map_new(small, SMALL);
    map_fold(m, node(m, 11));
    rows_are(m, "10 11");
    assert_int_equal(map_find(m, node(m, 18)), 1);
    map_fold(m, node(m, 11));
    map_open_run(m, node(m, 17));
    rows_are(m, "10 11 12 14 13 15 16 17 18 19 20");
    map_fold(m, node(m, 16));
    rows_are(m, "10 11 12 14 13 15 16");
    map_reveal(m, node(m, 20));
    rows_are(m, "10 11 12 14 13 15 16 17 18 19 20");
    map_fold(m, node(m, 13));
    rows_are(m, "10 11 12 14 13");
    map_free(m);
    m = map_new(small, SMALL);
    map_reveal(m, node(m, 17));
    rows_are(m, "10 11 12 14 13 15 16 17 18 19 20");
    map_free(m);
    m = map_new(NULL, 0);
    assert_int_equal(map_rows(m), 0);
    map_free(m);
}

/* 1,000 messages with 50 branches: the number of any of them has four digits at most, and Enter is the fifth key. */
static void a_large_conversation_is_whole(void **state)
{
    enum { MESSAGES = 1000, BRANCH = 20 };
    static struct map_node nodes[MESSAGES];
    (void)state;
    for (int i = 0; i < MESSAGES; i++)
        nodes[i] = (struct map_node){i + 1, i % BRANCH == 0 ? i / BRANCH / 2 * BRANCH / 2 : i};
    nodes[0].parent = 0;
    struct map *m = map_new(nodes, MESSAGES);
    assert_int_equal(map_count(m), MESSAGES);
    assert_true(map_rows(m) < 250);
    size_t shown = 0;
    for (size_t i = 0; i < map_rows(m); i++)
        shown += map_row(m, i).hidden > 0 ? map_row(m, i).hidden : 1;
    assert_int_equal(shown, MESSAGES);
    for (size_t number = 1; number <= MESSAGES; number++) {
        size_t to = map_numbered(m, number);
        assert_int_equal(map_number(m, to), number);
        map_reveal(m, to);
        assert_int_equal(map_row(m, map_find(m, to)).hidden, 0);
        assert_int_equal(map_row(m, map_find(m, to)).node, to);
    }
    assert_int_equal(map_rows(m), MESSAGES);
    map_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_follow_the_branches),
        cmocka_unit_test(folding_hides_and_reveals),
        cmocka_unit_test(a_large_conversation_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
