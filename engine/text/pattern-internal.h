/* Internals of patterns: pattern.c reads an expression into a program, pattern-match.c runs it. */
#ifndef PALAVER_ENGINE_TEXT_PATTERN_INTERNAL_H
#define PALAVER_ENGINE_TEXT_PATTERN_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/text/pattern.h"

enum {
    SET_RANGES = 256, /* of one class; DeepSeek's letters have 75 */
    PROGRAM_LONGEST = 4096,
    SPACE_BIT = 30, /* beside the 30 general categories: white space, and what is none */
    OTHER_BIT = 31,
};

/* Characters: those of a range, or of a category in the mask. */
struct set {
    uint32_t categories;      /* bit i: utf8proc's category i; SPACE_BIT, OTHER_BIT */
    uint32_t range, n_ranges; /* into pattern.ranges */
    bool negated, any_case;
};

struct range {
    uint32_t low, high;
};

enum operation {
    OP_RUN,   /* min to max characters of a set, as many as can be */
    OP_SPLIT, /* goes on at the next step, and if that fails at `other` */
    OP_JUMP,  /* goes on at `other` */
    OP_LOOK,  /* the steps up to an OP_MATCH must match here, or must not (negated); goes on at `other` */
    OP_END,   /* the end of the text */
    OP_MATCH,
};

struct step {
    enum operation op;
    bool negated, possessive;
    uint32_t set, other;
    uint32_t min, max; /* max UINT32_MAX: any number */
};

struct pattern {
    struct step *steps;
    struct set *sets;
    struct range *ranges;
    uint32_t n_steps, n_sets, n_ranges;
};

#endif
