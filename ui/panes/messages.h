/* Messages: a conversation's messages as the program gave them, with their remarks and tokens.
 *
 * Ten thousand of some KB each are usual for an imported conversation. Others read a message; only messages.c writes
 * it. */
#ifndef PALAVER_UI_PANES_MESSAGES_H
#define PALAVER_UI_PANES_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "ui/ui.h"

/* A remark on byte at of the message; clean text. */
struct message_mark {
    uint32_t at;
    char *text;
};

struct message {
    int64_t id, time; /* these and the next as in struct ui_message */
    enum ui_speaker speaker;
    int sibling, siblings;
    char *about;
    bool running;
    bool unfolded;   /* all of it is shown, however long it is */
    struct buf text; /* any bytes */
    struct ui_token *tokens;
    size_t n_tokens;
    bool knows_tokens;          /* false: the program has to be asked for them (again) */
    struct message_mark *marks; /* in the order of their places */
    size_t n_marks;
    bool knows_marks; /* false: likewise, once it has ended */
    unsigned changes; /* counts what can change its lines */
};

struct messages;

struct messages *messages_new(void);
void messages_free(struct messages *m);
size_t messages_count(const struct messages *m);
/* Message index, which must exist; valid until the next change. */
const struct message *messages_at(const struct messages *m, size_t index);

/* Each returns false when there is no such message or when out of memory. See the calls of ui.h for what they do. */
bool messages_add(struct messages *m, const struct ui_message *from);
bool messages_grow(struct messages *m, size_t index, const char *text, size_t size);
bool messages_change(struct messages *m, size_t index, const struct ui_message *from);
/* Replaces the remarks; true when that changes something that is shown. They are known then, whatever comes of it. */
bool messages_set_marks(struct messages *m, size_t index, const struct ui_mark *marks, size_t n);
bool messages_set_tokens(struct messages *m, size_t index, const struct ui_token *tokens, size_t n);
/* From now on the tokens of no message are known. */
void messages_forget_tokens(struct messages *m);
void messages_unfold(struct messages *m, size_t index, bool unfolded);
/* Removes message from and all after it. */
void messages_cut(struct messages *m, size_t from);

#endif
