/* Tests of what the line mode keeps, on a pseudo-terminal: a chat is killed, resumed, found again by its title, or
 * leaves no trace. The programs of one test share a home; the model has random weights. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "pty.h"
#include "tests/cmocka.h"
#include "tests/source.h"

#define PROMPT "\xE2\x80\xBA "

static char program[4096], model[4096];

/* A home that outlives the programs. */
struct home {
    char folder[64];
    char variables[4][96];
    const char *environment[6];
};

static void make_home(struct home *h)
{
    static const char *const names[] = {"DATA", "STATE", "CACHE", "CONFIG"};
    char folder[] = "/tmp/palaver-home.XXXXXX";
    assert_non_null(mkdtemp(folder));
    snprintf(h->folder, sizeof h->folder, "%s", folder);
    for (int i = 0; i < 4; i++) {
        snprintf(h->variables[i], sizeof h->variables[i], "XDG_%s_HOME=%s", names[i], folder);
        h->environment[i] = h->variables[i];
    }
    h->environment[4] = "EDITOR=sed -i s/gull/crow/";
    h->environment[5] = NULL;
}

static void remove_home(const struct home *h)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", h->folder);
    assert_int_equal(system(command), 0);
}

/* True when a file in it contains the bytes. */
static bool traces(const struct home *h, const char *bytes)
{
    char command[256];
    snprintf(command, sizeof command, "grep -rqaF '%s' '%s'", bytes, h->folder);
    return system(command) == 0;
}

/* Starts a chat with a few more options, up to NULL. */
static void start(struct pty *p, const struct home *h, const char *const *options)
{
    const char *argv[24] = {program, "--line", "-m", model, "-s", "1", "-c", "60000"};
    for (int n = 8; *options != NULL && n < 23; n++)
        argv[n] = *options++;
    assert_true(pty_start(p, argv, h->environment));
    assert_true(pty_expect(p, "/help, Ctrl-D leaves"));
}

static void say(struct pty *p, const char *text)
{
    char line[256];
    snprintf(line, sizeof line, "%s\r", text);
    pty_type(p, line);
    assert_true(pty_expect(p, "max_new_tokens"));
    assert_true(pty_expect(p, PROMPT));
}

static void quit(struct pty *p)
{
    pty_type(p, "\004");
    int status = pty_wait(p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    pty_end(p);
}

/* The question and the answer so far survive kill -9, and the answer is continued in the same message. */
static void survives_a_kill(void **state)
{
    (void)state;
    struct home h;
    struct pty p;
    make_home(&h);
    start(&p, &h, (const char *const[]){"--temperature", "0", "--frequency-penalty", "-2", NULL});
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "Tell of llamas\r");
    assert_true(pty_expect(&p, "llamas\r\n"));
    size_t before = p.out.size;
    while (p.out.size < before + 3000)
        pty_settle(&p);
    kill(p.child, SIGKILL);
    pty_wait(&p);
    pty_end(&p);

    start(&p, &h, (const char *const[]){"--continue", "-n", "4", NULL});
    assert_true(pty_expect(&p, PROMPT));
    assert_true(pty_saw(&p, PROMPT "Tell of llamas"));
    assert_true(pty_saw(&p, "[interrupted; /continue resumes it]"));
    say(&p, "/continue");
    pty_type(&p, "/context\r");
    assert_true(pty_expect(&p, "1   user"));
    assert_true(pty_expect(&p, "2   assistant"));
    assert_true(pty_expect(&p, "tokens are used"));
    assert_true(pty_expect(&p, PROMPT));
    assert_false(pty_saw(&p, "3   "));
    quit(&p);
    remove_home(&h);
}

