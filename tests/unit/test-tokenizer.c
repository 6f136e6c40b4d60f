/* Tests of the tokenizers: ids and texts equal to those of sentencepiece and of Hugging Face's tokenizers. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/file/metadata.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/text/cutter.h"
#include "engine/text/pattern.h"
#include "engine/text/tokenizer.h"
#include "tests/cmocka.h"
#include "tests/unit/vectors.h"

static struct model *open_vocabulary(char *path)
{
    struct error err = {0};
    struct model_options options = {.vocab_only = true};
    if (path == NULL)
        return NULL;
    struct model *model = model_open(path, &options, &err);
    if (model == NULL)
        fail_msg("%s: %s", path, err.message);
    free(path);
    return model;
}

static void check_ids(const struct ids *got, const json_t *want, const json_t *text)
{
    bool same = got->n == json_array_size(want);
    for (size_t i = 0; same && i < got->n; i++)
        same = got->at[i] == json_integer_value(json_array_get(want, i));
    if (same)
        return;
    for (size_t i = 0; i < got->n; i++)
        print_error("%d ", got->at[i]);
    char *json = json_dumps(want, JSON_COMPACT), *shown = json_dumps(text, JSON_ENCODE_ANY);
    fail_msg("ids differ for %s; expected %s", shown, json);
}

/* Every text of the cases, which are taken over, becomes its ids, and these its decoded text where there is one. */
static void check_cases(json_t *cases, const struct tokenizer *t)
{
    json_t *entry;
    size_t i;
    assert_true(json_array_size(cases) > 0);
    json_array_foreach(cases, i, entry) {
        const json_t *text = json_object_get(entry, "text"), *decoded = json_object_get(entry, "decoded");
        struct error err = {0};
        struct ids ids = {0};
        struct buf out;
        assert_int_equal(tokenizer_encode(t, json_string_value(text), json_string_length(text), &ids, &err), ERR_NONE);
        check_ids(&ids, json_object_get(entry, "ids"), text);
        buf_init(&out, 1 << 20);
        assert_true(tokenizer_decode(t, ids.at, ids.n, &out));
        const json_t *want = decoded != NULL ? decoded : text;
        assert_int_equal(out.size, json_string_length(want));
        assert_memory_equal(buf_text(&out), json_string_value(want), out.size);
        buf_free(&out);
        ids_free(&ids);
    }
    print_message("%zu texts\n", i);
    json_decref(cases);
}

static void sentencepiece_is_equalled(void **state)
{
    (void)state;
    char *paths[] = {vectors_own("sentencepiece.json"), vectors_path("sentencepiece.json")};
    for (int i = 0; i < 2; i++) {
        struct model *model = open_vocabulary(vectors_beside(paths[i], "llama2-vocab.gguf"));
        assert_non_null(model);
        check_cases(vectors_load_path(paths[i]), model_tokenizer(model));
        model_free(model);
    }
}

static void bytelevel_is_equalled(void **state)
{
    (void)state;
    struct model *model = open_vocabulary(vectors_own("tiny-llama3.gguf"));
    assert_non_null(model);
    check_cases(vectors_load_path(vectors_own("hf-bytelevel-tiny.json")), model_tokenizer(model));
    model_free(model);
}

static void bytelevel_of_the_default_model_is_equalled(void **state)
{
    (void)state;
    struct model *model = open_vocabulary(vectors_default_model());
    if (model == NULL)
        skip();
    check_cases(vectors_load_path(vectors_own("hf-bytelevel.json")), model_tokenizer(model));
    json_t *larger = vectors_load("bytelevel.json");
    if (larger != NULL)
        check_cases(larger, model_tokenizer(model));
    model_free(model);
}

/* Cuts a text and holds the words' lengths against the expected ones. */
/* Words as they come, against a list of their lengths. */
struct words {
    const json_t *want;
    const char *next; /* where the next word must begin */
    size_t n;
    bool wrong;
};

static bool compare_word(void *context, const char *word, size_t size)
{
    struct words *w = context;
    w->wrong |= word != w->next || size == 0 || (json_int_t)size != json_integer_value(json_array_get(w->want, w->n));
    w->next += size;
    w->n++;
    return !w->wrong;
}

