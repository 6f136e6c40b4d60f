/* Markdown: text as lines, by md4c. */
#ifndef PALAVER_UI_TEXT_MARKDOWN_H
#define PALAVER_UI_TEXT_MARKDOWN_H

#include "ui/text/lines.h"

enum markdown_result { MARKDOWN_DONE, MARKDOWN_REFUSED /* what it would become has no measure */, MARKDOWN_MEMORY };
/* Writes clean text[0..size) as lines; origin[i] is where in the message byte i stands. */
enum markdown_result markdown_render(const char *text, size_t size, const uint32_t *origin, struct lines *l);

#endif
