/* Tests of the line mode on a pseudo-terminal, with a small model of random weights: what is typed, what is seen, and that
 * the terminal is always left as it was. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "pty.h"
#include "tests/cmocka.h"
#include "tests/source.h"

#define PROMPT "\xE2\x80\xBA "

/* The same text again and again, until it is stopped. */
#define ENDLESS "--temperature", "0", "--frequency-penalty", "-2"

static char program[4096], model[4096];
static const char *const plain[] = {NULL};

/* Starts a chat with a few more options, up to NULL. */
static void start_with(struct pty *p, const char *const *environment, const char *const *options)
{
    const char *argv[16] = {program, "--line", "-m", model, "-s", "1"};
    for (int n = 6; *options != NULL && n < 15; n++)
        argv[n] = *options++;
    assert_true(pty_start(p, argv, environment));
}

/* Short answers. */
static void start(struct pty *p)
{
    start_with(p, plain, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(p, "/help, Ctrl-D leaves"));
    assert_true(pty_expect(p, PROMPT));
}

static void quit(struct pty *p)
{
    pty_type(p, "\004");
    int status = pty_wait(p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(pty_is_restored(p));
    pty_end(p);
}

/* A message is answered, and the prompt comes back; Ctrl-D leaves the terminal as it was. */
static void answers(void **state)
{
    (void)state;
    struct pty p;
    start(&p);
    pty_type(&p, "The llama\r");
    assert_true(pty_expect(&p, "max_new_tokens"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/context\r");
    assert_true(pty_expect(&p, "The llama"));
    assert_true(pty_expect(&p, "assistant"));
    assert_true(pty_expect(&p, "tokens are used"));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
}

static void takes_first_message_from_the_command_line(void **state)
{
    (void)state;
    struct pty p;
    start_with(&p, plain, (const char *const[]){"-n", "3", "The", "old gull", NULL});
    assert_true(pty_expect(&p, PROMPT "The old gull"));
    /* the terminal can tell the answer from the prompt that follows (OSC 133) */
    assert_true(pty_expect(&p, "\033]133;C\033\\"));
    assert_true(pty_expect(&p, "max_new_tokens"));
    assert_true(pty_expect(&p, "\033]133;D\033\\"));
    assert_true(pty_expect(&p, "\033]133;A\033\\"));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
}

/* Ctrl-C clears a line, which stays in the history; on an empty line it says how to leave. */
static void clears_the_line(void **state)
{
    (void)state;
    struct pty p;
    start(&p);
    pty_type(&p, "not this");
    assert_true(pty_expect(&p, "not this"));
    pty_type(&p, "\003");
    assert_true(pty_expect(&p, "^C"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "\003");
    assert_true(pty_expect(&p, "Ctrl-D or /quit leaves"));
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "\020");
    assert_true(pty_expect(&p, "not this"));
    pty_type(&p, "\025/quit\r");
    assert_int_equal(pty_wait(&p), 0);
    assert_true(pty_is_restored(&p));
    pty_end(&p);
}

/* Pasted text of 200 lines is one message: nothing in it is sent, run, or reaches the terminal as an escape. */
static void pastes_text(void **state)
{
    (void)state;
    struct pty p;
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_puts(&text, "\033[200~/quit\r");
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "line %d\t%s\r", i,
                   i % 20 > 0 ? "of many" : "\003\032\004 \033[2J 你好 👩‍👩‍👧\r/quit");
    buf_puts(&text, "the end\033[201~");
    start_with(&p, plain, (const char *const[]){"-n", "4", "-c", "60000", NULL});
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, buf_text(&text));
    assert_true(pty_expect(&p, "the end"));
    pty_settle(&p);
    assert_false(pty_saw(&p, "\033[2J"));
    assert_true(pty_saw(&p, "␛[2J"));
    assert_false(pty_saw(&p, "max_new_tokens"));
    pty_type(&p, "\r");
    assert_true(pty_expect(&p, "max_new_tokens"));
    pty_type(&p, "/context\r");
    assert_true(pty_expect(&p, "user"));
    assert_true(pty_expect(&p, "assistant"));
    assert_true(pty_expect(&p, "tokens are used"));
    assert_true(pty_expect(&p, PROMPT));
    buf_free(&text);
    quit(&p);
}

/* A line that ends with a backslash continues; so do lines between triple quotes. */
static void takes_several_lines(void **state)
{
    (void)state;
    struct pty p;
    start(&p);
    pty_type(&p, "first\\\rsecond\r");
    assert_true(pty_expect(&p, "max_new_tokens"));
    pty_type(&p, "\"\"\"\rthird\rfourth\"\"\"\r");
    assert_true(pty_expect(&p, "max_new_tokens"));
    pty_type(&p, "/prompt\r");
    assert_true(pty_expect(&p, "first\r\nsecond"));
    assert_true(pty_expect(&p, "third\r\nfourth"));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
}

static void edits_utf8(void **state)
{
    (void)state;
    struct pty p;
    start(&p);
    pty_type(&p, "h\xC3\xA9llo \xE5\x93\x88\xE5\x93\x88\x7F\x7F\xE5\xA4\xA9\r");
    assert_true(pty_expect(&p, "max_new_tokens"));
    pty_type(&p, "/context\r");
    assert_true(pty_expect(&p, "h\xC3\xA9llo \xE5\xA4\xA9"));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
}

/* A mistyped command is reported and stays in the line. */
static void offers_the_nearest_command(void **state)
{
    (void)state;
    struct pty p;
    start(&p);
    pty_type(&p, "/contxt\r");
    assert_true(pty_expect(&p, "did you mean /context"));
    assert_true(pty_expect(&p, PROMPT));
    assert_true(pty_expect(&p, "/contxt"));
    pty_type(&p, "\025/cont\t\t");
    assert_true(pty_expect(&p, "/continue"));
    pty_type(&p, "\025");
    quit(&p);
}

static void start_long_answer(struct pty *p)
{
    start_with(p, plain, (const char *const[]){"-c", "60000", ENDLESS, NULL});
    assert_true(pty_expect(p, PROMPT));
    pty_type(p, "The llama\r");
    assert_true(pty_expect(p, "The llama\r\n"));
}

/* Ctrl-C and Esc stop an answer; what is typed in the meantime waits for the next message. */
static void stops_an_answer(void **state)
{
    (void)state;
    struct pty p;
    start_with(&p, plain, (const char *const[]){"-c", "60000", ENDLESS, NULL});
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "The llama\r");
    assert_true(pty_expect(&p, "llama\r\n"));
    pty_type(&p, "typed ahead");
    pty_type(&p, "\003");
    assert_true(pty_expect(&p, "[stopped"));
    assert_true(pty_expect(&p, PROMPT));
    assert_true(pty_expect(&p, "typed ahead"));
    pty_type(&p, "\025/continue\r");
    assert_true(pty_expect(&p, "/continue\r\n"));
    pty_type(&p, "\033");
    assert_true(pty_expect(&p, "[stopped"));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
}

