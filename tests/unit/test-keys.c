/* The bytes of terminals as keys, the names of keys, and the table and file of bindings. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/cmocka.h"
#include "ui/commands.h"
#include "ui/keys/bindings.h"
#include "ui/keys/keys.h"

/* The names of all keys in bytes, separated by blanks. */
static const char *names(const char *bytes, bool final)
{
    static char out[1024];
    struct keys keys;
    struct key key;
    keys_init(&keys);
    assert_true(keys_add(&keys, bytes, strlen(bytes)));
    *out = '\0';
    enum keys_state state;
    while ((state = keys_next(&keys, final, &key)) == KEYS_KEY) {
        char name[64];
        if (key.code == KEYS_PASTE)
            snprintf(name, sizeof name, "<%.*s>", (int)key.text_size, key.text);
        else if (key.code == KEYS_MOUSE)
            snprintf(name, sizeof name, "mouse%d@%d,%d", (int)key.mouse.kind, key.mouse.y, key.mouse.x);
        else if (key.code == KEYS_GROUND)
            snprintf(name, sizeof name, key.light ? "light" : "dark");
        else if (key.code == KEYS_FOCUS || key.code == KEYS_UNFOCUS)
            snprintf(name, sizeof name, key.code == KEYS_FOCUS ? "focus" : "unfocus");
        else
            key_write(&key, name, sizeof name);
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", *out != '\0' ? " " : "", name);
    }
    if (state == KEYS_WAIT)
        strcat(out, " …");
    keys_free(&keys);
    return out;
}

static void characters(void **state)
{
    (void)state;
    assert_string_equal(names("aZ é你 \001\r\t\177\n", false),
                        "a Z space é 你 space ctrl-a enter tab backspace ctrl-j");
    assert_string_equal(names("\033x\033\r\033é", false), "alt-x alt-enter alt-é");
    assert_string_equal(names("\xff"
                              "a",
                              false),
                        "a");
}

static void sequences(void **state)
{
    (void)state;
    assert_string_equal(names("\033[A\033OB\033[1;3C\033[1;5D\033[5~\033[6;2~", false),
                        "up down alt-right ctrl-left page-up shift-page-down");
    assert_string_equal(names("\033OP\033[11~\033[[A\033[24~\033[1;2R", false), "f1 f1 f1 f12 shift-f3");
    assert_string_equal(names("\033[H\033[1~\033[7~\033[F\033[3~\033[Z", false), "home home home end delete shift-tab");
    assert_string_equal(names("\033[13;2u\033[27;2;13~\033[120;5u", false), "shift-enter shift-enter ctrl-x");
    assert_string_equal(names("\033[I\033[O", false), "focus unfocus");
    /* kitty's keyboards: other codes of a key, keys that were bytes, those of the number pad, a key alone */
    assert_string_equal(names("\033[97:65;6:1u\033[109;5u\033[105;5u\033[91;5u\033[104;5u", false),
                        "ctrl-shift-a enter tab escape backspace");
    assert_string_equal(names("\033[57400u\033[57414;2u\033[57419u\033[57358u\033[97;4u\033[99;5u", false),
                        "1 shift-enter up alt-A ctrl-c");
    /* an unknown sequence is dropped whole */
    assert_string_equal(names("\033[?62;1cA\033[99~B\033[>1;2;3mC", false), "A B C");
}

static void answers_of_the_terminal(void **state)
{
    (void)state;
    assert_string_equal(names("\033]11;rgb:ffff/ffff/ffff\033\\a\033]11;rgb:0/10/2\a\033]11;rgba:80/80/81/ff\ab",
                              false),
                        "light a dark light b");
    assert_string_equal(names("\033[?997;1n\033[?997;2n\033[?997;3n\033[?1;2n", false), "dark light");
    /* others, and what is wrong, are dropped whole */
    assert_string_equal(names("\033]11;rgb:zz/0/0\aa\033]11;rgb:1/1\ab\033]10;rgb:f/f/f\ac", false), "a b c");
    assert_string_equal(names("\033]11;rgb:ffff/ff", false), " …");
    assert_string_equal(names("\033]11;rgb:ffff/ff", true), "");
    assert_string_equal(names("\033]11;rgb:f/f/f\033", false), " …");
    assert_string_equal(names("\033]x", false), "alt-] x"); /* a key */
}

static void an_escape_waits(void **state)
{
    (void)state;
    assert_string_equal(names("\033", false), " …");
    assert_string_equal(names("\033", true), "escape");
    assert_string_equal(names("\033[", false), " …");
    assert_string_equal(names("\033\033", true), "escape escape");
    assert_string_equal(names("a\xe4\xbd", false), "a …");
}

/* That what waits has at least and at most so many seconds after its last bytes, however late this is asked. */
static void check_wait(const struct keys *k, double least, double most)
{
    const int left = keys_timeout(k);
    assert_true(left >= 0 && left <= 1000 * most + 1);
    assert_true(left >= 1000 * (k->since + least - clock_seconds()));
}

