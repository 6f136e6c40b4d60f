/* The engine: runs language models (the Llama family) and encoders (BERT) on this machine's processors.
 *
 * This header is its face: all that the rest of Palaver sees of it. The engine knows nothing of terminals or
 * databases, prints nothing and never exits. A model, its tokenizer and a template are read-only once opened and may
 * be shared by threads; a runner and its sessions belong to one thread at a time. Objects that a function returns
 * are freed by the caller, strings belong to the object they were asked of, unless a declaration says otherwise;
 * x_free accepts NULL.
 *
 * Its rooms, from the ground up; a file includes of its own room and of those before:
 *   kernels/  arithmetic, in one table of functions per instruction set, chosen at run time
 *     tensor               element types, block formats, matrices in one piece or several; unpacking to float
 *     blocks.h half.h      the block formats as structs, 16-bit floats
 *     kernels.h choose     matrix products: the tables and their choice; portable, avx2(vnni), avx512, avx512bf16, neon
 *     vector.h sink.h sums.h groups.h products.h   what the vector tables have in common; avx2.h avx512.h what two have
 *     prepare(-lanes).h norms.h   activations into tiles, and how large products may become
 *     encode.h encode-choose   an encoder's loops: encode-loops.h, encode-portable, encode-avx2, encode-avx512
 *     layer.h layer-choose norms, rotation, gates, attention: layer-portable, layer-avx2, layer-avx512; layer-q8
 *     scan.h scan-choose   passes over a vocabulary's logits: scan-loops.h, scan-portable, scan-avx2, scan-avx512
 *     quantize             packing float32: quantize-tile.h, quantize-pack(-k), quantize-choose; quantize-lanes.h, -fill.h,
 *                          -search.h, -scales.h, -loops.h make quantize-portable, quantize-avx2, quantize-avx512
 *   file/     models on disk
 *     cursor names         bounds-checked reading; a hash table of names
 *     source source-kind.h which form lies at a path, and the interface of its readers
 *     source-file source-memory source-tables fingerprint   mapping, what of it lies in memory, tensors, identity
 *     gguf folder          readers: GGUF files, folders of Hugging Face and Meta; folder.h lists what these are made of
 *     gguf-writer          writing GGUF files
 *   jinja/    the interpreter of models' own chat templates; jinja.h is its face and lists its files
 *   text/     text to ids and back, messages to prompts
 *     tokenizer vocabulary what all tokenizers have in common
 *     spm bpe wordpiece    SentencePiece BPE, byte-level BPE, WordPiece; symbols merges pairs, pretokenize cuts words
 *     joints               where a text can be cut without changing how it merges
 *     ids textstream       growable ids; bytes of tokens to whole characters, stop strings
 *     template             which template a model is spoken to with; template-file reads one, template-probe tries one
 *     render-jinja render-parts rendered.h   messages to text with origins: by a model's own template, by a file's parts
 *     prompt prompt-cut role special  text with origins to ids; roles; special tokens by their spelling
 *   sample/   logits to a token
 *     sampler random       the choice; sampler-stages, sampler-select, sampler-dry are its steps
 *     sampling             settings by name; sampling-lists, sampling-text for those that are lists
 *   model/    one model's sizes and tensors, checked
 *     model open           what a model says of itself; opening
 *     architecture         the table of architectures; architecture-llama and architecture-bert are rows
 *     sizes rope tensors identity   the steps of opening
 *   run/      computing
 *     cores pool blas      processors, threads, OpenBLAS
 *     matmul attention kv  products, attention, the key/value cache in shared blocks
 *     forward graph.h      the forward pass; graph-llama is the graph of an architecture
 *     loading              packing float weights while loading
 *     plan forecast stream what fits into memory, and reading what does not from disk
 *     encoder dense        BERT's graph and its products of float weights
 *     runner session       threads and buffers; a sequence of tokens (session.h: for those that save it)
 *     score kept           likelihoods of many texts that begin alike; those that were asked before
 *     likelihood           what a row of logits says
 *     speculation suffix   guesses of the next tokens from what was said
 *     keeper saved saved-folder   sessions on disk, and the thread that writes them
 *     generation chooser   answers side by side, a token of each in one batch; a sampler with its vocabulary
 *     worker               a sequence that answers on a thread: worker-thread, worker-answer, worker-queue
 *   convert/  models to GGUF files of another type
 *     convert pipeline     the plan; its work, tensor by tensor on all cores
 *     importance           measuring which columns matter
 *     recipe rows imatrix  which type a tensor gets; rows in GGUF's order; importance matrices
 *   templates/  the built-in template files */
#ifndef PALAVER_ENGINE_ENGINE_H
#define PALAVER_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* ---- model ------------------------------------------------------------------------------------------------------ */

struct model;
struct tokenizer;

struct model_options {
    bool vocab_only; /* open the vocabulary and the metadata alone; tensors may be absent */
};

/* What weights that are floats in the file become in memory. */
enum model_load { LOAD_AS_IS, LOAD_8BIT, LOAD_4BIT };

/* What a model says of itself. Strings are owned by the model, "" where the file says nothing. */
struct model_info {
    const char *path;          /* as given to model_open */
    const char *name;          /* general.name, or the file's name */
    const char *architecture;  /* "llama", "bert" */
    bool encoder;              /* makes vectors of texts (encoder_open) and writes none (runner_open) */
    const char *format;        /* e.g. "GGUF 3" */
    const char *type;          /* the weights' most frequent type by bytes, e.g. "Q4_1" */
    const char *tokenizer;     /* "SentencePiece BPE", "byte-level BPE (smollm)", "WordPiece" */
    const char *chat_template; /* the model's own template, a text in Jinja */
    uint64_t
        fingerprint;     /* the same for the same weights, types and vocabulary, in whichever form they lie where; other
                           * weights in memory have another one */
    uint64_t file_bytes; /* all split files together */
    uint64_t parameters;
    int32_t layers, width, heads, kv_heads, head_width, ff_width, vocab;
    int32_t context; /* tokens, as trained */
    float rope_base, norm_epsilon;
    const char *rope_scaling; /* "none", "linear", "llama3" */
    enum model_load load;     /* LOAD_AS_IS also where nothing was there to change */
    uint64_t load_file_bytes; /* of the weights that were changed, in the file */
    uint64_t load_bytes;      /* and in memory */
};

