/* Keys: a parser of control sequences (ECMA-48, as xterm uses them). */
#include <config.h>

#include "ui/keys/keys.h"

#include <string.h>
#include <wctype.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "ui/keys/reply.h"

enum { PASTE_MOST = 64 << 20, PARAMETERS = 4 };
/* Seconds in which the rest of a key follows its beginning, and the rest of a paste or an answer. */
#define KEY_WAIT 0.03
#define TEXT_WAIT 3.0
/* Codes of keys without a character in kitty's protocol. */
enum { KITTY_FIRST = 57344, KITTY_LAST = 63743 };

void keys_init(struct keys *k)
{
    *k = (struct keys){0};
    buf_init(&k->in, PASTE_MOST);
    buf_init(&k->paste, PASTE_MOST);
}

void keys_free(struct keys *k)
{
    buf_free(&k->in);
    buf_free(&k->paste);
}

bool keys_add(struct keys *k, const char *bytes, size_t size)
{
    if (k->at == k->in.size) {
        buf_clear(&k->in);
        k->at = 0;
    }
    k->since = clock_seconds();
    return buf_append(&k->in, bytes, size);
}

/* ---- sequences -------------------------------------------------------------------------------------------------- */

static enum keys_state plain_key(struct key *out, enum key_code code, unsigned modifiers)
{
    *out = (struct key){.code = code, .modifiers = modifiers};
    return KEYS_KEY;
}

/* CSI n ~ */
static enum key_code tilde_code(int n)
{
    static const struct {
        int n;
        enum key_code code;
    } table[] = {
        {1, KEYS_HOME},      {2, KEYS_INSERT},  {3, KEYS_DELETE},  {4, KEYS_END},      {5, KEYS_PAGE_UP},
        {6, KEYS_PAGE_DOWN}, {7, KEYS_HOME},    {8, KEYS_END},     {11, KEYS_F1},      {12, KEYS_F1 + 1},
        {13, KEYS_F1 + 2},   {14, KEYS_F1 + 3}, {15, KEYS_F1 + 4}, {17, KEYS_F1 + 5},  {18, KEYS_F1 + 6},
        {19, KEYS_F1 + 7},   {20, KEYS_F1 + 8}, {21, KEYS_F1 + 9}, {23, KEYS_F1 + 10}, {24, KEYS_F1 + 11},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].n == n)
            return table[i].code;
    return KEYS_CHARACTER;
}

/* CSI … A, SS3 A and so on. */
static enum key_code letter_code(char letter)
{
    static const char letters[] = "ABCDHFPQRS";
    static const enum key_code codes[] = {KEYS_UP,  KEYS_DOWN, KEYS_RIGHT,  KEYS_LEFT,   KEYS_HOME,
                                          KEYS_END, KEYS_F1,   KEYS_F1 + 1, KEYS_F1 + 2, KEYS_F1 + 3};
    const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
    return found != NULL ? codes[found - letters] : KEYS_CHARACTER;
}

/* xterm's parameter: 1 + shift + 2 alt + 4 ctrl + 8 meta. */
static unsigned modifiers_of(int parameter)
{
    unsigned bits = parameter > 1 ? (unsigned)parameter - 1 : 0, out = 0;
    if (bits & 1)
        out |= KEY_SHIFT;
    if (bits & (2 | 8))
        out |= KEY_ALT;
    if (bits & 4)
        out |= KEY_CTRL;
    return out;
}

static enum keys_state character_key(struct key *out, uint32_t code, unsigned modifiers)
{
    static const struct {
        uint32_t code;
        enum key_code key;
    } controls[] = {
        {'\r', KEYS_ENTER}, {'\t', KEYS_TAB}, {27, KEYS_ESCAPE}, {127, KEYS_BACKSPACE}, {8, KEYS_BACKSPACE},
    };
    static const char same[] = "mi[h"; /* with Ctrl they are the keys above, also where the terminal tells them apart */
    const char *found = modifiers == KEY_CTRL && code > 0 && code < 128 ? strchr(same, (int)code) : NULL;
    if (found != NULL)
        return plain_key(out, controls[found - same].key, 0);
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++)
        if (controls[i].code == code)
            return plain_key(out, controls[i].key, modifiers);
    *out = (struct key){.code = KEYS_CHARACTER, .modifiers = modifiers, .character = (wchar_t)code};
    if (code < 32) {
        out->modifiers |= KEY_CTRL;
        out->character = code == 0 ? L' ' : code < 27 ? (wchar_t)(code + 96) : (wchar_t)(code + 64);
    } else if (modifiers & KEY_CTRL) {
        if (code >= 'A' && code <= 'Z')
            out->character += 32;
    } else {
        if (modifiers & KEY_SHIFT) /* the character is that of the key alone where Alt is pressed too */
            out->character = (wchar_t)towupper((wint_t)code);
        out->modifiers &= ~(unsigned)KEY_SHIFT;
    }
    return KEYS_KEY;
}

