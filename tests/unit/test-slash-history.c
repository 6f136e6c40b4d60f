/* Tests of the slash commands for the history, with a small model of random weights: lines in, what is shown out. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/slash/commands.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

static char model[4096];

struct fixture {
    struct options options;
    struct chat_view view;
    struct show show;
    struct repl repl;
    FILE *screen;
    char *shown;
    size_t size;
};

static struct fixture *begin(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct error err = {0};
    f->options = (struct options){.model = model, .context = 256, .threads = 1, .sampling = sampling_defaults()};
    f->options.sampling.max_new_tokens = 2;
    f->options.paths.config_dir = f->options.paths.data_dir = test_folder;
    f->screen = open_memstream(&f->shown, &f->size);
    show_init(&f->show, &f->options, f->screen);
    f->show.side = f->screen;
    repl_init(&f->repl, &f->options, &f->show);
    f->repl.chat = chat_open(&f->options, &f->view, &err);
    assert_non_null(f->repl.chat);
    chat_fix_seed(f->repl.chat, true);
    return f;
}

static void end(struct fixture *f)
{
    chat_free(f->repl.chat);
    repl_free(&f->repl);
    show_free(&f->show);
    fclose(f->screen);
    free(f->shown);
    free(f);
}

static void settle(struct fixture *f)
{
    while (chat_is_busy(f->repl.chat) || chat_state(f->repl.chat) == CHAT_LOADING) {
        struct pollfd fd = {.fd = chat_fd(f->repl.chat), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 20000), 1);
        chat_handle(f->repl.chat);
    }
    chat_tick(f->repl.chat);
}

static void say(struct fixture *f, const char *text)
{
    settle(f);
    repl_send(&f->repl, text);
    assert_true(chat_is_busy(f->repl.chat));
    settle(f);
    assert_int_equal(chat_message(f->repl.chat, chat_count(f->repl.chat) - 1)->role, ROLE_ASSISTANT);
}

/* What a command shows; "" if it fails, which is reported on standard error: the line is then the draft. */
static const char *does(struct fixture *f, const char *line)
{
    fflush(f->screen);
    size_t before = f->size;
    buf_clear(&f->repl.draft);
    slash_run(&f->repl, line);
    fflush(f->screen);
    return f->shown + before;
}

static void shows(struct fixture *f, const char *line, const char *expected)
{
    const char *shown = does(f, line);
    if (strstr(shown, expected) == NULL || f->repl.draft.size > 0)
        fail_msg("%s showed '%s', not '%s'", line, shown, expected);
}

static void fails(struct fixture *f, const char *line)
{
    assert_string_equal(does(f, line), "");
    /* the line stays to be mended, unless there is nothing to mend in it */
    assert_string_equal(buf_text(&f->repl.draft), strchr(line, ' ') != NULL ? line : "");
}

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

