/* Tests that no text commands a terminal: attacks, in every place that Markdown has for them, rendered and then read by
 * libvterm. Whatever it takes for more than characters and the line breaks between them is an alarm. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cmocka.h"
#include <vterm.h>

#include "base/utf8.h"
#include "tests/unit/rendered.h"

enum { ROWS = 60, COLUMNS = 90, WIDTH = 40 };

static int alarm_text(void *alarms)
{
    ++*(int *)alarms;
    return 1;
}

static int on_prop(VTermProp prop, VTermValue *value, void *alarms)
{
    (void)prop, (void)value;
    return alarm_text(alarms);
}

static int on_pen(VTermAttr attr, VTermValue *value, void *alarms)
{
    (void)attr, (void)value;
    return alarm_text(alarms);
}

static int on_erase(VTermRect rect, int selective, void *alarms)
{
    (void)rect, (void)selective;
    return alarm_text(alarms);
}

static int on_scroll(VTermRect rect, int down, int right, void *alarms)
{
    (void)rect, (void)down, (void)right;
    return alarm_text(alarms);
}

static int on_bell(void *alarms)
{
    return alarm_text(alarms);
}

/* Only line breaks move the cursor left, or by more than a line. */
static int on_move(VTermPos to, VTermPos from, int visible, void *alarms)
{
    (void)visible;
    if (to.row < from.row || to.row > from.row + 1 || (to.row == from.row && to.col < from.col && to.col > 0))
        alarm_text(alarms);
    return 1;
}

static int on_control(unsigned char control, void *alarms)
{
    (void)control;
    return alarm_text(alarms);
}

static int on_csi(const char *leader, const long args[], int n, const char *intermed, char command, void *alarms)
{
    (void)leader, (void)args, (void)n, (void)intermed, (void)command;
    return alarm_text(alarms);
}

/* Every character written is shown: none may be swallowed. */
static int on_glyph(VTermGlyphInfo *info, VTermPos pos, void *alarms)
{
    (void)info, (void)pos;
    --*(int *)alarms;
    return 1;
}

static const VTermStateCallbacks watch = {
    .putglyph = on_glyph,
    .movecursor = on_move,
    .scrollrect = on_scroll,
    .erase = on_erase,
    .setpenattr = on_pen,
    .settermprop = on_prop,
    .bell = on_bell,
};
static const VTermParserCallbacks unknown = {
    .control = on_control,
    .csi = on_csi,
};

static int count_characters(const char *text, size_t size)
{
    int n = 0;
    for (size_t at = 0, used; at < size; at += used) {
        utf8_decode(text + at, size - at, &used);
        n += text[at] != '\n';
    }
    return n;
}

/* Whether a terminal does anything with text but show each character. */
static bool is_alarming(const char *text, size_t size)
{
    int alarms = 0;
    VTerm *terminal = vterm_new(ROWS, COLUMNS);
    assert_non_null(terminal);
    vterm_set_utf8(terminal, 1);
    VTermState *state = vterm_obtain_state(terminal);
    vterm_state_set_callbacks(state, &watch, &alarms);
    vterm_state_set_unrecognised_fallbacks(state, &unknown, &alarms);
    vterm_state_reset(state, 1);
    alarms = count_characters(text, size);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n')
            vterm_input_write(terminal, "\r", 1);
        vterm_input_write(terminal, text + i, 1);
    }
    char answer[16];
    size_t answered = vterm_output_read(terminal, answer, sizeof answer);
    vterm_free(terminal);
    return alarms != 0 || answered > 0;
}

struct attack {
    const char *text;
    size_t size;
};
#define ATTACK(text) \
    { \
        text, sizeof(text) - 1 \
    }
