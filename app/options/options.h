/* Options: what the user chose by flags, variables and the config file, and where each value comes from.
 *
 * One const table describes every option; getopt_long's array, --help, the man page, the completions, the PALAVER_*
 * variables and the names in the config file all come from it. A subcommand uses the rows that carry its bit.
 * Precedence: flag, variable, config file, built-in.
 *
 *   table    the rows
 *   options  looking a row up, setting one value
 *   endpoints  the file of servers that have models
 *   config   the config file
 *   read     all sources of one command together
 *   paths    the program's folders */
#ifndef PALAVER_APP_OPTIONS_OPTIONS_H
#define PALAVER_APP_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/options/paths.h"
#include "base/error.h"
#include "engine/engine.h"

/* Exit codes. */
enum exit_code { EXIT_ANSWER = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* Where a value came from, weakest first. */
enum option_source { SOURCE_BUILT_IN, SOURCE_CONFIG, SOURCE_VARIABLE, SOURCE_FLAG };
/* "built-in", "config", "variable", "flag". */
const char *option_source_name(enum option_source source);

enum bell { BELL_AWAY, BELL_ALWAYS, BELL_NEVER };
enum text_align { TEXT_LEFT, TEXT_CENTER };
enum eval_format { EVAL_TEXT, EVAL_CSV, EVAL_MARKDOWN };
enum eval_aggregate { EVAL_EACH, EVAL_LEADERBOARD };
enum pool { POOL_MODEL, POOL_MEAN, POOL_CLS };
enum cleaning { CLEANING_ARTICLE, CLEANING_NONE };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Most options the table may hold. */
#define OPTIONS_MAX 128

/* The values after all sources have been read. Strings are owned by the options. */
struct options {
    char *model;   /* path or name as given; NULL: the default model. See models.h for the file it means */
    char **models; /* (n_models) all that were given, in their order; the last one is `model` */
    size_t n_models;
    int32_t threads;     /* 0: one per core */
    int32_t context;     /* tokens; 0: as trained, at most 4096 */
    int32_t cache_type;  /* enum cache_type */
    int32_t cache_disk;  /* MB for what is saved of conversations' key/value caches; 0: nothing is */
    char *template_name; /* NULL: the model's own */
    char *system;        /* system message; NULL: none */
    struct sampling sampling;
    bool random_seed;          /* the seed is -1: a random one for each answer */
    char *preset;              /* settings by name, weaker than those given one by one; NULL: none */
    char *prompt;              /* -p TEXT; NULL: not given */
    char *file;                /* -f FILE: its text follows the prompt's; NULL: not given */
    bool continue_last;        /* resume the last conversation */
    char *resume;              /* resume the conversation of this id or title; NULL: not given */
    bool no_save;              /* temporary chats only */
    char *encoder;             /* what the history is searched by meaning with; "off"; NULL: the one that there is */
    bool raw;                  /* continue the text, no template */
    int32_t speculate;         /* enum speculate */
    bool exact;                /* float32 throughout */
    bool load_8bit, load_4bit; /* weights that are floats in the file are packed while loading, see options_load */
    bool json;
    int32_t logprobs;   /* alternatives per token in JSON, 0: none */
    bool line;          /* line mode */
    char *theme;        /* of the screen; NULL: default */
    int32_t text_width; /* columns of the screen's text at most; 0: all there are */
    int32_t text_align; /* enum text_align */
    bool no_mouse;
    int32_t bell;       /* enum bell */
    bool quiet;         /* print nothing but answers and errors */
    bool stats;         /* timings on standard error after each answer */
    int32_t color;      /* enum color */
    bool screen_reader; /* labelled messages, no decoration */

    bool jsonl;  /* tokenize, score, prompt: a JSON object per line */
    bool decode; /* tokenize */
    struct bench_options {
        char *prompt, *generate, *depth; /* comma-separated lists of token counts */
        int32_t repetitions;
    } bench;

    char *sha256; /* pull: of the file; NULL: not given */
    struct serving_options {
        char *host, *key_file; /* NULL: not given */
        int32_t port, parallel;
    } serving;
    struct eval_options {
        char *data, *log, *programs, *show; /* NULL: not given */
        int32_t shots;                      /* examples; -1: as the task has them */
        int32_t limit;                      /* questions; 0: all */
        int32_t format;                     /* enum eval_format */
        int32_t aggregate;                  /* enum eval_aggregate */
        bool sample, list, run_code;
    } eval;
    struct perplexity_options {
        char *reference, *write_reference; /* NULL: not given */
    } perplexity;

    struct history_options {
        bool archived, trash, tokens, undo, repair;
        char *tag, *format, *output; /* NULL: not given */
        int32_t limit;               /* 0: all */
        bool meaning;                /* search */
    } history;

    struct convert_options {
        char *output, *type, *imatrix; /* NULL: not given; so are the following */
        char *output_type, *embedding_type, *tensor_types, *split;
        bool force, requantize, pure, dry_run;
    } convert;

