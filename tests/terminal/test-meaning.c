/* Tests of search by meaning as people use it: on the screen, in line mode, as a command; and what tells how far it is. */
#include <config.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "pty.h"
#include "screen.h"
#include "tests/cmocka.h"
#include "tests/wordy.h"

#define SEARCH "\033s" /* Alt-s */

static char home[64];

/* A file in the home, written by hand or by palaver; static. */
static const char *file_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", home, name);
    return path;
}

/* Runs a command in the home to its end; what it printed, malloc'ed. expected: its exit status; -1: any. */
static char *run(const char *command, int expected)
{
    char line[8192];
    struct buf out;
    buf_init(&out, 1 << 20);
    snprintf(line, sizeof line, "HOME='%s' LANG=C.UTF-8 TZ=UTC '%s' %s 2>&1 </dev/null", home, program, command);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    for (int c; (c = fgetc(pipe)) != EOF;)
        buf_putc(&out, (char)c);
    const int status = pclose(pipe);
    if (!WIFEXITED(status) || (expected >= 0 && WEXITSTATUS(status) != expected))
        fail_msg("palaver %s: status %d: %s", command, status, buf_text(&out));
    return buf_take(&out);
}

static void expect(const char *command, int status, const char *text, const char *other)
{
    char *out = run(command, status);
    if (strstr(out, text) == NULL || (other != NULL && strstr(out, other) != NULL))
        fail_msg("palaver %s printed\n%s\nand not: %s", command, out, text);
    free(out);
}

static const char chats[] =
    "[{\"title\":\"Trips\",\"messages\":[{\"role\":\"user\",\"content\":\"I looked at many things. My automobile hates the "
    "cold. Good night!\"},{\"role\":\"assistant\",\"content\":\"Take a train.\"}]},"
    "{\"title\":\"Pets\",\"messages\":[{\"role\":\"user\",\"content\":\"A kitten\"},"
    "{\"role\":\"assistant\",\"content\":\"And a puppy: invoice 942624.\"}]}]";

static int set_up(void **state)
{
    (void)state;
    snprintf(home, sizeof home, "/tmp/palaver-meaning-XXXXXX");
    assert_non_null(mkdtemp(home));
    FILE *out = fopen(file_of("chats.json"), "w");
    assert_non_null(out);
    fputs(chats, out);
    fclose(out);
    char command[300];
    snprintf(command, sizeof command, "import %s", file_of("chats.json"));
    free(run(command, 0));
    return 0;
}

static int remove_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int clean(void **state)
{
    (void)state;
    return nftw(home, remove_file, 16, FTW_DEPTH | FTW_PHYS);
}

