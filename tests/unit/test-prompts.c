/* Prompts of the user's own: files that are commands, what they become, and what is said of bad ones. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/slash/commands.h"
#include "app/slash/prompts.h"
#include "tests/cmocka.h"

static char folder[] = "/tmp/palaver-prompts.XXXXXX";
static struct options options = {.paths = {.config_dir = folder}};

static void write_file(const char *name, const char *text, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/prompts/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    fclose(f);
}

/* What a file of this text says, given arguments; NULL expected: err is to hold trouble. */
static void becomes(const char *text, const char *arguments, const char *expected, const char *trouble)
{
    struct buf out;
    struct error err = {0};
    buf_init(&out, 1 << 20);
    write_file("try.md", text, strlen(text));
    assert_true(prompts_has(&options, "try"));
    prompts_expand(&options, "try", arguments, &out, &err);
    if (expected != NULL) {
        assert_string_equal(err.message, "");
        assert_string_equal(buf_text(&out), expected);
    } else {
        assert_non_null(strstr(err.message, trouble));
    }
    buf_free(&out);
}

static void arguments_are_put_in(void **state)
{
    (void)state;
    becomes("Explain: $ARGUMENTS!\n", "the  sea", "Explain: the  sea!", NULL);
    becomes("$2 after $1, $1", "a 'b c' d", "b c after a, a", NULL);
    becomes("It costs $$1 or $5x or $", "1 2 3 4 5", "It costs $1 or 5x or $", NULL);
    becomes("Go on.\n\n", "now", "Go on.\n\nnow", NULL);
    becomes("Go on.", "", "Go on.", NULL);
    becomes("Explain $ARGUMENTS", "", "Explain ", NULL);
    becomes("$ARGUMENTSx $10", "1", "1x 10", NULL);
    becomes("$1 $2", "one", NULL, "needs 2 words");
}

static void a_head_is_no_text(void **state)
{
    (void)state;
    becomes("---\ndescription: \"Say it\"\nargument-hint: WORD\n---\n\nSay $1", "x", "Say x", NULL);
    becomes("---\r\ndescription: d\r\n---\r\nSay\r\n", "", "Say", NULL);
    becomes("--- not a head", "", "--- not a head", NULL);
    becomes("---\ndescription: d\nSay", "", NULL, ":3: a line above the second ---");
    becomes("---\ndescription: d\n", "", NULL, ":1: the --- here needs another one");
    becomes("---\ndescription: d\n---\n \n", "", NULL, "there is no text to send");
    becomes("", "", NULL, "there is no text to send");
    becomes("a\xff", "", NULL, "UTF-8");
}

static const struct choice *find(const struct choices *list, const char *word)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->at[i].word, word) == 0)
            return &list->at[i];
    fail_msg("no %s", word);
    return NULL;
}

static void all_are_listed_with_what_is_wrong(void **state)
{
    struct choices list = {0};
    (void)state;
    write_file("try.md", "---\ndescription: Say it\n---\n$1", 30);
    write_file("plain.md", "Go", 2);
    write_file("zero.md", "a\0b", 3);
    write_file("two words.md", "Go", 2);
    write_file("help.md", "Go", 2);
    write_file("notes.txt", "Go", 2);
    prompts_offer(&options, slash_commands, &list, "/");
    assert_int_equal(list.n, 5);
    assert_string_equal(find(&list, "/try")->detail, "Say it");
    assert_true(find(&list, "/try")->needs);
    assert_string_equal(find(&list, "/plain")->detail, "your own prompt");
    assert_false(find(&list, "/plain")->needs);
    assert_non_null(strstr(find(&list, "/zero")->detail, "zero byte"));
    assert_non_null(strstr(find(&list, "/two words")->detail, "letters, digits"));
    assert_non_null(strstr(find(&list, "/help")->detail, "has a command of this name"));
    choices_free(&list);
    prompts_offer(NULL, slash_commands, &list, "/");
    assert_int_equal(list.n, 0);
    assert_false(prompts_has(&options, "../prompts/try"));
    assert_false(prompts_has(&options, ""));
}

int main(void)
{
    char command[128];
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(command, sizeof command, "%s/prompts", folder);
    mkdir(command, 0700);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_put_in),
        cmocka_unit_test(a_head_is_no_text),
        cmocka_unit_test(all_are_listed_with_what_is_wrong),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || failed != 0;
}
