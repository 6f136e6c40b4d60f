/* Inside of the chat.
 *
 *   chat          the chat, and the models that come and go behind it
 *   chat-list     messages
 *   chat-answer   prompts, and what the model says
 *   chat-save     storing
 *   chat-path     moving through the tree, and from one conversation to another
 *   chat-fork     other roads from a token
 *   chat-compare  several answers side by side
 *   chat-verify   an answer once more from its record
 *   chat-origin   where settings come from
 *   chat-compact  a summary in place of the oldest messages
 *   chat-title    the model names the conversation
 *   chat-persona  settings, template and model under a name
 *   chat-form     between the history's form and the chat's */
#ifndef PALAVER_APP_CHAT_INTERNAL_H
#define PALAVER_APP_CHAT_INTERNAL_H

#include "app/chat/chat.h"

/* Messages in order. */
struct chat_list {
    struct chat_message *at;
    size_t n, capacity;
};

struct chat {
    const struct options *options;
    const struct chat_view *view;
    struct worker *worker, *next;  /* next: the one that loads, NULL when none does */
    char *path, *next_path;
    struct chat_template *template;
    char *template_name;           /* as asked for; NULL: the model's own */
    char *model_kept;              /* the one that the history names; NULL: none */
    bool template_kept;            /* it comes from the history, not from the person */
    struct buf system;
    struct chat_list list;         /* those with an id stand before those without */
    struct sampling sampling;
    uint32_t from_model;           /* settings that the model's file recommends */
    uint32_t by_hand;              /* settings that this conversation has of its own, see chat_settings_json */
    uint32_t overruled;            /* of these, those for which a flag or a variable counts */
    uint32_t from_preset, from_persona; /* of these, those that nobody changed since */
    char *preset, *persona;        /* their names; NULL: none */
    bool seed_is_fixed;
    uint64_t tries;                /* answers to the same message with a fixed seed */
    size_t window;                 /* the first message that the model sees */
    struct prompt prompt;          /* given last; empty ids: none yet */
    bool waiting;                  /* an answer is asked for, the model is not loaded */
    bool sent;                     /* it was asked for by chat_send, so the last message is taken out when that fails */
    uint64_t request;              /* runs; 0: none */
    bool writing;                  /* the last message is an answer under way; with another's it is STORE_STREAMING too */
    bool reading;
    bool stopping;
    bool previewable;              /* the worker's logits are those behind the last message */
    int32_t said;                  /* tokens of the answer, this request's not counted */
    int32_t said_now;              /* and this one's */
    int64_t *undone;               /* where the path ended before each undo, the last one last */
    size_t n_undone;
    struct buf undone_text;        /* the question taken back last */

    /* chat-save.c */
    struct home *home;
    struct store_reply *reply;     /* of the message reply_index; NULL: none is open */
    size_t reply_index;
    struct timings reply_before;   /* what the message had taken when it was opened */
    char **epochs;                 /* settings given to the request while it ran */
    size_t n_epochs, epochs_seen;
    bool properties;               /* of the conversation are not stored */
    int64_t properties_due;        /* monotonic milliseconds: when they are to be at the latest; 0: not waited for */
    bool orphan;                   /* it was destroyed by another program; stored again with the next message */
    bool problem_told, trash_told;
    bool told;                     /* that something can't be stored */
    int64_t retry, looked;         /* monotonic milliseconds: when to try again, when last looked for changes */

    /* chat-fork.c */
    struct ids forced;             /* what the answer that is asked for begins with; empty: by its text */

    bool preset_of_model;          /* preset is the one that bears the model's name */
    bool stepping, waits;          /* chat-answer.c: before each token; now */

    /* chat-title.c */
    int64_t title_due;             /* monotonic milliseconds: when to ask for a title; 0: not at all */
    int64_t title_asked;           /* the conversation for which that was done last */
    uint64_t title_request;        /* runs aside; 0: none */
    struct buf title_said;

    /* chat-compact.c */
    struct compact {
        uint64_t request;          /* runs aside; 0: none */
        struct buf old, summary;   /* the text that is summed up, and what the model made of it */
        size_t at, part_bytes;     /* of old: given to the model, and given at once */
        size_t upto;               /* messages before this index are in it */
        int64_t conversation;
    } compact;

    struct compare *compare;       /* chat-compare.c; NULL: nothing is compared */