static const char *first_text(struct fixture *f)
{
    assert_true(chat_count(f->repl.chat) > 0);
    return buf_text(&chat_message(f->repl.chat, 0)->text);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void an_empty_history_says_so(void **state)
{
    (void)state;
    struct fixture *f = begin();
    shows(f, "/list", "no conversations yet");
    shows(f, "/open", "no conversations yet");
    shows(f, "/trash", "trash is empty");
    shows(f, "/search llama", "no match for");
    shows(f, "/tag", "no tags yet");
    shows(f, "/persona", "no personas yet");
    static const char *const refused[] = {"/find x",      "/rename x",       "/pin",
                                          "/archive",     "/tag x",          "/delete",
                                          "/restore",     "/export",         "/open 1",
                                          "/open nosuch", "/search",         "/import",
                                          "/list nosuch", "/persona nosuch", "/persona save",
                                          "/trash x",     "/delete nosuch",  "/import /nonexistent/file"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        fails(f, refused[i]);
    end(f);
}

static void conversations_are_listed_and_opened(void **state)
{
    (void)state;
    struct fixture *f = begin();
    say(f, "The llama and the ships");
    shows(f, "/rename Ships", "renamed: Ships");
    does(f, "/new");
    say(f, "A gull on the pier");
    shows(f, "/title", "A gull on the pier");
    const char *list = does(f, "/list");
    assert_int_equal(lines(list), 2);
    assert_non_null(strstr(list, "  1* today "));
    assert_non_null(strstr(list, "  2  today "));
    assert_non_null(strstr(list, "Ships"));
    shows(f, "/open 1", "is open already");
    does(f, "/open 2");
    assert_string_equal(first_text(f), "The llama and the ships");
    does(f, "/resume gull");
    assert_string_equal(first_text(f), "A gull on the pier");
    fails(f, "/open 3");
    fails(f, "/open 0");
    does(f, "/switch Ships");
    assert_string_equal(first_text(f), "The llama and the ships");
    end(f);
}

static void marks_are_set_and_taken_off(void **state)
{
    (void)state;
    struct fixture *f = begin();
    does(f, "/open Ships");
    shows(f, "/pin", "pinned");
    shows(f, "/list", "1* today");
    shows(f, "/list", "Ships [pinned]");
    fails(f, "/pin maybe");
    shows(f, "/tag work '#at home'", "#at home #work");
    shows(f, "/list work", "Ships [pinned] #at home #work");
    shows(f, "/list #work", "Ships");
    shows(f, "/tag", "1 conversation");
    shows(f, "/tag -work", "[#at home]");
    fails(f, "/list work");
    shows(f, "/archive", "archived");
    assert_null(strstr(does(f, "/list"), "Ships"));
    shows(f, "/list archive", "Ships");
    shows(f, "/archive off", "no longer");
    shows(f, "/pin off", "no longer");
    shows(f, "/tag '-#at home'", "no tags");
    end(f);
}

static void deleting_is_undone(void **state)
{
    (void)state;
    struct fixture *f = begin();
    does(f, "/open Ships");
    shows(f, "/delete", "deleted: Ships; /restore brings it back");
    assert_int_equal(chat_count(f->repl.chat), 0);
    assert_int_equal(lines(does(f, "/list")), 1);
    shows(f, "/delete 1", "deleted: A gull");
    shows(f, "/list", "no conversations yet");
    const char *trash = does(f, "/trash");
    assert_int_equal(lines(trash), 3);
    shows(f, "/restore", "restored: A gull");
    fails(f, "/restore A gull on the pier");
    does(f, "/trash");
    fails(f, "/open 1"); /* it is in the trash */
    shows(f, "/restore 1", "restored: Ships");
    shows(f, "/trash", "trash is empty");
    assert_int_equal(lines(does(f, "/list")), 2);
    shows(f, "/delete Ships", "deleted");
    shows(f, "/undelete Ships", "restored: Ships");
    end(f);
}

static void places_are_found(void **state)
{
    (void)state;
    struct fixture *f = begin();
    does(f, "/open gull");
    shows(f, "/search llama shi", "  1  Ships: The llama and the ships");
    shows(f, "/open 1", "message 1 of 2:");
    assert_string_equal(first_text(f), "The llama and the ships");
    shows(f, "/find llama", "  1  You: The llama and the ships");
    shows(f, "/find gull", "no match for");
    fails(f, "/open 1");
    /* a place on another branch: the path goes there again */
    struct error err = {0};
    assert_int_equal(chat_edit(f->repl.chat, 0, "Other words", 11, false, &err), ERR_NONE);
    settle(f);
    assert_string_equal(first_text(f), "Other words");
    shows(f, "/find llama", "You: The llama");
    fails(f, "/delete 1"); /* a place is no conversation */
    shows(f, "/open 1", "The llama and the ships");
    assert_string_equal(first_text(f), "The llama and the ships");
    end(f);
}

static void temporary_ones_stay_apart(void **state)
{
    (void)state;
    struct fixture *f = begin();
    does(f, "/temp");
    say(f, "A secret gull");
    assert_null(strstr(does(f, "/list"), "*"));
    shows(f, "/search secret", "no match for");
    shows(f, "/find secret", "You: A secret gull");
    shows(f, "/open 1", "A secret gull");
    fails(f, "/delete");
    does(f, "/open gull"); /* leaves the temporary one */
    assert_string_equal(first_text(f), "A gull on the pier");
    shows(f, "/search secret", "no match for");
    end(f);
}

static void files_go_out_and_come_in(void **state)
{
    (void)state;
    struct fixture *f = begin();
    char line[256], text[4096];
    does(f, "/open gull");
    snprintf(line, sizeof line, "/export '%s/a gull.json'", test_folder);
    shows(f, line, "written to");
    snprintf(line, sizeof line, "/import '%s/a gull.json'", test_folder);
    shows(f, line, "0 conversations with 0 messages imported, 1 was there already");
    snprintf(line, sizeof line, "/export %s/gull.txt", test_folder);
    does(f, line);
    snprintf(line, sizeof line, "%s/gull.txt", test_folder);
    FILE *file = fopen(line, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(text, "You ("));
    snprintf(line, sizeof line, "/export %s/gull.txt", test_folder); /* is left alone now that it is there */
    shows(f, line, "gull (2).txt");
    shows(f, line, "gull (3).txt");
    snprintf(line, sizeof line, "/export %s/gull.pdf", test_folder);
    fails(f, line);
    snprintf(line, sizeof line, "%s/gull.pdf", test_folder);
    assert_int_equal(access(line, F_OK), -1);
    char pipe[128];
    snprintf(pipe, sizeof pipe, "%.100s/pipe", test_folder);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    static const char *const commands[] = {"/export", "/import", "/read"}; /* none waits for another program */
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        snprintf(line, sizeof line, "%s %s", commands[i], pipe);
        fails(f, line);
    }
    unlink(pipe);
    snprintf(line, sizeof line, "%s/other.json", test_folder);
    file = fopen(line, "w");
    fputs("[{\"role\":\"user\",\"content\":\"\\u001b[2JImported\"}]", file);
    fclose(file);
    snprintf(line, sizeof line, "/import %s/oth*.json", test_folder);
    shows(f, line, "1 conversation with 1 message imported; /open ");
    does(f, "/open Imported");
    assert_null(strchr(does(f, "/list"), '\033'));
    assert_int_equal(chat_count(f->repl.chat), 1);
    shows(f, "/delete", "deleted");
    fails(f, "/export /nonexistent/folder/x.md");
    fails(f, "/export a b");
    end(f);
}

static void personas_are_kept(void **state)
{
    (void)state;
    struct fixture *f = begin();
    settle(f);
    does(f, "/system You are a gull.");
    does(f, "/set temperature 0.25");
    does(f, "/template chatml");
    shows(f, "/persona save Gull", "saved");
    end(f);
    f = begin();
    settle(f);
    shows(f, "/persona", "You are a gull.");
    fails(f, "/persona Gul");
    shows(f, "/persona Gull", "from the next answer on");
    assert_string_equal(chat_system(f->repl.chat), "You are a gull.");
    assert_true(chat_sampling(f->repl.chat)->temperature == 0.25f);
    assert_string_equal(template_name(chat_template(f->repl.chat)), "chatml");
    shows(f, "/persona delete Gull", "deleted");
    fails(f, "/persona use Gull");
    end(f);
}

static void completes(struct fixture *f, const char *line, size_t start, const char *expected)
{
    struct words candidates = {0};
    size_t from;
    slash_complete(&f->repl, line, &candidates, &from);
    assert_int_equal(from, start);
    if (*expected == '\0') {
        assert_int_equal(candidates.n, 0);
    } else {
        assert_int_equal(candidates.n, 1);
        assert_string_equal(candidates.at[0], expected);
    }
    words_free(&candidates);
}

/* A model's folder whose configuration has three templates. */
static void make_model_with_templates(char *path, size_t size)
{
    static const char *const files[] = {"config.json",
                                        "generation_config.json",
                                        "model-00001-of-00002.safetensors",
                                        "model-00002-of-00002.safetensors",
                                        "model.safetensors.index.json",
                                        "tokenizer.model"};
    static const char own[] = "{% for m in messages %}{{ m.content }}{% endfor %}";
    char *fixtures = realpath(source_folder(), NULL), from[4400], to[400];
    snprintf(path, size, "%s/named", test_folder);
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(from, sizeof from, "%s/tests/fixtures/folder-hf/%s", fixtures, files[i]);
        snprintf(to, sizeof to, "%s/%s", path, files[i]);
        assert_int_equal(symlink(from, to), 0);
    }
    free(fixtures);
    snprintf(to, sizeof to, "%s/tokenizer_config.json", path);
    FILE *config = fopen(to, "w");
    assert_non_null(config);
    fprintf(config,
            "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\", \"chat_template\": ["
            "{\"name\": \"default\", \"template\": \"%s\"}, {\"name\": \"tool_use\", \"template\": \"%s\"}, "
            "{\"name\": \"rag\", \"template\": \"%s\"}]}",
            own, own, own);
    assert_int_equal(fclose(config), 0);
}

