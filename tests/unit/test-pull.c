/* Tests of remote/: whatever a server does, there is the whole right file under its name in the end, or none under that name
 * and a message. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/cmocka.h"
#include "tests/unit/pulling.h"

#define MODEL "model.gguf"

/* The model is there, whole, and nothing else. */
static void assert_whole(const struct pulling *p)
{
    if (p->err.code != ERR_NONE)
        fail_msg("%s", p->err.message);
    assert_true(pulling_has(p, MODEL, p->model, MODEL_BYTES));
    assert_int_equal(pulling_count(p), 1);
}

/* Nothing has the model's name, and the message says this. */
static void assert_refused(const struct pulling *p, const char *says)
{
    assert_int_not_equal(p->err.code, ERR_NONE);
    if (strstr(p->err.message, says) == NULL)
        fail_msg("'%s' is not in: %s", says, p->err.message);
    assert_false(pulling_has(p, MODEL, NULL, 0));
}

static void a_file_comes_whole(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/plain/model.gguf");
    assert_whole(p);
    assert_int_equal(p->checks, 1);
    assert_int_equal(pulling_requests(p, "/plain/"), 1);
}

static void a_broken_connection_is_taken_up_again(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/breaks/model.gguf");
    assert_whole(p);
    assert_int_equal(pulling_requests(p, "/breaks/"), 3);
    assert_int_equal(pulling_requests(p, "bytes=140000-\t\"v1\""), 1);
    assert_int_equal(p->waits, 0); /* bytes had come */
}

static void a_later_call_continues(void **state)
{
    struct pulling *p = pulling_begin(state);
    p->stop_at = 50000;
    assert_int_equal(pulling_pull(p, "^/breaks/model.gguf"), ERR_STOPPED);
    assert_refused(p, "stopped");
    const int64_t there = pulling_size(p, MODEL ".part");
    assert_true(there > 0 && there < MODEL_BYTES);
    p->stop_at = -1;
    pulling_pull(p, "^/breaks/model.gguf");
    assert_whole(p);
    char from[40];
    snprintf(from, sizeof from, "bytes=%d-", (int)there);
    assert_int_equal(pulling_requests(p, from), 1);
}

static void a_part_of_another_address_is_not_continued(void **state)
{
    struct pulling *p = pulling_begin(state);
    p->stop_at = 50000;
    pulling_pull(p, "^/breaks/model.gguf");
    p->stop_at = -1;
    pulling_pull(p, "^/plain/model.gguf");
    assert_whole(p);
    assert_int_equal(pulling_requests(p, "/plain/model.gguf\t-"), 1);
}

static void a_server_without_ranges_begins_anew(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/norange/model.gguf");
    assert_whole(p);
    assert_string_equal(p->note, "the server sends the file from its beginning");
}

static void a_server_that_never_gets_further_is_given_up(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/stuck/model.gguf");
    assert_refused(p, "tries in vain");
    assert_true(pulling_size(p, MODEL ".part") > 0);
    assert_in_range(p->seconds, 15, 31);
}

static void a_server_without_versions_is_continued(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/noetag/model.gguf");
    assert_whole(p);
    assert_int_equal(pulling_requests(p, "bytes=100000-\t-"), 1);
}

static void a_file_that_changes_meanwhile_is_fetched_anew(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/changed/model.gguf");
    assert_whole(p);
    pulling_begin(state);
    pulling_pull(p, "^/liar/model.gguf"); /* its answer to the range has another ETag */
    assert_whole(p);
}

static void announced_lengths_are_held_against_what_comes(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/long/model.gguf");
    assert_refused(p, "tries in vain");
    pulling_begin(state);
    pulling_pull(p, "^/short/model.gguf"); /* only the engine can see it */
    assert_refused(p, "cut off");
    p->sha256 = p->model_sum;
    pulling_pull(p, "^/short/model.gguf");
    assert_refused(p, "checksum");
    pulling_begin(state);
    pulling_pull(p, "^/empty/model.gguf");
    assert_refused(p, "is not a GGUF file");
    assert_int_equal(pulling_count(p), 0);
}

