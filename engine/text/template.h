/* A template's insides: a file's parts, or the model's own text, compiled. Internal to the engine. */
#ifndef PALAVER_ENGINE_TEXT_TEMPLATE_H
#define PALAVER_ENGINE_TEXT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/error.h"
#include "engine/engine.h"

enum { TEMPLATE_STOPS = 8 };

/* A format is a row of parts. */
struct template_part {
    enum template_kind { PART_END, PART_LITERAL, PART_TEXT, PART_BOS, PART_EOS, PART_TOKEN } kind;
    char *text; /* PART_LITERAL: the text; PART_TOKEN: the token's spelling */
};

struct chat_template {
    char *name;
    enum template_source source;
    char *trouble;       /* see template_trouble; NULL: none */
    struct jinja *jinja; /* the model's own text; NULL: the template is the parts that follow */
    bool dated;          /* strftime_now says the day `date`, not the present one; for tests */
    struct tm date;
    struct template_part *system, *user, *assistant, *reply; /* each ends with PART_END; NULL: nothing */
    char *default_system;                                    /* NULL: none */
    char *stops[TEMPLATE_STOPS + 1];
    enum { BOS_NO, BOS_YES, BOS_AUTO } bos; /* in front of the whole prompt */
    bool trim;                              /* messages lose white space at both ends */
    bool system_in_user; /* the system message stands at the beginning of the user message that follows */
    bool base;
    bool drops_system; /* see template_drops_system */
    char **matches;    /* each "part && part"; NULL-terminated */
    size_t n_matches;
};

/* ---- template-file.c */
/* The template that a file's text describes; path is for messages. NULL on failure. */
struct chat_template *template_parse(const char *name, const char *path, const char *text, struct error *err);
/* The same of the file at path; NULL without an error when there is none. */
struct chat_template *template_read(const char *name, const char *path, struct error *err);

/* ---- template.c */
/* DIR/NAME.template; NULL without an error when there is none. dir may be NULL. */
struct chat_template *template_load_user(const char *name, const char *dir, struct error *err);
/* The built-in template, or one of the user's in dir, that says of itself that it suits models with this text; plain
 * when none does. NULL on failure. */
struct chat_template *template_nearest(const char *text, const char *dir, struct error *err);
/* The template for a model whose own chat_template is text: the user's file that suits it, else the text itself, or the
 * nearest of the others when it cannot be followed. NULL only when out of memory or when a user's file is broken. */
struct chat_template *template_for_text(const char *text, const struct tokenizer *tokenizer, const char *dir,
                                        struct error *err);
/* The text followed as it is under a name, or NULL with what cannot be followed. */
struct chat_template *template_follow(const char *name, const char *text, const struct tokenizer *tokenizer,
                                      struct error *err);
/* Makes strftime_now say that day. */
void template_set_date(struct chat_template *t, const struct tm *date);

/* ---- template-probe.c: what a compiled template does to a short conversation */
/* Whether it can be followed at all; false with what failed. A refusal is no failure. */
bool template_probe(const struct jinja *jinja, const struct tokenizer *tokenizer, struct error *err);
/* Whether a system message leaves no trace in what it makes, though it does not refuse one. */
bool template_probe_drops_system(const struct jinja *jinja, const struct tokenizer *tokenizer);
/* The special token that ends the assistant's turn; -1 when none does. *stop, malloc'ed, is then the text that
 * begins the turn after it, if it can serve as a stop string; else NULL. */
int32_t template_probe_end(const struct jinja *jinja, const struct tokenizer *tokenizer, char **stop);
/* template_probe_end of a model's own text; -1 when it cannot be compiled. */
int32_t template_text_end(const char *text, const struct tokenizer *tokenizer);

#endif
