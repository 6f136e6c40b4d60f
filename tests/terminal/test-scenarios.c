/* What users will try on the screen, one test each: long chats, files, copying, base models, wide characters, the lens. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "screen.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

/* A file in the program's home. */
static void write_file(struct vt *t, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", vt_home(t), name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void the_last_conversation_opens_at_once(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 30, 100, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    exchange(t, "remember this");
    quit(t);
    t = start_in(test_folder, 30, 100, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "remember this"));
    exchange(t, "and this");
    vt_type(t, "/prompt\r");
    assert_true(vt_wait(t, "What the model was given"));
    assert_true(vt_wait(t, "remember this")); /* the second answer follows from the first question */
    assert_true(vt_wait(t, "and this"));
    press(t, ESC);
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

/* What scripts ask is kept, but neither in the way nor what the screen begins with. */
static void one_shots_stand_apart(void **state)
{
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t = start_in(test_folder, 30, 100, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, READY));
    exchange(t, "a talk");
    quit(t);
    t = start_in(test_folder, 30, 100, plain, (const char *const[]){SHORT, "-p", "asked once", NULL});
    assert_int_equal(vt_wait_end(t), 0);
    vt_end(t);
    t = start_in(test_folder, 30, 100, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "▸a talk"));
    assert_true(vt_wait(t, "One-shot"));
    assert_true(vt_find(t, "One-shot") > vt_find(t, "▸a talk"));
    assert_true(vt_find(t, "asked once") > vt_find(t, "One-shot"));
    vt_type(t, "/open asked once\r");
    assert_true(vt_wait(t, "▸asked once"));
    exchange(t, "and more of it"); /* now it is a conversation as any */
    assert_true(vt_wait_gone(t, "One-shot"));
    assert_true(vt_find(t, "▸asked once") < vt_find(t, " a talk"));
    quit(t);
    t = start_in(test_folder, 30, 100, plain, (const char *const[]){SHORT, NULL});
    assert_true(vt_wait(t, "▸asked once"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void a_long_chat_shows_where_the_view_begins(void **state)
{
    (void)state;
    struct vt *t = start(40, 110, (const char *const[]){"-n", "20", "-c", "256", NULL});
    for (int i = 0; i < 6; i++) {
        char question[160];
        snprintf(question, sizeof question, "question with quite some words so that the context fills up, number %d",
                 i);
        exchange(t, question);
    }
    press(t, ESC);
    press(t, "g");
    for (int i = 0; i < 40 && !vt_shows(t, "no longer sees"); i++)
        press(t, "\033[1;2B");
    if (!vt_shows(t, "the model no longer sees"))
        fail_msg("%s", vt_screen(t));
    press(t, "G");
    press(t, ESC);
    vt_type(t, "/prompt\r");
    assert_true(vt_wait(t, "What the model was given"));
    assert_true(vt_wait(t, "number 5"));
    assert_true(vt_wait_gone(t, "number 0"));
    press(t, ESC);
    quit(t);
}

static void a_message_that_does_not_fit_is_kept(void **state)
{
    struct buf text;
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){"-n", "4", "-c", "256", NULL});
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 400; i++)
        buf_puts(&text, "much ");
    vt_paste(t, buf_text(&text));
    assert_true(vt_wait(t, "more than the context of 256"));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "shorten it"));
    assert_true(vt_wait(t, "much much"));
    buf_free(&text);
    quit(t);
}

