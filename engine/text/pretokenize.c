/* The regular expressions that most tokenizers cut a text into words by, as hand-written scanners.
 *
 * GPT-2:   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * Llama 3: (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|
 *          \s+(?!\S)|\s+          (Qwen 2: the same with \p{N} alone)
 * SmolLM cuts out every digit first and applies GPT-2's to each stretch between, so a stretch ends there. */
#include "engine/text/cutter.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "base/utf8.h"

enum class { CLASS_END, CLASS_LETTER, CLASS_NUMBER, CLASS_SPACE, CLASS_OTHER };

static enum class class_of(uint32_t code) {
    if (code < 0x80){if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') return CLASS_LETTER;
                     if (code >= '0' && code <= '9') return CLASS_NUMBER;
                     return code == ' ' || (code >= '\t' && code <= '\r') ? CLASS_SPACE : CLASS_OTHER;}
if (code == UTF8_INVALID) return CLASS_OTHER;
switch (utf8proc_category((utf8proc_int32_t)code)) {
case UTF8PROC_CATEGORY_LU:
case UTF8PROC_CATEGORY_LL:
case UTF8PROC_CATEGORY_LT:
case UTF8PROC_CATEGORY_LM:
case UTF8PROC_CATEGORY_LO: return CLASS_LETTER;
case UTF8PROC_CATEGORY_ND:
case UTF8PROC_CATEGORY_NL:
case UTF8PROC_CATEGORY_NO: return CLASS_NUMBER;
case UTF8PROC_CATEGORY_ZS:
case UTF8PROC_CATEGORY_ZL:
case UTF8PROC_CATEGORY_ZP: return CLASS_SPACE;
default: return code == 0x85 ? CLASS_SPACE : CLASS_OTHER;
}
}

/* The text being cut; `split_digits` makes a digit end it. */
struct scan {
    const char *text;
    size_t size;
    bool split_digits;
};

/* The class of the character at `at` and its bytes. */
static enum class class_at(const struct scan *s, size_t at, size_t *used) {
        *used = 0; if (at >= s->size) return CLASS_END;
        enum class c = class_of(utf8_decode(s->text + at, s->size - at, used));
        return c == CLASS_NUMBER && s->split_digits ? CLASS_END : c;
}

/* The end of the run of characters of one class from `at` on, at most `most` of them. */
static size_t run_end(const struct scan *s, size_t at, enum class wanted, size_t most)
{
    size_t used;
    for (; most > 0 && class_at(s, at, &used) == wanted; most--)
        at += used;
    return at;
}

/* The length of a contraction ('s, 't, 're, 've, 'm, 'll, 'd) at `at`, 0 for none. */
static size_t contraction(const struct scan *s, size_t at, bool any_case)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    if (at >= s->size || s->text[at] != '\'')
        return 0;
    if (any_case && s->size - at >= 3 && memcmp(s->text + at + 1, "\xC5\xBF", 2) == 0)
        return 3; /* U+017F, the long s, is an s without case */
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]), j = 0;
        if (at + 1 + n > s->size)
            continue;
        for (; j < n; j++) {
            char c = s->text[at + 1 + j];
            if (c != endings[i][j] && !(any_case && (c | 0x20) == endings[i][j]))
                break;
        }
        if (j == n)
            return n + 1;
    }
    return 0;
}

/* White space from 0 on: all of it at the end of the text, else all but the last character, which belongs to the word
 * after it; a single one is a word. */
static size_t spaces(const struct scan *s)
{
    size_t end = 0, last = 0, used;
    for (; class_at(s, end, &used) == CLASS_SPACE; end += used)
        last = end;
    return class_at(s, end, &used) == CLASS_END || last == 0 ? end : last;
}

static size_t gpt2(const struct scan *s)
{
    size_t n = contraction(s, 0, false), used, after = s->text[0] == ' ' ? 1 : 0;
    if (n > 0)
        return n;
    enum class c = class_at(s, after, &used);
    if (c != CLASS_END && c != CLASS_SPACE)
        return run_end(s, after, c, SIZE_MAX);
    return spaces(s);
}

static bool is_break(const struct scan *s, size_t at)
{
    return at < s->size && (s->text[at] == '\r' || s->text[at] == '\n');
}

static size_t llama3(const struct scan *s, size_t digits)
{
    size_t n = contraction(s, 0, true), used, next;
    if (n > 0)
        return n;
    enum class c = class_at(s, 0, &used);
    if (c == CLASS_LETTER)
        return run_end(s, 0, CLASS_LETTER, SIZE_MAX);
    if (c == CLASS_NUMBER)
        return run_end(s, 0, CLASS_NUMBER, digits);
    if (!is_break(s, 0) && class_at(s, used, &next) == CLASS_LETTER)
        return run_end(s, used, CLASS_LETTER, SIZE_MAX);
    size_t after = s->text[0] == ' ' ? 1 : 0;
    if (class_at(s, after, &next) == CLASS_OTHER) {
        size_t end = run_end(s, after, CLASS_OTHER, SIZE_MAX);
        while (is_break(s, end))
            end++;
        return end;
    }
    size_t end = 0, last_break = 0;
    for (; class_at(s, end, &next) == CLASS_SPACE; end += next)
        if (is_break(s, end))
            last_break = end + 1;
    return last_break > 0 ? last_break : spaces(s);
}

size_t pretokenize(enum pretokenizer kind, const char *text, size_t size)
{
    struct scan s = {text, size, kind == PRE_SMOLLM};
    size_t used;
    if (kind == PRE_LLAMA3 || kind == PRE_QWEN2)
        return llama3(&s, kind == PRE_LLAMA3 ? 3 : 1);
    if (kind == PRE_SMOLLM && class_of(utf8_decode(text, size, &used)) == CLASS_NUMBER)
        return used;
    return gpt2(&s);
}
