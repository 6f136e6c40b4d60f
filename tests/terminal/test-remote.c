/* Tests of the screen with a server's model: palaver serve with sea.gguf, which goes on until it is stopped, and a hostile
 * server that puts off and breaks off. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/unit/hostile.h"

#define HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
#define MODELS \
    "HTTP/1.1 200 OK\r\nContent-Length: 53\r\nConnection: close\r\n\r\n" \
    "{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\",\"object\":\"m\"}]} "
#define DELTA(text) "data: {\"choices\":[{\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define DONE "data: [DONE]\n\n"

static char place[64]; /* "127.0.0.1:PORT" */

static void note_place(uint16_t port)
{
    snprintf(place, sizeof place, "127.0.0.1:%u", (unsigned)port);
}

/* A home in which big is this port. */
static void make_home_with(uint16_t port)
{
    assert_int_equal(test_folder_make(NULL), 0);
    write_endpoints(port);
    note_place(port);
}

/* A home in which big is a server of sea.gguf. */
static void make_home_with_server(struct pty *p)
{
    assert_int_equal(test_folder_make(NULL), 0);
    note_place(begin_server(p));
}

static void end_server(struct pty *p)
{
    pty_type(p, "\003");
    pty_wait(p);
    pty_end(p);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static struct vt *open_screen(const char *name, const char *option)
{
    const char *const options[] = {"-m", name, "--temperature", "0", option, NULL};
    struct vt *t = start_in(test_folder, 30, 140, plain, options);
    assert_true(vt_wait(t, READY));
    return t;
}

static void a_servers_answer_is_shown_stopped_and_continued(void **state)
{
    (void)state;
    struct pty p;
    char remote[100];
    make_home_with_server(&p);
    struct vt *t = open_screen("@big", NULL);
    snprintf(remote, sizeof remote, "remote %s", place);
    assert_true(vt_wait(t, remote));
    assert_true(vt_wait(t, "sea@big"));
    ask(t, "Tell me of the sea.");
    assert_true(vt_wait(t, "The sea was calm that morning"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped; /continue resumes it"));
    press(t, "/continue\r");
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped; /continue resumes it"));
    quit(t);
    end_server(&p);
}

/* By a second request. */
static void a_server_is_asked_beside_its_answer(void **state)
{
    (void)state;
    struct pty p;
    make_home_with_server(&p);
    struct vt *t = open_screen("@big", "-n50000");
    assert_true(vt_wait(t, "sea@big"));
    ask(t, "Tell me of the sea.");
    assert_true(vt_wait(t, "The sea was calm that morning"));
    ask(t, "/btw Is it cold?");
    assert_true(vt_wait(t, "By the way · leaves no trace"));
    assert_true(vt_wait(t, "Palaver"));
    assert_true(vt_wait(t, "Esc stops "));
    press(t, ESC);
    assert_true(vt_wait(t, "Esc closes, Enter asks more")); /* its name, with "stopped", may be above by then */
    assert_true(vt_wait(t, "answering"));
    press(t, ESC);
    assert_true(vt_wait_gone(t, "leaves no trace"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped; /continue resumes it"));
    quit(t);
    end_server(&p);
}

static void settings_that_a_server_does_not_take_are_marked(void **state)
{
    (void)state;
    struct pty p;
    make_home_with_server(&p);
    struct vt *t = open_screen("@big", NULL);
    press(t, F3);
    assert_true(vt_wait(t, "repetition_window   not sent"));
    assert_true(vt_wait(t, "temperature         0 "));
    press(t, ESC);
    ask(t, "Tell me of the sea.");
    assert_true(vt_wait(t, "The sea was calm"));
    press(t, F3);
    press(t, DOWN);
    press(t, DOWN);
    press(t, DOWN);
    press(t, RIGHT); /* the presence penalty, or what is near it */
    assert_true(vt_wait(t, "this acts on the next one"));
    press(t, ESC);
    press(t, ESC);
    assert_true(vt_wait(t, "/continue resumes it"));
    quit(t);
    end_server(&p);
}

/* Also after a restart: the texts of the tokens are in the history. */
static void the_lens_shows_what_the_server_tells_and_forks_there(void **state)
{
    (void)state;
    struct pty p;
    make_home_with_server(&p);
    struct vt *t = open_screen("@big", "-n8");
    ask(t, "Tell me of the sea.");
    assert_true(vt_wait(t, "/continue resumes it"));
    quit(t);
    const char *const options[] = {"-m", "@big", "--continue", "-n8", NULL};
    t = start_in(test_folder, 30, 140, plain, options);
    assert_true(vt_wait(t, "The sea was calm"));
    assert_true(vt_wait(t, "ready"));
    press(t, ESC "[14~"); /* F4 */
    assert_true(vt_wait(t, "token 8 of 8"));
    assert_true(vt_wait(t, "by the model"));
    assert_true(vt_wait(t, "␣gulls"));
    assert_true(vt_wait_gone(t, "with the settings\n"));
    press(t, DOWN);
    press(t, "\r");
    assert_true(vt_wait(t, "2/2"));
    assert_true(vt_wait(t, "/continue resumes it"));
    quit(t);
    end_server(&p);
}

/* A model here and one of a server; then two questions to one server. */
static void a_comparison_answers_here_and_there(void **state)
{
    (void)state;
    struct pty p;
    make_home_with_server(&p);
    for (int i = 0; i < 2; i++) {
        const char *const options[] = {"-m", i == 0 ? model : "@big", "--temperature", "0", "-n6", NULL};
        struct vt *t = start_in(test_folder, 30, 140, plain, options);
        assert_true(vt_wait(t, READY));
        ask(t, "Tell me of the sea.");
        assert_true(vt_wait(t, "/continue resumes it"));
        vt_type(t, "/compare now @big\r");
        assert_true(vt_wait(t, "compared · Enter keeps one"));
        press(t, "\r");
        assert_true(vt_wait_gone(t, "compared · Enter keeps one"));
        quit(t);
    }
    end_server(&p);
}

/* Palaver's server gives the same answer again, with the same log-probabilities, also to a model that was put back. */
static void a_servers_answer_is_verified(void **state)
{
    (void)state;
    struct pty p;
    make_home_with_server(&p);
    struct vt *t = open_screen("@big", "-n12");
    ask(t, "Tell me of the sea.");
    assert_true(vt_wait(t, "/continue resumes it"));
    vt_type(t, "/verify\r");
    assert_true(vt_wait(t, "identical, 12 tokens, with the same probabilities"));
    vt_type(t, "/model ");
    vt_type(t, model);
    press(t, "\r");
    assert_true(vt_wait(t, "own template"));
    vt_type(t, "/verify\r");
    assert_true(vt_wait(t, "another model made this answer: sea@big"));
    quit(t);
    end_server(&p);
}

static void a_temporary_chat_says_that_the_server_may_log(void **state)
{
    (void)state;
    struct pty p;
    make_home_with_server(&p);
    const char *const options[] = {"-m", "@big", "--no-save", NULL};
    struct vt *t = start_in(test_folder, 30, 140, plain, options);
    assert_true(vt_wait(t, "may keep what it is asked"));
    quit(t);
    end_server(&p);
}

static void what_had_come_of_a_broken_answer_stays(void **state)
{
    (void)state;
    struct hostile *h = hostile_start();
    make_home_with(hostile_port(h));
    hostile_set(
        h,
        (const struct hostile_reply[]){{.bytes = MODELS},
                                       {.bytes = HEAD DELTA("Once upon a ")},
                                       {.bytes = HEAD DELTA("time.") DONE},
                                       {.bytes = "HTTP/1.1 500 No\r\nContent-Length: 16\r\n\r\n{\"error\":\"boom\"}"}},
        4);
    struct vt *t = open_screen("m@big", NULL);
    ask(t, "A story");
    assert_true(vt_wait(t, "before the answer's end; /continue goes on"));
    assert_true(vt_wait(t, "Once upon a"));
    press(t, "/continue\r");
    assert_true(vt_wait(t, "Once upon a time."));
    ask(t, "Another");
    assert_true(vt_wait(t, "status 500: boom"));
    assert_true(vt_wait(t, "Another"));
    quit(t);
    hostile_stop(h);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void a_message_that_the_server_finds_too_long_comes_back(void **state)
{
    (void)state;
    struct hostile *h = hostile_start();
    make_home_with(hostile_port(h));
    hostile_set(h,
                (const struct hostile_reply[]){
                    {.bytes = MODELS},
                    {.bytes = "HTTP/1.1 413 Too large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"}},
                2);
    struct vt *t = open_screen("m@big", NULL);
    ask(t, "A long story");
    assert_true(vt_wait(t, "too long for it (413)"));
    assert_true(vt_wait(t, "│A long story"));
    assert_true(vt_wait_gone(t, "  You"));
    quit(t);
    hostile_stop(h);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* Ollama cuts at its own context without a word. */
static void a_server_that_seems_to_cut_is_told_of_once(void **state)
{
    (void)state;
    static const char *const counts[] = {"20", "2000", "100", "100"};
    char bytes[4][300];
    struct hostile_reply replies[5] = {{.bytes = MODELS}};
    for (int i = 0; i < 4; i++) {
        snprintf(bytes[i], sizeof bytes[i],
                 HEAD DELTA("answer %d") "data: {\"usage\":{\"prompt_tokens\":%s,\"completion_tokens\":1}}\n\n" DONE, i,
                 counts[i]);
        replies[i + 1] = (struct hostile_reply){.bytes = bytes[i]};
    }
    struct hostile *h = hostile_start();
    hostile_set(h, replies, 5);
    make_home_with(hostile_port(h));
    struct vt *t = open_screen("m@big", NULL);
    for (int i = 0; i < 4; i++) {
        char answer[40];
        ask(t, "Go on.");
        snprintf(answer, sizeof answer, "answer %d", i);
        assert_true(vt_wait(t, answer));
        assert_true(vt_wait(t, READY));
        if (i == 2)
            assert_true(vt_wait(t, "counted 100 tokens"));
        else
            assert_true(vt_wait_gone(t, "counted"));
    }
    quit(t);
    hostile_stop(h);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* A server's replies to the requests that come, one after another; bodies are answered with a length. */
static struct hostile *begin_hostile(const char *const *bodies, size_t n)
{
    char bytes[8][400];
    struct hostile_reply replies[8];
    struct hostile *h = hostile_start();
    for (size_t i = 0; i < n; i++) {
        snprintf(bytes[i], sizeof bytes[i], "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(bodies[i]),
                 bodies[i]);
        replies[i] = (struct hostile_reply){.bytes = bytes[i]};
    }
    hostile_set(h, replies, n);
    make_home_with(hostile_port(h));
    return h;
}

#define ANSWER(text) "{\"choices\":[{\"message\":{\"content\":\"" text "\"},\"finish_reason\":\"stop\"}]}"

#define LIST_OF(owner) "{\"data\":[{\"id\":\"m\",\"owned_by\":\"" owner "\",\"max_model_len\":400}]}"

/* The second question and the first are estimated to fit. One server counts more, before it is asked; the other refuses. */
static void what_a_server_finds_too_long_is_left_out_and_marked(void **state)
{
    (void)state;
    static const char *const bodies[2][6] = {
        {LIST_OF("vllm"), "{\"count\":100}", ANSWER("answer one"), "{\"count\":450}", "{\"count\":220}",
         ANSWER("answer two")},
        {LIST_OF("x"), ANSWER("answer one"),
         "{\"error\":{\"message\":\"too long\",\"code\":\"context_length_exceeded\"}}", ANSWER("answer two")}};
    char question[301];
    memset(question, 'x', sizeof question - 1);
    question[sizeof question - 1] = '\0';
    for (int counts = 1; counts >= 0; counts--) {
        struct hostile *h = begin_hostile(bodies[!counts], counts ? 6 : 4);
        struct vt *t = open_screen("m@big", "--no-save");
        for (int i = 0; i < 2; i++) {
            vt_type(t, question);
            assert_true(vt_wait(t, "~100 tokens"));
            vt_type(t, "\r");
            assert_true(vt_wait(t, i == 0 ? "answer one" : "answer two"));
            assert_true(vt_wait(t, READY));
        }
        assert_true(vt_wait(t, "above this line the model no longer sees (2 messages"));
        assert_int_equal(hostile_requests(h), counts ? 6 : 4);
        press(t, "/context\r");
        assert_true(vt_wait(t, "of 400 tokens are used"));
        press(t, ESC);
        quit(t);
        hostile_stop(h);
        assert_int_equal(test_folder_remove(NULL), 0);
    }
}

/* The server tells what the model could hold, and once it is loaded what it has. */
static void the_context_of_ollama_is_known_once_the_model_is_loaded(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"data\":[{\"id\":\"m\",\"owned_by\":\"library\"}]}",
                                         "{\"models\":[]}",
                                         "{\"models\":[]}",
                                         "{\"model_info\":{\"llama.context_length\":131072}}",
                                         ANSWER("Hello."),
                                         "{\"models\":[{\"name\":\"m\",\"context_length\":4096}]}"};
    struct hostile *h = begin_hostile(bodies, 6);
    struct vt *t = open_screen("m@big", NULL);
    assert_true(vt_wait(t, "could have a context of 131072 tokens"));
    assert_true(vt_wait(t, "/131,072"));
    ask(t, "Hi");
    assert_true(vt_wait(t, "Hello."));
    assert_true(vt_wait(t, "/4,096"));
    quit(t);
    hostile_stop(h);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void a_busy_server_is_waited_for_with_a_countdown(void **state)
{
    (void)state;
    struct hostile *h = hostile_start();
    make_home_with(hostile_port(h));
    hostile_set(h,
                (const struct hostile_reply[]){
                    {.bytes = MODELS}, {.bytes = "HTTP/1.1 429 Busy\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n"}},
                2);
    struct vt *t = open_screen("m@big", NULL);
    ask(t, "A story");
    assert_true(vt_wait(t, "again in 9"));
    assert_true(vt_wait(t, "has too many requests (429)"));
    press(t, ESC);
    assert_true(vt_wait(t, "stopped"));
    quit(t);
    hostile_stop(h);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* Nothing is asked before the user opens the server; then each choice is a model of it. */
static void a_servers_models_are_listed_when_it_is_opened(void **state)
{
    (void)state;
    static const char list[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
                               "{\"data\":[{\"id\":\"one\",\"max_model_len\":4321},{\"id\":\"two\"}]}";
    struct hostile *h = hostile_start();
    make_home_with(hostile_port(h));
    hostile_set(h, &(struct hostile_reply){.bytes = list}, 1);
    const char *const options[] = {"-m", model, NULL};
    struct vt *t = start_in(test_folder, 30, 140, plain, options);
    assert_true(vt_wait(t, READY));
    vt_type(t, "/model\r");
    assert_true(vt_wait(t, "Enter asks it for its models"));
    vt_type(t, "@big");
    assert_true(vt_wait_gone(t, "@ollama"));
    assert_int_equal(hostile_requests(h), 0);
    press(t, "\r");
    assert_true(vt_wait(t, "Models of @big"));
    assert_true(vt_wait(t, "one@big"));
    assert_true(vt_wait(t, "context of 4321 tokens"));
    press(t, DOWN);
    press(t, "\r");
    assert_true(vt_wait(t, "remote 127.0.0.1"));
    assert_true(vt_wait(t, "two@big"));
    vt_type(t, "/prompt\r");
    assert_true(vt_wait(t, "makes the prompt of the messages"));
    vt_type(t, "/step on\r");
    assert_true(vt_wait(t, "/step needs a model on this machine"));
    press(t, "\025"); /* what was refused is there to be mended */
    vt_type(t, "/set dry_base 2\r");
    assert_true(vt_wait(t, "not sent: 127.0.0.1"));
    vt_type(t, "/model\r"); /* those of the server in use are known */
    assert_true(vt_wait(t, "▸ two@big"));
    assert_true(vt_wait(t, "one@big"));
    press(t, ESC);
    quit(t);
    hostile_stop(h);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void a_server_that_cannot_be_asked_is_told(void **state)
{
    (void)state;
    make_home_with(1);
    const char *const options[] = {"-m", model, NULL};
    struct vt *t = start_in(test_folder, 30, 140, plain, options);
    assert_true(vt_wait(t, READY));
    vt_type(t, "/model @bi"); /* completed from the user's file */
    assert_true(vt_wait(t, "a server of models"));
    press(t, "\003");
    assert_true(vt_wait_gone(t, "/model @bi"));
    vt_type(t, "/model\r");
    assert_true(vt_wait(t, "@big"));
    vt_type(t, "@big");
    assert_true(vt_wait_gone(t, "@ollama"));
    press(t, "\r");
    assert_true(vt_wait(t, "127.0.0.1:1: no connection"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_servers_answer_is_shown_stopped_and_continued),
        cmocka_unit_test(a_server_is_asked_beside_its_answer),
        cmocka_unit_test(settings_that_a_server_does_not_take_are_marked),
        cmocka_unit_test(the_lens_shows_what_the_server_tells_and_forks_there),
        cmocka_unit_test(a_comparison_answers_here_and_there),
        cmocka_unit_test(a_servers_answer_is_verified),
        cmocka_unit_test(a_temporary_chat_says_that_the_server_may_log),
        cmocka_unit_test(what_had_come_of_a_broken_answer_stays),
        cmocka_unit_test(a_message_that_the_server_finds_too_long_comes_back),
        cmocka_unit_test(a_server_that_seems_to_cut_is_told_of_once),
        cmocka_unit_test(what_a_server_finds_too_long_is_left_out_and_marked),
        cmocka_unit_test(the_context_of_ollama_is_known_once_the_model_is_loaded),
        cmocka_unit_test(a_busy_server_is_waited_for_with_a_countdown),
        cmocka_unit_test(a_servers_models_are_listed_when_it_is_opened),
        cmocka_unit_test(a_server_that_cannot_be_asked_is_told),
    };
    return find_program() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