static bool cuts_alike(const struct cutter *cutter, const json_t *text, const json_t *want)
{
    struct words words = {.want = want, .next = json_string_value(text)};
    cutter_cut(cutter, json_string_value(text), json_string_length(text), compare_word, &words);
    return !words.wrong && words.n == json_array_size(want);
}

static void words_are_cut_as_expressions_cut_them(void **state)
{
    (void)state;
    static const char *const names[] = {"gpt2",         "smollm",         "llama3",      "qwen2",  "tekken", "gpt-4o",
                                        "deepseek-llm", "deepseek-coder", "deepseek-v3", "falcon", "default"};
    json_t *cases = vectors_load("pretokenize.json"), *entry;
    size_t i, wrong = 0;
    assert_true(json_array_size(cases) > 0);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct cutter cutter;
        struct error err = {0};
        if (cutter_open(&cutter, names[k], strlen(names[k]), &err) != ERR_NONE)
            fail_msg("%s", err.message);
        json_array_foreach(cases, i, entry)
            if (!cuts_alike(&cutter, json_object_get(entry, "text"), json_object_get(entry, names[k]))) {
                char *shown = json_dumps(json_object_get(entry, "text"), JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
                print_error("%s cuts %s wrongly\n", names[k], shown);
                free(shown);
                wrong++;
            }
        cutter_close(&cutter);
    }
    json_decref(cases);
    print_message("%zu texts\n", i);
    assert_int_equal(wrong, 0);
}

/* The expression ends where memory ends: reading on is a fault. */
static void refuse_expression(const char *expression)
{
    struct error err = {0};
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = strlen(expression);
    char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED && size <= page);
    assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
    memcpy(memory + page - size, expression, size);
    struct pattern *p = pattern_new(memory + page - size, size, &err);
    munmap(memory, 2 * page);
    if (p != NULL)
        fail_msg("%s is not refused", expression);
    assert_int_equal(err.code, ERR_UNSUPPORTED);
}

