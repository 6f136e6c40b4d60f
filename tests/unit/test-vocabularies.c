/* Tests of the files that hold vocabularies: tokenizer.model and tokenizer.json give the same ids for every text, Llama 3's
 * tokenizer.model gives those of its GGUF file, added tokens are found, and damaged files are refused. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/file/vocab.h"
#include "tests/cmocka.h"
#include "tests/folder.h"
#include "tests/source.h"

static void write_file(const char *name, const char *text, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", test_folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    fclose(f);
}

static void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

/* Copies a fixture into the folder. */
static void copy(const char *fixture, const char *name)
{
    static char bytes[1 << 18];
    const char *path = source_fixture(fixture);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("%s: not found", path);
    const size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    write_file(name, bytes, n);
}

static struct model *try_open(const char *path, struct error *err)
{
    *err = (struct error){0};
    return model_open(path, &(struct model_options){.vocab_only = true}, err);
}

static struct model *open_model(const char *path)
{
    struct error err;
    struct model *m = try_open(path, &err);
    if (m == NULL)
        fail_msg("%s", err.message);
    return m;
}

static void refused_because(const char *reason)
{
    struct error err;
    assert_null(try_open(test_folder, &err));
    if (strstr(err.message, reason) == NULL)
        fail_msg("%s does not hold '%s'", err.message, reason);
}

/* A Hugging Face folder with the configuration of folder-hf and this vocabulary. */
static struct model *open_hf(const char *fixture, const char *name)
{
    test_folder_remove(NULL);
    assert_int_equal(test_folder_make(NULL), 0);
    copy("folder-hf/config.json", "config.json");
    copy("folder-hf/tokenizer_config.json", "tokenizer_config.json");
    copy(fixture, name);
    return open_model(test_folder);
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static const char *const texts[] = {
    "",
    " ",
    "  ",
    "   ",
    "\n",
    "\n\n",
    "\t",
    "a",
    " a",
    "a ",
    "  a  b   c",
    "The llama walked over the hill.",
    "\n The\n\n\nllama  \n",
    "\xF0\x9F\xA6\x99\xF0\x9F\xA6\x99 llama \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9",
    "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE4\xB8\x96\xE7\x95\x8C",
    "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82",
    "na\xC3\xAFve caf\xC3\xA9",
    "e\xCC\x81",
    "\xC2\xA0nbsp\xE2\x80\x83"
    "em",
    "\xE2\x96\x81under\xE2\x96\x81"
    "bar",
    "1234567890 3.14 1,000,000",
    "don't I'll we've it's",
    "<s> </s> <unk> <0x0A> [INST] <<SYS>>",
    "\x01\x7f",
    "\xFF\xFE bytes that are no text \xE4\xBD",
    "\r\n\r\n x\r",
    "for (int i = 0; i < n; i++) {\n\treturn a[i] + b[i];\n}\n",
};

static uint32_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % n;
}

/* Text number i, the fixed ones first and then as many as are asked for. */
static void make_text(size_t i, struct buf *out)
{
    static const char *const pieces[] = {"llama",
                                         " the",
                                         "and",
                                         "  ",
                                         "\n",
                                         "a",
                                         "e",
                                         "t",
                                         "ll",
                                         " ",
                                         ".",
                                         ",",
                                         "0",
                                         "7",
                                         "\t",
                                         "'s",
                                         "he",
                                         "\xC3\xA9",
                                         "\xE6\xBC\xA2",
                                         "\xD0\xB0",
                                         "\xF0\x9F\xA6\x99",
                                         "\xE2\x96\x81",
                                         "\xE2\x80\x93",
                                         "\x80"};
    buf_clear(out);
    if (i < sizeof texts / sizeof *texts) {
        buf_puts(out, texts[i]);
        return;
    }
    random_state = (uint32_t)i;
    for (uint32_t n = i % 97 == 0 ? 5000 : 1 + random_below(60); n > 0; n--)
        buf_puts(out, pieces[random_below(sizeof pieces / sizeof *pieces)]);
}