/* Opens a model, a GGUF file or a folder of Hugging Face or Meta, and checks all of it but the values of the weights.
 * Maps it read-only and copies no weights. NULL on failure, with ERR_NOT_FOUND for a file that holds only a vocabulary;
 * options may be NULL. Takes milliseconds. */
struct model *model_open(const char *path, const struct model_options *options, struct error *err);
void model_free(struct model *model);
const struct model_info *model_info(const struct model *model);
const struct tokenizer *model_tokenizer(const struct model *model);

/* Whether the model is the one that had this fingerprint, by today's way of making them or by that of version 0.1. */
bool model_is(const struct model *model, uint64_t fingerprint);
/* Called about ten times a second with bytes done and to do; returns false to stop. */
typedef bool model_progress(void *context, uint64_t done, uint64_t total);
/* Packs weights that are floats in the file to 8 bits (Q8_0) or 4 (Q4_K or Q4_0; the embedding and the output Q8_0), in memory
 * of the process's own, on `threads` threads (0: one per core). Vectors and weights that are quantised already stay:
 * where there is nothing else, nothing happens. What was read of the source is released as it goes, so that memory holds the
 * result and one tensor at most. To be called once, before a runner is opened. Takes seconds to minutes. ERR_MEMORY with
 * both numbers, before anything is taken, when memory has no room; after a failure or ERR_STOPPED the model can only be
 * freed. */
enum error_code model_load_in(struct model *model, enum model_load load, int32_t threads, model_progress *progress,
                              void *context, struct error *err);
/* The fingerprint that the same files have when they are loaded so. */
uint64_t model_fingerprint_in(const struct model *model, enum model_load load);

/* The name of the i-th template that the file has beside its own, cut to size bytes; false past the last. */
bool model_template_at(const struct model *model, uint64_t i, char *out, size_t size);
/* Setting number i that the file recommends (general.sampling.* of GGUF, which converters take from
 * generation_config.json): the name is one that sampling_set knows, the value is not checked; NULL past the end. */
const char *model_recommends(const struct model *model, int i, double *value);
/* One row of the table of tensor types: how many tensors of it and their bytes. Returns false past the end. */
bool model_type_row(const struct model *model, int index, const char **type, int *tensors, uint64_t *bytes);

/* ---- tokenizer -------------------------------------------------------------------------------------------------- */

/* Token ids, growable. */
struct ids {
    int32_t *at;
    size_t n, capacity;
};
void ids_free(struct ids *ids);
bool ids_append(struct ids *ids, const int32_t *more, size_t n); /* false: out of memory, nothing appended */

/* Appends the ids of text[0..size), any bytes, to out. Adds no BOS; special tokens written in the text stay text.
 * On failure out is as it was. */
enum error_code tokenizer_encode(const struct tokenizer *t, const char *text, size_t size, struct ids *out,
                                 struct error *err);
/* Appends the bytes of the whole sequence as its reference implementation decodes it (control tokens give nothing,
 * SentencePiece drops the leading space). False when out of memory. */
bool tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out);
/* Appends the bytes of one token as they stand inside a text, which may be part of a UTF-8 character; control tokens
 * give nothing. False when out of memory. */
bool tokenizer_piece(const struct tokenizer *t, int32_t id, struct buf *out);
/* The token as the vocabulary spells it (control tokens too), e.g. "▁the" or "<|im_end|>"; NULL if id is out of
 * range. */
const char *tokenizer_spelling(const struct tokenizer *t, int32_t id);
/* The id of a token spelled exactly so; -1 if there is none. */
int32_t tokenizer_find(const struct tokenizer *t, const char *spelling);
int32_t tokenizer_size(const struct tokenizer *t);
int32_t tokenizer_bos(const struct tokenizer *t); /* -1: none */
int32_t tokenizer_eos(const struct tokenizer *t);
bool tokenizer_adds_bos(const struct tokenizer *t); /* whether a plain text begins with BOS */
/* Whether the token ends an answer: EOS, EOT, EOM, those that end a turn in published vocabularies ("<|im_end|>"),
 * and the one that the model's own chat template writes after an answer. */
bool tokenizer_is_end(const struct tokenizer *t, int32_t id);
/* All of them, *n; owned by the tokenizer. */
const int32_t *tokenizer_ends(const struct tokenizer *t, size_t *n);
bool tokenizer_is_control(const struct tokenizer *t, int32_t id);

/* ---- template --------------------------------------------------------------------------------------------------- */

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT };
const char *role_name(enum role role);
/* false when the name is none of "system", "user", "assistant". */
bool role_parse(const char *name, enum role *role);

struct message {
    enum role role;
    const char *text; /* UTF-8, NUL-terminated; owned by the caller */
};

/* How messages become a prompt: the model's own template, a built-in file, or one written by a user. Read-only once
 * loaded. */
struct chat_template;

/* Where a template comes from. */
enum template_source {
    TEMPLATE_OWN,      /* the model's file; it is followed as it stands */
    TEMPLATE_USER,     /* a file of the user's */
    TEMPLATE_BUILT_IN, /* asked for by name */
    TEMPLATE_NEAREST,  /* built in, because the model's own can't be followed */
    TEMPLATE_NONE,     /* the model has none: a base model, the text is continued */
};

/* DIR/NAME.template if the user has one, otherwise the built-in one of that name. dir may be NULL. NULL on failure. */
struct chat_template *template_load(const char *name, const char *dir, struct error *err);
/* The template that a model is spoken to with. name NULL: a file of the user's that says it suits the model, else
 * the model's own, which is called "own", else the nearest built-in one; a model without a template gets "plain",
 * which continues text. A name: the user's file, else the template that the model's file has under that name
 * (tokenizer.chat_template.NAME; "own" is the one without a name), else the built-in one. NULL when out of memory,
 * when a user's file is broken, or when there is none of that name. */
struct chat_template *template_for_model(const struct model *model, const char *name, const char *dir,
                                         struct error *err);
void template_free(struct chat_template *t);
const char *template_name(const struct chat_template *t);
enum template_source template_source(const struct chat_template *t);
/* What a user has to know, in one line: why the model's own template is not followed and what is used instead; NULL
 * when all is as it should be. */