static void files_go_with_a_message(void **state)
{
    char line[200];
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    write_file(t, "notes.txt", "The gull" ESC "[2J flew.\n");
    snprintf(line, sizeof line, "/read %s/notes.txt\r", vt_home(t));
    vt_type(t, line);
    assert_true(vt_wait(t, "+ notes.txt, "));
    vt_type(t, "Where?\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    assert_true(vt_wait(t, "The gull␛[2J flew."));
    /* a file dropped on the window is offered */
    snprintf(line, sizeof line, "'%s/notes.txt'\r", vt_home(t));
    vt_type(t, line);
    assert_true(vt_wait(t, "that is a file"));
    assert_true(vt_wait(t, "/read '"));
    quit(t);
}

static void copies_say_their_way(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    write_file(t, "code.json",
               "[{\"role\":\"user\",\"content\":\"two blocks\"},{\"role\":\"assistant\",\"content\":"
               "\"One:\\n```c\\nint a;\\n```\\nTwo:\\n```c\\nint b;\\n```\\n\"}]");
    char line[200];
    snprintf(line, sizeof line, "/import %s/code.json\r", vt_home(t));
    vt_type(t, line);
    assert_true(vt_wait(t, "1 conversation"));
    press(t, "\033o");
    press(t, "two\r");
    assert_true(vt_wait(t, "int a;"));
    press(t, ESC);
    press(t, "c");
    assert_true(vt_wait(t, "code block 1 of 2: 6 bytes sent to the terminal by OSC 52"));
    press(t, "c");
    assert_true(vt_wait(t, "code block 2 of 2"));
    press(t, "y");
    assert_true(vt_wait(t, "message: "));
    assert_int_equal(vt_clipboards(t), 3);
    quit(t);
}

static void base_models_continue_a_text(void **state)
{
    (void)state;
    struct vt *t = start(24, 100, (const char *const[]){SHORT, "--temperature", "0", "--template", "plain", NULL});
    assert_true(vt_wait(t, "continuing the text"));
    vt_type(t, "Once upon a time\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    if (!vt_shows(t, "Once upon a time The sea was"))
        fail_msg("%s", vt_screen(t));
    assert_true(vt_wait_gone(t, "Palaver  "));
    quit(t);
}

/* The mode is switched in the conversation and kept with it; the whole text is edited at once, and printed as one. */
static void a_text_is_edited_anywhere(void **state)
{
    static const char *const environment[] = {"EDITOR=sed -i s/sea/bay/", NULL};
    char command[4400];
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    struct vt *t =
        start_in(test_folder, 24, 110, environment, (const char *const[]){SHORT, "--temperature", "0", NULL});
    assert_true(vt_wait(t, READY));
    assert_true(vt_wait(t, "dialogue"));
    vt_type(t, "/raw on\r");
    assert_true(vt_wait(t, "continuing the text: what you type"));
    assert_true(vt_wait(t, "Write on;"));
    vt_type(t, "Once upon a time\r");
    assert_true(vt_wait(t, "Once upon a time The sea was"));
    assert_true(vt_wait(t, "/continue resumes it"));
    vt_type(t, "/edit\r");
    assert_true(vt_wait(t, "/continue continues the text"));
    assert_true(vt_wait(t, "Once upon a time The bay was"));
    vt_type(t, "/continue\r");
    assert_true(vt_wait(t, "/continue resumes it"));
    quit(t);
    t = start_in(test_folder, 24, 110, environment, plain);
    assert_true(vt_wait(t, "continuing the text"));
    assert_true(vt_wait(t, "Once upon a time The bay was"));
    assert_true(vt_wait_gone(t, "Palaver ‹2/2›"));
    vt_type(t, "/raw off\r");
    assert_true(vt_wait(t, "dialogue"));
    assert_true(vt_wait(t, "Palaver ‹2/2›"));
    vt_type(t, "/raw on\r");
    assert_true(vt_wait_gone(t, "Palaver ‹2/2›"));
    quit(t);
    snprintf(command, sizeof command,
             "HOME=%s XDG_DATA_HOME= XDG_CONFIG_HOME= %s show | grep -q '^Once upon a time The bay was' && rm -rf %s",
             test_folder, program, test_folder);
    assert_int_equal(system(command), 0);
}

static void an_unseen_system_message_is_marked(void **state)
{
    char command[300];
    (void)state;
    struct vt *t = start(24, 110, (const char *const[]){SHORT, "--system", "Reply in verse", NULL});
    assert_true(vt_wait_gone(t, "system message unseen"));
    snprintf(command, sizeof command, "mkdir -p '%s/.config/palaver/templates'", vt_home(t));
    assert_int_equal(system(command), 0);
    write_file(t, ".config/palaver/templates/mute.template", "user = U{text}\nassistant = A{text}\n");
    vt_type(t, "/template mute\r");
    assert_true(vt_wait(t, "system message unseen"));
    vt_type(t, "/system off\r");
    assert_true(vt_wait_gone(t, "system message unseen"));
    quit(t);
}

/* An input method draws at the cursor: it stays in the composer while an answer streams. */
static void the_cursor_stays_in_the_composer(void **state)
{
    (void)state;
    struct vt *t = start(24, 90, (const char *const[]){ENDLESS, NULL});
    ask(t, "go");
    assert_true(vt_wait(t, "answering"));
    vt_type(t, "你好");
    assert_true(vt_wait(t, "你好"));
    int there = 0;
    for (int i = 0; i < 40; i++) {
        int row, column;
        vt_pause(t, 20);
        vt_cursor(t, &row, &column);
        there += row == vt_find(t, "你好");
    }
    assert_in_range(there, 30, 40); /* at times only half of a frame has come */
    /* Backspace takes a whole character, and a family of emoji */
    press(t, "\177");
    assert_true(vt_wait_gone(t, "你好"));
    assert_true(vt_wait(t, "你"));
    press(t, "👩‍👩‍👧");
    assert_true(vt_wait(t, "👧"));
    press(t, "\177");
    assert_true(vt_wait_gone(t, "👧"));
    assert_true(vt_wait_gone(t, "👩"));
    press(t, "\003");
    assert_true(vt_wait(t, "ready"));
    quit(t);
}

static void the_lens_takes_another_road(void **state)
{
    (void)state;
    struct vt *t = start(40, 130, (const char *const[]){"-n", "12", "--temperature", "0", NULL});
    ask(t, "go");
    assert_true(vt_wait(t, "/continue resumes it"));
    press(t, F4);
    assert_true(vt_wait(t, "token 12 of 12"));
    for (int i = 0; i < 8; i++)
        press(t, LEFT);
    assert_true(vt_wait(t, "token 4 of 12"));
    assert_true(vt_wait(t, "calm"));
    press(t, DOWN);
    press(t, "\r");
    assert_true(vt_wait(t, "‹2/2›"));
    assert_true(vt_wait(t, "ready"));
    assert_true(vt_wait(t, "The sea was"));
    press(t, ESC);
    vt_type(t, "/prev\r");
    assert_true(vt_wait(t, "The sea was calm"));
    vt_type(t, "/verify\r");
    assert_true(vt_wait(t, "identical, 12 tokens"));
    quit(t);
}

/* An answer of weights in 16 bits can't be verified with weights in 8: that is told, and how it can be. */
static void verify_knows_how_weights_were_loaded(void **state)
{
    char path[4096];
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    snprintf(path, sizeof path, "%s/tests/fixtures/tiny-llama3.gguf", source_folder());
    const char *const options[] = {"-m", path, "-n", "4", "--temperature", "0", "--load-in-8bit", NULL};
    const char *const plainly[] = {"-m", path, "-n", "4", "--temperature", "0", NULL};
    struct vt *t = start_in(test_folder, 30, 120, plain, options);
    assert_true(vt_wait(t, "weights loaded in 8 bits"));
    vt_type(t, "go\r");
    assert_true(vt_wait(t, "t/s"));
    vt_type(t, "/verify\r");
    assert_true(vt_wait(t, "identical"));
    vt_type(t, "/stats\r");
    assert_true(vt_wait(t, "of its own"));
    press(t, ESC);
    quit(t);
    t = start_in(test_folder, 30, 120, plain, plainly);
    assert_true(vt_wait(t, "ready"));
    vt_type(t, "/verify\r");
    assert_true(vt_wait(t, "start Palaver with --load-in-8bit to verify it"));
    quit(t);
    assert_int_equal(test_folder_remove(NULL), 0);
}

static void presets_and_themes_are_completed(void **state)
{
    (void)state;
    struct vt *t = start(30, 110, (const char *const[]){SHORT, NULL});
    vt_type(t, "/preset alp\t");
    assert_true(vt_wait(t, "/preset alpaca"));
    vt_type(t, "\r");
    assert_true(vt_wait(t, "temp 0.1"));
    vt_type(t, "/theme gru\t");
    assert_true(vt_wait(t, "/theme gruvbox"));
    vt_type(t, "\r");
    vt_type(t, "/thme\r");
    assert_true(vt_wait(t, "did you mean /theme?"));
    quit(t);
}

/* A real model, if there is one: it answers, and the answer is rendered. */
static void the_default_model_answers(void **state)
{
    const char *real = getenv("PALAVER_TEST_MODEL");
    (void)state;
    if (real == NULL || *real == '\0')
        skip();
    const char *argv[] = {program, "-m", real, "-s", "1", "--temperature", "0", "-n", "24", NULL};
    struct vt *t = vt_start(30, 110, argv, plain, NULL);
    assert_true(vt_wait(t, "ready"));
    vt_type(t, "Say hello.\r");
    assert_true(vt_wait(t, "t/s"));
    assert_true(vt_wait(t, "ello"));
    quit(t);
}

int main(void)
{
    if (!find_program())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_conversation_opens_at_once),
        cmocka_unit_test(one_shots_stand_apart),
        cmocka_unit_test(a_long_chat_shows_where_the_view_begins),
        cmocka_unit_test(a_message_that_does_not_fit_is_kept),
        cmocka_unit_test(files_go_with_a_message),
        cmocka_unit_test(copies_say_their_way),
        cmocka_unit_test(base_models_continue_a_text),
        cmocka_unit_test(a_text_is_edited_anywhere),
        cmocka_unit_test(an_unseen_system_message_is_marked),
        cmocka_unit_test(the_cursor_stays_in_the_composer),
        cmocka_unit_test(the_lens_takes_another_road),
        cmocka_unit_test(verify_knows_how_weights_were_loaded),
        cmocka_unit_test(presets_and_themes_are_completed),
        cmocka_unit_test(the_default_model_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
