/* Screen: the chat on the whole terminal.
 *
 * The program's side of ui/: one poll loop over keys, the engine, signals and time; what the chat tells becomes messages
 * and a status of the screen, what the screen asks for becomes calls of the chat and slash commands.
 *
 *   screen           opening, the loop
 *   screen-tell      what the chat tells
 *   screen-list      the list of conversations, drafts
 *   screen-act       actions of the screen
 *   screen-commands  slash commands that the screen answers itself: palette, search as one types, theme and the like
 *   screen-settings  the settings pane
 *   screen-lens      how tokens came about
 *   screen-step      token by token, and other roads
 *   screen-compare   answers side by side */
#ifndef PALAVER_APP_SCREEN_SCREEN_H
#define PALAVER_APP_SCREEN_SCREEN_H

#include "app/options/options.h"
#include "app/slash/slash.h"
#include "ui/ui.h"

/* Another way for an answer to go on, behind its tokens before number token. */
struct screen_road {
    size_t index, token;
    int32_t id;   /* -1: what is drawn */
    char *words;  /* in place of id; NULL: none */
};

struct screen {
    const struct options *options;
    struct show show;
    struct repl repl;
    struct ui *ui;
    struct line_history *sent;  /* messages sent, for Up */
    struct store *browse;       /* a view of the history for list and search; NULL: there is none */
    int signals, dying;
    size_t shown;               /* messages that the screen has */
    bool was_busy;
    double asked;               /* when the answer was asked for */
    size_t done, total;         /* of the prompt read */
    double first;               /* when the first token of the answer came; 0: not yet */
    size_t tokens;              /* of this answer */
    size_t used;                /* tokens of the context; SIZE_MAX: to be counted */
    char speed[96];             /* of the last answer */
    double looked;              /* at the list */
    size_t listed, in_list;     /* conversations that the list holds at most, and holds */
    bool relist;
    int64_t draft_of;           /* conversation of what is typed; 0: one that is not begun */
    double draft_due;           /* 0: stored */
    double count_due;           /* when what is typed is counted; 0: done */
    size_t editing;             /* message index + 1 that is edited in the composer; 0: none */
    char *edited_text;          /* what was typed before */
    int64_t deleted;            /* message deleted last; 0: none */
    int64_t deleted_conversation;
    struct buf lines;           /* what a slash command said */
    size_t n_lines;
    bool failed;                /* to load a model */
    bool base;                  /* the template continues the text */
    struct sampling sampling;   /* as shown */
    bool all_settings;          /* samplers that are off are shown too */
    char *searched;             /* what was searched for last in all conversations */
    struct store_records records; /* of the message below, for the lens */
    int64_t records_of;         /* 0: none */
    size_t records_size;        /* of its text when they were read */
    size_t lens_index, lens_token; /* where the lens stands */
    struct event next;          /* what an answer that waits may go on with */
    size_t next_number;         /* of that token in the answer, from 1 */
    bool has_road;              /* to go once the answer that waits has stopped: */
    struct screen_road road;
    struct {                    /* a person's words for an answer are typed */
        size_t at, index;       /* in place of token at - 1 of this message; 0: no */
        char behind[64];        /* the words before */
    } words;
    bool compared;              /* something new is to be shown of a comparison */
    size_t keeps;               /* side + 1 that is kept once all have stopped; 0: none */
    double drawn;               /* when the screen was */
};

/* screen-tell.c */
void screen_loaded(void *context);
void screen_reading(void *context, size_t done, size_t total);
void screen_token(void *context, const struct event *event);
void screen_window(void *context, size_t messages, size_t tokens);
void screen_ended(void *context, const struct chat_message *answer);
void screen_refused(void *context, const char *text, const struct error *err);
void screen_failed(void *context, const struct error *err);
void screen_changed(void *context, size_t from);
void screen_remark(void *context, bool trouble, const char *text);
void screen_titled(void *context, const char *title);
void screen_preview(void *context, const struct event *event);
/* What a command says, by struct show. */
void screen_said(void *context, enum show_kind kind, const char *text);
/* Shows what the command said: one line in passing, several to read. */
void screen_show_said(struct screen *f, const char *title);
/* Makes the screen's messages those of the chat. */
void screen_sync(struct screen *f);
void screen_head(struct screen *f);
void screen_status(struct screen *f);
void screen_label(struct screen *f);