const char *template_trouble(const struct chat_template *t);
/* Whether it leaves a system message out without a word: the model would not see it. */
bool template_drops_system(const struct chat_template *t);
/* True for "plain": the model continues text, messages have no roles. */
bool template_is_base(const struct chat_template *t);
/* Names of all templates, built-in and in dir, sorted; NULL-terminated, in one malloc'ed block that the caller
 * frees. NULL when out of memory. */
char **template_list(const char *dir);

/* Where a stretch of the prompt comes from. */
enum origin { ORIGIN_TEMPLATE, ORIGIN_SYSTEM, ORIGIN_USER, ORIGIN_ASSISTANT };

/* A rendered prompt. */
struct prompt {
    struct buf text;   /* as transformers would print it, special tokens by their spelling */
    struct ids ids;    /* what the model is given; special tokens only from the template */
    size_t first_kept; /* index of the first non-system message that the model sees */
    size_t dropped;    /* how many messages before it are left out */
    size_t first_byte; /* of a text that is continued: how many bytes of message first_kept are left out */
    struct prompt_span {
        size_t end;
        enum origin origin;
    } * spans; /* ids[previous end..end) come from origin */
    size_t n_spans;
};
void prompt_free(struct prompt *p);

/* Renders messages[0..n): an optional system message, then user and assistant in turn. Special tokens come from the
 * template's bytes alone. When the last one is the user's the prompt ends where the assistant begins to speak; when
 * it is the assistant's it ends inside that answer, so that the model continues it. limit > 0: the oldest exchanges
 * are left out until at most limit ids remain, the system message and the last user message stay; ERR_CONTEXT when
 * even these are too many. Of a text that is continued (template_is_base) the beginning is left out instead, down to a
 * token in a message, in steps of a quarter, so that it stays the same for a while as the text grows; the system message
 * stays. ERR_ARGUMENT with its own words when the model's template refuses the conversation,
 * ERR_FORMAT or ERR_UNSUPPORTED with the line when it can't be followed. */
enum error_code prompt_render(const struct chat_template *t, const struct tokenizer *tok,
                              const struct message *messages, size_t n, size_t limit, struct prompt *out,
                              struct error *err);
/* Appends the ids of a text that a program has made and that stands for a whole prompt: special tokens are found by their
 * spelling, as in what a template writes. Adds no BOS. On failure out is as it was. */
enum error_code prompt_encode(const struct tokenizer *tok, const char *text, size_t size, struct ids *out,
                              struct error *err);
/* Strings at which an answer ends beside the end tokens (some templates have role names in plain text);
 * NULL-terminated, owned by the template. */
const char *const *template_stops(const struct chat_template *t);

/* ---- sampling --------------------------------------------------------------------------------------------------- */

#define SAMPLING_STOPS 32
#define SAMPLING_STOP_BYTES 64
#define SAMPLING_BIASES 16
#define SAMPLING_BREAKERS 8
#define SAMPLING_BREAKER_BYTES 16
#define SAMPLING_CANDIDATES 16

/* Names and meanings as in transformers' GenerationConfig; where it lacks one, as in llama.cpp, with the source
 * named in sampler-*.c. They act in this order: logit_bias, the three penalties, DRY, temperature (dynamic where it
 * has a range), top_n_sigma, top_k, top_p, min_p, typical_p, XTC; while mirostat is on it stands for all after
 * temperature. */
struct sampling {
    float repetition_penalty;  /* > 0; 1 is off */
    int32_t repetition_window; /* newest tokens that the three penalties look at; 0 is off, -1 all */
    float presence_penalty;    /* -2..2; 0 is off */
    float frequency_penalty;   /* -2..2; 0 is off */
    float temperature;         /* 0 is greedy */
    int32_t top_k;             /* 0 is off */
    float top_p;               /* 0..1; 1 is off */
    float min_p;               /* 0..1; 0 is off */
    float typical_p;           /* 0..1; 1 is off */
    uint64_t seed;
    int32_t max_new_tokens; /* -1: until the context is full */
    float dry_multiplier;   /* 0 is off */
    float dry_base;
    int32_t dry_allowed_length; /* tokens that may be repeated */
    float dynatemp_range;       /* temperature goes so far down and up; 0 is off */
    float dynatemp_exponent;
    float top_n_sigma;     /* 0 is off */
    float xtc_probability; /* 0 is off */
    float xtc_threshold;
    float mirostat_tau; /* bits; 0 is off */
    float mirostat_eta;
    int32_t n_stops, n_biases, n_breakers;
    char stops[SAMPLING_STOPS][SAMPLING_STOP_BYTES];
    struct logit_bias {
        int32_t id;
        float bias;
    } biases[SAMPLING_BIASES];                                /* -100..100; -100: never */
    char breakers[SAMPLING_BREAKERS][SAMPLING_BREAKER_BYTES]; /* a token with such a text ends a repetition for DRY */
};
/* What is used unless set. */
struct sampling sampling_defaults(void);

/* The settings by name, for flags, the config file, /set and the settings pane. */
struct sampling_field {
    const char *name; /* "top_p" */
    const char *help; /* one line */
    enum { FIELD_FLOAT, FIELD_INT, FIELD_SEED } kind;
    size_t offset;             /* in struct sampling */
    double low, high, neutral; /* neutral: the value that has no effect; NAN when there is none */
    const char *with;          /* the setting that has to be on for this one to matter; NULL for the common ones */
};
/* In the order in which they act; ends with name == NULL. */
extern const struct sampling_field sampling_fields[];
/* Dashes and underscores are the same. NULL when there is no such setting. */
const struct sampling_field *sampling_field(const char *name);
/* False while the setting that it belongs to is off; usual settings are always in use. */
bool sampling_in_use(const struct sampling *s, const struct sampling_field *field);
/* Why this one has no effect now, e.g. "temperature is 0"; NULL when it has one or is off by itself. */
const char *sampling_idle(const struct sampling *s, const struct sampling_field *field);
/* Sets one by name from text, checking its range. To a list it appends: "stop" a text, "logit_bias" ID=BIAS (a bias
 * of 0 takes the id out), "dry_sequence_breakers" a text. */
enum error_code sampling_set(struct sampling *s, const char *name, const char *value, struct error *err);
/* Writes the value as text ("Off" when it is neutral) into out. */
void sampling_get(const struct sampling *s, const struct sampling_field *field, char *out, size_t size);

