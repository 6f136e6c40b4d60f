/* Passages: sentences are gathered until the next one would be too many.
 *
 * A passage that is full is cut back to the last end of a paragraph, else of a line, that leaves at least half of it: what
 * belongs together stays together, and every sentence is counted twice at most. */
#include <config.h>

#include "app/text/passages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a sentence; a longer one, as a file in one line has it, is cut at white space. */
enum { SENTENCE_MOST = 2048 };

/* What is gathered. */
struct gathering {
    const char *text;
    size_t size, most;
    passages_count *count;
    void *context;
    size_t start, tokens;         /* the passage begun */
    size_t line_end, line_tokens; /* its last end of a line, of which half of a passage lies before; 0: none */
    size_t paragraph_end, paragraph_tokens; /* likewise */
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The bytes of a mark that ends sentences at the beginning of text: *alone is set for those after which no blank follows.
 * 0 if there is none. */
static size_t ending_size(const char *text, size_t size, bool *alone)
{
    static const char *const marks[] = {"。", "！", "？", "…", "؟", "।"};
    *alone = false;
    if (*text == '.' || *text == '!' || *text == '?')
        return 1;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const size_t n = strlen(marks[i]);
        if (size >= n && memcmp(text, marks[i], n) == 0) {
            *alone = i < 3;
            return n;
        }
    }
    return 0;
}

/* The bytes of a closing quote or bracket at the beginning of text; 0 if there is none. */
static size_t closing_size(const char *text, size_t size)
{
    static const char *const marks[] = {"\"", "'", ")", "]", "*", "_", "”", "’", "»", "」", "』", "）"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (size >= strlen(marks[i]) && memcmp(text, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 0;
}

static size_t skip_closing(const char *text, size_t size, size_t from)
{
    for (size_t n; (n = closing_size(text + from, size - from)) > 0;)
        from += n;
    return from;
}

/* Whether a sentence ends before offset at, where white space begins: after "e.g." one goes on in lower case. */
static bool ends_before(const char *text, size_t size, size_t at)
{
    while (at < size && is_space(text[at]) && text[at] != '\n')
        at++;
    return at == size || text[at] < 'a' || text[at] > 'z';
}

/* Where a sentence that is too long is cut: after the last white space, else between characters. */
static size_t cut_long(const char *text, size_t size)
{
    for (size_t i = size; i > size / 2; i--)
        if (is_space(text[i - 1]))
            return i;
    while (size > 1 && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--;
    return size;
}

/* Up to and including its newline, if any. */
static size_t find_sentence(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        bool alone;
        const size_t mark = ending_size(text + i, size - i, &alone);
        if (text[i] == '\n')
            return i + 1;
        i += mark > 0 ? mark : 1;
        if (mark == 0)
            continue;
        const size_t after = skip_closing(text, size, i);
        if (after == size || alone || (is_space(text[after]) && ends_before(text, size, after))) {
            for (i = after; i < size && is_space(text[i]);)
                if (text[i++] == '\n')
                    break;
            return i;
        }
    }
    return size;
}

size_t passages_sentence(const char *text, size_t size)
{
    const size_t most = size < SENTENCE_MOST ? size : SENTENCE_MOST;
    const size_t found = find_sentence(text, most);
    return found < size && found == most && text[found - 1] != '\n' ? cut_long(text, most) : found;
}

/* Appends the passage text[start..end), whose white space is left away. */
static bool passage_add(struct passages *p, const struct gathering *g, size_t end, size_t tokens)
{
    size_t start = g->start;
    while (start < end && is_space(g->text[start]))
        start++;
    while (end > start && is_space(g->text[end - 1]))
        end--;
    if (start == end)
        return true;
    if (p->n == p->capacity) {
        const size_t capacity = p->capacity > 0 ? 2 * p->capacity : 16;
        struct passage *at = realloc(p->at, capacity * sizeof *at);
        if (at == NULL)
            return false;
        p->at = at;
        p->capacity = capacity;
    }
    p->at[p->n++] = (struct passage){.at = start, .size = end - start, .tokens = tokens};
    return true;
}

/* A part of a sentence at offset at of at most most tokens: as many halves as make it short enough. SIZE_MAX when out of
 * memory. */
static size_t find_part(const struct gathering *g, size_t at, size_t size, size_t *tokens)
{
    while ((*tokens = g->count(g->context, g->text + at, size)) != SIZE_MAX && *tokens > g->most) {
        size_t half = cut_long(g->text + at, size / 2 > 0 ? size / 2 : 1);
        if (half >= size || size == 1)
            return size; /* a single character of too many tokens */
        size = half;
    }
    return *tokens != SIZE_MAX ? size : SIZE_MAX;
}

/* Ends the passage before offset at, or at an earlier end of a paragraph or line; where the next one begins, SIZE_MAX when
 * out of memory. */
static size_t gathering_cut(struct gathering *g, struct passages *p, size_t at)
{
    size_t end = at, tokens = g->tokens;
    if (g->paragraph_end > 0) {
        end = g->paragraph_end;
        tokens = g->paragraph_tokens;
    } else if (g->line_end > 0) {
        end = g->line_end;
        tokens = g->line_tokens;
    }
    const bool ok = passage_add(p, g, end, tokens);
    g->start = end;
    g->tokens = g->line_end = g->paragraph_end = 0;
    return ok ? end : SIZE_MAX;
}

static bool is_blank_line(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size && is_space(text[i]) && text[i] != '\n')
        i++;
    return i < size && text[i] == '\n';
}

/* Notes what ends before offset at. */
static void gathering_note(struct gathering *g, size_t at)
{
    if (g->text[at - 1] != '\n' || 2 * g->tokens < g->most)
        return;
    g->line_end = at;
    g->line_tokens = g->tokens;
    if (!is_blank_line(g->text + at, g->size - at))
        return;
    g->paragraph_end = at;
    g->paragraph_tokens = g->tokens;
}

/* Lines are counted once, along the passages. */
static void number_lines(struct passages *p, size_t first, const char *text)
{
    size_t line = 1, at = 0;
    for (size_t i = first; i < p->n; i++) {
        for (; at < p->at[i].at; at++)
            line += text[at] == '\n';
        p->at[i].line = line;
        for (; at < p->at[i].at + p->at[i].size; at++)
            line += text[at] == '\n';
        p->at[i].last_line = line;
    }
}

bool passages_cut(struct passages *p, const char *text, size_t size, size_t most, passages_count *count, void *context)
{
    struct gathering g = {.text = text, .size = size, .most = most, .count = count, .context = context};
    const size_t first = p->n;
    size_t at = 0;
    while (at < size) {
        size_t tokens;
        const size_t part = find_part(&g, at, passages_sentence(text + at, size - at), &tokens);
        if (part == SIZE_MAX)
            return false;
        if (g.tokens > 0 && g.tokens + tokens > most) {
            at = gathering_cut(&g, p, at);
            if (at == SIZE_MAX)
                return false;
            continue;
        }
        at += part;
        g.tokens += tokens;
        gathering_note(&g, at);
    }
    if (!passage_add(p, &g, size, g.tokens))
        return false;
    number_lines(p, first, text);
    return true;
}

void passages_free(struct passages *p)
{
    free(p->at);
    *p = (struct passages){0};
}