static void an_unknown_length_needs_a_checksum(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/nolength/model.gguf");
    assert_refused(p, "--sha256");
    pulling_pull(p, "^/chunked/model.gguf");
    assert_refused(p, "--sha256");
    pulling_pull(p, "^/endless/model.gguf");
    assert_refused(p, "--sha256");
    assert_int_equal(pulling_count(p), 0);
    p->sha256 = p->model_sum;
    pulling_pull(p, "^/chunked/model.gguf");
    assert_whole(p);
    pulling_begin(state);
    p->sha256 = p->model_sum;
    pulling_pull(p, "^/nolength/model.gguf");
    assert_whole(p);
}

static void an_endless_body_can_be_stopped(void **state)
{
    struct pulling *p = pulling_begin(state);
    p->sha256 = p->model_sum;
    p->stop_at = 5 * MODEL_BYTES;
    assert_int_equal(pulling_pull(p, "^/endless/model.gguf"), ERR_STOPPED);
    assert_refused(p, "stopped");
}

static void a_refused_range_begins_anew(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/beyond/model.gguf");
    assert_whole(p);
    assert_non_null(strstr(p->note, "416"));
}

static void a_busy_server_gets_time(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/many/model.gguf");
    assert_whole(p);
    assert_int_equal(p->waits, 0); /* Retry-After: 0 */
    assert_int_equal(p->notes, 3);
    pulling_begin(state);
    pulling_pull(p, "^/busy/model.gguf"); /* without Retry-After: 1 and 2 seconds */
    assert_whole(p);
    assert_int_equal(p->waits, 2);
    assert_int_equal(p->seconds, 3);
    pulling_begin(state);
    pulling_pull(p, "^/dated/model.gguf"); /* a date that is past */
    assert_whole(p);
    assert_int_equal(p->waits, 0);
    pulling_begin(state);
    pulling_pull(p, "^/never/model.gguf");
    assert_refused(p, "can't answer now (503)");
    pulling_pull(p, "^/later/model.gguf");
    assert_refused(p, "asks to wait 100000 seconds");
    assert_int_equal(p->waits, 0);
}

static void what_the_disk_has_no_room_for_is_not_begun(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/huge/model.gguf");
    assert_refused(p, "GB are needed");
    assert_int_equal(pulling_count(p), 0);
}

static void two_at_once_do_not_mix(void **state)
{
    struct pulling *p = pulling_begin(state);
    char path[300];
    snprintf(path, sizeof path, "%s/" MODEL ".part", p->folder);
    const int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(pulling_pull(p, "^/plain/model.gguf"), ERR_BUSY);
    assert_refused(p, "another palaver");
    close(fd);
    pulling_pull(p, "^/plain/model.gguf");
    assert_whole(p);
}

static void refusals_say_what_to_do(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/gone/model.gguf");
    assert_refused(p, "does not exist there (404)");
    assert_int_equal(p->err.code, ERR_NOT_FOUND);
    pulling_pull(p, "^/private/model.gguf");
    assert_refused(p, "HF_TOKEN");
    pulling_pull(p, "^/gated/model.gguf");
    assert_refused(p, "accept the licence");
    pulling_pull(p, "http://127.0.0.1:9/model.gguf");
    assert_refused(p, "connect");
    assert_int_equal(p->waits, 0); /* no server has ever answered */
    assert_int_equal(pulling_count(p), 0);
}

static void what_is_no_model_is_not_kept(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/page/model.gguf");
    assert_refused(p, "web page");
    pulling_pull(p, "^/pointer/model.gguf");
    assert_refused(p, "LFS pointer");
    pulling_serve(p, "text.gguf", "no model, whatever it is called", 31);
    pulling_pull(p, "^/plain/text.gguf");
    assert_refused(p, "is not a GGUF file");
    assert_int_equal(pulling_count(p), 0);
}