/* Both give the same ids for all texts, and the same text back. */
static void assert_agree(const struct tokenizer *a, const struct tokenizer *b)
{
    struct buf text, back[2];
    buf_init(&text, 1 << 20);
    buf_init(&back[0], 1 << 20);
    buf_init(&back[1], 1 << 20);
    for (size_t i = 0; i < 500; i++) {
        struct ids ids[2] = {{0}, {0}};
        make_text(i, &text);
        assert_int_equal(tokenizer_encode(a, buf_text(&text), text.size, &ids[0], NULL), ERR_NONE);
        assert_int_equal(tokenizer_encode(b, buf_text(&text), text.size, &ids[1], NULL), ERR_NONE);
        if (ids[0].n != ids[1].n || (ids[0].n > 0 && memcmp(ids[0].at, ids[1].at, ids[0].n * sizeof *ids[0].at) != 0))
            fail_msg("text %zu differs: %.60s", i, buf_text(&text));
        for (int k = 0; k < 2; k++) {
            buf_clear(&back[k]);
            assert_true(tokenizer_decode(k == 0 ? a : b, ids[k].at, ids[k].n, &back[k]));
            ids_free(&ids[k]);
        }
        assert_string_equal(buf_text(&back[0]), buf_text(&back[1]));
    }
    buf_free(&text);
    buf_free(&back[0]);
    buf_free(&back[1]);
}

/* ---- Llama 2's two files ---------------------------------------------------------------------------------------- */

static void model_and_json_agree_on_every_text(void **state)
{
    (void)state;
    struct model *spm = open_hf("folder-hf/tokenizer.model", "tokenizer.model"),
                 *json = open_hf("tokenizer.json", "tokenizer.json");
    const struct tokenizer *a = model_tokenizer(spm), *b = model_tokenizer(json);
    assert_agree(a, b);
    assert_int_equal(tokenizer_size(a), tokenizer_size(b));
    assert_int_equal(tokenizer_bos(a), tokenizer_bos(b));
    assert_int_equal(tokenizer_eos(a), tokenizer_eos(b));
    assert_int_equal(tokenizer_adds_bos(a), tokenizer_adds_bos(b));
    for (int32_t id = 0; id < tokenizer_size(a); id++)
        assert_string_equal(tokenizer_spelling(a, id), tokenizer_spelling(b, id));
    model_free(spm);
    model_free(json);
}

static void tokenizer_model_goes_before_tokenizer_json(void **state)
{
    (void)state;
    model_free(open_hf("folder-hf/tokenizer.model", "tokenizer.model"));
    write_text("tokenizer.json", "{ damaged");
    model_free(open_model(test_folder));
    char path[128];
    snprintf(path, sizeof path, "%s/tokenizer.model", test_folder);
    unlink(path);
    refused_because("tokenizer.json: line 1");
}

