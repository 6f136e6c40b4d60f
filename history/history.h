/* The history: every conversation in one SQLite database, to be found again and taken along.
 *
 * This header is all that the rest of Palaver sees of it. The history knows nothing of models or screens; it prints
 * nothing and never exits. A store is owned by one thread; several stores, in this program or others, may be open on
 * one database and see each other's changes.
 *
 * A conversation is a tree of messages with a current leaf. Editing and regenerating add a sibling; no text that was
 * stored is ever overwritten. Deleting moves to the trash; only the purge_ calls destroy.
 *
 * Inside, one concept a file, from the ground up (no file calls one that stands below it in this list):
 *   schema.sql    the tables of a new database
 *   ids, file     lists of row ids; private files and folders
 *   store.h       the open store, as these files share it
 *   db            statements, transactions, and SQLite's errors in the user's terms
 *   text          storable forms of texts, titles, settings; public ids
 *   index         the words of titles and texts
 *   migrate       from an older schema to this one, after a backup
 *   remember      small remembered values
 *   named         what personas and presets have in common; persona, preset
 *   conversation  rows of conversations and their properties; list, draft, tag, find (the one the user means)
 *   message       reading messages and paths
 *   outline       all messages of a conversation, a line of each
 *   tree          changing them: adding, moving between alternatives, deleting
 *   trash         deleting conversations, restoring, purging
 *   records       token records, packed
 *   changes       where in an answer its settings changed
 *   branch        a new conversation from a part of another
 *   writer        which program writes an answer, and whether it is still alive
 *   reply         an answer that grows while it is stored
 *   search        queries as the user types them, hits with snippets
 *   texts         all texts that a search may find, for who keeps something of each
 *   store         opening, closing, noticing changes
 *   port/         export (export-writer, export-forms.h; export-json, export-text) and import: import-reader (the place
 *                 in the file, members, adding), import-decode and import-repair (bytes to JSON, mended), import-time,
 *                 import-entry (one message), import-list and import-tree (messages in a row, or with branches),
 *                 import-forms.h and a file for each form: import-palaver, import-chatgpt, import-claude,
 *                 import-openwebui, import-llamaserver, import-sillytavern, import-sharegpt, import-plain
 *   repair/       check for the doctor; recover (recover-rows, salvage, mend) saves what a damaged database still holds
 *
 * Conventions. Texts are UTF-8 with an explicit size and may hold any character, NUL included; ill-formed bytes become
 * U+FFFD on the way in. Times are milliseconds since 1970 in UTC. Ids are positive, are never used again, and 0 means
 * none. Settings are one JSON object as text; they are checked and kept in a compact form. A call is one transaction,
 * or part of the one that the caller opened with store_begin. A call that fails has changed nothing, and its message
 * says what to do. Besides what a declaration says every call may return ERR_BUSY (another program held the database
 * for longer than the timeout), ERR_IO (disk full, not writable, read error), ERR_MEMORY and ERR_CORRUPT (damaged:
 * from then on the store refuses to write). Strings in results are never NULL unless the declaration says so; each
 * result has its _free, which accepts an empty result. */
#ifndef PALAVER_HISTORY_HISTORY_H
#define PALAVER_HISTORY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define STORE_TEXT_MAX ((size_t)64 << 20) /* bytes of one message, draft or system prompt; more is ERR_ARGUMENT */
#define STORE_TITLE_MAX 400               /* bytes of a title; a longer one ends in "…" */
#define STORE_ID_SIZE 9                   /* a public id: 8 characters of a-z and 0-9, and a NUL */
#define STORE_CANDIDATES 10               /* alternatives kept per token */

/* ---- store ------------------------------------------------------------------------------------------------------- */

struct store;

struct store_options {
    int busy_ms;          /* how long a call waits for another program's lock; 0: 2000; negative: not at all */
    bool read_only;       /* change nothing, not even what a dead program left unfinished */
    int64_t (*now)(void); /* the clock, UTC milliseconds; NULL: the system's */
    const char *vfs;      /* SQLite VFS by name; NULL: the default */
};

/* Opens the database at path, or makes it: the file 0600, missing folders 0700. path NULL: a temporary store in memory
 * that leaves no trace. An older schema is brought up to date after a backup beside it; answers that a dead program
 * left unfinished become interrupted. options may be NULL. NULL on failure: ERR_UNSUPPORTED when the database is of
 * a newer Palaver or no history at all (it is left untouched), ERR_CORRUPT when it is damaged (see store_recover). */
