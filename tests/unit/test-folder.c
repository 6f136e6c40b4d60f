/* Tests of /read --about's search: which files below a folder are read, what is nearest a question, and how it ends. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/meaning/folder.h"
#include "app/meaning/walk.h"
#include "app/text/words.h"
#include "tests/cmocka.h"
#include "tests/source.h"

static char top[64], encoder[4096];

static void write_file(const char *name, const char *text, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", top, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    fclose(f);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

static void make_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", top, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int make_links(void **state)
{
    static const char *const links[][2] = {
        {".", "loop"}, {"..", "sub/up"}, {"b.txt", "link.txt"}, {"nowhere", "dead"}, {"sub", "again"}};
    char path[256];
    (void)state;
    snprintf(top, sizeof top, "/tmp/palaver-folder.XXXXXX");
    assert_non_null(mkdtemp(top));
    make_folder("sub");
    make_folder(".git");
    make_folder("empty");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        snprintf(path, sizeof path, "%s/%s", top, links[i][1]);
        assert_int_equal(symlink(links[i][0], path), 0);
    }
    snprintf(path, sizeof path, "%s/pipe", top);
    assert_int_equal(mkfifo(path, 0600), 0);
    write_text("b.txt", "The king is in the house.\n\nThe cat is in the rain.\n");
    write_text("sub/c.md",
               "# River\n\nLight of the river, light of the river, light of the river, light.\nA man is king.\n");
    write_text(".hidden", "the cat");
    write_text(".git/x", "the cat");
    write_file("data", "the\0cat", 7);
    write_text("latin", "caf\xE9");
    write_text("large", "");
    snprintf(path, sizeof path, "%s/large", top);
    assert_int_equal(truncate(path, WALK_FILE_MOST + 1), 0);
    return 0;
}

static int remove_links(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    return system(command);
}

/* ---- the walk --------------------------------------------------------------------------------------------------- */

