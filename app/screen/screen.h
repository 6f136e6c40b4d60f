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
#ifndef PALAVER_APP_SCREEN_H
#define PALAVER_APP_SCREEN_H

#include "app/options/options.h"
#include "app/slash/slash.h"
#include "ui/ui.h"

/* Another way for an answer to go on, behind its tokens before number token. */
struct front_road {
    size_t index, token;
    int32_t id;   /* -1: what is drawn */
    char *words;  /* in place of id; NULL: none */
};

struct front {
    const struct options *options;
    struct show show;
    struct talk talk;
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
    struct front_road road;
    struct {                    /* a person's words for an answer are typed */
        size_t at, index;       /* in place of token at - 1 of this message; 0: no */
        char behind[64];        /* the words before */
    } words;
    bool compared;              /* something new is to be shown of a comparison */
    size_t keeps;               /* side + 1 that is kept once all have stopped; 0: none */
    double drawn;               /* when the screen was */
};

/* screen-tell.c */
void front_loaded(void *context);
void front_reading(void *context, size_t done, size_t total);
void front_token(void *context, const struct event *event);
void front_window(void *context, size_t messages, size_t tokens);
void front_ended(void *context, const struct chat_message *answer);
void front_refused(void *context, const char *text, const struct error *err);
void front_failed(void *context, const struct error *err);
void front_changed(void *context, size_t from);
void front_remark(void *context, bool trouble, const char *text);
void front_titled(void *context, const char *title);
void front_preview(void *context, const struct event *event);
/* What a command says, by struct show. */
void front_said(void *context, enum show_kind kind, const char *text);
/* Shows what the command said: one line in passing, several to read. */
void front_show_said(struct front *f, const char *title);
/* Makes the screen's messages those of the chat. */
void front_sync(struct front *f);
void front_head(struct front *f);
void front_status(struct front *f);
void front_label(struct front *f);

/* screen-list.c */
void front_open_browse(struct front *f);
void front_list(struct front *f);
/* Looks whether the history changed; cheap. */
void front_watch(struct front *f);
void front_save_draft(struct front *f);
void front_load_draft(struct front *f);
/* Milliseconds until the next of these is due. */
int front_due(const struct front *f);

/* screen-act.c */
void front_act(void *context, const struct ui_action *action);
/* Runs a slash command and shows what it says. */
void front_slash(struct front *f, const char *line);

/* screen-commands.c */
bool front_command(void *context, const char *name, const char *arguments, struct error *err);
void front_search(struct front *f, const char *text);
/* Opens what "CONVERSATION MESSAGE", ids, names: a hit of the last search. */
void front_show_hit(struct front *f, const char *arguments, struct error *err);
void front_copy(struct front *f, const char *text, size_t size, const char *what);
void front_edit(struct front *f, size_t index);
void front_end_edit(struct front *f);

/* screen-settings.c */
void front_settings(struct front *f);
/* After something may have changed them. */
void front_settings_changed(struct front *f);
void front_step(struct front *f, const char *name, int step);
/* Sets it to what was typed for it. */
void front_type_setting(struct front *f, const char *name, const char *typed);
/* Shows no candidates: there are none for the place where the conversation is. */
void front_no_candidates(struct front *f);
void front_candidates(struct front *f, const struct event *event);
/* An event's candidates as rows of the screen, SAMPLING_CANDIDATES at most; words hold their texts. */
size_t front_candidate_rows(const struct front *f, const struct event *event, struct ui_candidate *rows, char (*words)[48]);
/* A token as text, blanks made visible; what is no text of its own as the vocabulary spells it. */
void front_word(const struct tokenizer *t, int32_t id, char *out, size_t size);

/* screen-lens.c */
void front_tokens(struct front *f, size_t index);
size_t front_token_count(struct front *f, size_t index);
/* The history may have more of them now. */
void front_forget_records(struct front *f);
void front_token_details(struct front *f, size_t index, size_t token);
/* alternative -1: what is drawn there now. */
void front_fork(struct front *f, size_t index, size_t token, int alternative);
/* The bytes of a message before a token; *text is the whole of it. */
size_t front_text_before(struct front *f, size_t index, size_t token, const char **text);
/* Those that have an effect, in a line. */
void front_write_settings(const struct sampling *s, char *out, size_t size);
/* Takes the settings that were in force at the token under the lens. */
void front_take_settings(struct front *f, struct error *err);

/* screen-step.c */
void front_set_stepping(struct front *f, const char *arguments, struct error *err);
/* The answer waits, and no longer does. */
void front_waits(struct front *f, const struct event *event);
void front_waits_no_more(struct front *f);
/* With a candidate, or (-1) with what is drawn. */
void front_go_on(struct front *f, int candidate);
/* Takes over road.words. */
void front_go_road(struct front *f, struct front_road road);
/* An answer ended: perhaps to go another road. */
void front_ended_for_road(struct front *f);
/* Has a person type words in place of a token (SIZE_MAX: behind the last); sends them. */
void front_begin_words(struct front *f, size_t index, size_t token);
void front_send_words(struct front *f, const char *text, size_t size);

/* screen-compare.c */
void front_compare(struct front *f, const char *arguments, struct error *err);
void front_compared(void *context, size_t side);
void front_show_compared(struct front *f);
void front_keep(struct front *f, size_t side);
void front_leave_compared(struct front *f);
/* Before each frame: what is new of a comparison, or its end. */
void front_draw_compared(struct front *f);

#endif
