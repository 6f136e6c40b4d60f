/* Remote: what goes over the network, when the user asks for it and at no other time: fetching models, which this file
 * declares, and asking models that servers have (endpoint.h).
 *
 * What is to be fetched is first made a plan: the files, where each comes from, its size and its checksum as far as they
 * are known. Then the plan is carried out. A file grows as NAME.part; it is continued where it stopped, by this call
 * after a broken connection and by a later one after anything else. It gets its name when it is whole and its checksum
 * is right, so that nothing incomplete ever has the name of a model. These calls may wait for the network; they are for a
 * thread that may wait, and ask `watch` at least a few times a second whether to go on. The process must ignore SIGPIPE,
 * or a broken connection may end it. Knows nothing of models, terminals or databases, and reads no variables but the
 * *_proxy ones that libcurl reads.
 *
 *   remote.h     the face
 *   plan pull    the files that the name stands for which the user gave; carrying that out
 *   known        the models that have short names
 *   hub choose   the files of a repository on a Hugging Face hub, and which of them make a model
 *   package      where a file of a Python package index lies; archive: the members of it that make a model
 *   fetch        one file: continued, tried again, checked; present: one that is there already
 *   text         a list or a page
 *   fetcher      what all requests of one call share
 *   part magic   the file that grows; what a file's first bytes say
 *   retry        what is tried again, and after how long
 *   transfer     one request: redirects, the body as it comes; answer: its headers
 *   url names    addresses, and which names of a server may become names of files
 *   digest       checksums
 *   library      libcurl and libcrypto, loaded when they are needed
 *   endpoint     asking models that servers have; endpoint.h lists its files, those of endpoint-scorer among them */
#ifndef PALAVER_REMOTE_REMOTE_H
#define PALAVER_REMOTE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "remote/endpoint-scorer.h"
#include "remote/endpoint.h"

enum digest_kind {
    DIGEST_NONE,
    DIGEST_SHA256,
    DIGEST_GIT, /* the SHA-1 that git knows a file by */
};
/* Bytes of a checksum in hexadecimal, with a NUL. */
#define DIGEST_TEXT 65

struct remote_file {
    char *url;
    char *name;   /* of the file that is made; safe to use as one */
    int64_t size; /* bytes; -1: not known before the server tells */
    enum digest_kind kind;
    char sum[DIGEST_TEXT]; /* lower case */
};

struct remote_plan {
    char *title;         /* what is fetched, in the user's words: "ORG/NAME" */
    char *target;        /* the name of the file, or of the folder, that the folder of models gets */
    bool folder;         /* the files lie in a folder of that name */
    const char *licence; /* NULL: not known */
    struct remote_file *files;
    size_t n;
    const struct known *known; /* internal: how a package is unpacked; NULL: the files are the model's own */
};

/* What the caller is told while something is fetched, and asked. All are called in the thread of the call. */
struct remote_watch {
    void *context;
    /* done of total bytes of the plan (total -1: unknown). Returns false to stop. */
    bool (*progress)(void *context, int64_t done, int64_t total);
    /* A new file begins, of which `from` bytes are there already. */
    void (*file)(void *context, const struct remote_file *file, int64_t from);
    /* What happened, in one line. */
    void (*note)(void *context, const char *text);
    /* Waits this many seconds before the next try; returns false to stop. */
    bool (*wait)(void *context, int seconds, const char *why);
    /* Asked before a file that is a model by itself gets its name: whether it can be one. */
    enum error_code (*check)(void *context, const char *path, struct error *err);
};

struct remote_options {
    const char *folder; /* of models; exists */
    const char *sha256; /* of the file, as the user gave it; NULL: not given */
    const char *hub;    /* e.g. "https://huggingface.co" */
    const char *token;  /* for the hub alone: sent to no other host, and only where nobody can read it; NULL: none */
    const char *index;  /* of Python packages, e.g. "https://pypi.org/simple" */
    struct remote_watch watch;
};

/* Models with short names, for help and completion: number i; false past the end. bytes: to be fetched, about. */
bool remote_known(size_t i, const char **name, const char **title, const char **licence, int64_t *bytes);

/* Makes the plan for what the user named:
 *   https://HOST/PATH/FILE.gguf     that file; of a split model all parts
 *   ORG/NAME (also hf:ORG/NAME)     of the hub: the folder of weights and tokenizer, or the one GGUF file
 *   ORG/NAME:TYPE, ORG/NAME/FILE    of the hub: the GGUF file of this type, or this file
 *   ORG/NAME@REVISION...            the same of another branch, tag or commit
 *   a short name
 * An address of the hub's own pages is taken as the second to fourth. ERR_ARGUMENT for a name that is none of these;
 * other errors say what the server said. Freed by remote_plan_free, also after a failure. */
enum error_code remote_plan(struct remote_plan *plan, const char *name, const struct remote_options *o,
                            struct error *err);
void remote_plan_free(struct remote_plan *plan);
/* Bytes of all files; -1 when one is not known. */
int64_t remote_plan_bytes(const struct remote_plan *plan);
/* Carries it out. What is there already and right is not fetched again; what is there and differs is never replaced:
 * ERR_ARGUMENT. ERR_STOPPED when watch said so. After any failure the next call with the same plan continues. */
enum error_code remote_pull(const struct remote_plan *plan, const struct remote_options *o, struct error *err);

#endif
