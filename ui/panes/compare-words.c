/* Compare: which words of two texts differ. */
#include <config.h>

#include "ui/panes/compare.h"

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

/* Marks the words of a[0..n) outside of a longest common subsequence with b[0..m). length: room for (n + 1, m + 1). */
static void mark_words(const struct word *a, size_t n, const struct word *b, size_t m, uint16_t *length,
                       const char *text, unsigned char *different)
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
    for (size_t i = 0, j = 0; i < n;) {
        if (j < m && same_word(&a[i], &b[j])) {
            i++;
            j++;
        } else if (j < m && length[i * row + j + 1] >= length[(i + 1) * row + j]) {
            j++;
        } else {
            memset(different + (a[i].at - text), 1, a[i].size);
            i++;
        }
    }
}

void compare_words(const char *text, size_t size, const char *other, size_t other_size, unsigned char *different)
{
    memset(different, 0, size);
    size_t from = common_beginning(text, size, other, other_size);
    struct word *words = malloc(2 * COMPARE_WORDS * sizeof *words);
    size_t n = words != NULL ? split_words(text, size, from, words) : 0;
    size_t m = words != NULL ? split_words(other, other_size, from, words + COMPARE_WORDS) : 0;
    uint16_t *length = malloc((n + 1) * (m + 1) * sizeof *length);
    if (words != NULL && length != NULL)
        mark_words(words, n, words + COMPARE_WORDS, m, length, text, different);
    if (n == COMPARE_WORDS)
        for (const char *p = words[n - 1].at + words[n - 1].size; p < text + size; p++)
            different[p - text] = !is_blank(*p);
    free(words);
    free(length);
}
