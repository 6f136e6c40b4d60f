/* Key: what was pressed, and how keys are written in tables and files: "ctrl-x", "alt-enter", "f3", "page-up", "g",
 * "G". */
#ifndef PALAVER_UI_KEYS_KEY_H
#define PALAVER_UI_KEYS_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

enum key_code {
    KEYS_CHARACTER, /* a character, in key.character; Ctrl-A is KEY_CTRL and "a" */
    KEYS_ENTER,
    KEYS_ESCAPE,
    KEYS_TAB,
    KEYS_BACKSPACE,
    KEYS_DELETE,
    KEYS_INSERT,
    KEYS_UP,
    KEYS_DOWN,
    KEYS_LEFT,
    KEYS_RIGHT,
    KEYS_HOME,
    KEYS_END,
    KEYS_PAGE_UP,
    KEYS_PAGE_DOWN,
    KEYS_F1,
    KEYS_F12 = KEYS_F1 + 11,
    KEYS_PASTE, /* pasted text, in key.text */
    KEYS_MOUSE, /* in key.mouse */
    KEYS_RESIZE,
    KEYS_FOCUS,
    KEYS_UNFOCUS, /* the terminal's window got or lost the focus */
    KEYS_GROUND,  /* the terminal told its background, in key.light */
};
enum { KEY_SHIFT = 1, KEY_ALT = 2, KEY_CTRL = 4 };

struct key {
    enum key_code code;
    unsigned modifiers;
    wchar_t character; /* lower case with KEY_CTRL */
    const char *text;  /* KEYS_PASTE: any bytes, newlines as \n; owned by the reader, valid until the next key */
    size_t text_size;
    bool light; /* KEYS_GROUND: nearer to white than to black */
    struct {
        int y, x;
        enum { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN } kind;
    } mouse;
};

/* Reads the name of a key; false when there is no such key. */
bool key_parse(const char *name, struct key *out);
/* Writes its name into out[0..size), NUL-terminated. */
void key_write(const struct key *key, char *out, size_t size);
bool key_equal(const struct key *a, const struct key *b);

#endif