    struct vectors_options {
        char *output, *longest;               /* embed, similarity; NULL: not given */
        char *questions, *clusters, *columns; /* similarity; FILE.csv:COLUMN */
        char *encoding;                       /* of CSV files; NULL: UTF-8 */
        int32_t pooling, cleaning;            /* enum pool, enum cleaning */
        int32_t best;                         /* clusters for each question; 0: all */
        bool normalize;
    } vectors;

    bool help, version, show_paths, check_config;
    char *help_form; /* of --help=FORM, for the build and completions; NULL: plain --help */

    char **words; /* the arguments that are not options: in the chat the first message, without a model file, which
                            main makes the model. Owned by the caller of options_read */
    int n_words;
    bool literal; /* "--" stood before the words: they are a message, whatever they look like */

    struct paths paths;
    unsigned char source[OPTIONS_MAX]; /* enum option_source by row of the table */
};

enum option_kind {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* char * */
    OPTION_LINES,    /* char *: may be given several times, a line each */
    OPTION_MODEL,    /* char *model, and one more of the models */
    OPTION_INT,      /* int32_t from low to high */
    OPTION_CHOICE,   /* int32_t, the index of the word in choices */
    OPTION_SAMPLING, /* a field of struct sampling by its name, or "stop" */
    OPTION_HELP,     /* --help with an optional form */
};

/* Which commands use a row; one bit per subcommand. */
enum command_bit {
    FOR_CHAT = 1 << 0,
    FOR_TOKENIZE = 1 << 1,
    FOR_SCORE = 1 << 2,
    FOR_PROMPT = 1 << 3,
    FOR_INFO = 1 << 4,
    FOR_PERPLEXITY = 1 << 5,
    FOR_BENCH = 1 << 6,
    FOR_LIST = 1 << 7,
    FOR_SHOW = 1 << 8,
    FOR_SEARCH = 1 << 9,
    FOR_EXPORT = 1 << 10,
    FOR_IMPORT = 1 << 11,
    FOR_DELETE = 1 << 12,
    FOR_DOCTOR = 1 << 13,
    FOR_PULL = 1 << 24,
    FOR_MODELS = 1 << 25,
    FOR_SERVE = 1 << 21,
    FOR_EVAL = 1 << 20,
    FOR_CONVERT = 1 << 14,
    FOR_QUANTIZE = 1 << 15,
    FOR_IMATRIX = 1 << 22,
    FOR_EMBED = 1 << 26,
    FOR_SIMILARITY = 1 << 27,
    FOR_ENDPOINTS = 1 << 28,
    FOR_ALL = (1 << 30) - 1,
};

struct option_spec {
    const char *name;     /* long name with dashes; unique among the rows of one command */
    char letter;          /* 0: none */
    const char *aliases;  /* further long names, separated by spaces; NULL: none */
    const char *argument; /* what --help calls the value; NULL: a flag, which has none */
    enum option_kind kind;
    size_t offset;    /* in struct options */
    double low, high; /* OPTION_INT */
    const char
        *choices; /* OPTION_CHOICE and completion: words with spaces between, or "@models", "@files", "@templates" */
    unsigned commands;   /* bits of enum command_bit */
    bool lasting;        /* allowed in the config file and as PALAVER_NAME */
    const char *section; /* heading in --help */
    const char *help;    /* one line */
};
extern const struct option_spec option_specs[]; /* ends with name == NULL */

/* Sets every value to its default and finds the XDG folders. */
enum error_code options_init(struct options *o, struct error *err);
void options_free(struct options *o);

/* Sets one row from text. A source weaker than the present one changes nothing; "stop" appends within one source. */
enum error_code option_set(struct options *o, const struct option_spec *spec, const char *value,
                           enum option_source source, struct error *err);
/* The row with this long name or alias among those that the command uses; NULL if none. Dashes and underscores are the
 * same. */
const struct option_spec *option_find(const char *name, unsigned command);
/* Copies the alias of this index, from 0, into out; false past the last. */
#define OPTION_NAME_MOST 32
bool option_alias(const struct option_spec *spec, int index, char out[OPTION_NAME_MOST]);
/* The index of a row in option_specs and in options.source. */
size_t option_index(const struct option_spec *spec);
/* Where the value of the option of this long name comes from. */
enum option_source options_source(const struct options *o, const char *name);

/* What weights become while loading: of 8 and 4 bits what was said in the stronger place, a flag before a variable
 * before the config file. */
enum model_load options_load(const struct options *o);

/* True if the user chose a seed, which then serves every answer. */
bool options_fix_seed(const struct options *o);

/* Reads argv[1..argc), the variables and the config file for one command. argv may be reordered and must outlive o.
 * ERR_ARGUMENT if the command line, a variable or the file is wrong. */
enum error_code options_read(struct options *o, unsigned command, int argc, char **argv, struct error *err);

#endif
