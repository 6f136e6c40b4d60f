/* Keep: where the chat keeps its conversations: the history in DATA_DIR/history.db, or a temporary one in memory.
 *
 * Both are stores with the same calls, so nobody but the one who asks knows the difference. A history that can't be opened
 * (damaged, of a newer version, a folder that can't be written) ends nothing: the chat is then a temporary one, and says
 * so. A new conversation gets its row with its first message. */
#ifndef PALAVER_APP_LIBRARY_HOME_H
#define PALAVER_APP_LIBRARY_HOME_H

#include "app/options/options.h"
#include "history/history.h"

struct home;

/* Opens the history, or a temporary one when the options or a problem want it. NULL only when not even that can be had. */
struct home *home_open(const struct options *o, struct error *err);
void home_free(struct home *k);

/* Where the present conversation lies. Valid until the chat goes to another conversation or begins a new one. */
struct store *home_store(const struct home *k);
/* Where all that are kept lie, also while the present one is temporary; opens it when need be. NULL with a message when
 * it can't be opened, ERR_NOT_FOUND when nothing is to be saved and there is none. */
struct store *home_library(struct home *k, struct error *err);
/* The present one's id in home_store; 0 while it has no message. */
int64_t home_conversation(const struct home *k);
bool home_is_temporary(const struct home *k);
/* Why the history could not be opened, with what to do about it; NULL when it could. */
const struct error *home_problem(const struct home *k);

/* For the chat: */

/* Goes to the next conversation, in the library or in memory; nothing is stored yet. */
enum error_code home_begin(struct home *k, bool temporary, struct error *err);
/* Goes to one of home_store. */
void home_enter(struct home *k, int64_t conversation);
/* Makes the present one's row if it has none. */
enum error_code home_ensure(struct home *k, struct error *err);

#endif
