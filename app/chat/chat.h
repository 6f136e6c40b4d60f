/* Chat: the conversation, and the controller between the history, the template and the model.
 *
 * A conversation is a tree of messages in the history; a chat is the current path through one, held in memory. It
 * decides which messages the model sees, asks for answers, takes their events, and stores each message as it comes and
 * each answer as it grows. Nothing stored is ever overwritten: edits and further answers add alternatives, undo moves
 * the end of the path. What can't be written stays in memory and is tried again. A chat neither reads nor prints: what
 * happens is told to a view (the line mode, one answer for a script, the screen). All calls are made by one thread.
 * Failing calls return a code and set err; unless it is said otherwise they change nothing then.
 *
 * The room, from the ground up:
 *
 *   hub           Hugging Face's cache, and what its models are called
 *   models        which file a model's name means
 *   title         how a model is asked for a title, and whether what it says is one
 *   fields        settings as sets of bits and as JSON
 *   glossary      ids for the tokens of a vocabulary that is not here
 *   distant       a model that a server has, asked like a worker
 *   manner        the settings by which answers are made
 *   list          messages in order
 *   undone        where the path ended before each undo
 *   queue         messages that wait for the end of an answer
 *   speaker       the model that answers or loads, its template, and who takes its events
 *   settings      the settings, and where each comes from
 *   answering     how far the answer under way is
 *   script        what a prompt is made from, and the prompt
 *   form          messages and records between the history's form and the chat's
 *   state         struct chat: what it is asked and what it tells
 *   aside         the slot for work aside
 *   saving        bringing the history up to what the chat holds
 *   reload        making the messages equal to a path in the history
 *   adjust        changes of settings, system message and template
 *   presets       which presets there are
 *   preset        using and saving them
 *   titling       the model names the conversation
 *   answer        asking for an answer, and what comes
 *   send          messages, answered now or when the model is loaded
 *   footprint     what a model takes of memory, in words
 *   load          models that come and go
 *   parts         what a conversation has, made and freed together
 *   background    conversations that are answered while another one is open
 *   conversation  from one conversation to another
 *   path          moving through the tree of one
 *   edit          other texts and answers at the end of the path
 *   text          a conversation that is one text, edited anywhere
 *   fork          another token inside an answer
 *   early         what an answer has before the history has a reply for it
 *   compare       several answers side by side
 *   btw           questions beside the conversation that leave no trace
 *   verify        an answer made again from its record; verify-there: by the server that made it
 *   compact       a summary in place of the oldest messages
 *   persona       settings, template, model and system message under a name
 *   tick          what is done from time to time
 *   leave         what would be lost, and the end
 *   chat          opening, and handing events to who takes them */
#ifndef PALAVER_APP_CHAT_CHAT_H
#define PALAVER_APP_CHAT_CHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/library/home.h"
#include "app/options/options.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

/* Bytes of a text; more than any context holds. */
#define CHAT_TEXT_MOST ((size_t)64 << 20)

struct chat;
struct manner;

enum chat_state {
    CHAT_NO_MODEL, /* it could not be opened */
    CHAT_LOADING,  /* a message sent now waits for the model */
    CHAT_IDLE,
    CHAT_READING, /* the model reads the prompt */
    CHAT_ANSWERING,
};

struct chat_message {
    enum role role; /* ROLE_USER or ROLE_ASSISTANT; in imported conversations ROLE_SYSTEM too */
    struct buf text;
    int64_t id;      /* in home_store; 0: not stored yet */
    int64_t created; /* milliseconds since 1970 */
    enum store_state state;
    int32_t sibling, siblings; /* this is alternative number sibling, from 0, of siblings */
    /* of an answer: */
    enum finish finish;
    struct timings timings; /* summed over the requests that made it */
    struct manner *manner;  /* the settings as they stood when it began, see manner_of; NULL: the defaults */
    uint64_t seed;          /* that was used */
    char *model;            /* name; NULL: unknown, or the user wrote it */
    /* of one not stored yet: how its tokens came about */
    struct store_token *tokens;
    size_t n_tokens, tokens_capacity;
};

