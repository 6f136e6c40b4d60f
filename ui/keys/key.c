/* Key: the names of keys. */
#include <config.h>

#include "ui/keys/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

static const struct {
    const char *name;
    enum key_code code;
} names[] = {
    {"enter", KEYS_ENTER},     {"escape", KEYS_ESCAPE},       {"tab", KEYS_TAB},    {"backspace", KEYS_BACKSPACE},
    {"delete", KEYS_DELETE},   {"insert", KEYS_INSERT},       {"up", KEYS_UP},      {"down", KEYS_DOWN},
    {"left", KEYS_LEFT},       {"right", KEYS_RIGHT},         {"home", KEYS_HOME},  {"end", KEYS_END},
    {"page-up", KEYS_PAGE_UP}, {"page-down", KEYS_PAGE_DOWN}, {"esc", KEYS_ESCAPE}, {"return", KEYS_ENTER},
    {"pgup", KEYS_PAGE_UP},    {"pgdn", KEYS_PAGE_DOWN},
};
enum { N_NAMES = sizeof names / sizeof names[0] };

static const struct {
    const char *name;
    unsigned bit;
} modifiers[] = {
    {"ctrl-", KEY_CTRL},
    {"alt-", KEY_ALT},
    {"shift-", KEY_SHIFT},
};

static bool parse_plain(const char *name, struct key *out)
{
    size_t used, size = strlen(name);
    uint32_t code = size > 0 ? utf8_decode(name, size, &used) : UTF8_INVALID;
    if (code != UTF8_INVALID && used == size) {
        out->character = (wchar_t)code;
        return code > ' ';
    }
    if (strcasecmp(name, "space") == 0) {
        out->character = L' ';
        return true;
    }
    if ((name[0] == 'f' || name[0] == 'F') && strspn(name + 1, "0123456789") == size - 1) {
        int number = atoi(name + 1);
        out->code = KEYS_F1 + number - 1;
        return number >= 1 && number <= 12;
    }
    for (int i = 0; i < N_NAMES; i++)
        if (strcasecmp(name, names[i].name) == 0) {
            out->code = names[i].code;
            return true;
        }
    return false;
}

bool key_parse(const char *name, struct key *out)
{
    struct key key = {.code = KEYS_CHARACTER};
    for (size_t i = 0; i < sizeof modifiers / sizeof modifiers[0]; i++) {
        size_t size = strlen(modifiers[i].name);
        if (strncasecmp(name, modifiers[i].name, size) == 0 && name[size] != '\0') {
            key.modifiers |= modifiers[i].bit;
            name += size;
        }
    }
    if (!parse_plain(name, &key))
        return false;
    if (key.code == KEYS_CHARACTER && (key.modifiers & KEY_CTRL) != 0 && key.character >= L'A' && key.character <= L'Z')
        key.character += L'a' - L'A';
    *out = key;
    return true;
}

void key_write(const struct key *key, char *out, size_t size)
{
    char plain[16] = "?";
    if (key->code == KEYS_CHARACTER && key->character == L' ')
        strcpy(plain, "space");
    else if (key->code == KEYS_CHARACTER)
        plain[utf8_encode((uint32_t)key->character, plain)] = '\0';
    else if (key->code >= KEYS_F1 && key->code <= KEYS_F12)
        snprintf(plain, sizeof plain, "f%d", (int)(key->code - KEYS_F1 + 1));
    else
        for (int i = N_NAMES; i-- > 0;)
            if (names[i].code == key->code)
                snprintf(plain, sizeof plain, "%s", names[i].name);
    snprintf(out, size, "%s%s%s%s", key->modifiers & KEY_CTRL ? "ctrl-" : "", key->modifiers & KEY_ALT ? "alt-" : "",
             key->modifiers & KEY_SHIFT ? "shift-" : "", plain);
}

bool key_equal(const struct key *a, const struct key *b)
{
    return a->code == b->code && a->modifiers == b->modifiers &&
           (a->code != KEYS_CHARACTER || a->character == b->character);
}
