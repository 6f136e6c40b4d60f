/* Choose: which files of a repository make the model that the user means. Internal to remote. */
#ifndef PALAVER_REMOTE_CHOOSE_H
#define PALAVER_REMOTE_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "remote/hub.h"

/* Indices of the list, in the order in which they are fetched. */
struct choice {
    size_t *at; /* malloc'ed */
    size_t n;
    bool folder; /* the files make a folder; else one model in GGUF, in one or several files */
};

/* The file or type that name says; else what Hugging Face's or Meta's forms have, each weight once: safetensors rather
 * than PyTorch's files, and neither the copies in other folders; else the only GGUF model, or among several the one in
 * Q4_K_M. Freed by free(out->at). */
enum error_code choose_files(const struct hub_list *list, const struct hub_name *name, struct choice *out,
                             struct error *err);

#endif