static void a_login_page_does_not_cost_what_had_come(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/captive/model.gguf");
    assert_refused(p, "web page");
    assert_int_equal(pulling_size(p, MODEL ".part"), MODEL_BYTES / 2);
}

static void redirects_are_followed_with_care(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/redirect/model.gguf");
    assert_whole(p);
    pulling_begin(state);
    pulling_pull(p, "^/loop/model.gguf");
    assert_refused(p, "more than 10 redirects");
    pulling_pull(p, "^/leak/model.gguf");
    assert_refused(p, "only http and https");
    pulling_pull(p, "^/nowhere/model.gguf");
    assert_refused(p, "to nowhere");
    assert_int_equal(pulling_count(p), 0);
}

static void a_token_goes_to_its_host_alone(void **state)
{
    struct pulling *p = pulling_begin(state);
    p->token = "secret-token";
    pulling_pull(p, "^/elsewhere/model.gguf");
    assert_whole(p);
    assert_int_equal(pulling_requests(p, "/elsewhere/"), 1);
    assert_int_equal(pulling_requests(p, "secret-token"), 1);
    assert_int_equal(pulling_requests(p, "secret-token\tlocalhost"), 0);
    pulling_begin(state);
    p->token = "secret-token";
    char other[80]; /* not the hub's host, from the beginning */
    snprintf(other, sizeof other, "http://localhost:%d/plain/model.gguf", p->port);
    pulling_pull(p, other);
    assert_whole(p);
    assert_int_equal(pulling_requests(p, "secret-token"), 0);
}

static void the_given_checksum_decides(void **state)
{
    struct pulling *p = pulling_begin(state);
    p->sha256 = p->model_sum;
    pulling_pull(p, "^/breaks/model.gguf");
    assert_whole(p);
    pulling_begin(state);
    p->sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
    pulling_pull(p, "^/plain/model.gguf");
    assert_refused(p, p->model_sum);
    assert_int_equal(pulling_size(p, MODEL ".part"), MODEL_BYTES);
    p->sha256 = p->model_sum; /* it was mistyped: what has come is enough */
    pulling_pull(p, "^/plain/model.gguf");
    assert_whole(p);
    assert_int_equal(pulling_requests(p, "/plain/"), 1);
    p->sha256 = "12";
    pulling_pull(p, "^/plain/model.gguf");
    assert_int_equal(p->err.code, ERR_ARGUMENT);
}

static void a_damaged_part_is_fetched_anew(void **state)
{
    struct pulling *p = pulling_begin(state);
    char path[300];
    p->stop_at = 50000;
    p->sha256 = p->model_sum;
    pulling_pull(p, "^/breaks/model.gguf");
    snprintf(path, sizeof path, "%s/" MODEL ".part", p->folder);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, 1000, SEEK_SET);
    putc(p->model[1000] ^ 1, file);
    fclose(file);
    p->stop_at = -1;
    pulling_pull(p, "^/breaks/model.gguf");
    assert_whole(p);
}

static void what_is_there_is_never_replaced(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_pull(p, "^/plain/model.gguf");
    pulling_pull(p, "^/plain/model.gguf");
    assert_int_equal(p->err.code, ERR_ARGUMENT);
    assert_non_null(strstr(p->err.message, "is there already"));
    p->sha256 = p->model_sum; /* with it, what is there is known to be right */
    pulling_pull(p, "^/gone/model.gguf");
    assert_whole(p);
    assert_int_equal(pulling_requests(p, "/gone/"), 0);
    p->sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
    pulling_pull(p, "^/plain/model.gguf");
    assert_int_equal(p->err.code, ERR_ARGUMENT);
    assert_true(pulling_has(p, MODEL, p->model, MODEL_BYTES));
}

