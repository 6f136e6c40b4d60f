/* Transcript: tokens, their shades, and the cursor that walks over them. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "ui/panes/transcript-internal.h"

void transcript_set_lens(struct transcript *t, bool on)
{
    if (t->lens == on)
        return;
    t->lens = on;
    for (size_t i = 0; i < t->n; i++) {
        t->blocks[i].asked = false;
        t->blocks[i].width = 0; /* the text as it is */
    }
    if (!on)
        return;
    /* to the end of the answer that is selected, or of the one before */
    for (t->lens_block = t->selected < t->n ? t->selected + 1 : t->n; t->lens_block > 0 && t->blocks[t->lens_block - 1].speaker != UI_MODEL; t->lens_block--)
        ;
    t->lens_block = t->lens_block > 0 ? t->lens_block - 1 : t->n;
    t->lens_token = SIZE_MAX; /* the last */
}

bool transcript_has_lens(const struct transcript *t)
{
    return t->lens;
}

bool transcript_set_tokens(struct transcript *t, size_t index, const struct ui_token *tokens, size_t n)
{
    if (index >= t->n)
        return false;
    struct block *b = &t->blocks[index];
    struct ui_token *copy = malloc((n + 1) * sizeof *copy);
    if (copy == NULL)
        return false;
    if (n > 0)
        memcpy(copy, tokens, n * sizeof *copy);
    free(b->tokens);
    b->tokens = copy;
    b->n_tokens = n;
    b->asked = true;
    return true;
}

size_t transcript_wants_tokens(const struct transcript *t)
{
    for (size_t i = t->top.block; t->lens && i < t->n && i < t->top.block + 50; i++)
        if (t->blocks[i].speaker == UI_MODEL && !t->blocks[i].asked)
            return i;
    return t->n;
}

static void clamp(struct transcript *t)
{
    if (t->lens_block >= t->n)
        return;
    size_t n = t->blocks[t->lens_block].n_tokens;
    if (t->lens_token >= n)
        t->lens_token = n > 0 ? n - 1 : 0;
}

bool transcript_lens_at(struct transcript *t, size_t *block, size_t *token)
{
    clamp(t);
    *block = t->lens_block;
    *token = t->lens_token;
    return t->lens && t->lens_block < t->n && t->lens_token < t->blocks[t->lens_block].n_tokens;
}

void transcript_lens_end(struct transcript *t)
{
    t->lens_block = t->n > 0 ? t->n - 1 : 0;
    t->lens_token = SIZE_MAX;
}

bool transcript_lens_at_end(struct transcript *t)
{
    clamp(t);
    return t->lens_block + 1 >= t->n && (t->n == 0 || t->lens_token + 1 >= t->blocks[t->lens_block].n_tokens);
}

/* The next answer in a direction that has tokens, or has not been asked for them. */
static bool next_answer(struct transcript *t, int step)
{
    for (size_t i = t->lens_block; step < 0 ? i > 0 : i + 1 < t->n;) {
        i = step < 0 ? i - 1 : i + 1;
        if (t->blocks[i].speaker == UI_MODEL && (t->blocks[i].n_tokens > 0 || !t->blocks[i].asked)) {
            t->lens_block = i;
            t->lens_token = step < 0 ? SIZE_MAX : 0;
            return true;
        }
    }
    return false;
}

/* Where the token under the cursor begins in its message. */
static uint32_t offset_of(const struct block *b, size_t token)
{
    uint32_t at = 0;
    for (size_t i = 0; i < token && i < b->n_tokens; i++)
        at += b->tokens[i].bytes;
    return at;
}

void transcript_lens_move(struct transcript *t, int step)
{
    if (t->lens_block >= t->n)
        return;
    clamp(t);
    const struct block *b = &t->blocks[t->lens_block];
    if (step < 0 && t->lens_token > 0)
        t->lens_token--;
    else if (step > 0 && t->lens_token + 1 < b->n_tokens)
        t->lens_token++;
    else if (!next_answer(t, step))
        return;
    clamp(t);
    b = &t->blocks[t->lens_block];
    t->selected = t->lens_block;
    const struct rendering *lines = transcript_lines(t, t->lens_block);
    transcript_show_line(t, t->lens_block, transcript_above(t, t->lens_block) +
                                               (int)rendering_line_at(lines, offset_of(b, t->lens_token)));
}

/* How far the text from source on has one shade; *style is it. */
size_t transcript_shade(const struct transcript *t, size_t index, size_t source, size_t size, unsigned *style)
{
    const struct block *b = &t->blocks[index];
    size_t at = 0;
    if (!t->lens)
        return size;
    for (size_t i = 0; i < b->n_tokens; i++) {
        size_t end = at + b->tokens[i].bytes;
        if (source < end) {
            *style = STYLE_LENS_0 + b->tokens[i].shade;
            if (index == t->lens_block && i == t->lens_token)
                *style = STYLE_SELECTED;
            return end - source < size ? end - source : size;
        }
        at = end;
    }
    return size;
}
