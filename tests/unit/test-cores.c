/* Tests of counting cores, on copies of what Linux says of processors. */
#include "config.h"

#include "engine/run/cores.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/engine.h"
#include "tests/cmocka.h"

static char root[64];

/* Processor `cpu` shares its core with those in the list. */
static void put_siblings(int cpu, const char *list)
{
    char command[320], path[256];
    snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/topology", root, cpu);
    snprintf(command, sizeof command, "mkdir -p %s", path);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", root, cpu);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s\n", list);
    assert_int_equal(fclose(f), 0);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/palaver-cores-XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int remove_root(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

static cpu_set_t processors(int first, int last)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu = first; cpu <= last; cpu++)
        CPU_SET((size_t)cpu, &set);
    return set;
}

static void two_threads_of_a_core_count_once(void **state)
{
    (void)state;
    for (int cpu = 0; cpu < 8; cpu++) {
        char list[32];
        snprintf(list, sizeof list, "%d,%d", cpu % 4, cpu % 4 + 4);
        put_siblings(cpu, list);
    }
    const cpu_set_t all = processors(0, 7), second_threads = processors(4, 7), some = processors(3, 5);
    assert_int_equal(cores_count(&all, root), 4);
    assert_int_equal(cores_count(&second_threads, root), 4);
    assert_int_equal(cores_count(&some, root), 3);
}

static void siblings_may_be_a_range(void **state)
{
    (void)state;
    for (int cpu = 0; cpu < 8; cpu++)
        put_siblings(cpu, cpu < 2 ? "0-1" : cpu < 6 ? "2-5" : "6-7");
    const cpu_set_t all = processors(0, 7), some = processors(1, 3);
    assert_int_equal(cores_count(&all, root), 3);
    assert_int_equal(cores_count(&some, root), 2);
}

static void unknown_processors_are_cores_of_their_own(void **state)
{
    (void)state;
    put_siblings(0, "");
    put_siblings(1, "nonsense");
    const cpu_set_t set = processors(0, 3);
    assert_int_equal(cores_count(&set, root), 4);
}

static void this_machine_has_cores(void **state)
{
    (void)state;
    assert_in_range(engine_cores(), 1, cores_processors());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_threads_of_a_core_count_once, make_root, remove_root),
        cmocka_unit_test_setup_teardown(siblings_may_be_a_range, make_root, remove_root),
        cmocka_unit_test_setup_teardown(unknown_processors_are_cores_of_their_own, make_root, remove_root),
        cmocka_unit_test(this_machine_has_cores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
