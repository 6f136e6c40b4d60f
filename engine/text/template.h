/* A template's insides: what its file says, parsed. Internal to the engine. */
#ifndef PALAVER_ENGINE_TEXT_TEMPLATE_H
#define PALAVER_ENGINE_TEXT_TEMPLATE_H

#include "engine/engine.h"

enum { TEMPLATE_STOPS = 8 };

/* A format is a row of parts. */
struct template_part {
    enum template_kind { PART_END, PART_LITERAL, PART_TEXT, PART_BOS, PART_EOS, PART_TOKEN } kind;
    char *text; /* PART_LITERAL: the text; PART_TOKEN: the token's spelling */
};

struct chat_template {
    char *name;
    struct template_part *system, *user, *assistant, *reply; /* each ends with PART_END; NULL: nothing */
    char *default_system;       /* NULL: none */
    char *stops[TEMPLATE_STOPS + 1];
    enum { BOS_NO, BOS_YES, BOS_AUTO } bos; /* in front of the whole prompt */
    bool trim;                  /* messages lose white space at both ends */
    bool system_in_user;        /* the system message stands at the beginning of the user message behind it */
    bool base;
    char **matches;             /* each "part && part"; NULL-terminated */
    size_t n_matches;
};

/* The template that a file's text says; path is for messages. NULL on failure. */
struct chat_template *template_parse(const char *name, const char *path, const char *text, struct error *err);
/* What template_for_model gives for a model whose own chat_template is text. */
struct chat_template *template_for_text(const char *text, const char *dir, struct error *err);

#endif