static void dies_by(int number, bool answering)
{
    struct pty p;
    if (answering)
        start_long_answer(&p);
    else
        start(&p);
    kill(p.child, number);
    int status = pty_wait(&p);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), number);
    assert_true(pty_is_restored(&p));
    assert_true(pty_saw(&p, "\033[?2004l"));
    pty_end(&p);
}

/* However the program ends, the terminal gets its modes back. */
static void restores_the_terminal(void **state)
{
    (void)state;
    dies_by(SIGTERM, false);
    dies_by(SIGTERM, true);
    dies_by(SIGHUP, false);
    dies_by(SIGABRT, false);
    dies_by(SIGQUIT, false);
    dies_by(SIGUSR1, false);
    dies_by(SIGALRM, true);
    dies_by(SIGXFSZ, false);
}

/* Ctrl-C ends a single answer with status 130; the text so far stays. */
static void interrupts_one_answer(void **state)
{
    (void)state;
    struct pty p;
    start_with(&p, plain, (const char *const[]){"-c", "60000", ENDLESS, "-p", "The llama", NULL});
    assert_true(pty_expect(&p, " "));
    pty_type(&p, "\003");
    int status = pty_wait(&p);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 130);
    assert_true(pty_is_restored(&p));
    pty_end(&p);
}

/* For users of screen readers: labels, and nothing that moves. */
static void labels_messages(void **state)
{
    (void)state;
    struct pty p;
    start_with(&p, (const char *const[]){"ACCESSIBLE=1", "TERM=dumb", NULL}, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(&p, "You: "));
    pty_type(&p, "The llama\r");
    assert_true(pty_expect(&p, "Palaver: "));
    assert_true(pty_expect(&p, "You: "));
    pty_settle(&p);
    assert_false(pty_saw(&p, "\033"));
    quit(&p);
}

/* A terminal without an entry in terminfo may not understand any escape sequence: labels tell who speaks. */
static void writes_no_escapes_to_an_unknown_terminal(void **state)
{
    (void)state;
    struct pty p;
    start_with(&p, (const char *const[]){"TERM=nobody-knows-this-one", NULL}, (const char *const[]){"-n", "4", NULL});
    assert_true(pty_expect(&p, "Ctrl-D leaves"));
    assert_true(pty_expect(&p, "You: "));
    pty_type(&p, "The llama\r");
    assert_true(pty_expect(&p, "Palaver: "));
    assert_true(pty_expect(&p, "/continue resumes it"));
    assert_true(pty_expect(&p, "You: "));
    pty_type(&p, "\004");
    int status = pty_wait(&p);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_false(pty_saw(&p, "\033"));
    pty_end(&p);
}