/* Settings that are lists, by name. */
enum sampling_list { LIST_STOP, LIST_LOGIT_BIAS, LIST_DRY_SEQUENCE_BREAKERS, SAMPLING_LISTS };
/* SAMPLING_LISTS when there is no such list. */
enum sampling_list sampling_list(const char *name);
const char *sampling_list_name(enum sampling_list list);
int32_t sampling_list_size(const struct sampling *s, enum sampling_list list);
/* Writes an item as sampling_set takes it into out; SAMPLING_STOP_BYTES suffice. */
void sampling_list_get(const struct sampling *s, enum sampling_list list, int32_t i, char *out, size_t size);
void sampling_list_clear(struct sampling *s, enum sampling_list list);
/* Replaces the list by that of other settings. */
void sampling_list_copy(struct sampling *s, const struct sampling *from, enum sampling_list list);
/* Appends the list to out as a user writes it: texts as "###" "\n", with \n, \t, \", \\ and \xNN, biases as " the" -2,
 * or with an id where t is NULL or no text names the token. False when out of memory. */
bool sampling_list_write(const struct sampling *s, enum sampling_list list, const struct tokenizer *t, struct buf *out);
/* Appends what such text says; what is not in quotes is one text as it stands. The text of a bias must be one token,
 * else the error lists the tokens that it is. On failure s stays as it was. */
enum error_code sampling_list_read(struct sampling *s, enum sampling_list list, const char *text,
                                   const struct tokenizer *t, struct error *err);
/* Appends the tokens at which a repetition ends: control tokens, and those whose text contains a sequence breaker.
 * False when out of memory. */
bool sampling_breakers(const struct sampling *s, const struct tokenizer *t, struct ids *out);
/* Appends the tokens that XTC must not exclude: those that end an answer, and the one that ends a line. False when out of
 * memory. */
bool sampling_spared(const struct tokenizer *t, struct ids *out);

/* The settings that remove candidates, in the order in which they act. */
enum sampler_stage {
    STAGE_NONE,        /* not removed */
    STAGE_LOGIT_BIAS,  /* at -100 */
    STAGE_TEMPERATURE, /* at 0 everything but the likeliest */
    STAGE_TOP_N_SIGMA,
    STAGE_TOP_K,
    STAGE_TOP_P,
    STAGE_MIN_P,
    STAGE_TYPICAL_P,
    STAGE_XTC,
    STAGE_MIROSTAT,
};
/* The setting's name, e.g. "top_k"; NULL for STAGE_NONE. */
const char *sampler_stage_name(enum sampler_stage stage);

struct candidate {
    int32_t id;
    float before; /* probability as the model gives it */
    float after;  /* with the settings; 0 when a setting removed it */
    enum sampler_stage removed_by;
};

/* ---- session ---------------------------------------------------------------------------------------------------- */

/* What computes one model: a pool of threads and the buffers of the forward pass. Its sessions take turns. A runner and
 * all of its sessions belong to one thread. */
struct runner;
/* A sequence of tokens with its key/value cache. Sessions of one runner share the cache of what they have in common. */
struct session;

/* What keys and values are kept as: 16 bits, integers with a scale for each position and head, which are nearer to
 * float32 than 16-bit floats; or 8 bits with a scale for every 32 (half the memory, a little less exact). */
enum cache_type { CACHE_F16, CACHE_Q8_0 };

struct session_options {
    int32_t context;       /* tokens; 0: as trained, at most 4096 */
    int32_t threads;       /* 0: one per core */
    int32_t batch;         /* tokens per prefill step, 0: 512 */
    bool exact;            /* float32 throughout, by BLAS; slow, for comparing with other implementations */
    enum cache_type cache; /* not with exact */
};

/* What a model takes of memory when one context is full, and what that means on this machine. Bytes. */
struct memory_plan {
    uint64_t weights;          /* that every token is multiplied by */
    uint64_t lookup;           /* of an embedding that lies in the file, of which a token reads one row; else 0 */
    uint64_t file_weights;     /* all of them, as the file has them */
    bool copied;               /* weights lie in memory of the process's own, in 8 or 4 bits; else they are mapped */
    uint64_t cache;            /* keys and values */
    uint64_t buffers;          /* of the forward pass */
    uint64_t program;          /* what the process took before, of its own and of files (model_other_bytes) */
    uint64_t total, available; /* of memory: all, and what can be taken (the program has its part); 0: unknown */
    bool limited;              /* by a control group, to less than the machine has */
    uint64_t reserve;          /* left to the system */
    enum memory_verdict {
        PLAN_FITS,
        PLAN_STREAMS,   /* larger than memory: weights are read from disk for each token */
        PLAN_TOO_LARGE, /* so is what can't be read from disk: all but mapped weights */
    } verdict;
    uint64_t resident, streamed;  /* of the weights: what can stay, what each token reads from disk */
    double disk_rate;             /* bytes a second, measured; 0: not */
    double tokens_per_second;     /* at most, as the disk brings them; 0: unknown */
    enum model_load smaller_load; /* loaded so the weights fit; LOAD_AS_IS: no way is known */
    const char *smaller_type;     /* quantised to this type they do; NULL: no type is known, or not needed */
    uint64_t smaller_bytes;       /* what the weights take then */
};
/* The plan of a model loaded so, or as it is loaded already. measure: where it does not fit, the disk is measured, which
 * takes half a second. options may be NULL. */
void model_plan(const struct model *model, const struct session_options *options, enum model_load load, bool measure,
                struct memory_plan *out);
/* Weights, cache, buffers and program. */
uint64_t memory_plan_sum(const struct memory_plan *plan);
/* What it means when so many contexts are full, each with a cache of its own: answers beside each other. */
enum memory_verdict memory_plan_beside(const struct memory_plan *plan, uint64_t contexts);
/* Bytes in memory of mapped files beside the weights: the program, its libraries, the model's vocabulary. Where files of half
 * a GB are mapped it is 0, as counting takes time and these are a few MB. */
uint64_t model_other_bytes(const struct model *model);
/* Mapped bytes of the weights that are in memory now, without an embedding of which only rows are read. */
uint64_t model_resident_bytes(const struct model *model);

