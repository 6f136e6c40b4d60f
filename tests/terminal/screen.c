/* What the tests of the screen share. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

char program[4096], model[4096];
const char *const plain[] = PLAIN;

void write_endpoints(uint16_t port)
{
    char path[200];
    snprintf(path, sizeof path, "%s/.config", test_folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.config/palaver", test_folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.config/palaver/endpoints", test_folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "[big]\nurl = http://127.0.0.1:%u\n", (unsigned)port);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
}

uint16_t begin_server(struct pty *server)
{
    const char *const argv[] = {program, "serve", "-m", model, "-t", "1", "-c", "60000", "--port", "0", NULL};
    assert_true(pty_start(server, argv, plain));
    assert_true(pty_expect(server, "/v1"));
    const char *at = strstr(buf_text(&server->out), "127.0.0.1:");
    assert_non_null(at);
    const uint16_t port = (uint16_t)strtoul(at + strlen("127.0.0.1:"), NULL, 10);
    write_endpoints(port);
    return port;
}

struct vt *start_in(const char *home, int rows, int columns, const char *const *environment, const char *const *options)
{
    const char *argv[24] = {program, "-m", model, "-s", "1"};
    for (int n = 5; *options != NULL && n < 23; n++)
        argv[n] = *options++;
    return vt_start(rows, columns, argv, environment, home);
}

struct vt *start(int rows, int columns, const char *const *options)
{
    struct vt *t = start_in(NULL, rows, columns, plain, options);
    assert_true(vt_wait(t, READY));
    return t;
}

void leave(struct vt *t)
{
    vt_type(t, "\003\003\003\004"); /* the first stops an answer, the last clears what is typed */
    int status = vt_wait_end(t);
    if (status == -1)
        fail_msg("the program has not ended:\n%s", vt_screen(t));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(vt_is_restored(t));
    assert_false(vt_on_alternate(t));
    assert_true(vt_cursor_visible(t));
}

void quit(struct vt *t)
{
    leave(t);
    vt_end(t);
}

void press(struct vt *t, const char *key)
{
    vt_pause(t, 60);
    vt_type(t, strcmp(key, ESC) == 0 ? "\033[27u" : key);
    vt_pause(t, 60);
}

void ask(struct vt *t, const char *text)
{
    vt_type(t, text);
    assert_true(vt_wait(t, text));
    vt_type(t, "\r");
}

void exchange(struct vt *t, const char *text)
{
    ask(t, text);
    assert_true(vt_wait(t, "/continue resumes it")); /* stopped after 4 tokens */
    vt_settle(t, 60);
}

void wait_for_stored_answer(struct vt *t)
{
    char path[256];
    snprintf(path, sizeof path, "%s/.local/share/palaver/history.db", vt_home(t));
    for (int stored = 0, tries = 0; stored == 0; tries++) {
        sqlite3 *db = NULL;
        sqlite3_stmt *s = NULL;
        assert_true(tries < 2000);
        vt_pause(t, 50);
        if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(db, "SELECT count(*) FROM message WHERE length(text) > 20 AND parent IS NOT NULL", -1,
                               &s, NULL) == SQLITE_OK &&
            sqlite3_step(s) == SQLITE_ROW)
            stored = sqlite3_column_int(s, 0);
        sqlite3_finalize(s);
        sqlite3_close(db);
    }
}

bool find_program(void)
{
    const char *source = source_folder(), *given = getenv("PALAVER");
    char fixture[4096];
    snprintf(fixture, sizeof fixture, "%s/tests/fixtures/sea.gguf", source);
    if (realpath(given != NULL ? given : "palaver", program) != NULL && realpath(fixture, model) != NULL)
        return true;
    fprintf(stderr, "there is no program or no model to test\n");
    return false;
}

void go_to_bias(struct vt *t)
{
    for (int i = 0; i < 5; i++)
        press(t, UP);
    assert_true(vt_wait(t, "added to a token's score"));
}
