/* Script: what a prompt is made from, and the prompt.
 *
 * When the messages outgrow the context the oldest exchanges are left out, and where that costs little a quarter more
 * than necessary: so the beginning of the prompt stays the same for several turns, and its key/value cache is kept. A
 * text that is continued is cut where it may be inside a message. */
#ifndef PALAVER_APP_CHAT_SCRIPT_H
#define PALAVER_APP_CHAT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/chat.h"
#include "app/chat/speaker.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

/* Where what the model sees begins: a message and, in a text that is continued, a byte of it. */
struct script_start {
    size_t message, byte;
};

/* All of it is borrowed. The speaker has a model. */
struct script {
    const struct speaker *speaker;
    const char *system;                  /* "" for none */
    const struct chat_message *messages; /* (n) */
    size_t n;
    bool answer_begins;     /* an empty answer follows the messages */
    size_t first_visible;   /* messages before this index are left out already */
    int32_t max_new_tokens; /* that the answer may have; -1: any number */
};

/* The script of message index, an answer or one to come, as it was when that answer began. */
struct script script_before(const struct script *s, size_t index);
/* Renders the system message and the messages from one on; limit as in prompt_render. prompt_free *out on success. */
enum error_code script_render(const struct script *s, size_t from, size_t limit, struct prompt *out, struct error *err);
/* Renders what leaves room for an answer. *start is where it begins. ERR_CONTEXT tells both numbers when not even the
 * last exchange fits. */
enum error_code script_render_fitting(const struct script *s, struct prompt *out, struct script_start *start,
                                      struct error *err);
/* Makes the question that leaves room for an answer; *start is where it begins. forced (NULL or empty: none): the last
 * message, an answer, begins with exactly these ids in place of its text. speaker_question_free *out on success. ERR_CONTEXT as
 * above. */
enum error_code script_question(const struct script *s, const struct ids *forced, struct speaker_question *out,
                                struct script_start *start, struct error *err);
enum { SCRIPT_LEFT_OUT = 120 }; /* bytes of script_write_left_out's text */
/* For an answer that is made again: "; asked without the first 2 messages, ..." where its prompt does without some, else "".
 * A record does not say what the model saw of the messages before, so that they are fitted to the context anew. */
void script_write_left_out(const struct script *s, struct script_start start, char out[SCRIPT_LEFT_OUT]);
/* About how many tokens a server makes of what it would be sent. */
size_t script_estimate(const struct script *s);
/* Tokens of a question that leaves nothing out; 0 when they can't be counted. */
size_t script_count_whole(const struct script *s);

/* Makes the question of one task outside of any conversation, as below; a server is given the task alone, as some
 * refuse a system message. The task's text is borrowed until it is asked. speaker_question_free *out on success. */
enum error_code script_task(const struct speaker *s, const char *system, const struct buf *task,
                            struct speaker_question *out, struct error *err);
/* Renders one task outside of any conversation: what the model is told to be, and the task. Without the former where the
 * template refuses a system message, which must say nothing that the task does not. *out must be empty. */
enum error_code script_render_task(const struct chat_template *t, const struct tokenizer *tokenizer, const char *system,
                                   const struct buf *task, struct prompt *out, struct error *err);

#endif