static bool always(void *context)
{
    (void)context;
    return true;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static void each_file_is_met_once_and_links_lead_nowhere_twice(void **state)
{
    static const char *const names[] = {"b.txt", "data", "latin", "link.txt", "sub/c.md"};
    struct error err = {0};
    struct walk w = {0};
    char path[256];
    (void)state;
    assert_int_equal(walk_add(&w, top, always, NULL, &err), ERR_NONE);
    assert_int_equal(w.n, sizeof names / sizeof *names);
    for (size_t i = 0; i < w.n; i++) {
        snprintf(path, sizeof path, "%s/%s", top, names[i]);
        assert_string_equal(w.files[i].path, path);
    }
    assert_int_equal(w.links, 3);
    assert_int_equal(w.large, 1);
    assert_int_equal(w.unreadable, 0);
    assert_false(w.full);
    walk_free(&w);
}

static void a_walk_takes_patterns_and_can_be_stopped(void **state)
{
    struct error err = {0}, none = {0};
    struct walk w = {0};
    char path[256];
    (void)state;
    snprintf(path, sizeof path, "%s/*.txt", top);
    assert_int_equal(walk_add(&w, path, always, NULL, &err), ERR_NONE);
    assert_int_equal(w.n, 2);
    assert_int_equal(walk_add(&w, top, never, NULL, &err), ERR_STOPPED);
    assert_int_equal(walk_add(&w, "/nowhere/at/all", always, NULL, &none), ERR_NOT_FOUND);
    walk_free(&w);
}

/* ---- the search ------------------------------------------------------------------------------------------------- */

static const struct options *usual_options(void)
{
    static struct options o;
    o = (struct options){.encoder = encoder, .threads = 1};
    return &o;
}

static struct folder *ask(const struct options *o, const char *question, const char *where)
{
    struct error err = {0};
    struct words folders = {0};
    assert_true(words_add(&folders, where, strlen(where)));
    struct folder *f = folder_ask(o, question, &folders, &err);
    words_free(&folders);
    if (f == NULL)
        fail_msg("%s", err.message);
    return f;
}

static const struct folder_answer *wait_for(struct folder *f, struct error *err)
{
    while (!folder_has_ended(f))
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    return folder_result(f, err);
}

static void the_passage_that_is_the_question_comes_first(void **state)
{
    struct error err = {0};
    char path[256];
    (void)state;
    struct folder *f = ask(usual_options(), "the KING is in the house. The cat is in the rain.", top);
    const struct folder_answer *a = wait_for(f, &err);
    if (a == NULL)
        fail_msg("%s", err.message);
    assert_int_equal(a->files, 3);
    assert_int_equal(a->binary, 2);
    assert_int_equal(a->large, 1);
    assert_int_equal(a->links, 3);
    assert_int_equal(a->passages, a->n);
    assert_int_equal(a->n, 4); /* b.txt twice, for a link leads to it; c.md is two */
    snprintf(path, sizeof path, "%s/b.txt", top);
    assert_string_equal(a->at[0].path, path);
    assert_string_equal(a->at[0].text, "The king is in the house.\n\nThe cat is in the rain.");
    assert_int_equal(a->at[0].line, 1);
    assert_int_equal(a->at[0].last_line, 3);
    assert_true(a->at[0].likeness > 0.999f);
    for (size_t i = 1; i < a->n; i++)
        assert_true(a->at[i].likeness <= a->at[i - 1].likeness);
    assert_int_equal(folder_percent(f), 100);
    folder_free(f);
}

static void a_search_is_stopped(void **state)
{
    enum { SIZE = 4 << 20 };
    static const char words[] = "The cat is in the rain. ";
    struct error err = {0};
    char path[256], *text = malloc(SIZE);
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = words[i % (sizeof words - 1)];
    write_file("long", text, SIZE);
    snprintf(path, sizeof path, "%s/long", top);
    struct folder *f = ask(usual_options(), "king", path);
    folder_stop(f);
    assert_null(wait_for(f, &err));
    assert_int_equal(err.code, ERR_STOPPED);
    folder_free(f);
    folder_free(ask(usual_options(), "king", path)); /* and one that nobody waits for */
    assert_int_equal(unlink(path), 0);
    free(text);
}

static void refuse(const struct options *o, const char *name, enum error_code code, const char *says)
{
    struct error err = {0};
    char path[256];
    snprintf(path, sizeof path, "%s/%s", top, name);
    struct folder *f = ask(o, "king", path);
    assert_null(wait_for(f, &err));
    assert_int_equal(err.code, code);
    if (strstr(err.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, says);
    folder_free(f);
}

static void what_cannot_be_searched_says_why(void **state)
{
    const struct options none = {.paths.data_dir = top};
    char llama[4096];
    (void)state;
    snprintf(llama, sizeof llama, "%s/tests/fixtures/tiny-llama.gguf", source_folder());
    refuse(usual_options(), "nowhere", ERR_NOT_FOUND, "no such folder");
    refuse(usual_options(), "empty", ERR_NOT_FOUND, "no text there");
    refuse(usual_options(), "data", ERR_NOT_FOUND, "1 binary");
    refuse(&none, "b.txt", ERR_NOT_FOUND, "palaver pull minilm");
    refuse(&(struct options){.encoder = llama, .threads = 1}, "b.txt", ERR_UNSUPPORTED, "take an encoder");
}

int main(void)
{
    snprintf(encoder, sizeof encoder, "%s/tests/fixtures/tiny-bert", source_folder());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_met_once_and_links_lead_nowhere_twice),
        cmocka_unit_test(a_walk_takes_patterns_and_can_be_stopped),
        cmocka_unit_test(the_passage_that_is_the_question_comes_first),
        cmocka_unit_test(a_search_is_stopped),
        cmocka_unit_test(what_cannot_be_searched_says_why),
    };
    return cmocka_run_group_tests(tests, make_links, remove_links);
}
