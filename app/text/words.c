/* Words: lists of a few hundred strings at most. */
#include <config.h>

#include "app/text/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

bool words_add(struct words *w, const char *text, size_t size)
{
    if (w->n == w->capacity) {
        size_t capacity = 2 * w->capacity + 16;
        char **at = realloc(w->at, capacity * sizeof *at);
        if (at == NULL)
            return false;
        w->at = at;
        w->capacity = capacity;
    }
    w->at[w->n] = strndup(text, size);
    return w->at[w->n] != NULL && ++w->n > 0;
}

void words_free(struct words *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->at[i]);
    free(w->at);
    *w = (struct words){0};
}

size_t words_common(const struct words *w)
{
    size_t size = w->n > 0 ? strlen(w->at[0]) : 0;
    for (size_t i = 1; i < w->n; i++)
        for (size_t b = 0; b < size; b++)
            if (w->at[i][b] != w->at[0][b])
                size = b;
    while (size > 0 && ((unsigned char)w->at[0][size] & 0xC0) == 0x80)
        size--;
    return size;
}

/* Appends the word at *line without its quotes and moves *line past it. */
static void read_word(const char **line, struct buf *word)
{
    char quote = '\0';
    const char *p = *line;
    for (; *p != '\0' && (quote != '\0' || strchr(" \t\n", *p) == NULL); p++) {
        if (*p == quote)
            quote = '\0';
        else if (quote == '\0' && (*p == '\'' || *p == '"'))
            quote = *p;
        else if (*p == '\\' && quote != '\'' && p[1] != '\0')
            buf_putc(word, *++p);
        else
            buf_putc(word, *p);
    }
    *line = p;
}

bool words_split(struct words *w, const char *line)
{
    struct buf word;
    buf_init(&word, 1 << 20);
    bool ok = true;
    for (line += strspn(line, " \t\n"); ok && *line != '\0'; line += strspn(line, " \t\n")) {
        buf_clear(&word);
        read_word(&line, &word);
        ok = !buf_failed(&word) && words_add(w, buf_text(&word), word.size);
    }
    buf_free(&word);
    return ok;
}
