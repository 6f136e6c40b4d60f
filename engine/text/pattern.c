/* Reading an expression into a program, by recursive descent.
 *
 * A quantifier after a single character or class is one step; after a group it becomes splits and jumps around copies of
 * the group. */
#include "engine/text/pattern-internal.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

enum { DEEPEST_GROUP = 50, MOST_COPIES = 32 };

/* An expression being read; the first fault stays. */
struct reader {
    struct pattern *p;
    const char *text;
    size_t size, at;
    int depth;
    bool any_case, failed;
    struct step nowhere; /* written when nothing can be added any more */
    struct error *err;
};

static void read_alternatives(struct reader *r);

static void reader_fail(struct reader *r, const char *what)
{
    if (!r->failed)
        error_set(r->err, ERR_UNSUPPORTED,
                  "the tokenizer's expression '%.*s' holds %s at byte %zu, which Palaver does not "
                  "understand",
                  r->size < 60 ? (int)r->size : 60, r->text, what, r->at);
    r->failed = true;
}

/* Makes room for one more element of an array that has n; the capacity is the next power of two. */
static void *grown(struct reader *r, void *array, uint32_t n, size_t element)
{
    if (n >= PROGRAM_LONGEST) {
        reader_fail(r, "more than a tokenizer needs");
        return NULL;
    }
    if (n > 0 && (n & (n - 1)) != 0)
        return array;
    void *more = realloc(array, (n > 0 ? (size_t)n * 2 : 1) * element);
    if (more == NULL && !r->failed) {
        error_memory(r->err);
        r->failed = true;
    }
    return more;
}

static struct step *add_step(struct reader *r, enum operation op)
{
    struct pattern *p = r->p;
    struct step *steps = r->failed ? NULL : grown(r, p->steps, p->n_steps, sizeof *steps);
    if (steps == NULL)
        return &r->nowhere;
    p->steps = steps;
    steps[p->n_steps] = (struct step){.op = op, .min = 1, .max = 1};
    return &steps[p->n_steps++];
}

static void add_range(struct reader *r, struct set *set, uint32_t low, uint32_t high)
{
    struct pattern *p = r->p;
    if (low > high || set->n_ranges == SET_RANGES)
        reader_fail(r, "an odd range");
    struct range *ranges = r->failed ? NULL : grown(r, p->ranges, p->n_ranges, sizeof *ranges);
    if (ranges == NULL)
        return;
    p->ranges = ranges;
    ranges[p->n_ranges++] = (struct range){low, high};
    set->n_ranges++;
}

static void add_set(struct reader *r, const struct set *set)
{
    struct pattern *p = r->p;
    struct set *sets = r->failed ? NULL : grown(r, p->sets, p->n_sets, sizeof *sets);
    if (sets == NULL)
        return;
    p->sets = sets;
    sets[p->n_sets] = *set;
    const uint32_t index = p->n_sets++;
    add_step(r, OP_RUN)->set = index;
}

/* ---- characters ------------------------------------------------------------------------------------------------- */

static bool at_text(const struct reader *r, const char *text)
{
    const size_t n = strlen(text);
    return r->size - r->at >= n && memcmp(r->text + r->at, text, n) == 0;
}

static bool accept(struct reader *r, const char *text)
{
    if (!at_text(r, text))
        return false;
    r->at += strlen(text);
    return true;
}

static uint32_t read_character(struct reader *r)
{
    size_t used = 0;
    uint32_t code = UTF8_INVALID;
    if (r->at < r->size)
        code = utf8_decode(r->text + r->at, r->size - r->at, &used);
    if (code == UTF8_INVALID)
        reader_fail(r, "a byte that is no character");
    r->at += used;
    return code;
}

