/* Fuzzy: words of the query are matched one after the other. Texts are labels of some hundred bytes. */
#include <config.h>

#include "ui/text/fuzzy.h"

#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/utf8.h"

/* What a match is worth: these above any that has only the letters. */
enum { SCORE_BEGINS = 400, SCORE_WORD = 300, SCORE_INSIDE = 200, SCORE_LETTERS_MOST = 150 };
/* Bytes of a text that are looked at. */
enum { TEXT_MOST = 60000 };

/* The character at text[0..size) in lower case; *used becomes its bytes. */
static wint_t letter_at(const char *text, size_t size, size_t *used)
{
    uint32_t code = utf8_decode(text, size, used);
    return code == UTF8_INVALID ? (wint_t)(unsigned char)*text : towlower((wint_t)code);
}

/* Whether a word begins at this byte. */
static bool begins_word(const char *text, size_t at)
{
    unsigned char before = at > 0 ? (unsigned char)text[at - 1] : ' ';
    bool letter = before >= 0x80 || iswalnum(before);
    return !letter;
}

/* How many bytes of text match word[0..size) from here on; 0: they do not. */
static size_t match_here(const char *text, size_t text_size, const char *word, size_t size)
{
    size_t at = 0, a, b;
    for (size_t i = 0; i < size; i += b, at += a)
        if (at >= text_size || letter_at(text + at, text_size - at, &a) != letter_at(word + i, size - i, &b))
            return 0;
    return at;
}

static void add_marks(struct fuzzy_marks *marks, size_t from, size_t size)
{
    for (size_t i = 0; marks != NULL && i < size && marks->n < FUZZY_MARKS; i++)
        marks->at[marks->n++] = (unsigned short)(from + i);
}

/* The word as it is typed: at the beginning, else at the beginning of a word, else anywhere. */
static int find_word(const char *text, size_t text_size, const char *word, size_t size, struct fuzzy_marks *marks)
{
    size_t inside = SIZE_MAX, inside_size = 0;
    for (size_t at = 0; at < text_size; at++) {
        size_t matched = match_here(text + at, text_size - at, word, size);
        if (matched == 0)
            continue;
        if (begins_word(text, at)) {
            add_marks(marks, at, matched);
            return at == 0 ? SCORE_BEGINS : SCORE_WORD;
        }
        if (inside == SIZE_MAX) {
            inside = at;
            inside_size = matched;
        }
    }
    if (inside == SIZE_MAX)
        return -1;
    add_marks(marks, inside, inside_size);
    return SCORE_INSIDE;
}

/* The letters of a word in their order, the first of them at the beginning of a word; better side by side and at
 * beginnings. */
static int match_letters(const char *text, size_t text_size, const char *word, size_t size, struct fuzzy_marks *marks)
{
    int score = 0, run = 0;
    size_t i = 0, a, b, kept = marks != NULL ? marks->n : 0;
    for (size_t at = 0; at < text_size && i < size; at += a) {
        bool begins = begins_word(text, at);
        bool same = letter_at(text + at, text_size - at, &a) == letter_at(word + i, size - i, &b);
        if (!same || (i == 0 && !begins)) {
            run = 0;
            continue;
        }
        add_marks(marks, at, a);
        score += 1 + 2 * run++ + (begins ? 6 : 0);
        i += b;
    }
    if (i >= size)
        return score < SCORE_LETTERS_MOST ? score : SCORE_LETTERS_MOST;
    if (marks != NULL)
        marks->n = kept;
    return -1;
}

static int by_place(const void *a, const void *b)
{
    unsigned short x = *(const unsigned short *)a, y = *(const unsigned short *)b;
    return (x > y) - (x < y);
}

static int match_words(const char *text, const char *query, size_t size, struct fuzzy_marks *marks, bool letters)
{
    size_t text_size = strnlen(text, TEXT_MOST);
    int score = 0;
    if (marks != NULL)
        marks->n = 0;
    for (size_t at = 0; at < size;) {
        size_t word = 0;
        while (at + word < size && query[at + word] != ' ')
            word++;
        int part = word > 0 ? find_word(text, text_size, query + at, word, marks) : 0;
        if (part < 0 && letters)
            part = match_letters(text, text_size, query + at, word, marks);
        if (part < 0 || (!letters && word > 0 && part < SCORE_WORD))
            return -1;
        score += part;
        at += word + 1;
    }
    if (marks != NULL)
        qsort(marks->at, marks->n, sizeof marks->at[0], by_place);
    return score;
}

int fuzzy_match(const char *text, const char *query, size_t size, struct fuzzy_marks *marks)
{
    return match_words(text, query, size, marks, true);
}

int fuzzy_find(const char *text, const char *query, size_t size, struct fuzzy_marks *marks)
{
    return match_words(text, query, size, marks, false);
}