/* What a front end is told, by chat_handle, chat_tick and the calls that change something. Any function may be NULL. */
struct chat_view {
    void *context;
    bool without_model; /* the chat opens too when there is no model yet */
    void (*loaded)(void *context);
    /* More of the model is loaded, see chat_loading_percent; or a server told more of it, see chat_capacity. */
    void (*loading)(void *context);
    /* Tokens of the prompt that the model has read. */
    void (*reading)(void *context, size_t done, size_t total);
    void (*token)(void *context, const struct event *event);
    /* The model no longer sees the first messages (and in a text that is continued, what is before chat_first_byte of
     * the next one), `tokens` in all; 0 tokens: it sees all again. */
    void (*window)(void *context, size_t messages, size_t tokens);
    void (*ended)(void *context, const struct chat_message *answer);
    /* The message that waited for the model can't be answered. text is a message that was just sent, and was taken out
     * of the chat again; "" for one that stays. */
    void (*refused)(void *context, const char *text, const struct error *err);
    /* Loading or answering failed; the answer so far stays. */
    void (*failed)(void *context, const struct error *err);
    /* Messages from index from on are others than before, or gone; from 0 also when another conversation was opened. */
    void (*changed)(void *context, size_t from);
    /* Something that the user should know; trouble: it is not saved, or failed. */
    void (*remark)(void *context, bool trouble, const char *text);
    /* The model named the conversation. */
    void (*titled)(void *context, const char *title);
    /* A side of the comparison (an index) has something new; chat_compare_runs says whether any is still under way. */
    void (*compared)(void *context, size_t side);
    /* The messages that wait are others. */
    void (*queued)(void *context);
    /* An answer goes on, has ended or failed in a conversation that is not open. NULL: there are none such, as an open
     * conversation is not left while its answer is under way. */
    void (*elsewhere)(void *context);
    /* What chat_preview asked for, or the answer waits for a step. */
    void (*preview)(void *context, const struct event *event);
};

/* ---- opening ---- */

/* Opens the history and, if the options say so, the conversation to continue, and starts loading the model. options
 * and view stay the caller's and must outlive the chat; the view is told nothing before the first other call. NULL
 * when there is no such model or conversation. */
struct chat *chat_open(const struct options *options, const struct chat_view *view, struct error *err);
/* Conversations that begin from now on are questions asked once, see LIBRARY_ONE_SHOT. */
void chat_begin_one_shots(struct chat *c);
/* An answer under way is kept as interrupted; what could not be stored at all is told to the view. NULL is fine. */
void chat_free(struct chat *c);
/* The store behind this chat. Owned by the chat. */
struct home *chat_home(const struct chat *c);

/* ---- events ---- */

/* Readable while events wait for chat_handle; -1 when none can come. It may change with each call of the chat. */
int chat_fd(const struct chat *c);
void chat_handle(struct chat *c);
/* The same of answers in conversations that are not open. */
int chat_elsewhere_fd(const struct chat *c);
/* Milliseconds until chat_tick has something to do, 0: now, -1: never. To be asked before each wait. */
int chat_due(const struct chat *c);
/* Stores what waits to be stored, and looks whether another program changed the conversation. Cheap when called
 * early. */
void chat_tick(struct chat *c);

/* ---- what there is ---- */

enum chat_state chat_state(const struct chat *c);
/* True while an answer is asked for: it waits for the model, reads or answers; and during a comparison. */
bool chat_is_busy(const struct chat *c);
/* Messages; each is valid until the next call that changes something. */
size_t chat_count(const struct chat *c);
const struct chat_message *chat_message(const struct chat *c, size_t index);
/* The host and port of the server that has the model, also while it is asked for the first time; NULL: it is on this
 * machine. What needs the model itself, its template or its vocabulary is not possible then. */
const char *chat_host(const struct chat *c);
/* Model i of that server as "NAME@ENDPOINT", until the next call, and the tokens of its context (0: not told); NULL past the
 * end, or while they are not known. */
const char *chat_host_model(const struct chat *c, size_t i, int32_t *context);
/* Seconds until the server is asked again, as it wants, and *why; 0: it is not waited for. */
int chat_server_waits(const struct chat *c, const char **why);
/* Whether a setting of this name acts: a server may not know it. */
bool chat_takes(const struct chat *c, const char *setting);
/* What the server says that made the last answer, "" for nothing. */
const char *chat_fingerprint(const struct chat *c);
/* Appends the text of a token of the present model; false when it has none of this id. */
bool chat_piece(const struct chat *c, int32_t id, struct buf *out);
/* The id of a text as a token of a server's model, to be put by chat_fork; -1 when out of memory, or there is none. */
int32_t chat_name_token(struct chat *c, const char *text, size_t size);
/* Whether an answer can be asked for: a model is loaded, or a server has it. */
bool chat_is_ready(const struct chat *c);
/* How much of the model is loaded; -1 when that is not known, or nothing loads. */
int chat_loading_percent(const struct chat *c);
/* What the model takes of memory; NULL until one is loaded. */
const struct memory_plan *chat_plan(const struct chat *c);
/* These two are NULL until a model is loaded on this machine, and valid until another is. */
const struct model *chat_model(const struct chat *c);
const struct chat_template *chat_template(const struct chat *c);
/* Of the present model, else of the one that is loading. */
const char *chat_model_path(const struct chat *c);
/* Whether the conversation is one text that the model continues: its messages are pieces, joined as they are. Until
 * a model is loaded, whether the conversation says so. */