/* options may be NULL; context is that of the longest session. The model must outlive it. NULL on failure. */
struct runner *runner_open(const struct model *model, const struct session_options *options, struct error *err);
/* Its sessions are freed before. */
void runner_free(struct runner *r);
int32_t runner_context(const struct runner *r); /* tokens of its longest session */
/* As it was made when the runner was opened. */
const struct memory_plan *runner_plan(const struct runner *r);

/* An empty session of at most `context` tokens; 0: as many as the runner has room for. Takes memory as it grows.
 * NULL on failure. */
struct session *session_new(struct runner *r, int32_t context, struct error *err);
/* The same, beginning with the first n tokens of s, whose cache it shares. */
struct session *session_fork(const struct session *s, size_t n, int32_t context, struct error *err);
/* A session with a runner of its own, which ends with it. */
struct session *session_open(const struct model *model, const struct session_options *options, struct error *err);
void session_free(struct session *s);
int32_t session_capacity(const struct session *s);
size_t session_length(const struct session *s);
/* How many of ids[0..n) the session begins with. */
size_t session_common(const struct session *s, const int32_t *ids, size_t n);
/* Makes the session's tokens the first n of another session of its runner, as many as there are and fit. Nothing is
 * evaluated: they share the cache until one of them writes where the other reads. */
void session_share(struct session *s, const struct session *from, size_t n);

/* Called between batches, and in a large one ten times a second, with tokens done and to do; returns false to stop. */
typedef bool session_progress(void *context, size_t done, size_t total);

/* Makes the session's tokens equal to ids[0..n), n > 0, and the logits those after the last. The longest common
 * prefix keeps its cache; the rest is evaluated in batches. *reused (may be NULL) is the number of tokens not
 * evaluated again. ERR_STOPPED if progress said so, ERR_MEMORY (what was evaluated stays valid); ERR_CONTEXT when n
 * exceeds the capacity; ERR_CORRUPT when the logits are not finite. */
enum error_code session_sync(struct session *s, const int32_t *ids, size_t n, session_progress *progress, void *context,
                             size_t *reused, struct error *err);
/* Appends one token and evaluates it. ERR_CONTEXT when the session is full. */
enum error_code session_push(struct session *s, int32_t id, struct error *err);
/* The same for n different sessions of one runner in one batch, ids[i] for sessions[i], with the same logits to the
 * bit. On ERR_CONTEXT and ERR_ARGUMENT none has changed. */
enum error_code sessions_push(struct session *const *sessions, const int32_t *ids, size_t n, struct error *err);
/* The logits after the last token, (vocab); NULL before the first. Valid until the next call that takes the session. */
const float *session_logits(const struct session *s);
/* The tokens that are evaluated, session_length of them. Valid until the next call that takes the session. */
const int32_t *session_ids(const struct session *s);
/* Starts afresh with ids[0..n) and writes -log p(ids[i+1] | ids[0..i]) into nll[0..n-1). The logits are those after
 * the last. */
enum error_code session_score(struct session *s, const int32_t *ids, size_t n, float *nll, session_progress *progress,
                              void *context, struct error *err);
/* Takes rows of logits, (n, vocab): those after ids[first..first + n), whose -log p are in nll by now. Called in order
 * and by the session's thread; returns false to stop. */
typedef bool session_rows(void *context, const float *logits, size_t first, size_t n);
/* The same, and rows (may be NULL) gets the logits that ids[1..n) are scored by. */
enum error_code session_score_rows(struct session *s, const int32_t *ids, size_t n, float *nll, session_rows *rows,
                                   session_progress *progress, void *context, struct error *err);
/* What computes: the kernel table's name, e.g. "avx512", for `palaver info` and bench. */
const char *session_kernels(const struct session *s);

/* What workers saved of sessions in a folder, see struct worker_options. */
struct saved_report {
    size_t files, damaged;
    uint64_t bytes;
};
/* Reads and checks all of it. Nothing is in a folder that does not exist. */
struct saved_report session_check_saved(const char *folder);
/* Removes what was saved under this name, if there is anything. */
void session_forget_saved(const char *folder, const char *name);

/* ---- encoder ---------------------------------------------------------------------------------------------------- */

/* Makes vectors of texts with a model of which model_info says encoder: texts of like meaning have vectors of like
 * direction. Belongs to one thread at a time. */
struct encoder;
struct encoder_options {
    int32_t threads; /* 0: one per core */
    bool exact;      /* float32 throughout, for quantised weights too */
};
/* How the vectors of a text's tokens become one: their mean, [CLS] and [SEP] among them, or that of [CLS]. */
enum pooling { POOLING_MEAN, POOLING_CLS };

/* The model must outlive it; options may be NULL. ERR_UNSUPPORTED for a model that is no encoder. */
struct encoder *encoder_open(const struct model *model, const struct encoder_options *options, struct error *err);
void encoder_free(struct encoder *e);
int32_t encoder_width(const struct encoder *e);        /* elements of a vector */
int32_t encoder_context(const struct encoder *e);      /* the longest text in tokens */
enum pooling encoder_pooling(const struct encoder *e); /* as the model was trained; the mean where nothing says */
/* What multiplies: the kernel table's name. */
const char *encoder_kernels(const struct encoder *e);
/* Appends [CLS], the ids of text[0..size) and [SEP], at most `most` of them (0: as the model reads); *cut, which may be
 * NULL, tells whether the text was longer. On failure out is as it was. */
enum error_code encoder_tokens(const struct encoder *e, const char *text, size_t size, int32_t most, struct ids *out,
                               bool *cut, struct error *err);
/* Writes the vectors of texts[0..n) into vectors, (n, width), not normalised: each the same to the bit whatever texts
 * are beside it and however many threads there are. progress gets texts done and all, and may stop. ERR_ARGUMENT,
 * ERR_CONTEXT for a text out of range, ERR_STOPPED, ERR_CORRUPT when a vector is not finite. */
enum error_code encoder_encode(struct encoder *e, const struct ids *texts, size_t n, enum pooling pooling,
                               float *vectors, session_progress *progress, void *context, struct error *err);
/* Makes a vector of n elements one of length 1; one of zeros stays. */
void vector_normalize(float *x, size_t n);
/* The product of two: of normalised ones the cosine of the angle between them. */
float vector_dot(const float *a, const float *b, size_t n);