struct store *store_open(const char *path, const struct store_options *options, struct error *err);
/* Unfinished replies are written out and marked interrupted. */
void store_close(struct store *s);
/* Changes how long calls wait for another program's lock from now on, in milliseconds; 0: not at all. A thread that
 * must not stop sets 0 and calls again later when a call returns ERR_BUSY. */
void store_set_patience(struct store *s, int ms);
/* "" for a temporary store. */
const char *store_path(const struct store *s);
/* True when another store has changed the database since the last call (or since it was opened). Costs microseconds:
 * call it several times a second. */
bool store_changed(struct store *s);

/* Transactions around several calls; they nest. store_end commits when commit is true, else undoes all since the
 * matching store_begin. While one is open other programs can't write: be quick, never wait for the user. */
enum error_code store_begin(struct store *s, struct error *err);
enum error_code store_end(struct store *s, bool commit, struct error *err);

/* ---- conversations ----------------------------------------------------------------------------------------------- */

enum store_titled { STORE_TITLED_NOT, STORE_TITLED_BY_WORDS, STORE_TITLED_BY_MODEL, STORE_TITLED_BY_HAND };

/* The template_name of a conversation that is one text: its messages are pieces of it, joined as they are. */
#define STORE_TEXT_TEMPLATE "plain"

struct store_conversation {
    int64_t id;
    char public_id[STORE_ID_SIZE]; /* for users and the command line; survives export and import */
    char *title;                   /* one line, "" while untitled */
    enum store_titled titled;
    int64_t created, changed; /* changed: the last message */
    int64_t revision;         /* grows with every change of it, messages included */
    int64_t leaf;             /* the last message of the current path; 0 while empty */
    int32_t length;           /* messages on the current path */
    bool pinned, archived, unread;
    bool answering;                                 /* an answer is being written, by this program or another */
    int64_t trashed;                                /* when it was deleted; 0: not deleted */
    char **tags;                                    /* sorted, NULL-terminated */
    char *model, *template_name, *preset, *persona; /* NULL: none of its own */
    char *branched_from;                            /* public id of the conversation it was branched off; NULL */
    /* NULL in lists, see store_conversation_get: */
    char *system, *settings; /* NULL: none of its own */
    char *draft;             /* "" when there is none */
    size_t draft_cursor;     /* byte offset */
};
struct store_conversations {
    struct store_conversation *at;
    size_t n;
    size_t total; /* in the whole list */
};
void store_conversation_free(struct store_conversation *c);
void store_conversations_free(struct store_conversations *list);

enum store_view { STORE_VIEW_CURRENT, STORE_VIEW_ARCHIVED, STORE_VIEW_TRASH, STORE_VIEW_ALL /* but the trash */ };
struct store_list_query {
    enum store_view view;
    const char *tag;     /* NULL: any */
    const char *last;    /* those with this tag stand behind all others; NULL: none do */
    size_t first, limit; /* limit 0: all */
    bool uncounted;      /* the list's length is not asked for: of a long list no more is read than what is shown */
};
/* A part of the list: pinned conversations first, then the last changed first (in the trash: the last deleted
 * first). */
enum error_code store_list(struct store *s, const struct store_list_query *query, struct store_conversations *out,
                           struct error *err);
enum error_code store_conversation_get(struct store *s, int64_t conversation, struct store_conversation *out,
                                       struct error *err);
/* The conversation that was written to last, whatever the clock said, of those without this tag (NULL: of all);
 * ERR_NOT_FOUND when there is none. */
enum error_code store_last(struct store *s, const char *without, int64_t *conversation, struct error *err);
/* By public id or its beginning (4 characters or more), by title, or by a part of the title. ERR_ARGUMENT lists the
 * choices when several fit. Only a whole public id is looked up in the trash too. */
enum error_code store_find(struct store *s, const char *id_or_title, int64_t *conversation, struct error *err);

enum error_code store_new(struct store *s, int64_t *conversation, struct error *err);
/* A title by words never replaces another, and one by the model never one by hand: such calls succeed without a change.
 * The user's first message titles its conversation by its first words. */
enum error_code store_rename(struct store *s, int64_t conversation, const char *title, enum store_titled by,
                             struct error *err);

enum store_property { STORE_SYSTEM_PROMPT, STORE_SETTINGS, STORE_MODEL, STORE_TEMPLATE, STORE_PRESET, STORE_PERSONA };
/* value NULL removes the property. */
enum error_code store_set(struct store *s, int64_t conversation, enum store_property property, const char *value,
                          struct error *err);
