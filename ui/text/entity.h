/* Entities: &amp; and others. */
#ifndef PALAVER_UI_TEXT_ENTITY_H
#define PALAVER_UI_TEXT_ENTITY_H

#include <stddef.h>
#include <stdint.h>

/* The character that text[0..size), "&NAME;", "&#N;" or "&#xN;", stands for; UTF8_INVALID when it is unknown. */
uint32_t entity_decode(const char *text, size_t size);

#endif