/* ---- scoring ---------------------------------------------------------------------------------------------------- */

#define SCORE_TOP 20

struct likely {
    int32_t id;
    float logp; /* natural logarithm of the probability, by the model's own distribution */
};
/* A text whose tokens' likelihoods are asked. Tokens before `from` are only read. */
struct scored_text {
    const int32_t *ids; /* (n), n > 0; the caller's, as all that follows */
    size_t n, from;     /* from: 1 to n */
    bool next;          /* likely also says what may follow the last token */
    int32_t top;        /* likeliest tokens wanted at each place, at most SCORE_TOP */
    float *logp;        /* out, (n - from): of ids[from..n) */
    /* out, (n - from, top), one row more with next: likeliest first, the lower id first among equals; -1 where the
     * vocabulary has no more. NULL when top is 0. */
    struct likely *likely;
};
/* Scores texts, each common beginning read once, and remembers the newest beginnings between calls. */
struct scorer;
/* The runner must outlive it and belongs to the same thread. NULL on failure. */
struct scorer *scorer_new(struct runner *r, struct error *err);
void scorer_free(struct scorer *s);
/* Scores texts[0..n); each number is the same to the bit whatever texts are beside it. progress gets tokens read and
 * to read and may stop. ERR_ARGUMENT for a text or an id that is out of range, ERR_CONTEXT for one that is longer than
 * the runner's context, ERR_STOPPED, ERR_MEMORY, ERR_CORRUPT when the logits are not finite. */
enum error_code scorer_run(struct scorer *s, struct scored_text *texts, size_t n, session_progress *progress,
                           void *context, struct error *err);

/* ---- sampler ---------------------------------------------------------------------------------------------------- */

/* Holds the random state and the work arrays of one stream of tokens. */
struct sampler;
struct sampler *sampler_new(int32_t vocab, struct error *err);
void sampler_free(struct sampler *s);
/* Restarts the random numbers with this seed, and mirostat. */
void sampler_seed(struct sampler *s, uint64_t seed);
/* The tokens at which a repetition ends for DRY; none at first. */
void sampler_set_breakers(struct sampler *s, const int32_t *ids, size_t n);
/* The tokens that XTC must not exclude: where it would, it excludes nothing. None at first. */
void sampler_set_spared(struct sampler *s, const int32_t *ids, size_t n);
/* Chooses a token from logits (vocab) by the settings; previous[0..n) are the ids so far, newest last. Fills up to
 * SAMPLING_CANDIDATES of the likeliest tokens into best (may be NULL), likeliest first, *n_best their number, and
 * *chosen with the probabilities of the token returned. */
int32_t sampler_choose(struct sampler *s, const struct sampling *settings, const float *logits, const int32_t *previous,
                       size_t n, struct candidate *chosen, struct candidate *best, int32_t *n_best);
/* The same for a token that was chosen elsewhere: id. Random numbers and mirostat stay as they are. */
void sampler_put(struct sampler *s, const struct sampling *settings, const float *logits, const int32_t *previous,
                 size_t n, int32_t id, struct candidate *chosen, struct candidate *best, int32_t *n_best);
/* What sampler_choose would choose from now, without choosing: random numbers and mirostat stay as they are. best
 * has room for SAMPLING_CANDIDATES. */
void sampler_preview(struct sampler *s, const struct sampling *settings, const float *logits, const int32_t *previous,
                     size_t n, struct candidate *best, int32_t *n_best);
/* Of the last choice or preview: how many tokens survived the settings, the probability of one with the settings,
 * and the entropy of the model's own distribution in nats. */
size_t sampler_survivors(const struct sampler *s);
float sampler_probability(const struct sampler *s, int32_t id);
float sampler_entropy(const struct sampler *s);
/* Of the last choice: the rank of the token by the model's probabilities, from 1; 0 when the logits were not finite. */
int32_t sampler_rank(const struct sampler *s);

/* ---- generation ------------------------------------------------------------------------------------------------- */

/* Whether the next tokens are guessed from what was said and evaluated together, which changes nothing but the time. */
enum speculate {
    SPECULATE_AUTO, /* where it was measured to be faster */
    SPECULATE_OFF,
    SPECULATE_ALWAYS, /* also where it is slower; for measuring */
};

/* An answer under way, in a session of its own, for a caller that has a thread of its own and several answers at once.
 * Ids, records and texts are those that a worker makes with the same settings, whatever else runs. */
struct generation;
/* An idle one, for sequences of at most `context` tokens (0: as the runner has room for). NULL on failure. */
struct generation *generation_new(struct runner *r, int32_t context, struct error *err);
void generation_free(struct generation *g);
/* Begins an answer to ids[0..n) (copied), n > 0; `top` likeliest tokens are told at each step. What another generation
 * has in its cache of the prompt is shared: siblings[0..n_siblings), those of the same runner, itself among them or not.
 * ERR_CONTEXT when the prompt is too long. */
enum error_code generation_begin(struct generation *g, const int32_t *ids, size_t n, const struct sampling *settings,
                                 int32_t top, struct generation *const *siblings, size_t n_siblings, struct error *err);
/* Reads the next part of the prompt, at most a batch, and returns true when all is read. On failure, by err, the answer
 * has ended. */
bool generation_read(struct generation *g, struct error *err);
/* Tokens of the prompt that came from the cache. */
size_t generation_reused(const struct generation *g);
/* Answers that begin from now on are guessed ahead from their own texts. At first they are not. */
enum error_code generation_speculate(struct generation *g, enum speculate when, struct error *err);
/* Tokens of the answer that were evaluated on trial, and those of them that were chosen then. */
void generation_guesses(const struct generation *g, size_t *guessed, size_t *right);

/* Why an answer ended. */
enum finish { FINISH_END, FINISH_STOP_STRING, FINISH_LENGTH, FINISH_CONTEXT, FINISH_STOPPED };

/* What a step made of one answer. */
struct generated {
    int32_t id; /* the token */
    float logp; /* natural logarithm of its probability by the model's own distribution */
    int32_t n_likely;
    struct likely likely[SCORE_TOP]; /* (n_likely) of the tokens in its place */
    const char *text; /* what became certain with it, whole UTF-8 characters; until the generation's next step */
    size_t text_size;
    bool ended; /* the answer is over; an end token has no text */
    enum finish finish;
    struct error error; /* it ended because of this, finish means nothing */
};
/* Makes the next token of each of n answers whose prompts are read, and evaluates them in one batch; out has room for
 * n. An answer that has ended takes no further steps. */
