/* What the tests of the screen share: keys, starting the program with sea.gguf, asking, leaving. */
#ifndef PALAVER_TESTS_TERMINAL_SCREEN_H
#define PALAVER_TESTS_TERMINAL_SCREEN_H

#include <stdint.h>

#include "pty.h"
#include "vt.h"

#define ESC "\033"
#define F(n) "\033[" n "~"
#define F3 "\033OR"
#define F4 "\033OS"
#define F5 F("15")
#define F7 F("18")
#define PAGE_UP "\033[5~"
#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"
#define PLAIN \
    { \
        NULL \
    }
/* sea.gguf repeats its lines until it is stopped; the context is large enough for that. */
#define ENDLESS "--temperature", "0", "-c", "60000"
#define READY "Enter sends"

#define SHORT "-n", "4"

extern char program[4096], model[4096];
extern const char *const plain[];

/* Makes test_folder a home whose endpoints file has this port as big. */
void write_endpoints(uint16_t port);
/* Starts palaver serve with sea.gguf, whose context is large, and writes its port to test_folder's endpoints; the port. */
uint16_t begin_server(struct pty *server);

/* Finds the program and the model; false when they are not there. */
bool find_program(void);
/* home NULL: a new one. options end with NULL. */
struct vt *start_in(const char *home, int rows, int columns, const char *const *environment,
                    const char *const *options);
/* The same, and the composer is on the screen. */
struct vt *start(int rows, int columns, const char *const *options);
/* Leaves by Ctrl-D and checks that the terminal is as it was; quit also ends it. */
void leave(struct vt *t);
void quit(struct vt *t);
/* Keys that are one press each. Escape is sent as modern terminals spell it, so that it never becomes the beginning of
 * the next key, however busy the machine is. */
void press(struct vt *t, const char *key);
void ask(struct vt *t, const char *text);
/* A question, and its answer of four tokens. */
void exchange(struct vt *t, const char *text);
/* From temperature, where the settings pane begins, to its first row. */
void go_to_bias(struct vt *t);
/* Until an answer's first words are in the database. */
void wait_for_stored_answer(struct vt *t);

#endif