/* Fine-tunes add tokens in one of three places. */
static void added_tokens_are_found(void **state)
{
    static const struct {
        const char *name, *text;
        bool control; /* as the file says */
    } places[] = {
        {"tokenizer_config.json",
         "{\"bos_token\": \"<s>\", \"added_tokens_decoder\": {\"380\": {\"content\": \"<|im_start|>\", \"special\": true}, "
         "\"381\": {\"content\": \"<tool>\", \"special\": false}}}",
         true},
        {"added_tokens.json", "{\"<|im_start|>\": 380, \"<tool>\": 381}", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        model_free(open_hf("folder-hf/tokenizer.model", "tokenizer.model"));
        write_text(places[i].name, places[i].text);
        struct model *m = open_model(test_folder);
        const struct tokenizer *t = model_tokenizer(m);
        assert_int_equal(tokenizer_find(t, "<|im_start|>"), 380);
        assert_int_equal(tokenizer_find(t, "<tool>"), 381);
        assert_int_equal(tokenizer_is_control(t, 380), places[i].control);
        assert_false(tokenizer_is_control(t, 381));
        assert_int_equal(tokenizer_size(t), 384);
        model_free(m);
    }
    write_text("added_tokens.json", "{\"<x>\": -1}");
    refused_because("added_tokens.json: an added token is damaged");
    write_text("added_tokens.json", "{\"<x>\": 99999999}");
    refused_because("added_tokens.json: an added token is damaged");
}

/* ---- Llama 3's list --------------------------------------------------------------------------------------------- */

static void put_base64(struct buf *out, const unsigned char *bytes, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        const uint32_t left = (uint32_t)(n - i), word = (uint32_t)bytes[i] << 16 |
                                                        (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                                                        (left > 2 ? bytes[i + 2] : 0);
        buf_putc(out, letters[word >> 18]);
        buf_putc(out, letters[word >> 12 & 63]);
        buf_putc(out, left > 1 ? letters[word >> 6 & 63] : '=');
        buf_putc(out, left > 2 ? letters[word & 63] : '=');
    }
}

/* A folder of Meta's with the ordinary tokens of a byte-level vocabulary as a list. Returns how many. */
static int32_t write_list(const struct tokenizer *t, const char *params)
{
    struct buf list, bytes;
    int32_t id = 0;
    buf_init(&list, 1 << 20);
    buf_init(&bytes, 1 << 10);
    for (; id < tokenizer_size(t) && !tokenizer_is_control(t, id); id++) {
        buf_clear(&bytes);
        assert_true(tokenizer_piece(t, id, &bytes));
        put_base64(&list, (const unsigned char *)buf_text(&bytes), bytes.size);
        buf_printf(&list, " %d\n", (int)id);
    }
    test_folder_remove(NULL);
    assert_int_equal(test_folder_make(NULL), 0);
    write_file("tokenizer.model", buf_text(&list), list.size);
    write_text("params.json", params);
    buf_free(&list);
    buf_free(&bytes);
    return id;
}

#define PARAMS "\"dim\": 64, \"n_layers\": 2, \"n_heads\": 4, \"rope_theta\": 500000"

static void a_list_of_ranks_gives_the_same_ids(void **state)
{
    char path[4096];
    (void)state;
    snprintf(path, sizeof path, "%s/tests/fixtures/tiny-llama3.gguf", source_folder());
    struct model *gguf = open_model(path);
    const int32_t n = write_list(model_tokenizer(gguf), "{" PARAMS "}");
    struct model *meta = open_model(test_folder);
    const struct tokenizer *t = model_tokenizer(meta);
    assert_agree(model_tokenizer(gguf), t);
    assert_int_equal(tokenizer_size(t), n + 256);
    assert_int_equal(tokenizer_bos(t), n);
    assert_true(tokenizer_adds_bos(t));
    assert_int_equal(tokenizer_find(t, "<|start_header_id|>"), n + 6);
    assert_int_equal(tokenizer_find(t, "<|eot_id|>"), n + 9);
    assert_int_equal(tokenizer_find(t, "<|reserved_special_token_250|>"), n + 255);
    assert_true(tokenizer_is_control(t, n + 9) && tokenizer_is_end(t, n + 9));
    model_free(meta);

    write_list(model_tokenizer(gguf), "{" PARAMS ", \"use_scaled_rope\": true}");
    meta = open_model(test_folder);
    assert_int_equal(tokenizer_find(model_tokenizer(meta), "<|eom_id|>"), n + 8);
    assert_int_equal(model_info(meta)->context, 131072);
    model_free(meta);
    model_free(gguf);
}

static void damaged_lists_are_refused(void **state)
{
    static const struct {
        const char *list, *reason;
    } lists[] = {
        {"YQ== 0\nYg== 1\nYw=", "line 3 is no token"},   {"YQ== 0\nYg==\n", "line 2 is no token"},
        {"YQ== 0\nYg== x\n", "line 2 is no token"},      {"YQ== 0\nY!== 1\n", "line 2 is no token"},
        {"YQ== 0\n 1\n", "line 2 is no token"},          {"YQ== 0\nYg== 0\n", "the rank 0 is there twice"},
        {"YQ== 0\nYg== 2\n", "no token has the rank 1"}, {"YQ== 0\nYg== 99999999999999999999\n", "line 2 is no token"},
        {"YQ== 1048575\n", "no token has the rank 0"},   {"\xff\xff\n", "no SentencePiece model"},
    };
    (void)state;
    assert_int_equal(test_folder_make(NULL), 0);
    write_text("params.json", "{" PARAMS "}");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        write_text("tokenizer.model", lists[i].list);
        refused_because(lists[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(model_and_json_agree_on_every_text, test_folder_remove),
        cmocka_unit_test_teardown(tokenizer_model_goes_before_tokenizer_json, test_folder_remove),
        cmocka_unit_test_teardown(added_tokens_are_found, test_folder_remove),
        cmocka_unit_test_teardown(a_list_of_ranks_gives_the_same_ids, test_folder_remove),
        cmocka_unit_test_teardown(damaged_lists_are_refused, test_folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