static uint32_t read_hexadecimal(struct reader *r, int digits)
{
    uint32_t value = 0;
    for (; digits > 0 && !r->failed; digits--) {
        const char c = r->at < r->size ? r->text[r->at++] : 'x';
        if (c >= '0' && c <= '9')
            value = value * 16 + (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            value = value * 16 + (uint32_t)((c | 0x20) - 'a' + 10);
        else
            reader_fail(r, "a code that is no number");
    }
    return value;
}

/* The mask of a name such as L or Lu; 0 when there is none. */
static uint32_t category_mask(const char *name, size_t size)
{
    /* clang-format off */
    static const struct { const char *name; uint32_t mask; } names[] = {
#define ONE(c) (UINT32_C(1) << UTF8PROC_CATEGORY_##c)
        {"Lu", ONE(LU)}, {"Ll", ONE(LL)}, {"Lt", ONE(LT)}, {"Lm", ONE(LM)}, {"Lo", ONE(LO)},
        {"L", ONE(LU) | ONE(LL) | ONE(LT) | ONE(LM) | ONE(LO)},
        {"Mn", ONE(MN)}, {"Mc", ONE(MC)}, {"Me", ONE(ME)}, {"M", ONE(MN) | ONE(MC) | ONE(ME)},
        {"Nd", ONE(ND)}, {"Nl", ONE(NL)}, {"No", ONE(NO)}, {"N", ONE(ND) | ONE(NL) | ONE(NO)},
        {"Pc", ONE(PC)}, {"Pd", ONE(PD)}, {"Ps", ONE(PS)}, {"Pe", ONE(PE)}, {"Pi", ONE(PI)}, {"Pf", ONE(PF)},
        {"Po", ONE(PO)}, {"P", ONE(PC) | ONE(PD) | ONE(PS) | ONE(PE) | ONE(PI) | ONE(PF) | ONE(PO)},
        {"Sm", ONE(SM)}, {"Sc", ONE(SC)}, {"Sk", ONE(SK)}, {"So", ONE(SO)}, {"S", ONE(SM) | ONE(SC) | ONE(SK) | ONE(SO)},
        {"Zs", ONE(ZS)}, {"Zl", ONE(ZL)}, {"Zp", ONE(ZP)}, {"Z", ONE(ZS) | ONE(ZL) | ONE(ZP)},
        {"Cc", ONE(CC)}, {"Cf", ONE(CF)}, {"Cs", ONE(CS)}, {"Co", ONE(CO)}, {"Cn", ONE(CN)},
        {"C", ONE(CC) | ONE(CF) | ONE(CS) | ONE(CO) | ONE(CN)},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == size && memcmp(names[i].name, name, size) == 0)
            return names[i].mask;
    return 0;
}

#define ALL_CATEGORIES ((UINT32_C(1) << SPACE_BIT) - 1)

/* After \\p or \\P. */
static uint32_t read_property(struct reader *r, bool negated)
{
    size_t from = r->at, n = 1;
    if (accept(r, "{")) {
        const char *close = memchr(r->text + r->at, '}', r->size - r->at);
        from = r->at;
        n = close != NULL ? (size_t)(close - (r->text + from)) : 0;
        r->at = close != NULL ? from + n + 1 : r->size;
    } else if (r->at < r->size) {
        r->at++;
    }
    const uint32_t mask = from + n <= r->size ? category_mask(r->text + from, n) : 0;
    if (mask == 0)
        reader_fail(r, "an unknown property");
    return negated ? ALL_CATEGORIES & ~mask : mask;
}

/* After a backslash: a class goes into the set (true), else *code is the character. */
static bool read_escape(struct reader *r, struct set *set, uint32_t *code)
{
    static const char plain[] = "rntfv", meant[] = "\r\n\t\f\v";
    const uint32_t c = read_character(r), digits = category_mask("Nd", 2);
    const uint32_t words = category_mask("L", 1) | category_mask("M", 1) | digits | category_mask("Pc", 2);
    const char *known = c < 0x80 && c != 0 ? strchr(plain, (int)c) : NULL;
    *code = known != NULL ? (uint32_t)meant[known - plain] : c;
    switch (c) {
    case 's': set->categories |= UINT32_C(1) << SPACE_BIT; return true;
    case 'S': set->categories |= UINT32_C(1) << OTHER_BIT; return true;
    case 'd': set->categories |= digits; return true;
    case 'D': set->categories |= ALL_CATEGORIES & ~digits; return true;
    case 'w': set->categories |= words; return true;
    case 'W': set->categories |= ALL_CATEGORIES & ~words; return true;
    case 'p': set->categories |= read_property(r, false); return true;
    case 'P': set->categories |= read_property(r, true); return true;
    case 'x': *code = read_hexadecimal(r, 2); return false;
    case 'u': *code = read_hexadecimal(r, 4); return false;
    case 'U': *code = read_hexadecimal(r, 8); return false;
    default: break;
    }
    if (known == NULL && ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')))
        reader_fail(r, "an unknown escape");
    return false;
}

static bool read_member(struct reader *r, struct set *set, uint32_t *code)
{
    if (accept(r, "\\"))
        return !read_escape(r, set, code);
    *code = read_character(r);
    return true;
}

/* After [. */
static void read_class(struct reader *r)
{
    struct set set = {.range = r->p->n_ranges, .negated = accept(r, "^"), .any_case = r->any_case};
    for (bool first = true; !r->failed && (first || !at_text(r, "]")); first = false) {
        uint32_t low, high;
        if (at_text(r, "[") || at_text(r, "&&")) {
            reader_fail(r, "a class inside of a class");
            return;
        }
        if (!read_member(r, &set, &low))
            continue;
        high = low;
        if (at_text(r, "-") && r->at + 1 < r->size && r->text[r->at + 1] != ']') {
            r->at++;
            if (!read_member(r, &set, &high))
                reader_fail(r, "a range that ends in a class");
        }
        add_range(r, &set, low, high);
    }
    if (!accept(r, "]"))
        reader_fail(r, "a class without an end");
    add_set(r, &set);
}

/* ---- groups ----------------------------------------------------------------------------------------------------- */

/* After (. */
static void read_group(struct reader *r)
{
    const bool any_case = r->any_case, negated = accept(r, "?!"), look = negated || accept(r, "?=");
    const uint32_t begin = r->p->n_steps;
    if (++r->depth > DEEPEST_GROUP)
        reader_fail(r, "groups inside of groups too deep");
    if (look)
        add_step(r, OP_LOOK)->negated = negated;
    else if (accept(r, "?i:"))
        r->any_case = true;
    else if (!accept(r, "?:") && at_text(r, "?"))
        reader_fail(r, "a group of an unknown kind");
    read_alternatives(r);
    if (!accept(r, ")"))
        reader_fail(r, "a group without an end");
    if (look) {
        add_step(r, OP_MATCH);
        if (!r->failed)
            r->p->steps[begin].other = r->p->n_steps;
    }
    r->any_case = any_case;
    r->depth--;
}

static void read_atom(struct reader *r)
{
    struct set set = {.range = r->p->n_ranges, .any_case = r->any_case};
    uint32_t code;
    if (accept(r, "(")) {
        read_group(r);
        return;
    }
    if (accept(r, "[")) {
        read_class(r);
        return;
    }
    if (accept(r, "$")) {
        add_step(r, OP_END);
        return;
    }
    if (at_text(r, "*") || at_text(r, "+") || at_text(r, "?") || at_text(r, "{") || at_text(r, "^"))
        reader_fail(r, "a sign where a character should stand");
    if (accept(r, ".")) {
        add_range(r, &set, '\n', '\n');
        set.negated = true;
    } else if (read_member(r, &set, &code)) {
        add_range(r, &set, code, code);
    }
    add_set(r, &set);
}

/* ---- quantifiers ------------------------------------------------------------------------------------------------ */

static uint32_t read_number(struct reader *r)
{
    uint32_t value = 0;
    const size_t from = r->at;
    for (; r->at < r->size && r->text[r->at] >= '0' && r->text[r->at] <= '9' && value < 100000; r->at++)
        value = value * 10 + (uint32_t)(r->text[r->at] - '0');
    if (r->at == from)
        reader_fail(r, "a count that is no number");
    return value;
}

static bool read_counts(struct reader *r, uint32_t *min, uint32_t *max)
{
    *min = 0;
    *max = UINT32_MAX;
    if (accept(r, "?"))
        *max = 1;
    else if (accept(r, "+"))
        *min = 1;
    else if (accept(r, "{")) {
        *min = *max = read_number(r);
        if (accept(r, ","))
            *max = at_text(r, "}") ? UINT32_MAX : read_number(r);
        if (!accept(r, "}") || *max < *min)
            reader_fail(r, "counts without an end");
    } else if (!accept(r, "*"))
        return false;
    return true;
}

/* Appends steps [begin, end) once more, their targets moved along. */
static void copy_steps(struct reader *r, uint32_t begin, uint32_t end)
{
    const uint32_t by = r->p->n_steps - begin;
    for (uint32_t i = begin; i < end && !r->failed; i++) {
        struct step step = r->p->steps[i];
        if (step.op == OP_SPLIT || step.op == OP_JUMP || step.op == OP_LOOK)
            step.other += by;
        *add_step(r, step.op) = step;
    }
}

/* Makes room for one step at `at`; targets beyond move along. */
static void insert_step(struct reader *r, uint32_t at, enum operation op)
{
    add_step(r, op);
    if (r->failed)
        return;
    struct step *steps = r->p->steps;
    memmove(&steps[at + 1], &steps[at], (r->p->n_steps - 1 - at) * sizeof *steps);
    steps[at] = (struct step){.op = op, .min = 1, .max = 1};
    for (uint32_t i = at + 1; i < r->p->n_steps; i++)
        steps[i].other += steps[i].op == OP_SPLIT || steps[i].op == OP_JUMP || steps[i].op == OP_LOOK ? 1 : 0;
}

/* Steps [begin, end) are a group of its own: makes it min to max times. */
static void repeat_group(struct reader *r, uint32_t begin, uint32_t min, uint32_t max)
{
    const uint32_t end = r->p->n_steps;
    if (min > 1 || (max != UINT32_MAX && max > 1) || (max == 0 && min == 0)) {
        if (min != max || max > MOST_COPIES || max == 0)
            reader_fail(r, "a count of groups");
        for (uint32_t i = 1; i < min && !r->failed; i++)
            copy_steps(r, begin, end);
        return;
    }
    if (min == 1 && max == 1)
        return;
    if (max == 1) { /* split body */
        insert_step(r, begin, OP_SPLIT);
        if (!r->failed)
            r->p->steps[begin].other = r->p->n_steps;
        return;
    }
    if (min == 0) { /* again: split body jump again */
        insert_step(r, begin, OP_SPLIT);
        add_step(r, OP_JUMP)->other = begin;
        if (!r->failed)
            r->p->steps[begin].other = r->p->n_steps;
        return;
    }
    add_step(r, OP_SPLIT)->other = end + 2; /* body: split jump body */
    add_step(r, OP_JUMP)->other = begin;
}

/* Steps from begin on are one atom: applies the quantifier that may follow. */
static void read_quantifier(struct reader *r, uint32_t begin, bool is_group)
{
    uint32_t min, max;
    if (!read_counts(r, &min, &max) || r->failed)
        return;
    const bool possessive = accept(r, "+");
    if (at_text(r, "?") || at_text(r, "*"))
        reader_fail(r, "a lazy quantifier");
    else if (is_group && possessive)
        reader_fail(r, "a possessive group");
    else if (is_group)
        repeat_group(r, begin, min, max);
    else if (r->p->steps[begin].op == OP_RUN) {
        r->p->steps[begin].min = min;
        r->p->steps[begin].max = max;
        r->p->steps[begin].possessive = possessive;
    } else
        reader_fail(r, "a quantifier after an end");
}

static void read_sequence(struct reader *r)
{
    while (!r->failed && r->at < r->size && !at_text(r, "|") && !at_text(r, ")")) {
        const uint32_t begin = r->p->n_steps;
        const bool is_group = at_text(r, "(");
        read_atom(r);
        if (!r->failed)
            read_quantifier(r, begin, is_group);
    }
}

/* split first jump end, split second jump end ..., last end */
static void read_alternatives(struct reader *r)
{
    uint32_t begin = r->p->n_steps, jumps[64], n = 0;
    read_sequence(r);
    while (!r->failed && accept(r, "|")) {
        if (n == sizeof jumps / sizeof *jumps) {
            reader_fail(r, "too many alternatives");
            return;
        }
        insert_step(r, begin, OP_SPLIT);
        add_step(r, OP_JUMP);
        if (r->failed)
            return;
        jumps[n++] = r->p->n_steps - 1;
        r->p->steps[begin].other = r->p->n_steps;
        begin = r->p->n_steps;
        read_sequence(r);
    }
    for (uint32_t i = 0; i < n && !r->failed; i++)
        r->p->steps[jumps[i]].other = r->p->n_steps;
}

struct pattern *pattern_new(const char *expression, size_t size, struct error *err)
{
    struct pattern *p = calloc(1, sizeof *p);
    if (p == NULL) {
        error_memory(err);
        return NULL;
    }
    struct reader r = {.p = p, .text = expression, .size = size, .err = err};
    read_alternatives(&r);
    if (!r.failed && r.at < size)
        reader_fail(&r, "a bracket too many");
    add_step(&r, OP_MATCH);
    if (!r.failed)
        return p;
    pattern_free(p);
    return NULL;
}

void pattern_free(struct pattern *p)
{
    if (p == NULL)
        return;
    free(p->steps);
    free(p->sets);
    free(p->ranges);
    free(p);
}