void generations_step(struct generation *const *all, size_t n, struct generated *out);

/* ---- worker ----------------------------------------------------------------------------------------------------- */

/* A sequence that answers requests one after another, on a thread that loads a model and computes. All calls are
 * made by one other thread (the user interface's), and none waits for the engine, but worker_free for the step at
 * hand; events come back by a bounded queue and a descriptor that is readable while events wait. Several workers may
 * share the thread, the model and the cache of what their prompts have in common: their answers then take turns
 * token by token. */
struct worker;

enum event_kind {
    EVENT_LOADING, /* weights are being packed to fewer bits: done of total kB */
    EVENT_LOADED,  /* the model is ready, worker_model() answers from now on */
    EVENT_PROMPT,  /* the messages of worker_ask are a prompt: total, first_kept, dropped; see worker_take_prompt */
    EVENT_PREFILL, /* reading the prompt: done of total */
    EVENT_TOKEN,   /* one token and its text */
    EVENT_DONE,    /* the answer ended: finish, timings */
    EVENT_FAILED,  /* loading or the request failed: error */
    EVENT_PREVIEW, /* what the next token may be, see worker_preview, worker_pace: best, n_best, entropy, survivors */
};

struct timings {
    size_t prompt_tokens, reused_tokens, answer_tokens;
    size_t guessed_tokens, true_guesses; /* evaluated on trial, and those of them that were chosen then */
    double prefill_seconds, first_token_seconds, decode_seconds; /* first token: from the request */
};

struct event {
    enum event_kind kind;
    uint64_t request;           /* the number that worker_generate returned; 0 while loading and for worker_preview's */
    size_t done, total;         /* EVENT_PREFILL, EVENT_LOADING; total: EVENT_PROMPT too */
    size_t first_kept, dropped; /* EVENT_PROMPT: as in struct prompt */
    int32_t id;                 /* EVENT_TOKEN */
    struct candidate chosen, best[SAMPLING_CANDIDATES];
    int32_t n_best;
    float entropy;                   /* EVENT_TOKEN, EVENT_PREVIEW: nats, of the model's own distribution */
    int32_t rank;                    /* EVENT_TOKEN: of id by the model's own probabilities, from 1; 0: unknown */
    int32_t survivors;               /* EVENT_TOKEN, EVENT_PREVIEW: tokens that the settings left */
    bool forced;                     /* EVENT_TOKEN: it came from worker_force */
    uint32_t guessed, guessed_right; /* EVENT_TOKEN: of the request so far, see struct timings */
    uint32_t settings;               /* EVENT_TOKEN: worker_set_sampling calls of this request before it was chosen */
    char text[256]; /* EVENT_TOKEN: whole UTF-8 characters that became certain with this token, NUL-terminated,
                             * not cleaned; "" while a character or a possible stop string is incomplete. An event with
                             * id -1 brings only text: the rest of a long token, or what was held back to the end */
    size_t text_size;
    enum finish finish; /* EVENT_DONE */
    struct timings timings;
    struct error error; /* EVENT_FAILED */
};

struct worker_options {
    const char *model_path;         /* copied */
    enum model_load load;           /* of a model that is opened */
    struct worker *beside;          /* share thread and model of this one, which is loaded; NULL: open model_path */
    struct session_options session; /* beside another only the context counts, at most the first one's */
    const char
        *saved_folder; /* where the caches of named conversations are saved and looked for, copied; made when something
                               * is written. NULL: nowhere. Beside another that one's counts, as with the next */
    enum speculate speculate; /* not for requests aside */
    uint64_t saved_most;      /* bytes of all that lies there; the oldest goes first */
    bool
        guest; /* beside another: it uses what others have read, and leaves no trace of its own. No other takes over what
                 * it reads, guesses learn nothing from it, and saved caches are left as they are */
};
/* Starts the thread, which opens the model, or another sequence on that of `beside`; returns at once. NULL on
 * failure. */
struct worker *worker_start(const struct worker_options *options, struct error *err);
/* Stops what runs for this worker and frees it. The last of those that share a thread ends the thread and frees the
 * model. */
void worker_free(struct worker *w);
/* Readable while events wait. */
int worker_fd(const struct worker *w);
/* Takes the oldest event; false when none waits. */
bool worker_next(struct worker *w, struct event *out);
/* The model once EVENT_LOADED came; NULL before. */
const struct model *worker_model(const struct worker *w);
/* What its model was found to take of memory; NULL before EVENT_LOADED. */
const struct memory_plan *worker_plan(const struct worker *w);
/* Answers the prompt ids[0..n) (copied): events follow with the number returned, ending in DONE or FAILED. 0 on failure
 * (a request is already running, or out of memory). */
uint64_t worker_generate(struct worker *w, const int32_t *ids, size_t n, const struct sampling *settings,
                         struct error *err);
/* What is to be answered, as messages. The template must outlive the rendering: it is needed until EVENT_PROMPT or the
 * request's end has come, or the worker is freed. */
struct worker_question {
    const struct message *messages; /* (n), copied */
    size_t n;
    const struct chat_template *template;
    size_t limit; /* tokens of the prompt, see prompt_render */
};
/* Answers messages: they are rendered on the thread and EVENT_PROMPT tells it; then as worker_generate. The
 * template's stop strings are added to those of the settings, also of worker_set_sampling. */
uint64_t worker_ask(struct worker *w, const struct worker_question *question, const struct sampling *settings,
                    struct error *err);
/* Moves the prompt of the last EVENT_PROMPT to *out, to be freed by prompt_free; false when it was taken already or
 * there is none. */
bool worker_take_prompt(struct worker *w, struct prompt *out);
/* Answers a short prompt beside the conversation, in a session of its own that shares the cache of what the prompt
 * has in common with others. The conversation's session stays as it is. Events come as from worker_generate. 0 also
 * while another aside runs, and when the prompt or settings->max_new_tokens (which must not be -1) is larger than
 * WORKER_ASIDE_MOST. A worker_generate that comes meanwhile stops it before its next token; its DONE comes before
 * that request's events. */
