/* The names of pre-tokenisers in GGUF files and what they mean. The expressions are those of the models' own
 * tokenizer.json, or where converters know them in another form (DeepSeek's, Falcon's, "default"), that. */
#include "engine/text/cutter.h"

#include <string.h>

#include "engine/text/pattern.h"

#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define SPACES "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define LLAMA3(digits) \
    CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" digits "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" SPACES
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define CJK "[\\u4e00-\\u9fa5\\u0800-\\u4e00\\uac00-\\ud7ff]+"

/* DeepSeek LLM's letters: those with case, of scripts that have it. */
static const char cased[] =
    "\\s?[A-Za-z\\u00b5\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u01ba\\u01bc-\\u01bf\\u01c4-\\u0293\\u0295-\\u02af"
    "\\u0370-\\u0373\\u0376\\u0377\\u037b-\\u037d\\u037f\\u0386\\u0388-\\u038a\\u038c\\u038e-\\u03a1"
    "\\u03a3-\\u03f5\\u03f7-\\u0481\\u048a-\\u052f\\u0531-\\u0556\\u10a0-\\u10c5\\u13a0-\\u13f5\\u13f8-\\u13fd"
    "\\u1c90-\\u1cba\\u1cbd-\\u1cbf\\u1d00-\\u1d2b\\u1d6b-\\u1d77\\u1d79-\\u1d9a\\u1e00-\\u1f15\\u1f18-\\u1f1d"
    "\\u1f20-\\u1f45\\u1f48-\\u1f4d\\u1f50-\\u1f57\\u1f59\\u1f5b\\u1f5d\\u1f5f-\\u1f7d\\u1f80-\\u1fb4"
    "\\u1fb6-\\u1fbc\\u1fbe\\u1fc2-\\u1fc4\\u1fc6-\\u1fcc\\u1fd0-\\u1fd3\\u1fd6-\\u1fdb\\u1fe0-\\u1fec"
    "\\u1ff2-\\u1ff4\\u1ff6-\\u1ffc\\u2102\\u2107\\u210a-\\u2113\\u2115\\u2119-\\u211d\\u2124\\u2126\\u2128"
    "\\u212a-\\u212d\\u212f-\\u2134\\u2139\\u213c-\\u213f\\u2145-\\u2149\\u214e\\u2183\\u2184\\u2c00-\\u2c7b"
    "\\u2c7e-\\u2ce4\\u2ceb-\\u2cee\\u2cf2\\u2cf3\\ua640-\\ua66d\\ua680-\\ua69b\\ua722-\\ua76f\\ua771-\\ua787"
    "\\ua78b-\\ua78e\\uab70-\\uabbf\\ufb00-\\ufb06\\ufb13-\\ufb17\\uff21-\\uff3a\\uff41-\\uff5a"
    "\\U00010400-\\U0001044f\\U000104b0-\\U000104d3\\U000104d8-\\U000104fb\\U00010c80-\\U00010cb2"
    "\\U00010cc0-\\U00010cf2\\U000118a0-\\U000118df\\U0001e900-\\U0001e943"
    "]+";

