/* Entities: those that models write; any other is shown as it is written. */
#include <config.h>

#include "ui/text/entity.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
    char name[8];
    uint32_t code;
} entities[] = {
    {"amp", '&'},       {"lt", '<'},        {"gt", '>'},        {"quot", '"'},     {"apos", '\''},
    {"nbsp", 0xA0},     {"cent", 0xA2},     {"pound", 0xA3},    {"yen", 0xA5},     {"euro", 0x20AC},
    {"sect", 0xA7},     {"para", 0xB6},     {"copy", 0xA9},     {"reg", 0xAE},     {"trade", 0x2122},
    {"deg", 0xB0},      {"plusmn", 0xB1},   {"micro", 0xB5},    {"middot", 0xB7},  {"laquo", 0xAB},
    {"raquo", 0xBB},    {"times", 0xD7},    {"divide", 0xF7},   {"minus", 0x2212}, {"frac12", 0xBD},
    {"frac14", 0xBC},   {"frac34", 0xBE},   {"sup2", 0xB2},     {"sup3", 0xB3},    {"iexcl", 0xA1},
    {"iquest", 0xBF},   {"ndash", 0x2013},  {"mdash", 0x2014},  {"lsquo", 0x2018}, {"rsquo", 0x2019},
    {"ldquo", 0x201C},  {"rdquo", 0x201D},  {"bdquo", 0x201E},  {"sbquo", 0x201A}, {"bull", 0x2022},
    {"hellip", 0x2026}, {"dagger", 0x2020}, {"permil", 0x2030}, {"prime", 0x2032}, {"larr", 0x2190},
    {"uarr", 0x2191},   {"rarr", 0x2192},   {"darr", 0x2193},   {"harr", 0x2194},  {"rArr", 0x21D2},
    {"hArr", 0x21D4},   {"forall", 0x2200}, {"exist", 0x2203},  {"empty", 0x2205}, {"isin", 0x2208},
    {"sum", 0x2211},    {"prod", 0x220F},   {"radic", 0x221A},  {"infin", 0x221E}, {"cap", 0x2229},
    {"cup", 0x222A},    {"int", 0x222B},    {"asymp", 0x2248},  {"ne", 0x2260},    {"equiv", 0x2261},
    {"le", 0x2264},     {"ge", 0x2265},     {"sub", 0x2282},    {"sup", 0x2283},   {"check", 0x2713},
    {"hearts", 0x2665}, {"star", 0x2606},   {"alpha", 0x3B1},   {"beta", 0x3B2},   {"gamma", 0x3B3},
    {"delta", 0x3B4},   {"epsilon", 0x3B5}, {"theta", 0x3B8},   {"lambda", 0x3BB}, {"mu", 0x3BC},
    {"pi", 0x3C0},      {"rho", 0x3C1},     {"sigma", 0x3C3},   {"tau", 0x3C4},    {"phi", 0x3C6},
    {"chi", 0x3C7},     {"psi", 0x3C8},     {"omega", 0x3C9},   {"Gamma", 0x393},  {"Delta", 0x394},
    {"Sigma", 0x3A3},   {"Phi", 0x3A6},     {"Omega", 0x3A9},   {"auml", 0xE4},    {"ouml", 0xF6},
    {"uuml", 0xFC},     {"Auml", 0xC4},     {"Ouml", 0xD6},     {"Uuml", 0xDC},    {"szlig", 0xDF},
    {"eacute", 0xE9},   {"egrave", 0xE8},   {"agrave", 0xE0},   {"ccedil", 0xE7},  {"ntilde", 0xF1},
    {"aring", 0xE5},    {"oslash", 0xF8},   {"aelig", 0xE6},
};

uint32_t entity_decode(const char *text, size_t size)
{
    char name[16];
    if (size < 3 || size - 2 >= sizeof name)
        return UTF8_INVALID;
    memcpy(name, text + 1, size - 2);
    name[size - 2] = '\0';
    if (name[0] == '#') {
        bool hex = name[1] == 'x' || name[1] == 'X';
        unsigned long code = strtoul(name + (hex ? 2 : 1), NULL, hex ? 16 : 10);
        return code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? UTF8_INVALID : (uint32_t)code;
    }
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strcmp(entities[i].name, name) == 0)
            return entities[i].code;
    return UTF8_INVALID;
}