    /* chat-verify.c */
    struct verify {
        uint64_t request;          /* runs aside; 0: none */
        struct store_records records;
        size_t from, to, at;       /* tokens that are compared, and the next one */
    } verify;
};

/* chat-list.c */
struct chat_message *chat_list_add(struct chat_list *list, enum role role, const char *text, size_t size);
void chat_list_cut(struct chat_list *list, size_t n);
/* Moves messages [at, from->n) to the end of to. */
bool chat_list_move(struct chat_list *from, size_t at, struct chat_list *to);
void chat_list_free(struct chat_list *list);

size_t chat_list_last_user(const struct chat_list *list); /* list->n when there is none */

/* chat.c */
/* ERR_BUSY while an answer is asked for. */
enum error_code chat_check_idle(const struct chat *c, struct error *err);
/* The same, and ERR_NOT_FOUND without a model. */
enum error_code chat_check_ready(const struct chat *c, struct error *err);
/* The same for going elsewhere: all must be stored. */
enum error_code chat_check_saved(struct chat *c, struct error *err);
/* Forgets messages from n on; the window begins anew when what it began with is gone. */
void chat_cut(struct chat *c, size_t n);
void chat_tell_changed(struct chat *c, size_t from);
void chat_remark(const struct chat *c, bool trouble, const char *format, ...) __attribute__((format(printf, 3, 4)));
void chat_forget_undone(struct chat *c);
/* Asks for an answer now, or as soon as the model is there. */
enum error_code chat_ask_or_wait(struct chat *c, struct error *err);
/* Uses the template of this name (NULL: the model's own), now or when the model is there. */
enum error_code chat_use_template(struct chat *c, const char *name, struct error *err);

/* chat-answer.c */
/* Asks for an answer to the messages as they are; the last is the user's, or an answer to go on with. On failure nothing
 * was stored or added. */
enum error_code chat_ask(struct chat *c, struct error *err);
/* The template's stop strings. */
void chat_add_stops(const struct chat *c, struct sampling *s);
/* The prompt that message index, an answer (or one to come), is given at its beginning, as far as that is known. */
enum error_code chat_render_before(const struct chat *c, size_t index, struct prompt *out, struct error *err);
/* The settings of an answer that begins now. */
void chat_take_settings(const struct chat *c, struct chat_message *answer);
void chat_take_event(struct chat *c, const struct event *event);

/* chat-save.c */
/* Stores all that is not stored yet, in order, and opens the answer that streams. What goes wrong is told once, and tried
 * again by chat_tick. */
enum error_code chat_save(struct chat *c, struct error *err);
bool chat_is_saved(const struct chat *c);
/* A token of the answer came; its text is in the message already. */
void chat_save_token(struct chat *c, const struct event *event);
/* Other settings act from some token of the running request on. */
void chat_save_settings(struct chat *c);
/* A request begins: settings given to the one before are in force. */
void chat_settle_settings(struct chat *c);
/* Takes the last messages from n on out of the history again, into the trash, and out of the chat. */
void chat_discard(struct chat *c, size_t n);
/* System message, settings, template or model are others now. */
void chat_save_properties(struct chat *c);
/* The same a moment later: a slider that moves changes them many times a second, and a disk may take its time. */
void chat_save_properties_later(struct chat *c);

/* chat-save.c, for chat_tick */
/* The conversation is gone for good: what the chat holds will be a new one. */
void chat_forget_ids(struct chat *c);
/* Nothing waits to be tried again any more. */
void chat_saved_again(struct chat *c);
/* Writes what the open reply has gathered when it is due. */
void chat_flush_due(struct chat *c);

int64_t chat_clock(void); /* monotonic milliseconds */

/* speaker.c */
/* Starts loading the model that the chat begins with. */
enum error_code chat_load_first(struct chat *c, struct error *err);
/* The new model takes the old one's place. */
void chat_take_model(struct chat *c);
void chat_give_up_loading(struct chat *c, const struct error *err);

/* send.c */
/* The message that waited can't be answered: one just sent is taken out, others stay as they are stored. */
void chat_refuse(struct chat *c, const struct error *err);

/* prompt.c */
enum error_code chat_render_from(const struct chat *c, size_t from, size_t limit, struct prompt *out, struct error *err);
enum error_code chat_render_fitting(const struct chat *c, struct prompt *out, size_t *window, struct error *err);
/* Replaces the answer's beginning, the end of the prompt, by exactly the forced ids. */
enum error_code chat_force_beginning(struct chat *c, size_t window, struct prompt *prompt, struct error *err);