static void templates_of_the_model_are_completed(void **state)
{
    char tiny[sizeof model], named[200];
    (void)state;
    struct fixture *f = begin();
    settle(f);
    completes(f, "/template tool", 10, "");
    completes(f, "/template chat", 10, "chatml");
    completes(f, "/template aut", 10, "auto");
    end(f);
    make_model_with_templates(named, sizeof named);
    memcpy(tiny, model, sizeof tiny);
    snprintf(model, sizeof model, "%s", named);
    f = begin();
    settle(f);
    completes(f, "/template tool", 10, "tool_use");
    completes(f, "/template ra", 10, "rag");
    completes(f, "/template ow", 10, "own");
    shows(f, "/template rag", "template rag");
    end(f);
    memcpy(model, tiny, sizeof tiny);
}

static void names_are_completed(void **state)
{
    (void)state;
    struct fixture *f = begin();
    does(f, "/open gull");
    does(f, "/tag animals");
    completes(f, "/open A gu", 6, "A gull on the pier");
    completes(f, "/open  A gull on", 7, "A gull on the pier");
    completes(f, "/resume Shi", 8, "Ships");
    completes(f, "/list an", 6, "animals");
    completes(f, "/restore Sh", 9, "");
    does(f, "/delete Ships");
    completes(f, "/restore Sh", 9, "Ships");
    does(f, "/restore");
    end(f);
}