static void unlink_cache(void)
{
    assert_int_equal(nftw(file_of(".cache"), remove_file, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static int with_encoder(void **state)
{
    (void)state;
    mkdir(file_of(".local/share/palaver/models"), 0700);
    return wordy_write(file_of(".local/share/palaver/models/wordy.gguf")) ? 0 : -1;
}

static void without_an_encoder_words_are_all(void **state)
{
    (void)state;
    expect("search --meaning car", 1, "palaver pull minilm fetches one", NULL);
    expect("search kitten", 0, "A kitten", "meaning");
    expect("doctor", -1, "palaver pull minilm fetches one", NULL);
    struct vt *t = start_in(home, 24, 80, plain, plain);
    assert_true(vt_wait(t, READY));
    press(t, SEARCH);
    vt_type(t, "kitten");
    assert_true(vt_wait(t, "A kitten"));
    vt_type(t, " car");
    assert_true(vt_wait(t, "nothing found"));
    press(t, ESC);
    quit(t);
}

static void the_command_finds_both(void **state)
{
    (void)state;
    expect("doctor", -1, "0 of 4 messages are encoded by wordy", NULL);
    expect("doctor", -1, "; the rest follow while nothing else is done", NULL);
    expect("search --meaning a car in winter", 0, "meaning  Trips: …My automobile hates the cold.…", NULL);
    expect("search --meaning 942624", 0, "words    Pets: And a puppy: invoice 942624.", NULL);
    expect("search --meaning kitten", 0, "both     Pets: A kitten", NULL);
    expect("search --meaning car --json", 0, "\"by\":[\"meaning\"],\"similarity\":0.", NULL);
    expect("search car", 0, "no match", "automobile");
    expect("doctor", -1, "4 of 4 messages are encoded by wordy", "the rest follow");
    expect("search --meaning --encoder off car", 2, "switched off", NULL);
    expect("search --meaning --encoder nothing car", 1, "there is no model 'nothing'", NULL);
}

/* Here the other program is this one. */
static void what_another_program_encodes_is_told(void **state)
{
    char name[512];
    (void)state;
    snprintf(name, sizeof name, "ls '%s'/meaning-*.vectors", file_of(".cache/palaver"));
    FILE *list = popen(name, "r");
    assert_true(fgets(name, sizeof name, list) != NULL);
    pclose(list);
    name[strcspn(name, "\n")] = '\0';
    const int fd = open(name, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    expect("search --meaning a car in winter", 0, "My automobile", "another palaver"); /* all is done */
    assert_int_equal(ftruncate(fd, 64), 0);
    expect("search --meaning a car in winter", 0, "another palaver is encoding", "automobile");
    close(fd);
    expect("search --meaning a car in winter", 0, "My automobile", "another palaver");
}

static void a_deleted_conversation_is_not_found(void **state)
{
    (void)state;
    expect("search --meaning a cat", 0, "A kitten", NULL);
    free(run("delete Pets", 0));
    expect("search --meaning a cat", 0, "", "kitten");
    expect("doctor", -1, "2 of 2 messages are encoded", NULL);
    char *list = run("list --trash", 0), command[64];
    snprintf(command, sizeof command, "delete --undo %.8s", list);
    free(list);
    free(run(command, 0));
    expect("search --meaning a cat", 0, "A kitten", NULL);
}

/* Where text begins in a row whose characters take a column each. */
static int column_of(const char *row, const char *text)
{
    const char *at = strstr(row, text);
    int column = 0;
    assert_non_null(at);
    for (const char *c = row; c < at; c++)
        column += ((unsigned char)*c & 0xC0) != 0x80;
    return column;
}

/* Waits until all is encoded, as another program sees it. */
static bool wait_encoded(struct vt *t)
{
    for (int i = 0; i < 600; i++) {
        char *out = run("doctor", -1);
        const bool all = strstr(out, "4 of 4 messages are encoded") != NULL;
        free(out);
        if (all)
            return true;
        vt_pause(t, 100);
    }
    return false;
}

/* Nobody encoded anything before: the screen does it beside the chat. */
static void the_screen_finds_as_one_types(void **state)
{
    (void)state;
    unlink_cache();
    expect("doctor", -1, "0 of 4 messages are encoded", NULL);
    struct vt *t = start_in(home, 24, 100, plain, plain);
    assert_true(vt_wait(t, READY));
    assert_true(wait_encoded(t));
    vt_type(t, "/stats\r"); /* also where nothing was answered here */
    assert_true(vt_wait(t, "took no time here"));
    assert_true(vt_wait(t, "search by meaning: 4 of 4 messages are encoded by wordy"));
    press(t, ESC);
    press(t, SEARCH);
    vt_type(t, "a car in winter");
    assert_true(vt_wait(t, "…My automobile hates the cold.…"));
    assert_true(vt_wait(t, "by meaning · "));
    vt_type(t, "\025\"a car in winter\""); /* a phrase is words alone */
    assert_true(vt_wait(t, "nothing found"));
    vt_type(t, "\025a car in winter");
    assert_true(vt_wait(t, "…My automobile hates the cold.…"));
    press(t, "\r");
    assert_true(vt_wait(t, "I looked at many things. My automobile"));
    const int row = vt_find(t, "I looked at many things.");
    assert_true(vt_has_ground(t, row, column_of(vt_row(t, row), "My automobile")));
    assert_false(vt_has_ground(t, row, column_of(vt_row(t, row), "looked")));
    quit(t);
}

static void line_mode_finds_too(void **state)
{
    struct pty p;
    char data[128], cache[128];
    (void)state;
    snprintf(data, sizeof data, "XDG_DATA_HOME=%s/.local/share", home);
    snprintf(cache, sizeof cache, "XDG_CACHE_HOME=%s/.cache", home);
    assert_true(pty_start(&p, (const char *const[]){program, "-m", model, "--line", NULL},
                          (const char *const[]){data, cache, NULL}));
    assert_true(pty_expect(&p, "leaves"));
    pty_type(&p, "/search a car in winter\r");
    assert_true(pty_expect(&p, "by meaning · Trips: …My automobile hates the cold.…"));
    pty_type(&p, "/quit\r");
    assert_int_equal(pty_wait(&p), 0);
    pty_end(&p);
}

/* ---- /read --about: the context has room for two of the three passages -------------------------------------------- */

static void write_home(const char *name, const char *text)
{
    FILE *out = fopen(file_of(name), "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static int with_notes(void **state)
{
    (void)state;
    mkdir(file_of("notes"), 0700);
    mkdir(file_of("bare"), 0700);
    write_home("notes/cars.md", "The loaf is bread.\n\nThe song of the house has a physician, and more is said of him "
                                "here than one can read at once.\n\nMy automobile hates the cold.\n");
    write_home("notes/sea.txt", "An ocean with an automobile in it.\n");
    write_home("bare/data", "\xff\xfe");
    return with_encoder(state);
}

static struct vt *start_with_room(void)
{
    struct vt *t =
        start_in(home, 30, 160, plain, (const char *const[]){"-c", "320", "--encoder", "wordy", SHORT, NULL});
    assert_true(vt_wait(t, READY));
    ask(t, "/new"); /* the last conversation would take some of the room */
    assert_true(vt_wait(t, "New conversation"));
    return t;
}

/* Types /read --about and what follows it; the words are split as on a command line. */
static void read_about(struct vt *t, const char *question, const char *folder)
{
    char line[512];
    snprintf(line, sizeof line, "/read --about \"%s\" %s", question, file_of(folder));
    ask(t, line);
}

static void what_is_nearest_is_read_into_the_message(void **state)
{
    (void)state;
    struct vt *t = start_with_room();
    read_about(t, "a car in winter", "notes");
    assert_true(vt_wait(t, "2 of 3 passages in 2 files, "));
    assert_true(vt_wait(t, "notes/cars.md: lines 3-5"));
    assert_true(vt_wait(t, "notes/sea.txt: line 1"));
    press(t, ESC);
    assert_true(vt_wait(t, "+ cars.md, sea.txt, ")); /* above what is typed */
    exchange(t, "What of it?");
    assert_true(vt_wait(t, "notes/cars.md, lines 3-5:"));
    assert_true(vt_wait(t, "My automobile hates the cold."));
    assert_true(vt_wait(t, "notes/sea.txt, line 1:"));
    assert_true(vt_wait(t, "An ocean with an automobile in it."));
    assert_true(vt_wait_gone(t, "The loaf is bread."));
    assert_true(vt_wait_gone(t, "+ cars.md"));
    quit(t);
}

static void a_folder_that_cannot_be_read_about_says_why(void **state)
{
    (void)state;
    struct vt *t = start_with_room();
    read_about(t, "a car", "bare");
    assert_true(vt_wait(t, "no text there: 1 binary"));
    read_about(t, "a car", "nowhere");
    assert_true(vt_wait(t, "no such folder"));
    assert_int_equal(unlink(file_of(".local/share/palaver/models/wordy.gguf")), 0);
    read_about(t, "a car", "notes");
    assert_true(vt_wait(t, "there is no model 'wordy'"));
    assert_true(vt_wait_gone(t, "+ "));
    quit(t);
    t = start_in(home, 30, 160, plain, plain);
    assert_true(vt_wait(t, READY));
    read_about(t, "a car", "notes");
    assert_true(vt_wait(t, "palaver pull minilm"));
    quit(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_encoder_words_are_all),
        cmocka_unit_test_setup(the_command_finds_both, with_encoder),
        cmocka_unit_test(what_another_program_encodes_is_told),
        cmocka_unit_test(a_deleted_conversation_is_not_found),
        cmocka_unit_test(the_screen_finds_as_one_types),
        cmocka_unit_test(line_mode_finds_too),
        cmocka_unit_test_setup(what_is_nearest_is_read_into_the_message, with_notes),
        cmocka_unit_test(a_folder_that_cannot_be_read_about_says_why),
    };
    return find_program() ? cmocka_run_group_tests(tests, set_up, clean) : 1;
}
