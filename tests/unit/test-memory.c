/* Tests of what is said of memory: the numbers of a machine and its control groups, taken from copies of the kernel's
 * files, and the plans that are made with them. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/chat/footprint.h"
#include "app/chat/pace.h"
#include "base/error.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "engine/run/plan.h"
#include "tests/cmocka.h"

#define MB ((uint64_t)1 << 20)
#define GB ((uint64_t)1 << 30)

/* ---- the kernel's files ----------------------------------------------------------------------------------------- */

static char root[64];

static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static void put(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s", root, name);
    make_folders(path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/palaver-memory-XXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    put("/proc/meminfo", "MemTotal:       16777216 kB\nMemFree:          100000 kB\nMemAvailable:    8388608 kB\n");
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

static struct memory read_memory(void)
{
    struct memory m;
    assert_true(memory_read(root, &m));
    return m;
}

static void a_machine_without_groups_has_what_meminfo_says(void **state)
{
    (void)state;
    struct memory m = read_memory();
    assert_int_equal(m.total, 16 * GB);
    assert_int_equal(m.available, 8 * GB);
    assert_false(m.limited);
}

static void a_group_of_version_2_limits_and_its_page_cache_counts_as_free(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/user.slice/app.scope\n");
    put("/sys/fs/cgroup/user.slice/app.scope/memory.max", "2147483648\n");
    put("/sys/fs/cgroup/user.slice/app.scope/memory.high", "max\n");
    put("/sys/fs/cgroup/user.slice/app.scope/memory.current", "1610612736\n");
    put("/sys/fs/cgroup/user.slice/app.scope/memory.stat",
        "anon 1073741824\nfile 536870912\ninactive_file 268435456\nactive_file 134217728\n");
    struct memory m = read_memory();
    assert_int_equal(m.total, 2 * GB);
    assert_int_equal(m.available, 2 * GB - 1536 * MB + 384 * MB);
    assert_true(m.limited);
}

static void the_limit_from_which_a_group_is_slowed_down_counts(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/slow\n");
    put("/sys/fs/cgroup/slow/memory.max", "max\n");
    put("/sys/fs/cgroup/slow/memory.high", "1073741824\n");
    put("/sys/fs/cgroup/slow/memory.current", "0\n");
    assert_int_equal(read_memory().available, GB);
}

static void a_limit_of_a_group_further_up_holds_too(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/outer/inner\n");
    put("/sys/fs/cgroup/outer/inner/memory.max", "4294967296\n");
    put("/sys/fs/cgroup/outer/inner/memory.current", "0\n");
    put("/sys/fs/cgroup/outer/memory.max", "1073741824\n");
    put("/sys/fs/cgroup/outer/memory.current", "536870912\n");
    struct memory m = read_memory();
    assert_int_equal(m.total, GB);
    assert_int_equal(m.available, 512 * MB);
}

static void groups_of_version_1_are_read(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/abc\n0::/\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "1073741824\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "805306368\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.stat",
        "cache 1\ninactive_file 1\ntotal_inactive_file 268435456\ntotal_active_file 268435456\n");
    assert_int_equal(read_memory().available, 768 * MB);
}

static void a_container_whose_path_is_the_hosts_finds_its_group_at_the_mount(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "4:memory:/docker/not-visible-here\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "0\n");
    assert_int_equal(read_memory().total, 512 * MB);
}

static void a_limit_above_the_machines_memory_is_none(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "4:memory:/big\n");
    put("/sys/fs/cgroup/memory/big/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/big/memory.usage_in_bytes", "1\n");
    assert_false(read_memory().limited);
}

static void without_meminfo_nothing_is_known(void **state)
{
    (void)state;
    struct memory m;
    char path[128];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    assert_int_equal(unlink(path), 0);
    assert_false(memory_read(root, &m));
}

static void what_this_process_touches_is_its_own(void **state)
{
    (void)state;
    const size_t size = 32 * MB;
    uint64_t before = memory_anonymous();
    char *block = malloc(size);
    assert_non_null(block);
    memset(block, 1, size);
    uint64_t after = memory_anonymous();
    assert_int_equal(block[size / 2], 1);
    free(block);
    assert_true(before > 0);
    assert_in_range(after - before, size - MB, size + 8 * MB);
}

