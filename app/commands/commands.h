/* Commands: the table of subcommands. `palaver` without one opens the chat.
 *
 *   commands    the table
 *   list, show, search, export, import, delete         the stored conversations
 *   info, tokenize, prompt, score, perplexity, eval, bench   a model, for scripts
 *   embed, similarity   vectors of texts, with encoding (the encoder) and table (a column of CSV)
 *   models, pull                                       which models there are; fetching others
 *   endpoints   what servers of models have and can do
 *   serve       a model behind HTTP
 *   corpus, reference, divergence                      what perplexity and imatrix read, write and compare
 *   imatrix     which weights matter, for quantize
 *   convert     convert and quantize: models to GGUF files of another type
 *   doctor      is everything as it should be? trial: what a model takes of memory */
#ifndef PALAVER_APP_COMMANDS_COMMANDS_H
#define PALAVER_APP_COMMANDS_COMMANDS_H

#include "app/options/options.h"

struct command {
    const char *name;                    /* "tokenize"; "palaver" for the chat, the first row */
    unsigned bit;                        /* enum command_bit */
    const char *usage;                   /* what follows the name */
    const char *help;                    /* one line */
    const char *details;                 /* further lines of --help, "" if there are none */
    int most_words;                      /* arguments that are not options; -1: any number */
    int (*run)(const struct options *o); /* returns an exit code, after having reported what failed */
};
extern const struct command commands[]; /* ends with name == NULL */

/* The subcommand of this name, without "palaver"; NULL if there is none. */
const struct command *command_find(const char *name);

int tokenize_run(const struct options *o);
int score_run(const struct options *o);
int prompt_run(const struct options *o);
int info_run(const struct options *o);
int imatrix_run(const struct options *o);
int perplexity_run(const struct options *o);
int eval_run(const struct options *o);
int embed_run(const struct options *o);
int similarity_run(const struct options *o);
int bench_run(const struct options *o);
int convert_run(const struct options *o);
int quantize_run(const struct options *o);
int list_run(const struct options *o);
int show_run(const struct options *o);
int search_run(const struct options *o);
int export_run(const struct options *o);
int import_run(const struct options *o);
int delete_run(const struct options *o);
int models_run(const struct options *o);
int pull_run(const struct options *o);
int endpoints_run(const struct options *o);
int serve_run(const struct options *o);
int doctor_run(const struct options *o);
/* One answer, or the chat on the screen or in line mode, as the options and the terminal demand. */
int chat_run(const struct options *o);

#endif
