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

static char *realpath_of(const char *name)
{
    return realpath(source_fixture(name), NULL);
}

/* A folder of links to a fixture's files. */
static void link_all(const char *name)
{
    char target[8192], own[512];
    snprintf(folder, sizeof folder, "/tmp/palaver-folder.XXXXXX");
    assert_non_null(mkdtemp(folder));
    DIR *dir = opendir(source_fixture(name));
    assert_non_null(dir);
    char *whole = realpath_of(name);
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
        struct error err = {0};
        struct model *m = model_open(source_fixture(names[i]), NULL, &err);
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
        struct error err = {0};
        struct model *m = model_open(source_fixture(files[i]), NULL, &err);
        assert_string_equal(err.message, "");
        assert_int_equal(model_info(m)->layers, 2);
        model_free(m);
    }
}

static void make_inside(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* A snapshot as Hugging Face's tools lay it out: each file is a link into blobs, whose names say nothing. */
static void make_snapshot(const char *hash)
{
    char path[8192], target[256];
    unsigned n = 0;
    snprintf(target, sizeof target, "snapshots/%s", hash);
    make_inside(target);
    DIR *dir = opendir(source_fixture("folder-hf"));
    char *whole = realpath_of("folder-hf");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        char blob[600];
        snprintf(path, sizeof path, "%s/%s", whole, entry->d_name);
        snprintf(blob, sizeof blob, "%s/blobs/%s%u", folder, hash, ++n);
        assert_int_equal(symlink(path, blob), 0);
        snprintf(target, sizeof target, "../../blobs/%s%u", hash, n);
        snprintf(path, sizeof path, "%s/snapshots/%s/%s", folder, hash, entry->d_name);
        assert_int_equal(symlink(target, path), 0);
    }
    free(whole);
    closedir(dir);
}

static void a_cache_folder_is_entered(void **state)
{
    char inside[300];
    struct error err = {0};
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/palaver-folder.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(folder + strlen(folder), 64, "/models--An-Org--Tiny--2-hf");
    assert_int_equal(mkdir(folder, 0700), 0);
    make_inside("refs");
    make_inside("blobs");
    make_inside("snapshots");
    refused_because("none or several, and no refs/main");
    make_snapshot("0123abcd");
    assert_string_equal(open_error(), ""); /* the only one */
    make_snapshot("4567cdef");
    refused_because("none or several, and no refs/main");
    write_file("refs/main", "4567cdef\n");
    assert_string_equal(open_error(), "");
    write_file("refs/main", "89abcdef");
    refused_because("no config.json");
    write_file("refs/main", "../../etc");
    refused_because("names no snapshot");
    write_file("refs/main", "");
    refused_because("names no snapshot");
    snprintf(inside, sizeof inside, "%s/snapshots/0123abcd/model-00001-of-00002.safetensors", folder);
    struct model *m = model_open(inside, NULL, &err);
    assert_string_equal(err.message, "");
    assert_string_equal(model_info(m)->name, "2-hf");
    model_free(m);
    *strrchr(folder, '/') = '\0';
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
    refused_because("consolidated.01.pth is missing, one of the 2 files");
    remove_folder(NULL);
    link_all("folder-meta");
    remove_file("tokenizer.model");
    refused_because("no tokenizer.model");
}

/* Renames a link of the folder. */
static void rename_file(const char *from, const char *to)
{
    char old[512], new[512];
    snprintf(old, sizeof old, "%s/%s", folder, from);
    snprintf(new, sizeof new, "%s/%s", folder, to);
    assert_int_equal(rename(old, new), 0);
}

static void counted_names_open_too(void **state)
{
    (void)state;
    for (unsigned base = 0; base < 2; base++) {
        char name[2][48];
        link_all("folder-meta");
        for (unsigned i = 0; i < 2; i++) {
            snprintf(name[i], sizeof name[i], "consolidated-%05u-of-00002.pth", i + base);
            rename_file(i == 0 ? "consolidated.00.pth" : "consolidated.01.pth", name[i]);
        }
        assert_string_equal(open_error(), "");
        remove_file(name[1]);
        refused_because("-of-00002.pth is missing, one of the 2 files");
        remove_folder(NULL);
    }
}

/* Meta's own layout: the vocabulary lies once, beside the folders of all sizes. */
static void the_vocabulary_may_lie_above(void **state)
{
    char above[160], inside[300];
    struct error err = {0};
    (void)state;
    link_all("folder-meta");
    snprintf(above, sizeof above, "%s", folder);
    snprintf(inside, sizeof inside, "%s/7B", above);
    assert_int_equal(mkdir(inside, 0700), 0);
    rename_file("params.json", "7B/params.json");
    rename_file("consolidated.00.pth", "7B/consolidated.00.pth");
    rename_file("consolidated.01.pth", "7B/consolidated.01.pth");
    struct model *m = model_open(inside, NULL, &err);
    assert_string_equal(err.message, "");
    assert_string_equal(model_info(m)->name, "7B");
    model_free(m);
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

/* A file of safetensors with this header and so many bytes of data. */
static void write_safetensors(const char *name, const char *header, size_t data)
{
    char path[512];
    const size_t n = strlen(header);
    const unsigned char length[8] = {(unsigned char)n, (unsigned char)(n >> 8)};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(length, 1, 8, f) + fwrite(header, 1, n, f), 8 + n);
    for (size_t i = 0; i < data; i++)
        fputc(0, f);
    fclose(f);
}

