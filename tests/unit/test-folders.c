/* Tests of models in folders: what they are called and how they are told from one another, and what is said of folders
 * that are not whole or not to be trusted. Their logits are test-forward's. */
#include <config.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine.h"
#include "tests/cmocka.h"
#include "tests/source.h"

static char folder[128];

static void fixture(char path[4096], const char *name)
{
    snprintf(path, 4096, "%s/tests/fixtures/%s", source_folder(), name);
}

/* A folder of links to a fixture's files. */
static void link_all(const char *name)
{
    char from[4096], target[8192], own[512];
    fixture(from, name);
    snprintf(folder, sizeof folder, "/tmp/palaver-folder.XXXXXX");
    assert_non_null(mkdtemp(folder));
    DIR *dir = opendir(from);
    assert_non_null(dir);
    char *whole = realpath(from, NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(target, sizeof target, "%s/%s", whole, entry->d_name);
        snprintf(own, sizeof own, "%s/%s", folder, entry->d_name);
        assert_int_equal(symlink(target, own), 0);
    }
    free(whole);
    closedir(dir);
}

static int remove_folder(void **state)
{
    char command[256];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (folder[0] != '\0' && system(command) != 0)
        return 1;
    folder[0] = '\0';
    return 0;
}

static void remove_file(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static void write_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* The error of opening the folder; "" for none. */
static const char *open_error(void)
{
    static struct error err;
    err = (struct error){0};
    model_free(model_open(folder, NULL, &err));
    return err.message;
}

static void refused_because(const char *reason)
{
    if (strstr(open_error(), reason) == NULL)
        fail_msg("%s does not hold '%s'", open_error(), reason);
}

static void both_forms_are_described(void **state)
{
    static const char *const names[] = {"folder-hf", "folder-meta"}, *const formats[] = {"Hugging Face", "Meta"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char path[4096];
        struct error err = {0};
        fixture(path, names[i]);
        struct model *m = model_open(path, NULL, &err);
        assert_string_equal(err.message, "");
        const struct model_info *info = model_info(m);
        assert_string_equal(info->name, names[i]);
        assert_string_equal(info->format, formats[i]);
        assert_string_equal(info->type, "BF16");
        assert_int_equal(info->layers, 2);
        assert_int_equal(info->width, 40);
        assert_int_equal(info->ff_width, 100);
        assert_int_equal(info->kv_heads, 2);
        assert_int_equal(info->vocab, 384);
        assert_int_equal(info->context, i == 0 ? 512 : 2048);
        assert_string_equal(info->rope_scaling, i == 0 ? "linear" : "none");
        assert_int_equal(tokenizer_bos(model_tokenizer(m)), 1);
        assert_int_equal(tokenizer_eos(model_tokenizer(m)), 2);
        assert_true(strstr(info->chat_template, "[INST]") != NULL || i == 1);
        double value;
        assert_true(i == 1 || (model_recommends(m, 0, &value) != NULL && model_recommends(m, 1, &value) != NULL));
        model_free(m);
    }
}

/* Any file of the weights opens the whole model, too. */
static void a_file_opens_its_folder(void **state)
{
    static const char *const files[] = {"folder-hf/model-00002-of-00002.safetensors",
                                        "folder-meta/consolidated.01.pth"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char path[4096];
        struct error err = {0};
        fixture(path, files[i]);
        struct model *m = model_open(path, NULL, &err);
        assert_string_equal(err.message, "");
        assert_int_equal(model_info(m)->layers, 2);
        model_free(m);
    }
}

static void a_cache_folder_is_entered(void **state)
{
    char inside[512], path[4096];
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/palaver-folder.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(inside, sizeof inside, "%s/refs", folder);
    assert_int_equal(mkdir(inside, 0700), 0);
    snprintf(inside, sizeof inside, "%s/snapshots", folder);
    assert_int_equal(mkdir(inside, 0700), 0);
    snprintf(inside, sizeof inside, "%s/snapshots/0123abcd", folder);
    fixture(path, "folder-hf");
    char *whole = realpath(path, NULL);
    assert_int_equal(symlink(whole, inside), 0);
    free(whole);
    write_file("refs/main", "0123abcd\n");
    assert_string_equal(open_error(), "");
    write_file("refs/main", "../../etc");
    refused_because("names no snapshot");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    link_all("folder-hf");
    assert_string_equal(open_error(), "");
    remove_file("model-00002-of-00002.safetensors");
    refused_because("model-00002-of-00002.safetensors is missing");
    remove_file("model.safetensors.index.json");
    refused_because("no model.safetensors, no pytorch_model.bin");
    remove_file("tokenizer.model");
    refused_because("no tokenizer.model and no tokenizer.json");
    remove_file("config.json");
    refused_because("the folder is no model");
    remove_folder(NULL);
    link_all("folder-meta");
    assert_string_equal(open_error(), "");
    remove_file("consolidated.01.pth");
    if (*open_error() == '\0')
        fail_msg("half of a model passes");
    remove_file("tokenizer.model");
    refused_because("no tokenizer.model");
}

static void an_index_stays_in_its_folder(void **state)
{
    (void)state;
    link_all("folder-hf");
    write_file("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"../../etc/passwd\"}}");
    refused_because("lies in a file outside of the folder");
    write_file("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"/etc/passwd\"}}");
    refused_because("lies in a file outside of the folder");
    write_file("model.safetensors.index.json", "{\"weight_map\": {\"a\": 5}}");
    refused_because("lies in a file outside of the folder");
    write_file("model.safetensors.index.json", "[");
    refused_because("index.json: line 1");
}

static void odd_configurations_are_refused(void **state)
{
    (void)state;
    link_all("folder-hf");
    write_file("config.json", "{\"model_type\": \"gpt_neox\"}");
    refused_because("model_type is gpt_neox");
    write_file("config.json", "{\"model_type\": \"llama\"}");
    refused_because("num_hidden_layers is missing");
    write_file("config.json", "{\"model_type\": \"llama\", \"num_hidden_layers\": -1}");
    refused_because("is no number from 1 on");
    write_file("config.json",
               "{\"model_type\": \"llama\", \"num_hidden_layers\": 2, \"hidden_size\": 40, \"intermediate_size\": 100, "
               "\"num_attention_heads\": 8, \"vocab_size\": 384}");
    if (*open_error() == '\0')
        fail_msg("heads that the tensors do not have pass");
    remove_folder(NULL);
    link_all("folder-meta");
    write_file("params.json", "{\"dim\": 40, \"n_layers\": 2, \"n_heads\": 3}");
    refused_because("does not divide the width");
    write_file("params.json", "{\"dim\": 40, \"n_layers\": 3, \"n_heads\": 4, \"n_kv_heads\": 2}");
    refused_because("blk.2.");
}

/* What the folder recommends for a setting; -1 for nothing. */
static double recommended(const struct model *m, const char *setting)
{
    double value;
    const char *name;
    for (int i = 0; (name = model_recommends(m, i, &value)) != NULL; i++)
        if (strcmp(name, setting) == 0)
            return value;
    return -1;
}

static struct model *open_folder(void)
{
    struct error err = {0};
    struct model *m = model_open(folder, NULL, &err);
    assert_string_equal(err.message, "");
    return m;
}

/* Every setting of generation_config.json, and all tokens that it says end an answer. */
static void a_generation_config_is_followed(void **state)
{
    (void)state;
    link_all("folder-hf");
    write_file(
        "generation_config.json",
        "{\"do_sample\": true, \"temperature\": 0.25, \"top_p\": 0.5, \"top_k\": 7, \"repetition_penalty\": 1.25, "
        "\"max_new_tokens\": 99, \"eos_token_id\": [2, 300, 301, 5000, -1, \"x\"]}");
    struct model *m = open_folder();
    assert_float_equal(recommended(m, "temperature"), 0.25, 0);
    assert_float_equal(recommended(m, "top_p"), 0.5, 0);
    assert_float_equal(recommended(m, "top_k"), 7, 0);
    assert_float_equal(recommended(m, "repetition_penalty"), 1.25, 0);
    assert_float_equal(recommended(m, "max_new_tokens"), 99, 0);
    assert_true(tokenizer_is_end(model_tokenizer(m), 2));
    assert_true(tokenizer_is_end(model_tokenizer(m), 300));
    assert_true(tokenizer_is_end(model_tokenizer(m), 301));
    assert_false(tokenizer_is_end(model_tokenizer(m), 302));
    model_free(m);
    write_file("generation_config.json", "{\"do_sample\": false, \"temperature\": 0.25, \"top_k\": -3, "
                                         "\"max_new_tokens\": 1e9, \"eos_token_id\": 300}");
    m = open_folder();
    assert_float_equal(recommended(m, "temperature"), 0, 0);
    assert_float_equal(recommended(m, "top_k"), -1, 0);
    assert_float_equal(recommended(m, "max_new_tokens"), -1, 0);
    assert_true(tokenizer_is_end(model_tokenizer(m), 2));
    assert_true(tokenizer_is_end(model_tokenizer(m), 300));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_described),
        cmocka_unit_test(a_file_opens_its_folder),
        cmocka_unit_test_teardown(a_cache_folder_is_entered, remove_folder),
        cmocka_unit_test_teardown(a_generation_config_is_followed, remove_folder),
        cmocka_unit_test_teardown(what_is_missing_is_named, remove_folder),
        cmocka_unit_test_teardown(an_index_stays_in_its_folder, remove_folder),
        cmocka_unit_test_teardown(odd_configurations_are_refused, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
