/* Terminal: termios and bracketed paste. The state is global to this file because a signal handler has no other access
 * to it. */
#include <config.h>

#include "app/terminal/terminal.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "app/terminal/strays.h"

/* Signals that do not end a program, that nobody can catch, or that signals.c takes. All others may come from anywhere
 * (a limit, another program) and end it. */
static const int harmless[] = {SIGKILL, SIGSTOP, SIGCHLD, SIGCONT, SIGURG,  SIGWINCH,
                               SIGTSTP, SIGTTIN, SIGTTOU, SIGINT,  SIGTERM, SIGHUP};
/* Those that tell of a fault of the program, for which a sanitizer may have a handler: that one comes next. */
static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
enum { SIGNALS_MOST = 128, STACK_BYTES = 65536 };

static struct {
    volatile sig_atomic_t open;
    bool marks;
    const char *last_words;
    int out;
    struct termios found;
    bool caught[SIGNALS_MOST];
    struct sigaction before[SIGNALS_MOST];
    stack_t stack_before;
    bool stack_set;
} state;

/* For the handler: a stack that overflowed leaves no room for it. */
static char handler_stack[STACK_BYTES];

static void write_marks(const char *sequence)
{
    if (state.marks && write(state.out, sequence, strlen(sequence)) < 0)
        state.marks = false;
}

static void restore_modes(int when)
{
    if (!state.open)
        return;
    write_marks("\033[?2004l");
    tcsetattr(STDIN_FILENO, when, &state.found);
}

void terminal_restore(void)
{
    restore_modes(TCSADRAIN);
}

/* ---- signals ---------------------------------------------------------------------------------------------------- */

static bool is_one_of(const int *numbers, size_t n, int number)
{
    size_t i = 0;
    while (i < n && numbers[i] != number)
        i++;
    return i < n;
}

static bool is_fault(int number)
{
    return is_one_of(faults, sizeof faults / sizeof faults[0], number);
}

static bool is_harmless(int number)
{
    return is_one_of(harmless, sizeof harmless / sizeof harmless[0], number);
}

static void write_last_words(void)
{
    if (state.last_words != NULL && write(state.out, state.last_words, strlen(state.last_words)) < 0)
        state.last_words = NULL;
}

/* Restores the terminal, unless another job has it, and leaves the rest to the previous handler. A terminal that
 * takes no more bytes must not keep the program from ending, so the modes do not wait for it. */
static void restore_and_end(int number)
{
    if (tcgetpgrp(STDIN_FILENO) == getpgrp()) {
        strays_release();
        write_last_words();
        restore_modes(TCSANOW);
        strays_print();
    }
    sigaction(number, &state.before[number], NULL);
    raise(number);
}

/* What is ignored stays so; another handler is replaced only for a fault. */
static void catch_signal(int number, const struct sigaction *action)
{
    if (is_harmless(number) || sigaction(number, NULL, &state.before[number]) != 0)
        return;
    const struct sigaction *before = &state.before[number];
    bool has_handler = (before->sa_flags & SA_SIGINFO) != 0 || before->sa_handler != SIG_DFL;
    if (!is_fault(number) && has_handler)
        return;
    state.caught[number] = sigaction(number, action, NULL) == 0;
}

static void catch_signals(void)
{
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    const struct sigaction action = {.sa_handler = restore_and_end, .sa_flags = SA_NODEFER | SA_ONSTACK};
    if (sigaltstack(NULL, &state.stack_before) == 0 && (state.stack_before.ss_flags & SS_DISABLE) != 0)
        state.stack_set = sigaltstack(&stack, NULL) == 0;
    for (int number = 1; number <= SIGRTMAX && number < SIGNALS_MOST; number++)
        catch_signal(number, &action);
}

static void release_signals(void)
{
    for (int number = 1; number < SIGNALS_MOST; number++)
        if (state.caught[number]) {
            sigaction(number, &state.before[number], NULL);
            state.caught[number] = false;
        }
    if (state.stack_set)
        sigaltstack(&state.stack_before, NULL);
    state.stack_set = false;
}

void terminal_last_words(const char *bytes)
{
    state.last_words = bytes;
}

/* ---- modes ------------------------------------------------------------------------------------------------------ */

void terminal_open(int out, bool marks)
{
    if (tcgetattr(STDIN_FILENO, &state.found) != 0)
        return;
    state.out = out;
    state.marks = marks;
    state.open = 1;
    catch_signals();
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
    if (state.open)
        release_signals();
    state.open = 0;
}