bool chat_continues_text(const struct chat *c);
const char *chat_system(const struct chat *c); /* "" for none */
/* Whether there is one that the template leaves out, so that the model does not see it. */
bool chat_system_is_unseen(const struct chat *c);
/* Tokens that the context holds; 0 until a model is loaded, or where the server does not tell. */
size_t chat_capacity(const struct chat *c);
/* Tokens of the last request, prompt and answer; 0: nothing was asked yet of this model. */
size_t chat_last_used(const struct chat *c);
/* Whether a server has not counted them. */
bool chat_last_used_is_estimated(const struct chat *c);
/* Tokens of text as the model counts, of a server's an estimate; 0 until a model is loaded. */
size_t chat_count_tokens(const struct chat *c, const char *text, size_t size);
/* "~" where that is an estimate, else "". */
const char *chat_count_sign(const struct chat *c);
/* About how many tokens a server makes of what the model sees of the conversation. */
size_t chat_estimate_used(const struct chat *c);
/* What the model was given last: NULL when it was given nothing yet. Valid until the next answer is asked for, or another
 * model is loaded. */
const struct prompt *chat_last_prompt(const struct chat *c);
/* What it would be given now. prompt_free it. ERR_NOT_FOUND until a model is loaded. */
enum error_code chat_render(struct chat *c, struct prompt *out, struct error *err);
/* Index of the first message that the model sees. */
size_t chat_first_visible(const struct chat *c);
/* Of that message, the first byte that the model sees: 0 but in a text that is continued. */
size_t chat_first_byte(const struct chat *c);

/* ---- settings ---- */

/* A change acts on the next token. */
const struct sampling *chat_sampling(const struct chat *c);
void chat_set_sampling(struct chat *c, const struct sampling *sampling);
/* Asks what the settings make of the token after the last answer, from the logits that are still there; the view's
 * preview is told, unless another answer begins first. Nothing happens if the model did not answer last. */
void chat_preview(struct chat *c);
/* A fixed seed is one that the user named; otherwise each answer has its own. */
bool chat_seed_is_fixed(const struct chat *c);
void chat_fix_seed(struct chat *c, bool fixed);

/* Where the value of a setting comes from. */
enum chat_origin {
    CHAT_GIVEN, /* the options: see options_source */
    CHAT_MODEL, /* its file recommends it */
    CHAT_SET,   /* in this conversation */
    CHAT_PRESET,
    CHAT_PERSONA,
};
/* setting is the engine's name of it; *name is that of the preset or the persona, else NULL. */
enum chat_origin chat_setting_origin(const struct chat *c, const char *setting, const char **name);
/* What the settings are unless they are changed: the options, and what the model recommends unless a flag or a
 * variable says otherwise. *recommended (may be NULL): which of them come from the model, as bits. */
struct sampling chat_base_sampling(const struct chat *c, uint32_t *recommended);
/* Makes the settings those of a preset, JSON as the history has them; what it says nothing of is as in
 * chat_base_sampling, and the seed stays. given_first: flags and variables override it. */
void chat_use_preset(struct chat *c, const char *name, const char *settings, bool given_first);
/* The name of the preset that a conversation with the present model begins with, if there is one of that name: the
 * model's file name without .gguf. */
void chat_preset_name(const struct chat *c, char *out, size_t size);

/* Sets what the settings of a record, JSON as the history has them, say; the rest and the seed stay. */
void chat_read_settings(struct sampling *s, const char *json);
/* The settings but the seed as such JSON, malloc'ed; NULL when out of memory. */
char *chat_write_settings(const struct sampling *s);

/* Each of the following fails with ERR_BUSY while an answer is asked for. Those that move to another place of the tree
 * or to another conversation fail as well when something could not be stored before. */

/* ---- messages and answers ---- */

/* Adds a message, stores it and asks for the answer. ERR_CONTEXT when it can't fit into the context, ERR_NOT_FOUND
 * without a model; then nothing was added. */