static const struct {
    const char *names; /* with blanks between */
    enum pretokenizer kind;
    bool whole_words;
    const char *patterns[CUTTER_STAGES];
} cutters[] = {
    {"gpt-2 gpt2 olmo mpt phi-2 jais trillion exaone4 roberta-bpe jina-es jina-de jina-v2-es jina-v2-de jina-v1-en "
     "gigachat mellum",
     PRE_GPT2,
     false,
     {GPT2}},
    {"smollm starcoder refact command-r codeshell exaone minerva-7b", PRE_SMOLLM, false, {"\\p{N}", GPT2}},
    {"llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2", PRE_LLAMA3, true, {LLAMA3("{1,3}")}},
    {"dbrx smaug-bpe", PRE_LLAMA3, false, {LLAMA3("{1,3}")}},
    {"qwen2 deepseek-r1-qwen stablelm2 megrez hunyuan", PRE_QWEN2, false, {LLAMA3("")}},
    {"tekken",
     PRE_PATTERNS,
     true,
     {"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*|\\p{N}|"
      " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES}},
    {"gpt-4o llama4",
     PRE_PATTERNS,
     false,
     {"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTION "?|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER
      "*" CONTRACTION "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" SPACES}},
    {"deepseek-llm",
     PRE_PATTERNS,
     false,
     {"[\\r\\n]", cased, "\\s?[!-/:-~\\uff01-\\uff0f\\uff1a-\\uff5e\\u2018-\\u201f\\u3000-\\u3002]+", "\\s+$", CJK,
      "\\p{N}+"}},
    {"deepseek-coder", PRE_PATTERNS, false, {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK, "\\p{N}"}},
    {"deepseek-v3 hunyuan-dense",
     PRE_PATTERNS,
     false,
     {"\\p{N}{1,3}", "[\\u4e00-\\u9fa5\\u3040-\\u309f\\u30a0-\\u30ff]+",
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"
      " ?[\\p{P}\\p{S}]+[\\r\\n]*|" SPACES}},
    {"falcon", PRE_PATTERNS, false, {"[\\p{P}\\$\\+<=>\\^~\\|`]+", GPT2, "[0-9][0-9][0-9]"}},
    {"default", PRE_PATTERNS, false, {"[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"}},
};

/* Whether name is one of the words of a list with blanks between. */
static bool list_has(const char *list, const char *name, size_t size)
{
    for (size_t n; *list != '\0'; list += n + (list[n] == ' ')) {
        n = strcspn(list, " ");
        if (n == size && memcmp(list, name, n) == 0)
            return true;
    }
    return false;
}

static enum error_code add_patterns(struct cutter *c, const char *const *expressions, int n, struct error *err)
{
    struct error own = {0};
    for (; c->n < n; c->n++) {
        c->patterns[c->n] = pattern_new(expressions[c->n], strlen(expressions[c->n]), &own);
        if (c->patterns[c->n] == NULL) {
            cutter_close(c);
            return error_set(err, own.code, "%s", own.message);
        }
    }
    return ERR_NONE;
}

static enum error_code open_row(struct cutter *c, size_t row, struct error *err)
{
    *c = (struct cutter){.kind = cutters[row].kind, .whole_words = cutters[row].whole_words};
    if (c->kind != PRE_PATTERNS)
        return ERR_NONE;
    int n = 0;
    while (n < CUTTER_STAGES && cutters[row].patterns[n] != NULL)
        n++;
    return add_patterns(c, cutters[row].patterns, n, err);
}

enum error_code cutter_open(struct cutter *c, const char *name, size_t size, struct error *err)
{
    for (size_t i = 0; i < sizeof cutters / sizeof *cutters; i++)
        if (list_has(cutters[i].names, name, size))
            return open_row(c, i, err);
    return error_set(err, ERR_UNSUPPORTED,
                     "pre-tokeniser '%.*s' is not supported; Palaver knows those of GPT-2, Llama 3, "
                     "Qwen 2, SmolLM, Tekken, GPT-4o, DeepSeek and Falcon",
                     (int)(size < 40 ? size : 40), name);
}

/* The row with just these expressions; the number of rows when there is none. */
static size_t row_of(const char *const *expressions, int n, bool whole_words)
{
    size_t row = 0;
    for (; row < sizeof cutters / sizeof *cutters; row++) {
        int i = 0;
        while (i < n && cutters[row].patterns[i] != NULL && strcmp(cutters[row].patterns[i], expressions[i]) == 0)
            i++;
        if (i == n && (n == CUTTER_STAGES || cutters[row].patterns[n] == NULL) &&
            cutters[row].whole_words == whole_words)
            break;
    }
    return row;
}

enum error_code cutter_open_expressions(struct cutter *c, const char *const *expressions, int n, bool whole_words,
                                        struct error *err)
{
    const size_t row = row_of(expressions, n, whole_words);
    if (row < sizeof cutters / sizeof *cutters)
        return open_row(c, row, err);
    *c = (struct cutter){.kind = PRE_PATTERNS, .whole_words = whole_words};
    if (n > CUTTER_STAGES)
        return error_set(err, ERR_UNSUPPORTED, "a pre-tokeniser of %d expressions is not supported", n);
    return add_patterns(c, expressions, n, err);
}

void cutter_close(struct cutter *c)
{
    for (int i = 0; i < c->n; i++)
        pattern_free(c->patterns[i]);
    c->n = 0;
}

/* Cuts by the patterns from stage on. */
static bool cut_stages(const struct cutter *c, int stage, const char *text, size_t size, cutter_word *take,
                       void *context)
{
    size_t at = 0, start, end;
    if (stage == c->n)
        return take(context, text, size);
    while (at < size) {
        const bool found = pattern_find(c->patterns[stage], text, size, at, &start, &end);
        if (!found)
            start = end = size;
        if (start > at && !cut_stages(c, stage + 1, text + at, start - at, take, context))
            return false;
        if (end > start && !cut_stages(c, stage + 1, text + start, end - start, take, context))
            return false;
        at = end;
    }
    return true;
}

bool cutter_cut(const struct cutter *c, const char *text, size_t size, cutter_word *take, void *context)
{
    if (c->kind == PRE_PATTERNS)
        return cut_stages(c, 0, text, size, take, context);
    for (size_t at = 0, used; at < size; at += used) {
        used = pretokenize(c->kind, text + at, size - at);
        if (!take(context, text + at, used))
            return false;
    }
    return true;
}