enum store_flag { STORE_PINNED, STORE_ARCHIVED, STORE_UNREAD };
enum error_code store_flag(struct store *s, int64_t conversation, enum store_flag flag, bool on, struct error *err);
/* What is typed and not yet sent (a NUL in it becomes a space); conversation 0: for one that has not begun. cursor is a
 * byte offset. */
enum error_code store_set_draft(struct store *s, int64_t conversation, const char *text, size_t size, size_t cursor,
                                struct error *err);
/* The draft for conversation 0, malloc'ed; "" when there is none. */
enum error_code store_new_draft(struct store *s, char **text, size_t *cursor, struct error *err);

enum error_code store_tag(struct store *s, int64_t conversation, const char *tag, bool on, struct error *err);
struct store_tags {
    struct store_tag_count {
        char *name;
        size_t conversations;
    } * at;
    size_t n;
};
/* All tags in use, sorted. */
enum error_code store_tags(struct store *s, struct store_tags *out, struct error *err);
void store_tags_free(struct store_tags *tags);

/* Into the trash and back. Both succeed without a change when it is there already. */
enum error_code store_delete(struct store *s, int64_t conversation, struct error *err);
enum error_code store_restore(struct store *s, int64_t conversation, struct error *err);
/* Destroys one conversation, or all that were deleted before a time, together with the messages that were deleted
 * before it in others. *n (n may be NULL) becomes the number of conversations. */
enum error_code store_purge(struct store *s, int64_t conversation, struct error *err);
enum error_code store_purge_trash(struct store *s, int64_t before, size_t *n, struct error *err);

/* ---- messages ---------------------------------------------------------------------------------------------------- */

enum store_role { STORE_SYSTEM, STORE_USER, STORE_ASSISTANT, STORE_TOOL };
enum store_state {
    STORE_COMPLETE,
    STORE_STREAMING,   /* being written */
    STORE_STOPPED,     /* by the user */
    STORE_INTERRUPTED, /* its program died or failed */
};
/* "user"...; "complete"... */
const char *store_role_name(enum store_role role);
const char *store_state_name(enum store_state state);

/* What made a message. Strings may be NULL, and are NULL for what the user typed. */
struct store_making {
    char *model;          /* name */
    uint64_t fingerprint; /* of the model; 0: unknown */
    char *template_name;
    char *settings; /* JSON object: those in force at its first token */
    bool has_seed;
    uint64_t seed;
    char *finish; /* why it ended, e.g. "end", "length" */
    int64_t prompt_tokens, reused_tokens, answer_tokens;
    double prefill_seconds, first_token_seconds, decode_seconds;
};

struct store_message {
    int64_t id, conversation;
    int64_t parent;            /* 0: a first message */
    int32_t depth;             /* 0: a first message */
    int32_t sibling, siblings; /* this is number sibling, from 0, of siblings */
    enum store_role role;
    enum store_state state;
    int64_t created;
    char *text; /* size bytes and a NUL */
    size_t size;
    struct store_making made;
};
struct store_messages {
    struct store_message *at;
    size_t n;
};
void store_message_free(struct store_message *m);
void store_messages_free(struct store_messages *list);

/* Ids of messages from the first to the leaf. A slice of them is a window: see store_load. */
struct store_ids {
    int64_t *at;
    size_t n;
};
void store_ids_free(struct store_ids *ids);
/* The current path of a conversation. */
enum error_code store_current(struct store *s, int64_t conversation, struct store_ids *out, struct error *err);
/* The messages with these ids, in this order; ERR_NOT_FOUND when one is gone. */
enum error_code store_load(struct store *s, const int64_t *ids, size_t n, struct store_messages *out,
                           struct error *err);
enum error_code store_message_get(struct store *s, int64_t message, struct store_message *out, struct error *err);
/* The messages with the same parent, this one among them, in order. */
enum error_code store_siblings(struct store *s, int64_t message, struct store_ids *out, struct error *err);

/* All messages of a conversation but the deleted ones, the upper ones first and siblings in their order. */
struct store_outline {
    struct store_node {
        int64_t id, parent; /* parent 0: a first message */
        enum store_role role;
        int64_t created;
        char *line; /* the first 200 characters of the text */
    } * at;
    size_t n;
};
enum error_code store_outline(struct store *s, int64_t conversation, struct store_outline *out, struct error *err);
void store_outline_free(struct store_outline *outline);