/* Where neither signs nor colours can tell who speaks, labels do; elsewhere the prompt is enough. */
static void labels_stand_where_signs_cannot(void **state)
{
    static const struct {
        const char *variable;
        bool labelled;
    } cases[] = {{"LANG=C", true}, {"TERM=dumb", true}, {"TERM=xterm", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pty p;
        start_with(&p, (const char *const[]){cases[i].variable, NULL}, (const char *const[]){"-n", "4", NULL});
        assert_true(pty_expect(&p, cases[i].labelled ? "You: " : "› "));
        pty_type(&p, "The llama\r");
        assert_true(pty_expect(&p, "/continue resumes it"));
        assert_int_equal(pty_saw(&p, "Palaver: "), cases[i].labelled);
        assert_true(pty_expect(&p, cases[i].labelled ? "You: " : "› "));
        quit(&p);
    }
}

/* Settings by their names, and by names from other programs. */
static void sets(void **state)
{
    (void)state;
    struct pty p;
    start(&p);
    pty_type(&p, "/set parameter temperature 0.3\r");
    assert_true(pty_expect(&p, "temperature          0.3"));
    pty_type(&p, "/set repeat_penalty 1.1\r");
    assert_true(pty_expect(&p, "repetition_penalty   1.1"));
    pty_type(&p, "/set temprature 1\r");
    assert_true(pty_expect(&p, "did you mean temperature"));
    pty_type(&p, "\025/system Be brief.\r");
    assert_true(pty_expect(&p, "system message set"));
    pty_type(&p, "/settings\r");
    assert_true(pty_expect(&p, "Be brief."));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
}

/* /read takes text and refuses anything else. */
static void reads_files(void **state)
{
    (void)state;
    struct pty p;
    char line[4200];
    start(&p);
    snprintf(line, sizeof line, "/read %s\r", model);
    pty_type(&p, line);
    assert_true(pty_expect(&p, "not a text file"));
    snprintf(line, sizeof line, "\025/read %s/note.txt\r", p.home);
    char path[128];
    snprintf(path, sizeof path, "%s/note.txt", p.home);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs("The gull\033[2J answered.\n", out);
    fclose(out);
    pty_type(&p, line);
    assert_true(pty_expect(&p, "sent with your next message"));
    pty_type(&p, "What?\r");
    assert_true(pty_expect(&p, "max_new_tokens"));
    pty_type(&p, "/prompt\r");
    assert_true(pty_expect(&p, "note.txt:\r\nThe gull␛[2J answered."));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
}

static void write_home(const struct pty *p, const char *name, const char *text, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", p->home, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, size, out), size);
    fclose(out);
}

/* /read --about attaches what is near a question, names its lines, and stops. */
static void reads_what_folders_say(void **state)
{
    enum { SIZE = 6 << 20 };
    static const char note[] = "The cat is in the rain.\n\nThe gull is king.\n", words[] = "The king is in the house. ";
    (void)state;
    struct pty p;
    char line[256], encoder[4200], *text = malloc(SIZE);
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = words[i % (sizeof words - 1)];
    snprintf(encoder, sizeof encoder, "%s/tests/fixtures/tiny-bert", source_folder());
    start_with(&p, plain, (const char *const[]){"-n", "4", "-c", "2000", "--encoder", encoder, NULL});
    assert_true(pty_expect(&p, PROMPT));
    pty_type(&p, "/read --about king\r");
    assert_true(pty_expect(&p, "a question in quotes and a folder"));
    write_home(&p, "note.txt", note, sizeof note - 1);
    write_home(&p, "picture", "\0\1\2", 3);
    snprintf(line, sizeof line, "\025/read --about \"the cat\" %s\r", p.home);
    pty_type(&p, line);
    assert_true(pty_expect(&p, "1 of 1 passage in 1 file, "));
    assert_true(pty_expect(&p, "note.txt: lines 1-3"));
    assert_true(pty_expect(&p, "left out: 1 file that is no text"));
    pty_type(&p, "What?\r");
    assert_true(pty_expect(&p, "max_new_tokens"));
    pty_type(&p, "/prompt\r");
    assert_true(pty_expect(&p, "note.txt, lines 1-3:\r\nThe cat is in the rain.\r\n\r\nThe gull is king."));
    assert_true(pty_expect(&p, PROMPT));
    write_home(&p, "long.txt", text, SIZE);
    pty_type(&p, line + 1);
    assert_true(pty_expect(&p, "reading files"));
    pty_type(&p, "\033");
    assert_true(pty_expect(&p, "stopped; nothing is attached"));
    assert_true(pty_expect(&p, PROMPT));
    quit(&p);
    free(text);
}

int main(void)
{
    const char *source = source_folder(), *given = getenv("PALAVER");
    char *here = realpath(given != NULL ? given : "palaver", program);
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", source);
    if (here == NULL) {
        fprintf(stderr, "there is no program to test\n");
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(takes_first_message_from_the_command_line),
        cmocka_unit_test(clears_the_line),
        cmocka_unit_test(pastes_text),
        cmocka_unit_test(takes_several_lines),
        cmocka_unit_test(edits_utf8),
        cmocka_unit_test(offers_the_nearest_command),
        cmocka_unit_test(stops_an_answer),
        cmocka_unit_test(restores_the_terminal),
        cmocka_unit_test(interrupts_one_answer),
        cmocka_unit_test(labels_messages),
        cmocka_unit_test(writes_no_escapes_to_an_unknown_terminal),
        cmocka_unit_test(labels_stand_where_signs_cannot),
        cmocka_unit_test(sets),
        cmocka_unit_test(reads_files),
        cmocka_unit_test(reads_what_folders_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