/* ---- plans ------------------------------------------------------------------------------------------------------ */

static const struct plan_products products = {.layer = 50 * MB, .output = 100 * MB};

static struct memory_plan plan_of(uint64_t weights, uint64_t available)
{
    return (struct memory_plan){.weights = weights,
                                .cache = 512 * MB,
                                .buffers = 64 * MB,
                                .program = 10 * MB,
                                .total = 8 * GB,
                                .available = available,
                                .disk_rate = 1e9};
}

static void a_model_fits_when_all_of_it_and_the_reserve_do(void **state)
{
    (void)state;
    const uint64_t others = (512 + 64) * MB + plan_reserve(8 * GB);
    struct memory_plan p = plan_of(4 * GB, 4 * GB + others);
    plan_judge(&p, &products);
    assert_int_equal(p.verdict, PLAN_FITS);
    assert_int_equal(p.streamed, 0);
    assert_int_equal(p.resident, 4 * GB);
    p = plan_of(4 * GB, 4 * GB + others - 1);
    plan_judge(&p, &products);
    assert_int_equal(p.verdict, PLAN_STREAMS);
}

static void what_does_not_fit_is_read_for_each_token(void **state)
{
    (void)state;
    struct memory_plan p = plan_of(4 * GB, 3 * GB);
    plan_judge(&p, &products);
    assert_int_equal(p.verdict, PLAN_STREAMS);
    assert_int_equal(p.resident + p.streamed, 4 * GB);
    const uint64_t room = 3 * GB - (512 + 64) * MB - p.reserve;
    assert_int_equal(p.resident, room - (room / 32 > products.layer ? room / 32 : products.layer) - products.layer);
    assert_true(p.tokens_per_second > 0);
    assert_float_equal(p.tokens_per_second * (double)p.streamed, 1e9, 1);
}

static void a_disk_that_was_not_measured_promises_no_speed(void **state)
{
    (void)state;
    struct memory_plan p = plan_of(4 * GB, 3 * GB);
    p.disk_rate = 0;
    plan_judge(&p, &products);
    assert_true(p.tokens_per_second == 0);
}

static void weights_in_memory_of_their_own_cannot_be_streamed(void **state)
{
    (void)state;
    struct memory_plan p = plan_of(4 * GB, 3 * GB);
    p.copied = true;
    plan_judge(&p, &products);
    assert_int_equal(p.verdict, PLAN_TOO_LARGE);
    assert_true(p.tokens_per_second == 0);
}

static void a_context_larger_than_memory_is_too_large(void **state)
{
    (void)state;
    struct memory_plan p = plan_of(4 * GB, 500 * MB);
    plan_judge(&p, &products);
    assert_int_equal(p.verdict, PLAN_TOO_LARGE);
    assert_int_equal(p.resident, 0);
}

static void each_answer_beside_another_needs_a_context_of_its_own(void **state)
{
    (void)state;
    char text[200];
    struct error err = {0};
    struct memory_plan p =
        plan_of(4 * GB, 4 * GB + 1536 * MB); /* beside the weights two contexts of three quarters of a GB */
    p.cache = 640 * MB;
    p.buffers = 0;
    plan_judge(&p, &products);
    p.reserve = 0;
    assert_int_equal(memory_plan_beside(&p, 1), PLAN_FITS);
    assert_int_equal(memory_plan_beside(&p, 2), PLAN_FITS);
    assert_int_equal(memory_plan_beside(&p, 3), PLAN_STREAMS);
    assert_false(footprint_write_beside(&p, 2, text, sizeof text));
    assert_true(footprint_write_beside(&p, 3, text, sizeof text));
    assert_non_null(strstr(text, "3 contexts, 671.1 MB each"));
    assert_false(footprint_write_beside(&p, 4, text, sizeof text)); /* said once */
    assert_int_equal(footprint_check_beside(&p, 8, &err), ERR_NONE);
    assert_int_equal(footprint_check_beside(&p, 9, &err), ERR_BUSY);
    assert_non_null(strstr(err.message, "9 full contexts"));
}