/* Adds a whole message below parent (0: as a first message) and makes it the leaf. made may be NULL. */
enum error_code store_append(struct store *s, int64_t conversation, int64_t parent, enum store_role role,
                             const char *text, size_t size, const struct store_making *made, int64_t *message,
                             struct error *err);
/* Adds a sibling of message with another text and makes it the leaf; what is below the old one stays there. */
enum error_code store_edit(struct store *s, int64_t message, const char *text, size_t size, int64_t *sibling,
                           struct error *err);
/* Leads the current path through message, and below it where it led last. */
enum error_code store_select(struct store *s, int64_t message, struct error *err);
/* Cuts the current path after message, which becomes the leaf (e.g. before regenerating below it). */
enum error_code store_select_leaf(struct store *s, int64_t message, struct error *err);
/* Moves a message and all below it into the trash; the path then leads to a sibling or ends above. */
enum error_code store_delete_message(struct store *s, int64_t message, struct error *err);
/* Restores what one store_delete_message deleted, and leads the path through it. */
enum error_code store_restore_message(struct store *s, int64_t message, struct error *err);
/* A new conversation with copies of the messages from the first to this one, token records included; its title is
 * numbered "(2)". */
enum error_code store_branch(struct store *s, int64_t message, int64_t *conversation, struct error *err);

/* ---- token records ----------------------------------------------------------------------------------------------- */

struct store_candidate {
    int32_t id;
    float before, after; /* probability as the model gave it, and with the settings (0: removed) */
    uint8_t removed_by;  /* where after is 0: the caller's number, 1..15, for what removed it; 0: unknown */
};
/* How one token came about. Probabilities are kept to a relative precision of 1/4000. */
struct store_token {
    struct store_candidate chosen;
    uint32_t bytes; /* of the message's text that this token completes */
    uint32_t epoch; /* which settings, see store_records */
    uint32_t rank;  /* from 1; 0: unknown */
    float entropy;  /* nats; negative: unknown */
    bool forced;    /* chosen by the user, not by the sampler */
    int32_t n_best;
    struct store_candidate best[STORE_CANDIDATES]; /* the likeliest, likeliest first */
};
struct store_records {
    struct store_token *at;
    size_t n;
    char **epochs; /* settings (JSON) by number; epochs[0] is made.settings, "{}" when unknown */
    size_t n_epochs;
};
/* Empty when the message has no records. */
enum error_code store_records(struct store *s, int64_t message, struct store_records *out, struct error *err);
void store_records_free(struct store_records *r);
/* Where the settings of an answer changed: from byte `at` of its text on these (JSON) were in force. The first are those
 * that it began with, at 0. */
struct store_changes {
    struct store_change {
        size_t at;
        char *settings;
    } * at;
    size_t n;
};
/* Empty when they never changed, which takes one look into an index; else the message's records are walked through.
 * ERR_FORMAT when these are damaged. */
enum error_code store_changes(struct store *s, int64_t message, struct store_changes *out, struct error *err);
void store_changes_free(struct store_changes *changes);
/* The tokens of the newest answers by models of this fingerprint, at most `most`: each answer's in their order and a -1
 * behind them, the newest answer first. *ids is malloc'ed, NULL where there are none. Damaged records are passed over. */
enum error_code store_chosen(struct store *s, uint64_t fingerprint, size_t most, int32_t **ids, size_t *n,
                             struct error *err);

/* Tokens a second of the newest ended answer by a model of this fingerprint, of those that are long enough to tell; 0:
 * there is none. */
enum error_code store_pace(struct store *s, uint64_t fingerprint, double *tokens, struct error *err);

/* ---- a reply that grows ------------------------------------------------------------------------------------------ */

/* What is appended is on disk within a quarter of a second, provided store_reply_flush is called when store_reply_due
 * says so. A write that fails (disk full, locked) loses nothing: the text is kept and written with the next, which
 * store_reply_due then announces: in a second, or soon after ERR_BUSY if the store has no patience. */
struct store_reply;

/* Adds an empty message in state streaming below parent and makes it the leaf. NULL on failure. The store must outlive
 * the reply. */
struct store_reply *store_reply_begin(struct store *s, int64_t conversation, int64_t parent, enum store_role role,
                                      const struct store_making *made, struct error *err);
/* Continues a message that has ended (stopped, interrupted, complete). ERR_BUSY while it is being written. NULL on
 * failure. */
struct store_reply *store_reply_resume(struct store *s, int64_t message, struct error *err);
int64_t store_reply_message(const struct store_reply *r);
/* Appends text and, unless token is NULL, its record (token->epoch is set by the store). A part of a UTF-8 character at
 * the end waits for the rest. Fails only when a write was due and failed; the text is kept all the same. */
