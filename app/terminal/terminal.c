/* Terminal: termios and bracketed paste. The state is global to this file because a crash handler has no other access
 * to it. */
#include <config.h>

#include "app/terminal/terminal.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { CRASH_COUNT = 5 };

static struct {
    volatile sig_atomic_t open;
    bool marks;
    const char *last_words;
    int out;
    struct termios found;
    struct sigaction before[CRASH_COUNT];
} state;

static void write_marks(const char *sequence)
{
    if (state.marks && write(state.out, sequence, strlen(sequence)) < 0)
        state.marks = false;
}

void terminal_restore(void)
{
    if (!state.open)
        return;
    write_marks("\033[?2004l");
    tcsetattr(STDIN_FILENO, TCSADRAIN, &state.found);
}

/* Restores the terminal and leaves the rest to the previous handler. */
static void restore_and_crash(int number)
{
    if (state.last_words != NULL && write(state.out, state.last_words, strlen(state.last_words)) < 0)
        state.last_words = NULL;
    terminal_restore();
    for (int i = 0; i < CRASH_COUNT; i++)
        if (crashes[i] == number)
            sigaction(number, &state.before[i], NULL);
    raise(number);
}

void terminal_last_words(const char *bytes)
{
    state.last_words = bytes;
}

void terminal_open(int out, bool marks)
{
    if (tcgetattr(STDIN_FILENO, &state.found) != 0)
        return;
    state.out = out;
    state.marks = marks;
    state.open = 1;
    struct sigaction action = {.sa_handler = restore_and_crash, .sa_flags = SA_NODEFER};
    for (int i = 0; i < CRASH_COUNT; i++)
        sigaction(crashes[i], &action, &state.before[i]);
}

void terminal_listen(void)
{
    if (!state.open)
        return;
    struct termios modes = state.found;
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    modes.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
    terminal_mark_pastes();
}

void terminal_mark_pastes(void)
{
    write_marks("\033[?2004h");
}

void terminal_close(void)
{
    terminal_restore();
    state.last_words = NULL;
    for (int i = 0; state.open && i < CRASH_COUNT; i++)
        sigaction(crashes[i], &state.before[i], NULL);
    state.open = 0;
}
