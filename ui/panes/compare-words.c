/* Compare: where two texts part, word by word. */
#include <config.h>

#include "ui/panes/compare.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct word {
    const char *at;
    size_t size;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* Finds at most COMPARE_WORDS words in text[from..size). */
static size_t split_words(const char *text, size_t size, size_t from, struct word *words)
{
    size_t n = 0;
    for (size_t at = from; at < size && n < COMPARE_WORDS;) {
        while (at < size && is_blank(text[at]))
            at++;
        size_t end = at;
        while (end < size && !is_blank(text[end]))
            end++;
        if (end > at)
            words[n++] = (struct word){text + at, end - at};
        at = end;
    }
    return n;
}

static bool same_word(const struct word *a, const struct word *b)
{
    return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

/* Where the first word begins that the texts do not share. */
static size_t common_beginning(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t same = 0, word = 0;
    while (same < a_size && same < b_size && a[same] == b[same]) {
        same++;
        if (is_blank(a[same - 1]))
            word = same;
    }
    bool ends = (same == a_size || is_blank(a[same])) && (same == b_size || is_blank(b[same]));
    return ends ? same : word;
}

/* The words of a[0..n) and b[0..m) that are in a longest common subsequence: same[i] is one more than the word of b that
 * a's word i is, 0 for none. length: room for (n + 1, m + 1). */
static void find_common(const struct word *a, size_t n, const struct word *b, size_t m, uint16_t *length,
                        uint16_t *same)
{
    size_t row = m + 1;
    for (size_t j = 0; j <= m; j++)
        length[n * row + j] = 0;
    for (size_t i = n; i-- > 0;) {
        length[i * row + m] = 0;
        for (size_t j = m; j-- > 0;) {
            uint16_t down = length[(i + 1) * row + j], right = length[i * row + j + 1];
            uint16_t both = (uint16_t)(length[(i + 1) * row + j + 1] + 1);
            length[i * row + j] = same_word(&a[i], &b[j]) ? both : down > right ? down : right;
        }
    }
    memset(same, 0, n * sizeof *same);
    for (size_t i = 0, j = 0; i < n && j < m;) {
        if (same_word(&a[i], &b[j]))
            same[i++] = (uint16_t)++j;
        else if (length[i * row + j + 1] >= length[(i + 1) * row + j])
            j++;
        else
            i++;
    }
}

/* Words of both texts that follow each other in both, from word i on. */
static size_t count_run(const uint16_t *same, size_t n, size_t i)
{
    size_t end = i;
    while (end < n && same[end] != 0 && (end == i || same[end] == same[end - 1] + 1))
        end++;
    return end - i;
}

/* Marks what stands outside of the runs: each stretch from its first word to its last, with the blanks between. */
static void mark_words(const char *text, const struct word *words, size_t n, const uint16_t *same, size_t other_n,
                       unsigned char *marks)
{
    enum { RUN_LEAST = 3 };
    bool inside = false;
    for (size_t i = 0, run; i<n; i += run> 0 ? run : 1) {
        run = count_run(same, n, i);
        bool ends_both = run > 0 && i + run == n && same[n - 1] == other_n;
        if (run >= RUN_LEAST || ends_both) {
            inside = false;
            continue;
        }
        run = 0;
        size_t from = (size_t)(words[i].at - text);
        memset(marks + from, inside ? COMPARE_DIFFERENT : COMPARE_PARTS, words[i].size);
        for (size_t at = from; inside && at > 0 && is_blank(text[at - 1]); at--)
            marks[at - 1] = COMPARE_DIFFERENT;
        inside = true;
    }
}

void compare_words(const char *text, size_t size, const char *other, size_t other_size, unsigned char *marks)
{
    memset(marks, COMPARE_SAME, size);
    size_t from = common_beginning(text, size, other, other_size);
    struct word *words = malloc(2 * COMPARE_WORDS * sizeof *words);
    size_t n = words != NULL ? split_words(text, size, from, words) : 0;
    size_t m = words != NULL ? split_words(other, other_size, from, words + COMPARE_WORDS) : 0;
    uint16_t *length = malloc(((n + 1) * (m + 1) + n) * sizeof *length);
    if (words != NULL && length != NULL) {
        uint16_t *same = length + (n + 1) * (m + 1);
        find_common(words, n, words + COMPARE_WORDS, m, length, same);
        mark_words(text, words, n, same, m, marks);
    }
    if (n == COMPARE_WORDS)
        memset(marks + (words[n - 1].at + words[n - 1].size - text), COMPARE_DIFFERENT,
               size - (size_t)(words[n - 1].at + words[n - 1].size - text));
    free(words);
    free(length);
}
