/* Markdown: text as lines, by md4c. */
#ifndef PALAVER_UI_TEXT_MARKDOWN_H
#define PALAVER_UI_TEXT_MARKDOWN_H

#include <stddef.h>
#include <stdint.h>

#include "ui/text/markdown-guard.h"
#include "ui/text/page.h"

/* MARKDOWN_REFUSED: the result would be far larger than the text. */
enum markdown_result { MARKDOWN_DONE, MARKDOWN_REFUSED, MARKDOWN_MEMORY };
/* Writes clean text[0..size) as lines; byte i comes from byte origin[i] of the message. */
enum markdown_result markdown_render(const char *text, size_t size, const uint32_t *origin,
                                     const struct guard_formulas *formulas, struct page *l);

#endif