/* Keys of the number pad, by kitty's numbers; others that have no character are not used here. */
static enum keys_state kitty_key(struct key *out, int code, unsigned modifiers)
{
    static const char characters[] = "0123456789./*-+";
    static const enum key_code keys[] = {KEYS_LEFT,      KEYS_RIGHT, KEYS_UP,  KEYS_DOWN,   KEYS_PAGE_UP,
                                         KEYS_PAGE_DOWN, KEYS_HOME,  KEYS_END, KEYS_INSERT, KEYS_DELETE};
    enum { CHARACTERS = 57399, ENTER = 57414, KEYS = 57417 };
    if (code >= CHARACTERS && code < CHARACTERS + (int)strlen(characters))
        return character_key(out, (uint32_t)characters[code - CHARACTERS], modifiers);
    if (code == ENTER)
        return plain_key(out, KEYS_ENTER, modifiers);
    if (code >= KEYS && code < KEYS + (int)(sizeof keys / sizeof keys[0]))
        return plain_key(out, keys[code - KEYS], modifiers);
    return KEYS_NONE;
}

/* SGR mouse reports: CSI < button ; x ; y M or m. */
static enum keys_state mouse_key(struct key *out, const int *p, int n, char final)
{
    if (n < 3)
        return KEYS_NONE;
    *out = (struct key){.code = KEYS_MOUSE};
    out->mouse.x = p[1] - 1;
    out->mouse.y = p[2] - 1;
    if (p[0] & 64)
        out->mouse.kind = p[0] & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
    else if (final == 'm')
        out->mouse.kind = MOUSE_RELEASE;
    else
        out->mouse.kind = p[0] & 32 ? MOUSE_DRAG : MOUSE_PRESS;
    return (p[0] & 3) == 0 || (p[0] & 64) != 0 ? KEYS_KEY : KEYS_NONE;
}

/* The key of a whole control sequence. private: its first byte if that is one of <=>?, else 0. KEYS_NONE: it is
 * dropped. */
static enum keys_state sequence_key(struct keys *k, struct key *out, char private, const int *p, int n, char final)
{
    enum key_code code;
    if (private == '<')
        return mouse_key(out, p, n, final);
    if (private == '?' && final == 'n' && n > 1 && p[0] == 997 && (p[1] == 1 || p[1] == 2)) {
        *out = (struct key){.code = KEYS_GROUND, .light = p[1] == 2};
        return KEYS_KEY;
    }
    if (private != 0)
        return KEYS_NONE;
    if (final == '~' && n > 0 && p[0] == 200) {
        k->pasting = true;
        buf_clear(&k->paste);
        return KEYS_NONE;
    }
    if (final == '~' && n > 2 && p[0] == 27)
        return character_key(out, (uint32_t)p[2], modifiers_of(p[1]));
    if (final == 'u' && n > 0 && p[0] >= KITTY_FIRST && p[0] <= KITTY_LAST)
        return kitty_key(out, p[0], modifiers_of(n > 1 ? p[1] : 1));
    if (final == 'u')
        return n > 0 ? character_key(out, (uint32_t)p[0], modifiers_of(n > 1 ? p[1] : 1)) : KEYS_NONE;
    if (final == 'I' || final == 'O')
        return plain_key(out, final == 'I' ? KEYS_FOCUS : KEYS_UNFOCUS, 0);
    if (final == 'Z')
        return plain_key(out, KEYS_TAB, KEY_SHIFT);
    code = final == '~' && n > 0 ? tilde_code(p[0]) : letter_code(final);
    return code != KEYS_CHARACTER ? plain_key(out, code, modifiers_of(n > 1 ? p[1] : 1)) : KEYS_NONE;
}

/* Reads the control sequence that begins with ESC [ at text. *used: its bytes; 0 when it is not whole. */
static enum keys_state control_sequence(struct keys *k, const char *text, size_t size, size_t *used, struct key *out)
{
    int p[PARAMETERS] = {0}, n = 0;
    size_t at = 2;
    char private = 0;
    bool digits = false, sub = false;
    *used = 0;
    if (at < size && text[at] == '[' && at + 1 < size) { /* the Linux console's F1 to F5 */
        *used = 4;
        return text[3] >= 'A' && text[3] <= 'E' ? plain_key(out, KEYS_F1 + (text[3] - 'A'), 0) : KEYS_NONE;
    }
    if (at < size && text[at] >= '<' && text[at] <= '?')
    private = text[at++];
    for (; at < size && text[at] < '@'; at++) {
        if (text[at] >= '0' && text[at] <= '9' && n < PARAMETERS) {
            p[n] = sub || p[n] >= 100000 ? p[n] : p[n] * 10 + text[at] - '0';
            digits = true;
        } else if (text[at] == ';') {
            n += n < PARAMETERS;
            sub = false;
        } else if (text[at] == ':') { /* kitty's other codes of a key, and whether it was pressed or held */
            sub = true;
        } else if (text[at] < ' ') {
            *used = at;
            return KEYS_NONE;
        }
    }
    if (at >= size)
        return KEYS_NONE;
    *used = at + 1;
    n += n < PARAMETERS && (digits || n > 0);
    return sequence_key(k, out, private, p, n, text[at]);
}

