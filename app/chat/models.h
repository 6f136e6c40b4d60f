/* Models: which file -m MODEL means.
 *
 * A name with a slash or of an existing file is a path, else ORG/NAME is a model of Hugging Face's cache (hub.h). Any other
 * name is looked for in DATA_DIR/models: NAME,
 * NAME.gguf, then without regard to case, then as the only file that begins so. Without a name it is the default model,
 * or the only one there. */
#ifndef PALAVER_APP_CHAT_MODELS_H
#define PALAVER_APP_CHAT_MODELS_H

#include <stdbool.h>
#include <stdint.h>

#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"

/* The path of the model that the options mean, malloc'ed; NULL when there is none, and err lists those that exist. */
char *models_find(const struct options *o, struct error *err);
/* The path that a name means, as above; name NULL: the default model. */
char *models_find_name(const struct options *o, const char *name, struct error *err);
/* Names of the models in the models folder, sorted and NULL-terminated; free with models_free_list. NULL when out of
 * memory. */
char **models_list(const struct options *o);
void models_free_list(char **names);
/* The same of any folder. */
char **models_in(const char *folder);
/* The name by which models_find_name finds the file of this path from wherever the program runs: its name when it lies
 * in the models folder, else a whole path; malloc'ed, NULL when out of memory. */
char *models_lasting_name(const struct options *o, const char *path);
/* Opens the model that the options mean; vocab_only: without its weights. NULL on failure, as the next three. */
struct model *models_open(const struct options *o, bool vocab_only, struct error *err);
/* A session as the options say, but for its context in tokens; 0: theirs too. */
struct session *models_session(const struct options *o, const struct model *model, int32_t context, struct error *err);
/* The template that the options name, else the model's own. */
struct chat_template *models_template(const struct options *o, const struct model *model, struct error *err);
/* The template of that name; NULL: the model's own. */
struct chat_template *models_template_named(const struct options *o, const char *name, const struct model *model,
                                            struct error *err);
/* What to show of the template that a model is spoken to with: its name, or that the text is continued, and whether the
 * model's own can't be followed. */
void models_template_label(const struct chat_template *t, char *out, size_t size);
/* Names of all templates, built-in and the user's; owned as template_list says. */
char **models_templates(const struct options *o);
/* ERR_ARGUMENT if settings name a token that the model (NULL: one elsewhere, whose tokens are not known) does not have. */
enum error_code models_check_sampling(const struct sampling *s, const struct model *model, struct error *err);
/* Writes what a model is called in print: its file's name without folder and ".gguf". path may be NULL: "no model". */
void models_label(const char *path, char *out, size_t size);
/* Whether a word on the command line is a model file rather than a message. */
bool models_is_file(const char *word);

#endif
