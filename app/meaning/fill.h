/* Fill: brings the file of vectors up to what the history has.
 *
 * Only what the history stores is read, by a connection of its own that writes nothing: temporary conversations are not
 * there. Messages are encoded from the newest on, a stretch of a few hundred tokens at a time; between two stretches the
 * caller may let any time pass. What other programs write is noticed. */
#ifndef PALAVER_APP_MEANING_FILL_H
#define PALAVER_APP_MEANING_FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

/* Belongs to one thread at a time. */
struct fill;

/* history: the path of the database, which must exist; file: that of the vectors, see meaning_file. The model must outlive
 * it. ERR_BUSY while another program writes the file. */
struct fill *fill_open(const char *history, const char *file, const struct model *model, int32_t threads,
                       struct error *err);
void fill_free(struct fill *f);

/* Asked between pages; false ends what is under way. */
typedef bool fill_goes_on(void *context);
/* Finds out which messages have to be encoded, and drops the vectors of those that are gone: at first by reading all texts,
 * which takes a second for some 100,000, then those of changed conversations alone. Cheap when nothing changed.
 * ERR_STOPPED when it did not go on; what is missing then comes with the next call. */
enum error_code fill_look(struct fill *f, fill_goes_on *goes_on, void *context, struct error *err);
/* Encodes a stretch of what waits; nothing when nothing does. After a failure f can only be freed. */
enum error_code fill_step(struct fill *f, struct error *err);
/* Messages that wait or are on their way, and messages of the history in all. */
size_t fill_left(const struct fill *f);
size_t fill_total(const struct fill *f);
uint64_t fill_bytes(const struct fill *f); /* of the file */

#endif