enum { AWAKE = 22 }; /* the first ones work on any terminal */
static const struct attack attacks[] = {
    ATTACK("\x1B[2J\x1B[H"),
    ATTACK("\x1B[31m"),
    ATTACK("\x1B]0;title\x07"),
    ATTACK("\x1B]2;title\x1B\\"),
    ATTACK("\x1B]52;c;ZWNobyBoaQ==\x07"),
    ATTACK("\x1BP$q\"p\x1B\\"),
    ATTACK("\x1B_apc\x1B\\"),
    ATTACK("\x1B^pm\x1B\\"),
    ATTACK("\x1B"
           "c"),
    ATTACK("\x1B[?1049h"),
    ATTACK("\x1B[?1000h"),
    ATTACK("\x1B[6n"),
    ATTACK("\x1B[c"),
    ATTACK("\x1B[5A\x1B[99D"),
    ATTACK("\x1B"
           "7\x1B"
           "8"),
    ATTACK("\x1B[8;1;1t"),
    ATTACK("\x1B]8;;http://x\x07y\x1B]8;;\x07"),
    ATTACK("\x07"),
    ATTACK("a\b\b\b"),
    ATTACK("abc\rd"),
    ATTACK("\x0E\x0F"),
    ATTACK("\x0B\x0C"),
    ATTACK("\xC2\x9B"
           "2J"),
    ATTACK("\x9B"
           "2J"),
    ATTACK("\xC2\x9D"
           "0;t\xC2\x9C"),
    ATTACK("\xC2\x84\xC2\x8D"),
    ATTACK("\x00\x1B\x00["),
    ATTACK("\xC0\x9B[2J"),
    ATTACK("\xE0\x80\x9B[2J"),
    ATTACK("\xC3\x1B[2J"),
    ATTACK("&#27;[2J"),
    ATTACK("&#x1b;[2J&#7;&#x9b;2J"),
    ATTACK("\\\x1B[2J"),
    ATTACK("*\x1B*[2J"),
    ATTACK("`\x1B`[2J"),
};

/* A terminal does something with the first of them, so the test can see it. */
static void the_watch_is_awake(void **state)
{
    (void)state;
    for (size_t i = 0; i < AWAKE; i++)
        if (!is_alarming(attacks[i].text, attacks[i].size))
            fail_msg("attack %zu is not noticed", i);
    assert_false(is_alarming("two\nlines", 9));
    assert_false(is_alarming("日本 ␛[2J ‹U+202E›", strlen("日本 ␛[2J ‹U+202E›")));
}

static void stays_text(const struct attack *attack, const char *before, const char *after, struct render_options o)
{
    struct rendering r = {0};
    struct buf text, screen;
    buf_init(&text, 1 << 16);
    buf_init(&screen, 1 << 20);
    buf_puts(&text, before);
    buf_append(&text, attack->text, attack->size);
    buf_puts(&text, after);
    assert_true(render(buf_text(&text), text.size, &o, &r));
    const char *fault = rendered_fault(&r, text.size, o.width);
    rendered_screen(&r, &screen);
    if (fault != NULL || is_alarming(buf_text(&screen), screen.size))
        fail_msg("attack %zu in %s…%s: %s", (size_t)(attack - attacks), before, after, fault != NULL ? fault : "alarm");
    for (size_t i = 0; i < r.n_blocks; i++) /* labels are shown elsewhere too */
        assert_false(is_alarming(r.blocks[i].language, strlen(r.blocks[i].language)));
    rendering_free(&r);
    buf_free(&screen);
    buf_free(&text);
}

static void attacks_stay_text(void **state)
{
    (void)state;
    static const char *const places[][2] = {
        {"", ""},
        {"# ", "\n"},
        {"**", "**"},
        {"`", "`"},
        {"```\n", "\n```"},
        {"```", "\nx\n```"},
        {"    ", ""},
        {"- ", "\n- x"},
        {"1. ", "\n"},
        {"> ", "\n"},
        {"|a|b|\n|---|---|\n|", "|c|"},
        {"[", "](x)"},
        {"[x](", ")"},
        {"[x](<", ">)"},
        {"![", "](x)"},
        {"<http:", ">"},
        {"[a]: ", "\n"},
        {"$$", "$$"},
        {"\\(", "\\)"},
        {"<think>", "</think>x"},
        {"<b>", "</b>"},
    };
    for (size_t a = 0; a < sizeof attacks / sizeof *attacks; a++)
        for (size_t p = 0; p < sizeof places / sizeof *places; p++)
            for (int how = 0; how < 8; how++)
                stays_text(
                    &attacks[a], places[p][0], places[p][1],
                    (struct render_options){.width = WIDTH, .raw = how & 1, .growing = how & 2, .fold_think = how & 4});
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_watch_is_awake),
        cmocka_unit_test(attacks_stay_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
