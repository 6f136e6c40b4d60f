/* Errors: what a function that can fail tells its caller.
 *
 * A failing function returns NULL or a code and fills a struct error; the first error wins, later ones are ignored, so
 * that the message names the cause and not what followed from it. Messages say what, where and what to do about it, in
 * one line without a full stop, e.g. "model.gguf: tensor blk.3.attn_q.weight is cut off at byte 104; download it
 * again". */
#ifndef PALAVER_BASE_ERROR_H
#define PALAVER_BASE_ERROR_H

enum error_code {
    ERR_NONE = 0,
    ERR_MEMORY,      /* an allocation failed */
    ERR_IO,          /* the system refused a file or a descriptor */
    ERR_FORMAT,      /* a file or a text does not have the expected form */
    ERR_UNSUPPORTED, /* well-formed, but of a kind that Palaver does not know */
    ERR_ARGUMENT,    /* a value that the user gave is out of range */
    ERR_CONTEXT,     /* more tokens than the context holds */
    ERR_STOPPED,     /* a stop was requested */
    ERR_NOT_FOUND,   /* nothing of that name */
    ERR_BUSY,        /* held by another program or thread */
    ERR_CORRUPT,     /* damaged since it was written */
};

struct error {
    enum error_code code;
    char message[512]; /* UTF-8, NUL-terminated, no line break */
};

/* Fills *err unless it already holds an error or is NULL; returns code, so that callers can write
 * `return error_set(err, ERR_IO, ...)`. Control characters and ill-formed UTF-8 in the message are replaced by '?'. */
enum error_code error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": " and what strerror says of errnum at the end. */
enum error_code error_system(struct error *err, enum error_code code, int errnum, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ERR_MEMORY with "out of memory": there is nothing else to say, and nothing that the user can do about one allocation. */
enum error_code error_memory(struct error *err);

void error_clear(struct error *err);

#endif
