/* Changing the tree of messages. All need a write transaction, tree_find excepted. */
#ifndef PALAVER_HISTORY_TREE_H
#define PALAVER_HISTORY_TREE_H

#include "history/store.h"

/* For SQL over siblings b of a message m: with another index SQLite would go through the first messages of all
 * conversations. */
#define SIBLING_B "message b INDEXED BY message_in"
/* SQL over "message m": how many siblings stand before it, and how many there are with it; deleted ones do not count.
 * Positions of siblings are 0, 1, 2... without gaps, so that only the deleted ones have to be counted. */
#define SIBLING_GAPS \
    "(SELECT count(*) FROM message g INDEXED BY message_gap WHERE g.conversation = m.conversation " \
    "AND g.parent IS m.parent AND g.trashed IS NOT NULL"
#define SIBLING_PLACE "m.position - " SIBLING_GAPS " AND g.position < m.position)"
#define SIBLING_COUNT \
    "(SELECT b.position + 1 FROM " SIBLING_B " WHERE b.conversation = m.conversation AND b.parent IS m.parent " \
    "ORDER BY b.position DESC LIMIT 1) - " SIBLING_GAPS ")"
/* SQL of two statements that numbers siblings from 0 again after some were destroyed. The detour over negative numbers
 * keeps positions unique all the time. */
#define TREE_CLOSE_GAPS \
    "UPDATE message SET position = -1 - n.position FROM (SELECT id, row_number() OVER " \
    "(PARTITION BY conversation, parent ORDER BY position) - 1 AS position FROM message WHERE conversation IN " \
    "(SELECT conversation FROM message GROUP BY conversation, parent HAVING max(position) >= count(*))) n " \
    "WHERE n.id = message.id AND n.position <> message.position;" \
    "UPDATE message SET position = -1 - position WHERE position < 0;"

struct tree_place {
    int64_t conversation;
    int64_t parent;  /* 0: a first message */
    int64_t trashed; /* the number of its deletion; 0: not deleted */
    int32_t depth;   /* messages above it */
    enum store_role role;
};
/* ERR_NOT_FOUND when the message is gone. */
enum error_code tree_find(struct store *s, int64_t message, struct tree_place *out, struct error *err);

/* A message to be added. Strings are borrowed. */
struct tree_new {
    int64_t conversation;
    int64_t parent;        /* 0: a first message */
    int64_t created;       /* UTC milliseconds */
    int64_t maker, writer; /* rows; 0: none */
    enum store_role role;
    enum store_state state;
    const char *text; /* well-formed UTF-8 */
    size_t size;
    const struct store_making *made; /* NULL: none */
};
/* Inserts one row at the end of its siblings; neither leaf nor index are touched. ERR_ARGUMENT when parent is of
 * another conversation. */
enum error_code tree_insert(struct store *s, const struct tree_new *n, int64_t *id, struct error *err);
/* The row of table maker for what made a message, made if it is missing; 0 when nothing is known of it. */
enum error_code tree_maker(struct store *s, const struct store_making *made, int64_t *id, struct error *err);
/* Inserts a message with state complete or streaming, makes it the leaf, indexes it, moves the conversation up. The
 * parent comes back from the trash. */
enum error_code tree_add(struct store *s, struct tree_new *n, int64_t *id, struct error *err);
/* Makes message the leaf (0: the conversation is empty) and the chosen child all the way up. */
enum error_code tree_set_leaf(struct store *s, int64_t conversation, int64_t message, struct error *err);

#endif