enum error_code store_reply_append(struct store_reply *r, const char *text, size_t size,
                                   const struct store_token *token, struct error *err);
/* Changed settings (a JSON object) from the next token on. */
enum error_code store_reply_settings(struct store_reply *r, const char *settings, struct error *err);
/* Milliseconds until a flush is due; 0: now; -1: nothing is waiting. */
int store_reply_due(const struct store_reply *r);
enum error_code store_reply_flush(struct store_reply *r, struct error *err);
/* Writes the rest and ends the message; of made (which may be NULL) finish, token counts, seconds and seed are stored.
 * May be tried again after a failure. */
enum error_code store_reply_finish(struct store_reply *r, enum store_state state, const struct store_making *made,
                                   struct error *err);
/* An unfinished reply is written out and marked interrupted as far as that is possible. */
void store_reply_free(struct store_reply *r);

/* ---- search ------------------------------------------------------------------------------------------------------ */

struct store_span {
    size_t start, end;
}; /* bytes [start, end) */
struct store_query {
    const char *text;     /* as typed: words, "a phrase", prefix*; the last word counts as a prefix */
    int64_t conversation; /* 0: all */
    bool archived;        /* archived conversations too; the trash is never searched */
    int64_t below;        /* only messages with a smaller id: the next page; 0: from the newest, titles first */
    size_t limit;         /* 0: 50 */
};
struct store_hit {
    int64_t conversation;
    int64_t message; /* 0: the title */
    enum store_role role;
    int64_t created;
    char *title;
    char *snippet;            /* one line around the first match; for a title all of it */
    struct store_span *marks; /* in snippet: what matched */
    size_t n_marks;
    struct store_span *places; /* in the message's text (or the title): what matched, in order, the first 1000 */
    size_t n_places;
};
struct store_hits {
    struct store_hit *at;
    size_t n;
    bool more; /* for the rest ask with below = the last hit's message */
};
/* Titles first, then messages, newest first. An empty query finds nothing. Never fails for what is in text. */
enum error_code store_search(struct store *s, const struct store_query *query, struct store_hits *out,
                             struct error *err);
void store_hits_free(struct store_hits *hits);
/* A message as a hit whose one place and whose snippet are this passage of it, as far as the text still has it; nothing
 * is marked. For who finds messages by other means. ERR_NOT_FOUND when a search would not show the message. */
enum error_code store_passage(struct store *s, int64_t message, bool archived, struct store_span span,
                              struct store_hit *out, struct error *err);

/* One message that a search may find, as store_texts tells it; valid during the call. False ends the reading. */
struct store_text {
    int64_t message, conversation;
    const char *text; /* size bytes, not white space alone */
    size_t size;
};
typedef bool store_text_visit(void *context, const struct store_text *text);
/* Tells the texts of a conversation (0: of all), those with ids above `after`, in the order of ids, at most limit of
 * them: a page, so that no long reading keeps the database from being tidied. What is being written and what lies in the
 * trash is left out. *last is the id of the last one, or 0. */
enum error_code store_texts(struct store *s, int64_t conversation, int64_t after, size_t limit, store_text_visit *visit,
                            void *context, int64_t *last, struct error *err);
/* Conversations outside of the trash with their revisions, in the order of ids. */
struct store_revision {
    int64_t conversation, revision;
};
struct store_revisions {
    struct store_revision *at;
    size_t n;
};
enum error_code store_revisions(struct store *s, struct store_revisions *out, struct error *err);
void store_revisions_free(struct store_revisions *list);

/* ---- personas, presets and small remembered values --------------------------------------------------------------- */

struct store_persona {
    char *name;
    char *system, *settings, *model, *template_name; /* NULL: leaves it as it is */
};
struct store_personas {
    struct store_persona *at;
    size_t n;
};
/* Adds it or replaces the one of that name (in any case). */
enum error_code store_persona_put(struct store *s, const struct store_persona *p, struct error *err);
enum error_code store_persona_get(struct store *s, const char *name, struct store_persona *out, struct error *err);
enum error_code store_persona_delete(struct store *s, const char *name, struct error *err);
enum error_code store_personas(struct store *s, struct store_personas *out, struct error *err); /* by name */
void store_persona_free(struct store_persona *p);
void store_personas_free(struct store_personas *list);