/* Who has begun with a context that does not fit is not told so later. */
static void a_context_too_large_at_first_refuses_no_second_one(void **state)
{
    (void)state;
    struct error err = {0};
    struct memory_plan p = plan_of(4 * GB, 500 * MB);
    plan_judge(&p, &products);
    assert_int_equal(footprint_check_beside(&p, 2, &err), ERR_NONE);
}

static void unknown_memory_is_taken_to_suffice(void **state)
{
    (void)state;
    struct memory_plan p = plan_of(400 * GB, 0);
    plan_judge(&p, &products);
    assert_int_equal(p.verdict, PLAN_FITS);
}

static void what_stays_and_what_passes_fits_into_the_room(void **state)
{
    (void)state;
    for (uint64_t room = 0; room < 40 * GB; room = room * 2 + MB) {
        struct plan_room r = plan_divide(room, &products);
        const uint64_t passing = (r.output ? products.layer : products.output) + r.window;
        if (r.resident > 0)
            assert_true(r.resident + passing <= room);
        if (r.output)
            assert_true(r.resident >= products.output);
        assert_in_range(r.window, products.layer, 128 * MB);
    }
}

/* ---- in words --------------------------------------------------------------------------------------------------- */

static void parameters_are_told_in_three_digits(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *text;
    } cases[] = {{812, "812"},          {27456, "27.5 thousand"},   {999400, "999 thousand"},
                 {999600, "1 million"}, {134515008, "135 million"}, {1100048384, "1.1 billion"}};
    char text[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(footprint_parameters(cases[i].n, text), cases[i].text);
}

static void says_pace(const struct pace *p, uint64_t weights, double measured, const char *expected)
{
    char text[PACE_TEXT];
    assert_string_equal(pace_text(pace_rate(p, weights, measured), text), expected);
}

/* A small model reaches half of what memory gives, a large one nine tenths, and those between follow the nearer one. */
static void what_is_expected_follows_what_was_measured(void **state)
{
    (void)state;
    struct pace p = {0};
    says_pace(&p, GB, 0, "");
    says_pace(&p, GB, 3.25, "3.2 t/s measured");
    p.memory = 100.0 * (double)GB;
    says_pace(&p, GB, 0, "~80 t/s expected");
    pace_learn(&p, GB, 50);
    pace_learn(&p, 16 * GB, 5.625);
    says_pace(&p, 2 * GB, 0, "~25 t/s expected");
    says_pace(&p, 10 * GB, 0, "~9.0 t/s expected");
    says_pace(&p, 2 * GB, 111.4, "111 t/s measured");
    pace_learn(&p, 2 * GB, 70); /* more than memory gives, by guessing */
    says_pace(&p, 2 * GB, 0, "~50 t/s expected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_machine_without_groups_has_what_meminfo_says, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_group_of_version_2_limits_and_its_page_cache_counts_as_free, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(the_limit_from_which_a_group_is_slowed_down_counts, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_limit_of_a_group_further_up_holds_too, make_root, remove_root),
        cmocka_unit_test_setup_teardown(groups_of_version_1_are_read, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_container_whose_path_is_the_hosts_finds_its_group_at_the_mount, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(a_limit_above_the_machines_memory_is_none, make_root, remove_root),
        cmocka_unit_test_setup_teardown(without_meminfo_nothing_is_known, make_root, remove_root),
        cmocka_unit_test(what_this_process_touches_is_its_own),
        cmocka_unit_test(parameters_are_told_in_three_digits),
        cmocka_unit_test(what_is_expected_follows_what_was_measured),
        cmocka_unit_test(a_model_fits_when_all_of_it_and_the_reserve_do),
        cmocka_unit_test(what_does_not_fit_is_read_for_each_token),
        cmocka_unit_test(a_disk_that_was_not_measured_promises_no_speed),
        cmocka_unit_test(weights_in_memory_of_their_own_cannot_be_streamed),
        cmocka_unit_test(a_context_larger_than_memory_is_too_large),
        cmocka_unit_test(each_answer_beside_another_needs_a_context_of_its_own),
        cmocka_unit_test(a_context_too_large_at_first_refuses_no_second_one),
        cmocka_unit_test(unknown_memory_is_taken_to_suffice),
        cmocka_unit_test(what_stays_and_what_passes_fits_into_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