/* The model is given the first question again after a restart, by title. */
static void resumes_by_title(void **state)
{
    (void)state;
    struct home h;
    struct pty p;
    make_home(&h);
    start(&p, &h, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Of the old gull");
    say(&p, "/regenerate");
    pty_type(&p, "/prev\r");
    assert_true(pty_expect(&p, "‹1/2›"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/new\r");
    assert_true(pty_expect(&p, "a new conversation"));
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Of ships");
    quit(&p);

    start(&p, &h, (const char *const[]){"-n", "4", "-r", "old gull", NULL});
    assert_true(pty_expect(&p, PROMPT));
    assert_true(pty_saw(&p, "Of the old gull ·"));
    assert_true(pty_saw(&p, PROMPT "Of the old gull"));
    say(&p, "And the sea?");
    pty_type(&p, "/prompt\r");
    assert_true(pty_expect(&p, "Of the old gull"));
    assert_true(pty_expect(&p, "And the sea?"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/next 2\r");
    assert_true(pty_expect(&p, "‹2/2›"));
    assert_true(pty_expect(&p, PROMPT));
    assert_false(pty_saw(&p, "Of ships"));
    quit(&p);
    remove_home(&h);
}

/* An edited question becomes an alternative of the first one, with an answer of its own. */
static void edits_beside(void **state)
{
    (void)state;
    struct home h;
    struct pty p;
    make_home(&h);
    start(&p, &h, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Of the old gull");
    say(&p, "And the sea?");
    pty_type(&p, "/edit 1\r");
    assert_true(pty_expect(&p, PROMPT "Of the old crow"));
    assert_true(pty_expect(&p, "max_new_tokens"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/prev 1\r");
    assert_true(pty_expect(&p, PROMPT "And the sea?")); /* its later messages are there */
    assert_true(pty_expect(&p, "‹1/2›"));
    pty_type(&p, "/edit\r");
    assert_true(pty_expect(&p, "nothing changed"));
    pty_type(&p, "/branch 2\r");
    assert_true(pty_expect(&p, "Of the old gull (2) · 2 messages"));
    assert_true(pty_expect(&p, "a separate conversation"));
    pty_type(&p, "/edit 7\r");
    assert_true(pty_expect(&p, "a number from 1 to 2"));
    pty_type(&p, "\025");
    quit(&p);
    remove_home(&h);
}

static void leaves_no_trace(void **state)
{
    (void)state;
    struct home h;
    struct pty p;
    make_home(&h);
    start(&p, &h, (const char *const[]){"-n", "4", "--no-save", NULL});
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Zeppelin one");
    say(&p, "Zeppelin two");
    quit(&p);
    assert_false(traces(&h, "Zeppelin"));
    assert_false(traces(&h, "SQLite"));

    start(&p, &h, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Xylophone");
    pty_type(&p, "/temp\r");
    assert_true(pty_expect(&p, "nothing of it is saved"));
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Zeppelin three");
    assert_false(traces(&h, "Zeppelin"));
    pty_type(&p, "/temp off\r");
    assert_true(pty_expect(&p, "which is saved"));
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Yodel");
    quit(&p);
    assert_false(traces(&h, "Zeppelin"));
    assert_true(traces(&h, "Xylophone"));
    assert_true(traces(&h, "Yodel"));
    remove_home(&h);
}

/* How many files the folder of saved sessions holds. */
static int count_sessions(const struct home *h)
{
    char command[256];
    snprintf(command, sizeof command, "exit $(ls '%s/palaver/sessions' 2>/dev/null | grep -c 'session$')", h->folder);
    const int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect_kept(struct pty *p, bool some)
{
    pty_type(p, "/stats\r");
    assert_true(pty_expect(p, "kept from before"));
    assert_true(pty_expect(p, PROMPT));
    assert_int_equal(!pty_saw(p, " 0 kept from before"), some);
}

/* What the model has read of a conversation outlives the program, until the conversation is deleted. */
static void reads_nothing_twice(void **state)
{
    (void)state;
    struct home h;
    struct pty p;
    make_home(&h);
    start(&p, &h, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Tell me of llamas and alpacas and guanacos and vicunas, please");
    expect_kept(&p, false);
    quit(&p);
    assert_int_equal(count_sessions(&h), 1);

    start(&p, &h, (const char *const[]){"-n", "4", "--continue", NULL});
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "And of camels");
    expect_kept(&p, true);
    pty_type(&p, "/temp\r");
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Nothing of this is to be saved, whatever llamas and alpacas say of it");
    quit(&p);
    assert_int_equal(count_sessions(&h), 1);

    start(&p, &h, (const char *const[]){"-n", "4", "--continue", "--cache-disk", "0", NULL});
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "And of others");
    expect_kept(&p, false);
    pty_type(&p, "/delete\r");
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
    assert_int_equal(count_sessions(&h), 0);
    remove_home(&h);
}

/* Guessing changes nothing but the time, and /stats tells of it: an answer made again is what the first one was. */
static void guesses_are_counted(void **state)
{
    (void)state;
    struct home h;
    struct pty p;
    make_home(&h);
    start(&p, &h, (const char *const[]){"-n", "40", "--temperature", "0", "--speculate", "always", NULL});
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Llamas and llamas and llamas");
    say(&p, "/regenerate");
    pty_type(&p, "/stats\r");
    assert_true(pty_expect(&p, "guesses right"));
    assert_true(pty_expect(&p, PROMPT));
    assert_false(pty_saw(&p, ", 0 of "));
    pty_type(&p, "/verify\r");
    assert_true(pty_expect(&p, "identical, "));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
    start(&p, &h, (const char *const[]){"-n", "40", "--continue", "--speculate", "off", NULL});
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/verify\r");
    assert_true(pty_expect(&p, "identical, "));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
    remove_home(&h);
}

/* A history that cannot be opened is reported, and the chat works without it. */
static void opens_without_a_history(void **state)
{
    (void)state;
    struct home h;
    struct pty p;
    char command[256];
    make_home(&h);
    snprintf(command, sizeof command, "mkdir -p '%s/palaver' && seq 2000 >'%s/palaver/history.db'", h.folder, h.folder);
    assert_int_equal(system(command), 0);
    start(&p, &h, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(&p, PROMPT));
    assert_true(pty_saw(&p, "history.db"));
    assert_true(pty_saw(&p, "Nothing of this chat is saved"));
    say(&p, "Hello");
    quit(&p);
    remove_home(&h);
}

/* ---- what can't be saved ---------------------------------------------------------------------------------------- */

/* A full disk for this program: its files cannot grow beyond a small export, which is less than a page of a database. A
 * limit at the size of the history's log would not do, as SQLite begins that anew when all of it is in the database. */
static void fill_disk(const struct pty *p)
{
    struct rlimit limit;
    assert_int_equal(prlimit(p->child, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = 2000;
    assert_int_equal(prlimit(p->child, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void leaving_with_unsaved_messages_is_held_once(void **state)
{
    (void)state;
    struct home h;
    struct pty p;
    char line[128];
    make_home(&h);
    signal(SIGXFSZ, SIG_IGN); /* so that writing fails, as it does on a full disk */
    start(&p, &h, (const char *const[]){"-n", "4", NULL});
    signal(SIGXFSZ, SIG_DFL);
    assert_true(pty_expect(&p, PROMPT));
    say(&p, "Hello");
    fill_disk(&p);
    say(&p, "Goodbye");
    assert_true(pty_saw(&p, "can't be saved now"));
    pty_type(&p, "\004");
    assert_true(pty_expect(&p, "2 messages can't be saved and would be lost"));
    assert_true(pty_expect(&p, PROMPT));
    snprintf(line, sizeof line, "/export %s/all.md\r", h.folder);
    pty_type(&p, line);
    assert_true(pty_expect(&p, "written to"));
    assert_true(pty_expect(&p, PROMPT));
    assert_true(traces(&h, "Goodbye"));
    pty_type(&p, "\004");
    int status = pty_wait(&p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_true(pty_saw(&p, "2 messages could not be saved"));
    pty_end(&p);
    remove_home(&h);
}

/* While another program has the history open, so that it needs not be made. */
static void an_answer_that_is_not_saved_is_an_error(void **state)
{
    (void)state;
    struct home h;
    struct pty other, p;
    char command[9000];
    make_home(&h);
    start(&other, &h, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(&other, PROMPT));
    say(&other, "Hello");
    snprintf(command, sizeof command, "trap '' XFSZ; ulimit -f 1; exec %s -m %s -n 4 -p Goodbye", program, model);
    assert_true(pty_start(&p, (const char *const[]){"/bin/sh", "-c", command, NULL}, h.environment));
    int status = pty_wait(&p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_true(pty_saw(&p, "could not be saved"));
    pty_end(&p);
    quit(&other);
    assert_false(traces(&h, "Goodbye"));
    remove_home(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_kill),
        cmocka_unit_test(resumes_by_title),
        cmocka_unit_test(edits_beside),
        cmocka_unit_test(leaves_no_trace),
        cmocka_unit_test(reads_nothing_twice),
        cmocka_unit_test(guesses_are_counted),
        cmocka_unit_test(opens_without_a_history),
        cmocka_unit_test(leaving_with_unsaved_messages_is_held_once),
        cmocka_unit_test(an_answer_that_is_not_saved_is_an_error),
    };
    const char *source = source_folder(), *binary = getenv("PALAVER");
    char *root = realpath(source, NULL);
    char *path = realpath(binary != NULL ? binary : "./palaver", NULL);
    if (root == NULL || path == NULL)
        return 99;
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", root);
    snprintf(program, sizeof program, "%s", path);
    free(root);
    free(path);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