enum error_code chat_send(struct chat *c, const char *text, size_t size, struct error *err);
/* Has a message wait while an answer is under way; it is sent when that ends by itself, and those after it one after
 * another. After an answer that was stopped or failed they wait for the next one to end. They are kept with the
 * conversation. ERR_BUSY during a comparison. */
enum error_code chat_queue(struct chat *c, const char *text, size_t size, struct error *err);
/* How many wait, and the text of one, valid until the next change. */
size_t chat_queued(const struct chat *c);
const char *chat_queued_text(const struct chat *c, size_t index);
/* Takes message index out of the queue; malloc'ed. */
char *chat_unqueue(struct chat *c, size_t index);
/* Puts a message that could not be answered before all that wait. False when out of memory. */
bool chat_requeue(struct chat *c, const char *text);
/* Asks for another answer to the last message; the present one stays as an alternative. */
enum error_code chat_regenerate(struct chat *c, struct error *err);
/* Continues the last answer, in the same message; answers the last message if that has no answer. */
enum error_code chat_continue(struct chat *c, struct error *err);
/* Adds an alternative with this text beside message index and makes it the end of the path. A user's message is then
 * answered; an answer is continued if then_continue. */
enum error_code chat_edit(struct chat *c, size_t index, const char *text, size_t size, bool then_continue,
                          struct error *err);
/* Appends the whole of a text that is continued: its messages, joined as they are. False when out of memory. */
bool chat_append_text(const struct chat *c, struct buf *out);
/* Makes the whole text this one: the pieces before the first change stay, and the rest becomes a new branch beside the
 * old one. Nothing is asked. ERR_UNSUPPORTED in a dialogue, ERR_ARGUMENT when nothing is left of the text. */
enum error_code chat_edit_text(struct chat *c, const char *text, size_t size, struct error *err);
/* Stops the answer, keeping what was said, or forgets the message that waits; ended or refused follows. */
void chat_stop(struct chat *c);
/* Adds another answer beside message index: its tokens before number place (from 0), then the token id (-1: what the
 * model draws there now), and the model continues. ERR_NOT_FOUND when there is no record of that token,
 * ERR_UNSUPPORTED when another model made the answer. */
enum error_code chat_fork(struct chat *c, size_t index, size_t place, int32_t id, struct error *err);
/* The same with a text in place of the token. */
enum error_code chat_fork_words(struct chat *c, size_t index, size_t place, const char *text, struct error *err);
/* Makes an old answer again from its record, aside and changing nothing; the view's remark says "identical, N tokens"
 * or names the first token that differs. */
enum error_code chat_verify(struct chat *c, size_t index, struct error *err);
/* Writes what waits of an answer under way, so that its records are complete. */
void chat_flush(struct chat *c);

/* Step mode: each answer waits before each of its tokens. */
void chat_set_stepping(struct chat *c, bool on);
bool chat_is_stepping(const struct chat *c);
/* The answer waits; the view's preview was told what its next token may be. */
bool chat_waits(const struct chat *c);
/* The answer that waits continues by one token: this one, or (-1) the one that is drawn. */
void chat_step(struct chat *c, int32_t id);

/* ---- comparing ---- */

enum { CHAT_SIDES = 4 };
struct chat_side {
    const char *label; /* copied */
    struct sampling sampling;
    const char *model; /* as chat_set_model takes it; NULL: the present one */
};
/* Answers the last question once more under each of n sides (up to CHAT_SIDES), token by token in turns; the answers
 * become alternatives of the present one, and are stored as they grow. Until chat_compare_end all else is ERR_BUSY. */
enum error_code chat_compare(struct chat *c, const struct chat_side *sides, size_t n, struct error *err);
/* How many sides there are; 0: nothing is compared. */
size_t chat_compared(const struct chat *c);
/* Its pointers are valid until chat_compare_end. */
struct chat_compared {
    const char *label;
    const struct chat_message *answer;
    bool loading, reading, running; /* its model; the prompt; it has not ended */
    const struct error *error;      /* NULL: none */
};
struct chat_compared chat_compared_side(const struct chat *c, size_t side);
/* True while one of them is under way; chat_stop stops all. */
bool chat_compare_runs(const struct chat *c);
/* Ends a comparison that is not running. The answer of this side is shown from now on; SIZE_MAX: the one shown
 * before. */
enum error_code chat_compare_end(struct chat *c, size_t side, struct error *err);

/* ---- places in the tree ---- */