static void odd_expressions_are_refused(void **state)
{
    (void)state;
    static const char *const odd[] = {"(",        ")",           "a)",  "[",   "[a",     "[]",     "(?<n>a)",
                                      "(?<=a)b",  "a**",         "*",   "a{",  "a{2,1}", "a{x}",   "\\p{Latin}",
                                      "\\p",      "\\p{",        "\\1", "\\b", "a+?",    "[z-a]",  "[a-\\s]",
                                      "[[a]]",    "\\xg0",       "^a",  "\\u", "(\\x",   "[\\u12", "(.f\\u",
                                      "(?:ab)++", "(?:ab){1,3}", "\\"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        refuse_expression(odd[i]);
    char deep[1001];
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    refuse_expression(deep);
}

/* Where an expression first matches in a text, as "start-end"; "none". */
static void finds(const char *expression, const char *text, const char *want)
{
    struct error err = {0};
    char found[64] = "none";
    size_t start, end;
    struct pattern *p = pattern_new(expression, strlen(expression), &err);
    if (p == NULL)
        fail_msg("%s", err.message);
    if (pattern_find(p, text, strlen(text), 0, &start, &end))
        snprintf(found, sizeof found, "%zu-%zu", start, end);
    pattern_free(p);
    if (strcmp(found, want) != 0)
        fail_msg("%s in %s: %s, not %s", expression, text, found, want);
}

static void patterns_match_as_regular_expressions_do(void **state)
{
    (void)state;
    finds("a|ab", "xab", "1-2");
    finds("(?:ab)*c", "ababc", "0-5");
    finds("(?:ab)+", "xababa", "1-5");
    finds("(?:ab)?b", "abb", "0-3");
    finds("(?:ab)?b", "bb", "0-1");
    finds("(ab){2}", "ababab", "0-4");
    finds("(?:a|b)*c", "abac", "0-4");
    finds("\\d{2,3}", "a12345", "1-4");
    finds("\\d{2}", "1a23", "2-4");
    finds("a*ab", "aaab", "0-4");
    finds("a*+ab", "aaab", "none");
    finds("é*éb", "éééb", "0-7");
    finds("\\s+(?!\\S)", "   x", "0-2");
    finds("a(?=b)", "acab", "2-3");
    finds("(?i:don't)", "DON'T", "0-5");
    finds("(?i:s)", "\xC5\xBF", "0-2");
    finds("[^a-c]+", "abcdef", "3-6");
    finds(".+$", "a\nbc", "2-4");
    finds("x*", "aaa", "none"); /* an empty match is no word */
    finds("(?:(?:a*)*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "none");
    finds("[^\\s]+", "\xff\xfe x", "0-2");
    finds("[^x]*y", "\xff\xc3y\xff", "0-3");
}

/* SmolLM2 has no token for U+0014, and its unknown token is <|endoftext|>. */
static void bytes_that_a_vocabulary_lacks_are_left_out(void **state)
{
    (void)state;
    struct model *model = open_vocabulary(vectors_default_model());
    if (model == NULL)
        skip();
    struct ids ids = {0};
    struct error err = {0};
    assert_int_equal(tokenizer_encode(model_tokenizer(model), "a\024b\004", 4, &ids, &err), ERR_NONE);
    assert_int_equal(ids.n, 2);
    assert_int_equal(ids.at[0], tokenizer_find(model_tokenizer(model), "a"));
    assert_int_equal(ids.at[1], tokenizer_find(model_tokenizer(model), "b"));
    ids_free(&ids);
    model_free(model);
}

/* Half a megabyte without a space is no trap. */
static void long_words_take_no_quadratic_time(void **state)
{
    (void)state;
    enum { SIZE = 500000 };
    char *paths[] = {vectors_path("llama2-vocab.gguf"), vectors_default_model(), vectors_path("tiny-llama3.gguf")};
    for (int i = 0; i < 3; i++) {
        struct model *model = open_vocabulary(paths[i]);
        if (model == NULL)
            continue;
        char *text = malloc(SIZE);
        for (int j = 0; j < SIZE; j++)
            text[j] = (char)('a' + j * 7 % 5);
        struct error err = {0};
        struct ids ids = {0};
        struct buf out;
        clock_t start = clock();
        assert_int_equal(tokenizer_encode(model_tokenizer(model), text, SIZE, &ids, &err), ERR_NONE);
        print_message("%d bytes in %.2f s\n", SIZE, (double)(clock() - start) / CLOCKS_PER_SEC);
        buf_init(&out, 2 * SIZE);
        assert_true(tokenizer_decode(model_tokenizer(model), ids.at, ids.n, &out));
        assert_int_equal(out.size, SIZE);
        assert_memory_equal(buf_text(&out), text, SIZE);
        buf_free(&out);
        ids_free(&ids);
        free(text);
        model_free(model);
    }
}

/* What a person types is never a control token. */
static void typed_control_tokens_stay_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"<s>",   "</s>",  "<|im_start|>system", "<|im_end|>", "<|eot_id|>",
                                        "<unk>", "<0x0A>"};
    char *paths[] = {vectors_path("llama2-vocab.gguf"), vectors_default_model(), vectors_path("tiny-llama3.gguf")};
    for (int i = 0; i < 3; i++) {
        struct model *model = open_vocabulary(paths[i]);
        for (size_t j = 0; model != NULL && j < sizeof texts / sizeof *texts; j++) {
            const struct tokenizer *t = model_tokenizer(model);
            struct error err = {0};
            struct ids ids = {0};
            struct buf out;
            buf_init(&out, 1000);
            assert_int_equal(tokenizer_encode(t, texts[j], strlen(texts[j]), &ids, &err), ERR_NONE);
            for (size_t k = 0; k < ids.n; k++)
                assert_false(tokenizer_is_control(t, ids.at[k]));
            tokenizer_decode(t, ids.at, ids.n, &out);
            assert_string_equal(buf_text(&out), texts[j]);
            buf_free(&out);
            ids_free(&ids);
        }
        model_free(model);
    }
}