static void all_parts_of_a_split_model_come(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_serve(p, "big-00001-of-00003.gguf", p->model, 1000);
    pulling_serve(p, "big-00002-of-00003.gguf", p->model, 2000);
    pulling_serve(p, "big-00003-of-00003.gguf", p->model, 3000);
    pulling_pull(p, "^/plain/big-00002-of-00003.gguf");
    assert_int_equal(p->err.code, ERR_NONE);
    assert_int_equal(pulling_size(p, "big-00001-of-00003.gguf"), 1000);
    assert_int_equal(pulling_size(p, "big-00002-of-00003.gguf"), 2000);
    assert_int_equal(pulling_size(p, "big-00003-of-00003.gguf"), 3000);
    assert_int_equal(pulling_count(p), 3);
    pulling_begin(state);
    pulling_serve(p, "two-00001-of-00002.gguf", p->model, 1000);
    pulling_serve(p, "two-00002-of-00002.gguf", "<html>not found", 15);
    pulling_pull(p, "^/plain/two-00001-of-00002.gguf");
    assert_int_not_equal(p->err.code, ERR_NONE);
    assert_int_equal(pulling_count(p), 0); /* the first part, which names the model, would come last */
}

static void addresses_without_a_file_are_refused(void **state)
{
    struct pulling *p = pulling_begin(state);
    const char *const bad[] = {"^",
                               "^/",
                               "^/plain/.hidden.gguf",
                               "^/plain/a%2Fb%0A.gguf",
                               "file:///etc/passwd",
                               "ftp://a/b.c",
                               "http://",
                               "nosuchname",
                               "../x",
                               "/etc/passwd",
                               "hf:x",
                               "^/a.part",
                               "^/plain/%1b%5b2Jx.gguf"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pulling_pull(p, bad[i]);
        if (p->err.code == ERR_NONE)
            fail_msg("%s was fetched", bad[i]);
    }
    assert_int_equal(pulling_count(p), 0);
    assert_int_equal(pulling_requests(p, "/"), 0);
}

static void messages_show_no_secret(void **state)
{
    struct pulling *p = pulling_begin(state);
    char name[120];
    snprintf(name, sizeof name, "http://user:hunter2@127.0.0.1:%d/gone/model.gguf?signature=hunter3", p->port);
    pulling_pull(p, name);
    assert_refused(p, "does not exist");
    assert_null(strstr(p->err.message, "hunter"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_whole),
        cmocka_unit_test(a_broken_connection_is_taken_up_again),
        cmocka_unit_test(a_later_call_continues),
        cmocka_unit_test(a_part_of_another_address_is_not_continued),
        cmocka_unit_test(a_server_without_ranges_begins_anew),
        cmocka_unit_test(a_server_that_never_gets_further_is_given_up),
        cmocka_unit_test(a_server_without_versions_is_continued),
        cmocka_unit_test(a_file_that_changes_meanwhile_is_fetched_anew),
        cmocka_unit_test(announced_lengths_are_held_against_what_comes),
        cmocka_unit_test(an_unknown_length_needs_a_checksum),
        cmocka_unit_test(an_endless_body_can_be_stopped),
        cmocka_unit_test(a_refused_range_begins_anew),
        cmocka_unit_test(a_busy_server_gets_time),
        cmocka_unit_test(what_the_disk_has_no_room_for_is_not_begun),
        cmocka_unit_test(two_at_once_do_not_mix),
        cmocka_unit_test(refusals_say_what_to_do),
        cmocka_unit_test(what_is_no_model_is_not_kept),
        cmocka_unit_test(a_login_page_does_not_cost_what_had_come),
        cmocka_unit_test(redirects_are_followed_with_care),
        cmocka_unit_test(a_token_goes_to_its_host_alone),
        cmocka_unit_test(the_given_checksum_decides),
        cmocka_unit_test(a_damaged_part_is_fetched_anew),
        cmocka_unit_test(what_is_there_is_never_replaced),
        cmocka_unit_test(all_parts_of_a_split_model_come),
        cmocka_unit_test(addresses_without_a_file_are_refused),
        cmocka_unit_test(messages_show_no_secret),
    };
    return cmocka_run_group_tests(tests, pulling_start, pulling_end);
}