#define NORM "\"model.norm.weight\":{\"dtype\":"

/* Whatever is wrong with weights is told with the file and the tensor. */
static void faults_name_file_and_tensor(void **state)
{
    static const struct {
        const char *header, *tensor, *reason;
    } rows[] = {
        {"{" NORM "\"I64\",\"shape\":[4],\"data_offsets\":[0,32]}}", "model.norm.weight", "has the type I64"},
        {"{" NORM "\"BOOL\",\"shape\":[4],\"data_offsets\":[0,4]}}", "model.norm.weight", "has the type BOOL"},
        {"{" NORM "\"F8_E5M2\",\"shape\":[4],\"data_offsets\":[0,4]}}", "model.norm.weight", "has the type F8_E5M2"},
        {"{" NORM "\"F64\",\"shape\":[4],\"data_offsets\":[0,32]}}", "model.norm.weight", "has the type F64"},
        {"{" NORM "\"F32\",\"shape\":[4],\"data_offsets\":[0,12]}}", "model.norm.weight", "bytes that its shape needs"},
        {"{" NORM "\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", "model.norm.weight", "impossible shape"},
        {"{" NORM "\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}}", "model.norm.weight", "impossible shape"},
        {"{" NORM "\"F32\",\"shape\":[4],\"data_offsets\":[-4,12]}}", "model.norm.weight", "lacks a type or its place"},
        {"{" NORM "\"F32\",\"shape\":[4]}}", "model.norm.weight", "lacks a type or its place"},
        {"{" NORM "\"F32\",\"shape\":[1,1,40],\"data_offsets\":[0,160]}}", "model.norm.weight",
         "neither one dimension nor two"},
        {"{" NORM "\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"lm_head.weight\":{\"dtype\":\"F32\",\"shape\":[4],"
         "\"data_offsets\":[12,28]}}",
         "lm_head.weight", "model.norm.weight and lm_head.weight lie in the same bytes"},
        {"{\"transformer.h.0.attn\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", "transformer.h.0.attn",
         "is none of a Llama model"},
    };
    (void)state;
    link_all("folder-hf");
    remove_file("model.safetensors.index.json");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_safetensors("model.safetensors", rows[i].header, 256);
        refused_because(rows[i].reason);
        refused_because(rows[i].tensor);
        refused_because("/model.safetensors: ");
    }
}

static void an_index_and_its_files_agree(void **state)
{
    char index[4096], path[512];
    (void)state;
    link_all("folder-hf");
    snprintf(path, sizeof path, "%s/model.safetensors.index.json", folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    index[fread(index, 1, sizeof index - 1, f)] = '\0';
    fclose(f);
    write_file("model.safetensors.index.json",
               "{\"weight_map\": {\"model.layers.7.self_attn.q_proj.weight\": \"model-00001-of-00002.safetensors\"}}");
    refused_because(
        "model-00001-of-00002.safetensors: tensor model.layers.7.self_attn.q_proj.weight should lie in this");
    write_file("model.safetensors.index.json", "{\"weight_map\": []}");
    refused_because("index.json: names no files");
    write_file("model.safetensors.index.json", index);
    assert_string_equal(open_error(), "");
    char *whole = realpath_of("folder-hf/model-00001-of-00002.safetensors");
    remove_file("model-00002-of-00002.safetensors");
    snprintf(path, sizeof path, "%s/model-00002-of-00002.safetensors", folder);
    assert_int_equal(symlink(whole, path), 0); /* the first one again */
    free(whole);
    refused_because("model-00002-of-00002.safetensors: tensor ");
    refused_because("is there twice");
}

/* Files of two models, or one file twice, make no model. */
static void parts_that_do_not_fit_are_named(void **state)
{
    char path[512];
    (void)state;
    link_all("folder-meta");
    char *other = realpath_of("weights/whole.pth");
    remove_file("consolidated.01.pth");
    snprintf(path, sizeof path, "%s/consolidated.01.pth", folder);
    assert_int_equal(symlink(other, path), 0);
    free(other);
    refused_because("consolidated.01.pth: tensor ");
    refused_because("is missing");
    remove_file("consolidated.01.pth");
    write_file("consolidated.01.pth", "PK");
    refused_because("consolidated.01.pth: ");
    write_file("consolidated.01.pth", "");
    refused_because("consolidated.01.pth: ");
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
        cmocka_unit_test_teardown(counted_names_open_too, remove_folder),
        cmocka_unit_test_teardown(the_vocabulary_may_lie_above, remove_folder),
        cmocka_unit_test_teardown(an_index_stays_in_its_folder, remove_folder),
        cmocka_unit_test_teardown(an_index_and_its_files_agree, remove_folder),
        cmocka_unit_test_teardown(faults_name_file_and_tensor, remove_folder),
        cmocka_unit_test_teardown(parts_that_do_not_fit_are_named, remove_folder),
        cmocka_unit_test_teardown(odd_configurations_are_refused, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