/* ---- ends of answers -------------------------------------------------------------------------------------------- */

/* A small vocabulary: a piece of text, and the given control tokens from id 4 on. */
static struct source *make_vocabulary(const char *const *control, size_t n, const char *key, uint32_t id,
                                      struct buf *file)
{
    static const char *const first[] = {"<unk>", "<s>", "</s>", "a"};
    static const int32_t types[] = {2, 3, 3, 1}; /* unknown, control, control, normal */
    struct metadata m;
    struct error err = {0};
    metadata_init(&m);
    metadata_text(&m, "tokenizer.ggml.model", "llama", 5);
    metadata_begin_texts(&m, "tokenizer.ggml.tokens");
    for (size_t i = 0; i < 4 + n; i++)
        metadata_add_text(&m, i < 4 ? first[i] : control[i - 4], strlen(i < 4 ? first[i] : control[i - 4]));
    metadata_end(&m);
    metadata_begin_floats(&m, "tokenizer.ggml.scores");
    for (size_t i = 0; i < 4 + n; i++)
        metadata_add_float(&m, -(float)i);
    metadata_end(&m);
    metadata_begin_ints(&m, "tokenizer.ggml.token_type");
    for (size_t i = 0; i < 4 + n; i++)
        metadata_add_int(&m, i < 4 ? types[i] : 3);
    metadata_end(&m);
    if (key != NULL)
        metadata_uint(&m, key, id);
    buf_init(file, 1 << 16);
    assert_true(metadata_write(&m, 0, file));
    metadata_free(&m);
    struct source *s = source_open_memory("small", file->data, file->size, true, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

static void check_end(const char *spelling, const char *key, bool is_end)
{
    const char *const control[] = {"<|start|>", spelling};
    struct buf file;
    struct error err = {0};
    struct source *s = make_vocabulary(control, 2, key, 5, &file);
    struct tokenizer *t = tokenizer_open(s, &err);
    if (t == NULL)
        fail_msg("%s", err.message);
    assert_true(tokenizer_is_end(t, 2)); /* </s> */
    assert_false(tokenizer_is_end(t, 3) || tokenizer_is_end(t, 4) || tokenizer_is_end(t, -1));
    if (tokenizer_is_end(t, 5) != is_end)
        fail_msg("%s (%s) %s", spelling, key != NULL ? key : "no key", is_end ? "ends no answer" : "ends an answer");
    tokenizer_free(t);
    source_free(s);
    buf_free(&file);
}

static void equal_tokens_are_refused(void **state)
{
    (void)state;
    static const char *const odd[][2] = {{"over", "over"}, {"a", "b"}, {"</s>", "b"}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct buf file;
        struct error err = {0};
        struct source *s = make_vocabulary(odd[i], 2, NULL, 0, &file);
        assert_null(tokenizer_open(s, &err));
        assert_int_equal(err.code, ERR_FORMAT);
        if (strstr(err.message, "are both spelled '") == NULL)
            fail_msg("%s", err.message);
        source_free(s);
        buf_free(&file);
    }
    static const char *const empty[] = {"", ""};
    struct buf file;
    struct error err = {0};
    struct source *s = make_vocabulary(empty, 2, NULL, 0, &file);
    struct tokenizer *t = tokenizer_open(s, &err);
    assert_non_null(t);
    tokenizer_free(t);
    source_free(s);
    buf_free(&file);
}

/* By its spelling, or because the file says so. */
static void tokens_that_end_a_turn_end_an_answer(void **state)
{
    (void)state;
    static const char *const spellings[] = {"<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|endoftext|>"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        check_end(spellings[i], NULL, true);
    check_end("<over>", NULL, false);
    check_end("<over>", "tokenizer.ggml.eot_token_id", true);
    check_end("<over>", "tokenizer.ggml.eom_token_id", true);
}

/* ---- cutting ---------------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

/* Mostly words, some white space of all lengths, some characters that few tokens have, some bytes that are none. */
static void random_text(const struct tokenizer *t, uint32_t *state, struct buf *out)
{
    static const char *const odd[] = {
        " ",    " ",   "  ", "\n", "\t", "a", "b", "ab", "\xC3\xA9", "\xE5\xAD\x97", "\xF0\x9F\x98\x80", "\xE2\x96\x81",
        "\xff", "\xE2"};
    buf_clear(out);
    for (uint32_t n = next_random(state) % 200; n > 0; n--) {
        uint32_t choice = next_random(state);
        const char *some = odd[choice / 8 % (sizeof odd / sizeof *odd)];
        buf_puts(out, choice % 8 < 5 ? token_text(t, (int32_t)(choice / 8 % (uint32_t)t->n)) : some);
    }
}

/* Of each text encoded whole, and cut where it may be, the ids are the same. */
static void check_cuts(const struct source *source)
{
    struct error err = {0};
    struct tokenizer *cutting = tokenizer_open(source, &err), *whole = tokenizer_open(source, &err);
    uint32_t state = 2463534242;
    struct buf text;
    assert_true(cutting != NULL && whole != NULL);
    memset(whole->joints.bits, 0xff, (whole->joints.mask + 1) / 8);
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 3000; i++) {
        struct ids a = {0}, b = {0};
        random_text(cutting, &state, &text);
        assert_int_equal(tokenizer_encode(cutting, buf_text(&text), text.size, &a, &err), ERR_NONE);
        assert_int_equal(tokenizer_encode(whole, buf_text(&text), text.size, &b, &err), ERR_NONE);
        assert_int_equal(a.n, b.n);
        if (a.n > 0)
            assert_memory_equal(a.at, b.at, a.n * sizeof *a.at);
        ids_free(&a);
        ids_free(&b);
    }
    buf_free(&text);
    tokenizer_free(whole);
    tokenizer_free(cutting);
}

enum { RANDOM_TOKENS = 120 };

static void random_spelling(uint32_t *seed, int i, char out[32])
{
    static const char *const letters[] = {"a", "b", "\xE2\x96\x81", "\xC3\xA9", "\xE5\xAD\x97", "\n", "\t"};
    *out = '\0';
    for (uint32_t n = i < 7 ? 1 : 2 + next_random(seed) % 4; n > 0; n--)
        strcat(out, letters[i < 7 ? (uint32_t)i : next_random(seed) % 7]);
}

static bool is_spelled(char (*spelled)[32], int n, const char *text)
{
    while (n > 0 && strcmp(spelled[n - 1], text) != 0)
        n--;
    return n > 0;
}

/* Tokens of few letters and white space, with scores of which many are equal, of all types that a text can become. */
static struct source *make_random_vocabulary(uint32_t seed, struct buf *file)
{
    struct metadata m;
    struct error err = {0};
    char spelled[RANDOM_TOKENS][32];
    float scores[RANDOM_TOKENS];
    int32_t types[RANDOM_TOKENS];
    metadata_init(&m);
    metadata_text(&m, "tokenizer.ggml.model", "llama", 5);
    metadata_begin_texts(&m, "tokenizer.ggml.tokens");
    for (int i = 0; i < RANDOM_TOKENS; i++) {
        do
            random_spelling(&seed, i, spelled[i]);
        while (is_spelled(spelled, i, spelled[i]));
        metadata_add_text(&m, spelled[i], strlen(spelled[i]));
        scores[i] = -(float)(next_random(&seed) % 20);
        types[i] = i < 7 || next_random(&seed) % 3 > 0 ? TOKEN_NORMAL
                   : next_random(&seed) % 2 > 0        ? TOKEN_UNUSED
                                                       : TOKEN_USER_DEFINED;
    }
    metadata_end(&m);
    metadata_begin_floats(&m, "tokenizer.ggml.scores");
    for (int i = 0; i < RANDOM_TOKENS; i++)
        metadata_add_float(&m, scores[i]);
    metadata_end(&m);
    metadata_begin_ints(&m, "tokenizer.ggml.token_type");
    for (int i = 0; i < RANDOM_TOKENS; i++)
        metadata_add_int(&m, types[i]);
    metadata_end(&m);
    buf_init(file, 1 << 16);
    assert_true(metadata_write(&m, 0, file));
    metadata_free(&m);
    struct source *s = source_open_memory("random", file->data, file->size, true, &err);
    if (s == NULL)
        fail_msg("%s", err.message);
    return s;
}

static void cutting_a_text_changes_no_id(void **state)
{
    (void)state;
    char *paths[] = {vectors_own("llama2-vocab.gguf"), vectors_path("llama2-vocab.gguf")};
    for (int i = 0; i < 2; i++) {
        struct error err = {0};
        struct source *s = source_open(paths[i], true, &err);
        assert_non_null(s);
        check_cuts(s);
        source_free(s);
        free(paths[i]);
    }
    for (uint32_t seed = 1; seed <= 8; seed++) {
        struct buf file;
        struct source *s = make_random_vocabulary(seed * 2654435769u, &file);
        check_cuts(s);
        source_free(s);
        buf_free(&file);
    }
}

/* What is merged at once is a word, whatever the size of the text: memory does not grow with it. */
static void texts_are_merged_word_by_word(void **state)
{
    (void)state;
    static const char text[] = "\xE2\x96\x81The quick brown fox jumps over the lazy dog,\nand the dog sleeps on.";
    struct model *model = open_vocabulary(vectors_path("llama2-vocab.gguf"));
    const struct joints *joints = &model_tokenizer(model)->joints;
    uint32_t before = 0;
    size_t run = 0, longest = 0;
    for (size_t at = 0, used; at < sizeof text - 1; at += used) {
        uint32_t code = utf8_decode(text + at, sizeof text - 1 - at, &used);
        code = code == ' ' ? 0x2581 : code;
        run = joints_has(joints, before, code) ? run + 1 : 1;
        longest = run > longest ? run : longest;
        before = code;
    }
    assert_in_range(longest, 2, 8);
    model_free(model);
}

/* Pieces one by one are the whole text, for any bytes at all. */
static void ill_formed_text_is_no_harm(void **state)
{
    (void)state;
    static const char bytes[] = "a\xe2\xc3 \xe4\xbd\0 \xf0\x9f\x98z\xed\xa0\x80";
    char *paths[] = {vectors_path("llama2-vocab.gguf"), vectors_default_model(), vectors_path("tiny-llama.gguf")};
    for (int i = 0; i < 3; i++) {
        struct model *model = open_vocabulary(paths[i]);
        if (model == NULL)
            continue;
        struct error err = {0};
        struct ids ids = {0};
        struct buf out;
        buf_init(&out, 1000);
        assert_int_equal(tokenizer_encode(model_tokenizer(model), bytes, sizeof bytes - 1, &ids, &err), ERR_NONE);
        assert_true(ids.n > 0);
        for (size_t k = 0; k < ids.n; k++)
            assert_true(tokenizer_piece(model_tokenizer(model), ids.at[k], &out));
        if (i == 1) {
            assert_int_equal(out.size, sizeof bytes - 1);
            assert_memory_equal(buf_text(&out), bytes, out.size);
        }
        buf_free(&out);
        ids_free(&ids);
        model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentencepiece_is_equalled),
        cmocka_unit_test(bytelevel_is_equalled),
        cmocka_unit_test(bytelevel_of_the_default_model_is_equalled),
        cmocka_unit_test(words_are_cut_as_expressions_cut_them),
        cmocka_unit_test(bytes_that_a_vocabulary_lacks_are_left_out),
        cmocka_unit_test(odd_expressions_are_refused),
        cmocka_unit_test(patterns_match_as_regular_expressions_do),
        cmocka_unit_test(long_words_take_no_quadratic_time),
        cmocka_unit_test(typed_control_tokens_stay_text),
        cmocka_unit_test(equal_tokens_are_refused),
        cmocka_unit_test(tokens_that_end_a_turn_end_an_answer),
        cmocka_unit_test(cutting_a_text_changes_no_id),
        cmocka_unit_test(texts_are_merged_word_by_word),
        cmocka_unit_test(ill_formed_text_is_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