/* More than a screenful is shown page by page, with continuing numbers. */
static void long_lists_have_pages(void **state)
{
    (void)state;
    struct fixture *f = begin();
    struct error err = {0};
    struct store *s = home_library(chat_home(f->repl.chat), &err);
    assert_non_null(s);
    for (int i = 0; i < 45; i++) {
        int64_t id;
        assert_int_equal(store_new(s, &id, &err), ERR_NONE);
        assert_int_equal(store_append(s, id, 0, STORE_USER, "wave", 4, NULL, NULL, &err), ERR_NONE);
    }
    const char *page = does(f, "/list");
    assert_int_equal(lines(page), 21);
    assert_non_null(strstr(page, "27 more: /list 2"));
    page = does(f, "/list 3");
    assert_int_equal(lines(page), 7);
    assert_non_null(strstr(page, " 47  "));
    shows(f, "/list 9", "there is no such page");
    does(f, "/list 3");
    does(f, "/open 46");
    assert_int_equal(chat_count(f->repl.chat), 2);
    fails(f, "/open 1"); /* not on the page shown last */
    shows(f, "/search wave", "there are more");
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_history_says_so),
        cmocka_unit_test(conversations_are_listed_and_opened),
        cmocka_unit_test(marks_are_set_and_taken_off),
        cmocka_unit_test(deleting_is_undone),
        cmocka_unit_test(places_are_found),
        cmocka_unit_test(temporary_ones_stay_apart),
        cmocka_unit_test(files_go_out_and_come_in),
        cmocka_unit_test(personas_are_kept),
        cmocka_unit_test(names_are_completed),
        cmocka_unit_test(templates_of_the_model_are_completed),
        cmocka_unit_test(long_lists_have_pages),
    };
    const char *source = source_folder();
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", source);
    if (access(model, R_OK) != 0) {
        fprintf(stderr, "no %s\n", model);
        return 77;
    }
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