/* ---- one key ---------------------------------------------------------------------------------------------------- */

static void take_bytes(struct keys *k, size_t size)
{
    k->at += size;
}

/* Terminals send line breaks as \r. */
static void add_paste(struct buf *paste, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n' && paste->size > 0 && i > 0 && text[i - 1] == '\r')
            continue;
        buf_putc(paste, text[i] == '\r' ? '\n' : text[i]);
    }
}

static enum keys_state take_paste(struct keys *k, const char *text, size_t size, bool final, struct key *out)
{
    static const char mark[] = "\033[201~";
    const char *end = memmem(text, size, mark, sizeof mark - 1);
    if (end == NULL && !final)
        return KEYS_WAIT;
    size_t length = end != NULL ? (size_t)(end - text) : size;
    add_paste(&k->paste, text, length);
    take_bytes(k, end != NULL ? length + sizeof mark - 1 : length);
    k->pasting = false;
    *out = (struct key){.code = KEYS_PASTE, .text = buf_text(&k->paste), .text_size = k->paste.size};
    return KEYS_KEY;
}

/* Reads the operating system command (OSC) that begins with ESC ] at text: an answer. Nothing of one that does not end
 * is taken for typed text. *used as in control_sequence. */
static enum keys_state reply_key(struct keys *k, const char *text, size_t size, bool final, size_t *used,
                                 struct key *out)
{
    size_t end = 2;
    while (end < size && text[end] != '\a' && text[end] != 27)
        end++;
    k->replying = end == size || (text[end] == 27 && end + 1 == size);
    if (k->replying && !final) {
        *used = 0;
        return KEYS_WAIT;
    }
    k->replying = false;
    *used = end < size && text[end] == '\a' ? end + 1 : end + 1 < size && text[end + 1] == '\\' ? end + 2 : end;
    *out = (struct key){.code = KEYS_GROUND};
    return reply_ground(text + 2, end - 2, &out->light) ? KEYS_KEY : KEYS_NONE;
}

/* ESC and what may follow it. *used as in control_sequence. */
static enum keys_state escape_key(struct keys *k, const char *text, size_t size, bool final, size_t *used,
                                  struct key *out)
{
    *used = 0;
    if (size == 1) {
        *used = final;
        return final ? plain_key(out, KEYS_ESCAPE, 0) : KEYS_WAIT;
    }
    if (text[1] == ']' && size > 2 && text[2] >= '0' && text[2] <= '9')
        return reply_key(k, text, size, final, used, out);
    if (text[1] == '[' || text[1] == 'O') {
        enum keys_state state = KEYS_NONE;
        if (text[1] == '[') {
            state = control_sequence(k, text, size, used, out);
        } else if (size > 2) {
            enum key_code code = letter_code(text[2]);
            *used = 3;
            if (text[2] == 'M')
                code = KEYS_ENTER;
            state = code != KEYS_CHARACTER ? plain_key(out, code, 0) : KEYS_NONE;
        }
        if (*used > 0)
            return state;
        if (!final)
            return KEYS_WAIT;
    }
    if (text[1] == 27) { /* two escapes: the first stands alone */
        *used = 1;
        return plain_key(out, KEYS_ESCAPE, 0);
    }
    size_t length;
    uint32_t code = utf8_decode(text + 1, size - 1, &length);
    if (!final && utf8_pending(text + 1, size - 1) == size - 1)
        return KEYS_WAIT;
    *used = 1 + length;
    return code == UTF8_INVALID ? KEYS_NONE : character_key(out, code, KEY_ALT);
}

static enum keys_state next_key(struct keys *k, bool final, struct key *out)
{
    while (k->at < k->in.size) {
        const char *text = buf_text(&k->in) + k->at;
        size_t size = k->in.size - k->at, used;
        enum keys_state state;
        if (k->pasting)
            return take_paste(k, text, size, final, out);
        if (text[0] == 27) {
            state = escape_key(k, text, size, final, &used, out);
            if (used == 0)
                return KEYS_WAIT;
        } else {
            uint32_t code = utf8_decode(text, size, &used);
            if (!final && utf8_pending(text, size) == size)
                return KEYS_WAIT;
            state = code == UTF8_INVALID ? KEYS_NONE : character_key(out, code, 0);
        }
        take_bytes(k, used);
        if (state == KEYS_KEY)
            return KEYS_KEY;
    }
    return KEYS_NONE;
}

enum keys_state keys_next(struct keys *k, bool final, struct key *out)
{
    enum keys_state state = next_key(k, final, out);
    k->waiting = state == KEYS_WAIT;
    return state;
}

int keys_timeout(const struct keys *k)
{
    if (!k->waiting)
        return -1;
    double left = k->since + (k->pasting || k->replying ? TEXT_WAIT : KEY_WAIT) - clock_seconds();
    return left > 0 ? (int)(left * 1000) + 1 : 0;
}