/* screen-list.c */
void screen_open_browse(struct screen *f);
void screen_list(struct screen *f);
/* Looks whether the history changed; cheap. */
void screen_watch(struct screen *f);
void screen_save_draft(struct screen *f);
void screen_load_draft(struct screen *f);
/* Milliseconds until the next of these is due. */
int screen_due(const struct screen *f);

/* screen-act.c */
void screen_act(void *context, const struct ui_action *action);
/* Runs a slash command and shows what it says. */
void screen_slash(struct screen *f, const char *line);

/* screen-commands.c */
bool screen_command(void *context, const char *name, const char *arguments, struct error *err);
void screen_search(struct screen *f, const char *text);
/* Opens what "CONVERSATION MESSAGE", ids, names: a hit of the last search. */
void screen_show_hit(struct screen *f, const char *arguments, struct error *err);
void screen_copy(struct screen *f, const char *text, size_t size, const char *what);
void screen_edit(struct screen *f, size_t index);
void screen_end_edit(struct screen *f);

/* screen-settings.c */
void screen_settings(struct screen *f);
/* After something may have changed them. */
void screen_settings_changed(struct screen *f);
void screen_step(struct screen *f, const char *name, int step);
/* Sets it to what was typed for it. */
void screen_type_setting(struct screen *f, const char *name, const char *typed);
/* Shows no candidates: there are none for the place where the conversation is. */
void screen_no_candidates(struct screen *f);
void screen_candidates(struct screen *f, const struct event *event);
/* An event's candidates as rows of the screen, SAMPLING_CANDIDATES at most; words hold their texts. */
size_t screen_candidate_rows(const struct screen *f, const struct event *event, struct ui_candidate *rows, char (*words)[48]);
/* A token as text, blanks made visible; what is no text of its own as the vocabulary spells it. */
void screen_word(const struct tokenizer *t, int32_t id, char *out, size_t size);

/* screen-lens.c */
void screen_tokens(struct screen *f, size_t index);
size_t screen_token_count(struct screen *f, size_t index);
/* The history may have more of them now. */
void screen_forget_records(struct screen *f);
void screen_token_details(struct screen *f, size_t index, size_t token);
/* alternative -1: what is drawn there now. */
void screen_fork(struct screen *f, size_t index, size_t token, int alternative);
/* The bytes of a message before a token; *text is the whole of it. */
size_t screen_text_before(struct screen *f, size_t index, size_t token, const char **text);
/* Those that have an effect, in a line. */
void screen_write_settings(const struct sampling *s, char *out, size_t size);
/* Takes the settings that were in force at the token under the lens. */
void screen_take_settings(struct screen *f, struct error *err);

/* screen-step.c */
void screen_set_stepping(struct screen *f, const char *arguments, struct error *err);
/* The answer waits, and no longer does. */
void screen_waits(struct screen *f, const struct event *event);
void screen_waits_no_more(struct screen *f);
/* With a candidate, or (-1) with what is drawn. */
void screen_go_on(struct screen *f, int candidate);
/* Takes over road.words. */
void screen_go_road(struct screen *f, struct screen_road road);
/* An answer ended: perhaps to go another road. */
void screen_ended_for_road(struct screen *f);
/* Has a person type words in place of a token (SIZE_MAX: behind the last); sends them. */
void screen_begin_words(struct screen *f, size_t index, size_t token);
void screen_send_words(struct screen *f, const char *text, size_t size);

/* screen-compare.c */
void screen_compare(struct screen *f, const char *arguments, struct error *err);
void screen_compared(void *context, size_t side);
void screen_show_compared(struct screen *f);
void screen_keep(struct screen *f, size_t side);
void screen_leave_compared(struct screen *f);
/* Before each frame: what is new of a comparison, or its end. */
void screen_draw_compared(struct screen *f);

/* Runs the chat; returns an exit code, after having reported what failed. */
int screen_run(const struct options *o);
/* True when the terminal is one for the screen and line mode was not chosen. */
bool screen_fits(const struct options *o);

#endif
