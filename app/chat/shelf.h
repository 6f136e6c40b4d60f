/* Shelf: the models that there are, with what one wants to know before choosing one: form, size, whether it fits into
 * this machine's memory, how fast it writes. Files are opened for their metadata and vocabulary; no weights are read. */
#ifndef PALAVER_APP_CHAT_SHELF_H
#define PALAVER_APP_CHAT_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/pace.h"
#include "app/options/options.h"
#include "base/error.h"

enum shelf_fit {
    SHELF_FITS,
    SHELF_TIGHT,  /* less than a quarter of the memory is left for all else */
    SHELF_LARGER, /* than the memory */
};

struct shelf_row {
    char *name, *path;
    char *problem;             /* why it can't be used; NULL: it can, and all that follows is known */
    char format[40], type[16]; /* "GGUF 3", "Q4_1" */
    char architecture[32];
    uint64_t bytes;   /* on the disk */
    uint64_t memory;  /* bytes: weights and a full context */
    uint64_t weights; /* bytes that are read for each token */
    uint64_t fingerprint;
    double measured;               /* tokens a second of its last answer here; 0: none is known, see shelf_recall */
    bool encoder;                  /* makes vectors, not text */
    int32_t context, used_context; /* tokens: as trained, and those that memory counts */
    enum shelf_fit fit;
};

struct shelf {
    struct shelf_row *at; /* sorted by name, those of one folder together */
    size_t n;
    uint64_t memory; /* of this machine, in bytes */
    struct pace pace;
};

/* Adds the model at path, called name. */
enum error_code shelf_add(struct shelf *s, const struct options *o, const char *path, const char *name,
                          struct error *err);
/* Adds the models in a folder, or the folder itself if it is a model. */
enum error_code shelf_add_folder(struct shelf *s, const struct options *o, const char *folder, struct error *err);
/* Adds those in the models folder, and the one that the options name if it lies elsewhere. */
enum error_code shelf_add_all(struct shelf *s, const struct options *o, struct error *err);
/* Looks up in the history how fast these models wrote, and measures the memory. Without a history none ever did. */
void shelf_recall(struct shelf *s, const struct options *o);
/* How fast a model writes, as far as shelf_recall has found out. */
struct pace_rate shelf_rate(const struct shelf *s, const struct shelf_row *row);
/* The row of the model at path; NULL: it has none. */
const struct shelf_row *shelf_find(const struct shelf *s, const char *path);
/* Begins an empty shelf. */
void shelf_init(struct shelf *s);
void shelf_free(struct shelf *s);
/* Whether so many bytes fit into so much memory. */
enum shelf_fit shelf_fit(uint64_t needed, uint64_t memory);
/* "yes", "tight" or "no". */
const char *shelf_fit_text(enum shelf_fit fit);

#endif