/* Shows the alternative `step` places after (negative: before) that of message index, and below it what was shown there
 * last. ERR_NOT_FOUND when there is none. */
enum error_code chat_alternative(struct chat *c, size_t index, int step, struct error *err);
/* Shows a message of any branch of the conversation by its id, and below it what was shown there last. */
enum error_code chat_select(struct chat *c, int64_t message, struct error *err);
/* The last answer that has alternatives, else the last message that has; chat_count() when none has. */
size_t chat_with_alternatives(const struct chat *c);
/* Goes up to before the last exchange, or down again to where the last undo was. *text (may be NULL) is its question,
 * owned by the chat and valid until the next change. */
enum error_code chat_undo(struct chat *c, const char **text, struct error *err);
enum error_code chat_redo(struct chat *c, const char **text, struct error *err);
/* Puts message index and all below it into the trash; *id (may be NULL) is what chat_restore takes to bring it back. */
enum error_code chat_delete(struct chat *c, size_t index, int64_t *id, struct error *err);
enum error_code chat_restore(struct chat *c, int64_t id, struct error *err);

/* ---- conversations ---- */

/* Copies the path up to message index into a new conversation and opens that. */
enum error_code chat_branch(struct chat *c, size_t index, struct error *err);
/* Has the model sum up the oldest messages, and then continues in a new conversation with the summary in their place;
 * the view's remark tells how it goes. ERR_NOT_FOUND when all messages are recent. */
enum error_code chat_compact(struct chat *c, struct error *err);
/* Begins a new conversation; the system message and the settings stay. It is stored with its first message; temporary:
 * in memory only. */
enum error_code chat_new(struct chat *c, bool temporary, struct error *err);
/* Opens a conversation of home_library, with its own system message, template and settings. Both this and chat_new leave an
 * answer under way to go on by itself, if the view has `elsewhere`: it is saved as it comes, the messages that wait follow
 * it, and its conversation is marked as unread when it has ended. Opening that one shows the answer again as it grows.
 * ERR_BUSY where an answer can't go on alone: a comparison, step by step, in a temporary conversation. */
enum error_code chat_open_conversation(struct chat *c, int64_t conversation, struct error *err);
/* How many answers are under way in conversations that are not open. */
size_t chat_answers_elsewhere(const struct chat *c);
/* One of these, for chat_count, chat_message and chat_message_is_saved; NULL past the last. */
const struct chat *chat_elsewhere(const struct chat *c, size_t index);
/* ERR_BUSY while this conversation, open or not, is answered. */
enum error_code chat_check_still(const struct chat *c, int64_t conversation, struct error *err);
enum error_code chat_set_system(struct chat *c, const char *text, struct error *err);
/* name NULL: the model's own. ERR_BUSY until a model is loaded. */
enum error_code chat_set_template(struct chat *c, const char *name, struct error *err);
/* Has the model continue the text, or answer by the template that the options name, else by the model's own. A model
 * without one speaks by CHAT_PLAIN_WORDS, a template that needs no special tokens. ERR_BUSY until a model is loaded. */
#define CHAT_PLAIN_WORDS "vicuna"
enum error_code chat_set_raw(struct chat *c, bool raw, struct error *err);
/* Starts loading another model; the present one stays until that is ready. name is a model's or a path. */
enum error_code chat_set_model(struct chat *c, const char *name, struct error *err);

/* What the chat has beside its messages as a persona of that name; store_persona_free it. */
enum error_code chat_as_persona(const struct chat *c, const char *name, struct store_persona *out, struct error *err);
/* Uses a persona's system message, settings, template and model, as far as it names them. When the system message
 * can't be used the rest is used already. */
enum error_code chat_use_persona(struct chat *c, const struct store_persona *p, struct error *err);

/* ---- leaving ---- */

/* Tries to save what is not saved yet, and waits a moment if another program holds the history. On failure *unsaved is how many messages are not, answers of a comparison
 * included; 0: only settings are not. */
enum error_code chat_save_rest(struct chat *c, size_t *unsaved, struct error *err);
/* The same at the end: an answer under way ends as interrupted. After it only chat_free and calls that look follow. */
enum error_code chat_close(struct chat *c, size_t *unsaved, struct error *err);
bool chat_message_is_saved(const struct chat *c, size_t index);
/* The messages that are shown as a conversation of a store in memory, for exporting what can't be saved. store_close
 * it; NULL on failure. */
struct store *chat_copy(const struct chat *c, int64_t *conversation, struct error *err);

#endif