#define WORKER_ASIDE_MOST 1024
uint64_t worker_generate_aside(struct worker *w, const int32_t *ids, size_t n, const struct sampling *settings,
                               struct error *err);
/* The conversation that requests belong to from now on: at the end of each its key/value cache is saved under this name
 * (letters, digits and dashes, less than 64), beside the thread, and the next program reads it. NULL, as at first: it is
 * not saved. */
void worker_keep(struct worker *w, const char *name);
/* What models with this vocabulary wrote before (copied), a -1 behind each answer: guesses come from it too. */
void worker_teach(struct worker *w, const int32_t *ids, size_t n);
/* New settings for the running request, not for one aside; they act on the next token that is chosen. */
void worker_set_sampling(struct worker *w, const struct sampling *settings);
/* Asks what these settings make of the logits after the last token; nothing is evaluated for it. EVENT_PREVIEW
 * (request 0) follows, but not when a request comes first, another preview replaces this one, or there are no
 * logits. False while an answer is made. */
bool worker_preview(struct worker *w, const struct sampling *settings);
/* How many tokens the running request, and each later one, may still make before it waits; -1 (at first): no limit.
 * A request that waits has sent EVENT_PREVIEW with what its next token may be, sends it again when the settings
 * change, and is stopped as any other. Requests aside never wait. */
void worker_pace(struct worker *w, int32_t tokens);
/* Makes this the next token of the running request instead of drawing one; a request that waits continues with it.
 * After it the random numbers of the seed begin anew, as after a prompt that ends there. */
void worker_force(struct worker *w, int32_t id);
/* Stops what runs before its next token, during prefill before the next batch; DONE follows. */
void worker_stop(struct worker *w);
/* The same of what runs aside alone. */
void worker_stop_aside(struct worker *w);

/* ---- bench ------------------------------------------------------------------------------------------------------ */

/* Cores that this process may use, as many as a session has threads unless told otherwise. */
int32_t engine_cores(void);
/* The name of the kernels that sessions use on this processor, a constant. */
const char *engine_kernels(void);
/* Which way of rounding and adding they have for quantised weights: 1 until Palaver had groups of 256 columns. Where two
 * numbers differ, the same request may be answered otherwise, and saved states are of no use. */
int32_t engine_arithmetic(void);

/* ---- importance ------------------------------------------------------------------------------------------------- */

/* How much each input column of a model's matrices matters, measured on a text: for every matrix of a layer the sum of
 * the squares of what a column is multiplied with, over all tokens. Quantising rounds with it in mind. Owns a runner; as
 * one, it belongs to one thread at a time. */
struct importance;

/* options as for runner_open; the context is that of the longest chunk. The model must outlive it. NULL on failure. */
struct importance *importance_open(const struct model *model, const struct session_options *options, struct error *err);
void importance_free(struct importance *x);
/* Reads a chunk of text, n > 0 tokens that nothing comes before, and adds what it tells. ERR_STOPPED if progress said so,
 * ERR_CORRUPT when the model computes what are no finite numbers, ERR_CONTEXT, ERR_ARGUMENT for an id out of range: then
 * nothing of the chunk is added. The sums are the same to the bit whatever the number of threads. */
enum error_code importance_add(struct importance *x, const int32_t *ids, size_t n, session_progress *progress,
                               void *context, struct error *err);
size_t importance_chunks(const struct importance *x);
/* Writes what the chunks so far tell as GGUF file, completely or not at all, as llama.cpp has them: general.type
 * "imatrix", tensors NAME.in_sum2 and NAME.counts. dataset: what text it was. ERR_ARGUMENT when the file is there, unless
 * replace is set. */
enum error_code importance_write(const struct importance *x, const char *path, const char *dataset, bool replace,
                                 struct error *err);
/* Whether it could be written there now; leaves nothing behind. To be asked before hours of reading. */
enum error_code importance_try(const struct importance *x, const char *path, bool replace, struct error *err);

/* ---- conversion ------------------------------------------------------------------------------------------------- */

/* A model on its way to a GGUF file. The model must outlive it. */
struct conversion;

struct conversion_options {
    const char *type;           /* conversion_type(i) in any case, "Q4_K_M"; NULL: every matrix keeps its own */
    const char *output_type;    /* the type of output.weight, "Q8_0"; NULL: as the model's type has it */
    const char *embedding_type; /* the type of token_embd.weight; likewise */
    const char *tensor_types;   /* lines REGEX=TYPE for single matrices; NULL: none */
    const char *imatrix;        /* path of an importance matrix; NULL: none */
    bool pure;                  /* no mixture: one type for all matrices */
    bool requantize;            /* quantised matrices may get another type */
    uint64_t part_bytes;        /* the most bytes of weights in a file; 0: one file */
};

/* The types of models, in the order of lists; NULL past the last. */
const char *conversion_type(size_t i);

/* Plans a file (with part_bytes: files) at path and writes nothing. NULL on failure: ERR_ARGUMENT for a type that is none,
 * and for a quantised model without leave to requantise; ERR_FORMAT for an importance matrix of another model. */
struct conversion *conversion_new(const struct model *model, const struct conversion_options *o, const char *path,
                                  struct error *err);
/* Removes what was written unless all of it was. */
void conversion_free(struct conversion *c);

struct conversion_row {
    const char *name, *from, *to; /* of a tensor, and of its types */
    uint64_t rows, cols, bytes;   /* bytes that it will have */
    bool weighted;                /* by an importance matrix */
};
/* Tensor number i in the file's order; false past the last. */
bool conversion_row(const struct conversion *c, size_t i, struct conversion_row *out);
uint64_t conversion_bytes(const struct conversion *c);             /* of all files */
const char *conversion_path(const struct conversion *c, size_t i); /* of file number i; NULL past the last */

/* Called between two stretches of work, in any unit; false stops. */
typedef bool conversion_progress(void *context, uint64_t done, uint64_t total);
/* Writes the files, which have their names when all of them lie on the disk. replace: also where there are files of these
 * names. threads 0: one per core. progress may be NULL. ERR_STOPPED when it stopped; ERR_ARGUMENT when a file is there;
 * ERR_IO when the disk has no room. To be called once. */
enum error_code conversion_write(struct conversion *c, bool replace, int32_t threads, conversion_progress *progress,
                                 void *context, struct error *err);

#endif
