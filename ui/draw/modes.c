/* Modes: control sequences of xterm and of kitty's keyboard protocol, which terminals ignore that do not know them. */
#include <config.h>

#include "ui/draw/modes.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOUSE_ON "\033[?1000h\033[?1002h\033[?1006h"
#define MOUSE_OFF "\033[?1000l\033[?1002l\033[?1006l\033[?1007l"
#define REPORTS_ON "\033[?2004h\033[?1004h"
#define REPORTS_OFF "\033[?2004l\033[?1004l"
/* So that Shift-Enter arrives: kitty's protocol tells keys apart that have the same byte, xterm's modifyOtherKeys those
 * that have none. */
#define KEYS_ON "\033[>1u\033[>4;1m"
#define KEYS_OFF "\033[<u\033[>4m"
/* The background's colour, and a report when the user changes from dark to light or back. */
#define GROUND_ON "\033]11;?\033\\\033[?2031h"
#define GROUND_OFF "\033[?2031l"
/* The window's title, put aside and brought back. */
#define TITLE_ASIDE "\033[22;2t"
#define TITLE_BACK "\033[23;2t"

static void send_bytes(const struct modes *m, const char *bytes)
{
    fputs(bytes, m->out);
    fflush(m->out);
}

/* GNU screen shows links that it does not know as text; tmux, whose terminals may have the same name, does not. */
static bool takes_links(const char *term)
{
    return strncmp(term, "screen", 6) != 0 || getenv("TMUX") != NULL;
}

struct modes modes_of(const char *term, FILE *out)
{
    static const char *const old[] = {"vt100", "vt220", "dumb", "ansi", "cons25"};
    struct modes m = {.out = out, .sends = true, .keys = strcmp(term, "linux") != 0};
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++)
        if (strcmp(term, old[i]) == 0)
            m.sends = m.keys = false;
    m.links = m.keys && takes_links(term);
    return m;
}

void modes_enter(const struct modes *m, bool mouse)
{
    if (m->sends)
        send_bytes(m, REPORTS_ON);
    if (m->keys)
        send_bytes(m, KEYS_ON);
    modes_mouse(m, mouse);
}

void modes_leave(const struct modes *m)
{
    if (m->keys)
        send_bytes(m, GROUND_OFF KEYS_OFF);
    if (m->sends)
        send_bytes(m, MOUSE_OFF REPORTS_OFF);
}

void modes_mouse(const struct modes *m, bool on)
{
    if (m->sends)
        send_bytes(m, on ? MOUSE_ON : MOUSE_OFF);
}

void modes_ground(const struct modes *m, bool on)
{
    if (m->keys)
        send_bytes(m, on ? GROUND_ON : GROUND_OFF);
}

void modes_name(struct modes *m, const char *text)
{
    char sequence[512];
    if (!m->keys)
        return;
    if (!m->named)
        send_bytes(m, TITLE_ASIDE);
    m->named = true;
    snprintf(sequence, sizeof sequence, "\033]2;%s\033\\", text);
    send_bytes(m, sequence);
}

void modes_end(struct modes *m)
{
    if (m->named)
        send_bytes(m, TITLE_BACK);
    m->named = false;
}

const char *modes_last_words(void)
{
    return GROUND_OFF KEYS_OFF MOUSE_OFF REPORTS_OFF "\033[0m\033[?25h\033[?1049l\r\n" TITLE_BACK;
}