/* settings.c */
/* The settings that the worker gets: the template's stop strings too, and the tokens that are left. */
struct sampling chat_request_sampling(const struct chat *c);

/* reload.c */
/* Adds the messages of these ids to a list. */
enum error_code chat_load_messages(struct store *s, const int64_t *ids, size_t n, struct chat_list *out,
                                   struct error *err);

/* chat-title.c */
/* An answer ended: asks for a title if nothing happens for a moment. */
void chat_title_later(struct chat *c);
/* What runs is of no interest any more. */
void chat_title_forget(struct chat *c);
int chat_title_wait(const struct chat *c); /* milliseconds until chat_title_tick; -1: never */
void chat_title_tick(struct chat *c);
/* False when the event belongs to somebody else. */
bool chat_title_take(struct chat *c, const struct event *event);

/* chat-path.c */
/* Opens a conversation of home_store; all must be stored. */
enum error_code chat_enter(struct chat *c, int64_t conversation, struct error *err);

/* Puts what was taken out back, after what took its place could not be asked. */
void chat_put_back(struct chat *c, size_t n, struct chat_list *old);

/* chat-verify.c */
void chat_verify_forget(struct chat *c);
bool chat_verify_take(struct chat *c, const struct event *event);

/* chat-compare.c */
/* Answers under way are kept as interrupted. */
void chat_compare_forget(struct chat *c);
/* Takes what the sides' own workers tell; readable when they do. */
void chat_compare_handle(struct chat *c);
int chat_compare_fd(const struct chat *c);
/* False when the event of the chat's worker belongs to somebody else. */
bool chat_compare_take(struct chat *c, const struct event *event);
void chat_compare_stop(struct chat *c);
int chat_compare_due(const struct chat *c);
void chat_compare_flush(struct chat *c);

/* chat-compact.c */
void chat_compact_forget(struct chat *c);
bool chat_compact_take(struct chat *c, const struct event *event);

/* chat-path.c */
/* Another program went on with what the chat has, or writes its last message. */
bool chat_is_longer_elsewhere(const struct chat *c);
/* Makes the messages those of the conversation's current path. */
enum error_code chat_reload(struct chat *c, struct error *err);
/* Opens what --continue or --resume name, if anything. */
enum error_code chat_resume(struct chat *c, struct error *err);

/* chat-origin.c */
/* Sets in s what flags and variables say; returns which. */
uint32_t chat_take_given(const struct chat *c, struct sampling *s);
/* Another model is there: its recommendations take the place of the one's before. */
void chat_take_recommended(struct chat *c);
/* A model is there: a conversation that has not begun takes the preset that bears its name. */
void chat_begin_with_model(struct chat *c);
/* After by_hand was read: what of it a preset and a persona (NULL: none) say too. */
void chat_find_origins(struct chat *c, const char *preset, const char *persona);
void chat_name_origin(char **place, const char *name);

/* chat-form.c */
/* The bit of a setting by name; 0: there is none. */
uint32_t chat_setting_bit(const char *name);
/* Bits of sampling_fields by position; the seed and the lists have ones of their own. */
#define SETTINGS_LIST(list) (UINT32_C(1) << ((list) == LIST_STOP ? 31 : 27 + (list)))
#define SETTINGS_SEED (UINT32_C(1) << 30)
#define SETTINGS_ALL (~SETTINGS_SEED)
/* Those that differ. */
uint32_t chat_settings_changed(const struct sampling *a, const struct sampling *b);
/* A JSON object of those of which; malloc'ed, NULL without memory. */
char *chat_settings_json(const struct sampling *s, uint32_t which);
/* Takes what a JSON object says, as far as it is understood; returns which. */
uint32_t chat_settings_read(struct sampling *s, const char *json);
/* Names of the program's own in strings that the caller frees with chat_making_free. */
struct store_making chat_making(const struct chat *c, const struct chat_message *m);
void chat_making_free(struct store_making *made);
struct store_token chat_token(const struct event *event);
/* Settings that were read last: most messages have the same as the one before. */
struct chat_settings {
    char *json; /* NULL: none yet */
    struct sampling value;
};
/* Adds a message of the history to a list. known begins as {0}; the caller frees known->json at the end. */
bool chat_list_take(struct chat_list *list, const struct store_message *m, struct chat_settings *known);

#endif
