/* Running a pattern's program by backtracking. */
#include "engine/text/pattern-internal.h"

#include <utf8proc.h>

#include "base/utf8.h"

enum { DEEPEST = 4000, STEPS_PER_BYTE = 200, STEPS_LEAST = 100000 };

struct match {
    const struct pattern *pattern;
    const char *text;
    size_t size, end;
    size_t steps_left;
    int depth;
};

static bool is_space(uint32_t code, utf8proc_category_t category)
{
    return (code >= '\t' && code <= '\r') || code == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* What (?i: ) makes equal, as far as the expressions of tokenizers need it: ASCII, the long s and the Kelvin sign. */
static uint32_t folded(uint32_t code)
{
    return code >= 'A' && code <= 'Z' ? code | 0x20 : code == 0x17f ? 's' : code == 0x212a ? 'k' : code;
}

static bool in_ranges(const struct pattern *p, const struct set *set, uint32_t code)
{
    for (uint32_t i = set->range; i < set->range + set->n_ranges; i++)
        if (code >= p->ranges[i].low && code <= p->ranges[i].high)
            return true;
    return false;
}

/* Whether a character, UTF8_INVALID for a byte that is none, is of the set. */
static bool set_has(const struct pattern *p, const struct set *set, uint32_t code)
{
    bool has = code != UTF8_INVALID && in_ranges(p, set, code);
    if (!has && set->any_case && code != UTF8_INVALID) {
        const uint32_t lower = folded(code);
        has = in_ranges(p, set, lower) || (lower >= 'a' && lower <= 'z' && in_ranges(p, set, lower - 0x20));
    }
    if (!has && set->categories != 0) {
        const utf8proc_category_t category = code == UTF8_INVALID ? UTF8PROC_CATEGORY_CN
                                                                  : utf8proc_category((utf8proc_int32_t)code);
        const uint32_t space = is_space(code, category) ? SPACE_BIT : OTHER_BIT;
        has = (set->categories >> category & 1) != 0 || (set->categories >> space & 1) != 0;
    }
    return has != set->negated;
}

static bool match_from(struct match *m, uint32_t pc, size_t at);

/* Counts characters of the step's set from `at` on, at most its max; *end is where they end, *whole whether all of them
 * are well-formed. */
static uint32_t count_run(struct match *m, const struct step *step, size_t at, size_t *end, bool *whole)
{
    uint32_t n = 0;
    *whole = true;
    for (size_t used; n < step->max && at < m->size; n++, at += used) {
        const uint32_t code = utf8_decode(m->text + at, m->size - at, &used);
        if (!set_has(m->pattern, &m->pattern->sets[step->set], code))
            break;
        *whole &= code != UTF8_INVALID;
    }
    *end = at;
    m->steps_left = m->steps_left > n ? m->steps_left - n : 0;
    return n;
}

/* Where the n-th character after `at` begins. */
static size_t skip_characters(const struct match *m, size_t at, uint32_t n)
{
    for (size_t used; n > 0; n--, at += used)
        utf8_decode(m->text + at, m->size - at, &used);
    return at;
}

/* As many characters as the set and max allow; then, unless the run is possessive, one fewer each time. */
static bool match_run(struct match *m, uint32_t pc, size_t at)
{
    const struct step *step = &m->pattern->steps[pc];
    size_t here;
    bool whole;
    for (uint32_t n = count_run(m, step, at, &here, &whole); n >= step->min; n--) {
        if (match_from(m, pc + 1, here))
            return true;
        if (step->possessive || n == step->min || m->steps_left == 0)
            return false;
        if (!whole) {
            here = skip_characters(m, at, n - 1);
            m->steps_left = m->steps_left > n ? m->steps_left - n : 0;
            continue;
        }
        do
            here--;
        while (((unsigned char)m->text[here] & 0xc0) == 0x80);
    }
    return false;
}

static bool look_ahead(struct match *m, uint32_t pc, size_t at)
{
    const size_t end = m->end;
    const bool found = match_from(m, pc + 1, at);
    m->end = end;
    return found != m->pattern->steps[pc].negated;
}

static bool match_step(struct match *m, uint32_t pc, size_t at)
{
    for (const struct step *step;; pc++) {
        step = &m->pattern->steps[pc];
        if (m->steps_left == 0)
            return false;
        m->steps_left--;
        switch (step->op) {
        case OP_RUN: return match_run(m, pc, at);
        case OP_SPLIT:
            if (match_from(m, pc + 1, at))
                return true;
            pc = step->other - 1;
            break;
        case OP_JUMP: pc = step->other - 1; break;
        case OP_LOOK:
            if (!look_ahead(m, pc, at))
                return false;
            pc = step->other - 1;
            break;
        case OP_END:
            if (at < m->size)
                return false;
            break;
        case OP_MATCH: m->end = at; return true;
        }
    }
}

static bool match_from(struct match *m, uint32_t pc, size_t at)
{
    if (m->depth >= DEEPEST)
        return false;
    m->depth++;
    const bool found = match_step(m, pc, at);
    m->depth--;
    return found;
}

bool pattern_find(const struct pattern *p, const char *text, size_t size, size_t from, size_t *start, size_t *end)
{
    const size_t bytes = size - from;
    struct match m = {.pattern = p, .text = text, .size = size};
    m.steps_left = bytes < SIZE_MAX / STEPS_PER_BYTE / 2 ? bytes * STEPS_PER_BYTE + STEPS_LEAST : SIZE_MAX;
    for (size_t used; from < size && m.steps_left > 0; from += used) {
        if (match_from(&m, 0, from) && m.end > from) {
            *start = from;
            *end = m.end;
            return true;
        }
        utf8_decode(text + from, size - from, &used);
    }
    return false;
}