struct store_preset {
    char *name, *settings;
};
struct store_presets {
    struct store_preset *at;
    size_t n;
};
enum error_code store_preset_put(struct store *s, const char *name, const char *settings, struct error *err);
/* *settings is malloc'ed. */
enum error_code store_preset_get(struct store *s, const char *name, char **settings, struct error *err);
enum error_code store_preset_delete(struct store *s, const char *name, struct error *err);
enum error_code store_presets(struct store *s, struct store_presets *out, struct error *err); /* by name */
void store_presets_free(struct store_presets *list);

/* Small values that the program remembers, e.g. which pane is folded. value NULL forgets it; *value comes back
 * malloc'ed, NULL when there is none. */
enum error_code store_remember(struct store *s, const char *key, const char *value, struct error *err);
enum error_code store_recall(struct store *s, const char *key, char **value, struct error *err);

/* ---- export and import ------------------------------------------------------------------------------------------- */

enum store_format { STORE_JSON, STORE_MARKDOWN, STORE_PLAIN, STORE_HTML };
/* By name ("json", "markdown", "md", "text", "txt", "html") or by the end of a file name; false when unknown. */
bool store_format_parse(const char *name, enum store_format *format);
/* Receives bytes; returning false ends the export, which then fails with ERR_IO. */
typedef bool store_sink(void *context, const char *bytes, size_t size);
/* Writes conversations ids[0..n) (n 0: all but the trash). JSON is complete (branches, drafts, token records; with n 0
 * also personas and presets) and is equal after store_import; the others have the current path only. */
enum error_code store_export(struct store *s, enum store_format format, const int64_t *ids, size_t n, store_sink *sink,
                             void *context, struct error *err);

/* What an import met that it could not take as it stood, and took what is sound of all the same. */
enum store_import_oddity {
    STORE_SKIPPED_PARTS,       /* of messages: pictures, attachments, tool calls, which have no text */
    STORE_SKIPPED_MESSAGES,    /* without any text */
    STORE_GUESSED_AUTHORS,     /* absent or unknown: the user or the model, by the message above */
    STORE_REPLACED_CHARACTERS, /* lone surrogates, bytes that are not UTF-8, control characters not escaped */
    STORE_REPLACED_NUMBERS,    /* too large, or written NaN or Infinity */
    STORE_IGNORED_LINKS,       /* between messages, to one that is not in the file */
    STORE_IMPORT_ODDITIES
};
/* For JSON, e.g. "skipped_parts". */
const char *store_import_oddity_name(enum store_import_oddity oddity);
/* What to say of n of them, after the number: "parts without text (pictures and the like) left out". */
const char *store_import_oddity_text(enum store_import_oddity oddity, size_t n);

struct store_import_report {
    size_t conversations, messages;
    size_t known;                      /* conversations that were there already and equal: left as they are */
    size_t odd[STORE_IMPORT_ODDITIES]; /* how many of each kind */
    int64_t first;                     /* the first imported conversation, e.g. to open it; 0: none */
};
/* Recognises the form of bytes[0..size) by its structure. A file that is broken in its structure imports nothing; the
 * message of ERR_FORMAT then names the line and column, or the path inside (conversations[3].messages[0].role), after
 * name. Single faults in a sound structure are mended or skipped, and counted in report, which may be NULL; Palaver's
 * own form is mended in its characters and numbers only. ERR_ARGUMENT: a text of more than STORE_TEXT_MAX bytes. */
enum error_code store_import(struct store *s, const char *name, const char *bytes, size_t size,
                             struct store_import_report *report, struct error *err);
enum error_code store_import_file(struct store *s, const char *path, struct store_import_report *report,
                                  struct error *err);

/* ---- doctor ------------------------------------------------------------------------------------------------------ */

/* Receives one line of the report; good is false for a problem. */
typedef void store_finding(void *context, bool good, const char *line);
/* Looks at the database without changing it: permissions, integrity, foreign keys, trees, search index. Returns 0 when
 * all is well, ERR_CORRUPT when it is damaged and needs store_recover, another code when it can't be read. */
enum error_code store_check(const char *path, store_finding *finding, void *context, struct error *err);

struct store_recovery {
    char set_aside[1024];           /* where the damaged file lies now */
    size_t conversations, messages; /* saved */
    size_t damaged;                 /* rows that could not be read or had lost their place */
};
/* Moves the database aside (path.damaged-TIME, never written to) and makes a new one with what can be read of it.
 * ERR_BUSY while another program has it open. This program must have closed it. */
enum error_code store_recover(const char *path, struct store_recovery *report, struct error *err);

#endif