/* Other things wake the program too: what it waits for is told by when the bytes came. */
static void a_beginning_waits_for_its_rest(void **state)
{
    (void)state;
    struct keys keys;
    struct key key;
    keys_init(&keys);
    assert_int_equal(keys_timeout(&keys), -1);
    assert_true(keys_add(&keys, "\033", 1));
    assert_int_equal(keys_next(&keys, false, &key), KEYS_WAIT);
    check_wait(&keys, 0.02, 0.03);
    keys.since -= 1;
    assert_int_equal(keys_timeout(&keys), 0);
    assert_true(keys_add(&keys, "]11;rgb:ffff/ff", 15));
    assert_int_equal(keys_next(&keys, false, &key), KEYS_WAIT);
    check_wait(&keys, 2.9, 3);
    assert_true(keys_add(&keys, "ff/ffff\a\033[200~x", 16));
    assert_int_equal(keys_next(&keys, false, &key), KEYS_KEY);
    assert_int_equal(key.code, KEYS_GROUND);
    assert_int_equal(keys_next(&keys, false, &key), KEYS_WAIT);
    check_wait(&keys, 2.9, 3);
    assert_true(keys_add(&keys, "\033[201~", 6));
    assert_int_equal(keys_next(&keys, false, &key), KEYS_KEY);
    assert_int_equal(keys_next(&keys, false, &key), KEYS_NONE);
    assert_int_equal(keys_timeout(&keys), -1);
    keys_free(&keys);
}

static void pastes_arrive_whole(void **state)
{
    (void)state;
    assert_string_equal(names("\033[200~one\rtwo\r\n/quit\033[2Jx\033[201~y", false), "<one\ntwo\n/quit\033[2Jx> y");
    assert_string_equal(names("\033[200~one", false), " …");
    assert_string_equal(names("\033[200~one", true), "<one>");
}

static void the_mouse(void **state)
{
    (void)state;
    assert_string_equal(names("\033[<0;5;3M\033[<32;6;3M\033[<0;6;3m\033[<64;1;1M\033[<65;1;1M", false),
                        "mouse0@2,4 mouse2@2,5 mouse1@2,5 mouse3@0,0 mouse4@0,0");
}

static void names_come_back(void **state)
{
    static const char *const all[] = {"a",     "G",         "é",         "space",         "ctrl-a",
                                      "alt-x", "alt-enter", "f12",       "ctrl-shift-up", "page-down",
                                      "/",     "-",         "ctrl-space"};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct key key;
        char name[64];
        char shown[64];
        assert_true(key_parse(all[i], &key));
        key_write(&key, name, sizeof name);
        snprintf(shown, sizeof shown, "%s", strcmp(all[i], "ctrl-shift-up") == 0 ? "ctrl-shift-up" : all[i]);
        assert_string_equal(name, shown);
    }
    struct key key;
    assert_false(key_parse("", &key));
    assert_false(key_parse("f13", &key));
    assert_false(key_parse("hyper-x", &key));
}

static void every_binding_is_known(void **state)
{
    struct error err = {0};
    struct key key;
    (void)state;
    for (const struct binding *b = bindings_default; b->key != NULL; b++) {
        if (!key_parse(b->key, &key))
            fail_msg("%s is no key", b->key);
        if (b->command[0] != '/' && !ui_is_command(b->command))
            fail_msg("%s is no command", b->command);
        for (const struct binding *other = bindings_default; other < b; other++)
            if (other->place == b->place && strcmp(other->key, b->key) == 0)
                fail_msg("%s %s is bound twice", place_name(b->place), b->key);
    }
    struct bindings *b = bindings_open(NULL, ui_is_command, &err);
    assert_non_null(b);
    assert_true(key_parse("alt-x", &key));
    assert_string_equal(bindings_find(b, PLACE_TRANSCRIPT, &key), "palette");
    bindings_free(b);
}

static const char *with_file(const char *text, struct bindings **out)
{
    static struct error err;
    char path[] = "/tmp/palaver-keys.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    err = (struct error){0};
    *out = bindings_open(path, ui_is_command, &err);
    unlink(path);
    const char *said = strchr(err.message, ':');
    return *out != NULL ? NULL : said != NULL ? said : err.message;
}

static void a_file_changes_keys(void **state)
{
    struct bindings *b;
    struct key key;
    (void)state;
    assert_null(with_file("# mine\nanywhere alt-q = /quit\ntranscript j = none\n\nlist x = /delete", &b));
    assert_true(key_parse("alt-q", &key));
    assert_string_equal(bindings_find(b, PLACE_COMPOSER, &key), "/quit");
    assert_true(key_parse("j", &key));
    assert_null(bindings_find(b, PLACE_TRANSCRIPT, &key));
    assert_true(key_parse("x", &key));
    assert_string_equal(bindings_find(b, PLACE_LIST, &key), "/delete");
    bindings_free(b);
    assert_non_null(strstr(with_file("a\n", &b), ":1: a line reads"));
    assert_non_null(strstr(with_file("\nnowhere x = /quit\n", &b), ":2: 'nowhere' is no place"));
    assert_non_null(strstr(with_file("list hyper-q = /quit\n", &b), ":1: 'hyper-q' is no key"));
    assert_non_null(strstr(with_file("list q = qit\n", &b), ":1: there is no command 'qit'"));
}

/* It would wait for a writer for good. */
static void a_pipe_is_no_file_of_keys(void **state)
{
    char path[] = "/tmp/palaver-keys.XXXXXX";
    struct error err = {0};
    (void)state;
    assert_true(close(mkstemp(path)) == 0 && unlink(path) == 0 && mkfifo(path, 0600) == 0);
    assert_null(bindings_open(path, ui_is_command, &err));
    assert_non_null(strstr(err.message, "not a regular file"));
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),
        cmocka_unit_test(sequences),
        cmocka_unit_test(answers_of_the_terminal),
        cmocka_unit_test(an_escape_waits),
        cmocka_unit_test(a_beginning_waits_for_its_rest),
        cmocka_unit_test(pastes_arrive_whole),
        cmocka_unit_test(the_mouse),
        cmocka_unit_test(names_come_back),
        cmocka_unit_test(every_binding_is_known),
        cmocka_unit_test(a_file_changes_keys),
        cmocka_unit_test(a_pipe_is_no_file_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
