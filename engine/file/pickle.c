/* A pickle's stack machine. Each opcode makes at most one value, so that everything is bounded by the pickle's size. */
#include "engine/file/pickle.h"

#include <stdlib.h>
#include <string.h>

#include "engine/file/cursor.h"

enum { MARK = UINT32_MAX };

/* The machine: a stack and a memo of indices of values. */
struct machine {
    struct pickle *p;
    struct cursor c;
    const char *file;
    pickle_allows *allows;
    uint32_t *stack, *memo;
    size_t n_stack, stack_capacity, n_memo, memo_capacity;
    bool failed, done;
    struct error *err;
};

static void machine_fail(struct machine *m, const char *what)
{
    if (!m->failed)
        error_set(m->err, ERR_FORMAT, "%s: %s at byte %llu of its pickle; the file is damaged, fetch it again", m->file,
                  what, (unsigned long long)m->c.at);
    m->failed = true;
}

static void machine_fail_memory(struct machine *m)
{
    if (!m->failed)
        error_memory(m->err);
    m->failed = true;
}

static bool reserve(struct machine *m, void **array, size_t *capacity, size_t wanted, size_t element)
{
    size_t more = *capacity > 0 ? *capacity : 64;
    while (more < wanted)
        more *= 2;
    if (wanted <= *capacity)
        return true;
    void *grown = realloc(*array, more * element);
    if (grown == NULL) {
        machine_fail_memory(m);
        return false;
    }
    *array = grown;
    *capacity = more;
    return true;
}

/* ---- the stack -------------------------------------------------------------------------------------------------- */

static void stack_push(struct machine *m, uint32_t index)
{
    if (!m->failed && reserve(m, (void **)&m->stack, &m->stack_capacity, m->n_stack + 1, sizeof *m->stack))
        m->stack[m->n_stack++] = index;
}

/* The index on top, taken off; that of no value after a failure. */
static uint32_t stack_pop(struct machine *m)
{
    if (m->n_stack == 0 || m->stack[m->n_stack - 1] == MARK)
        machine_fail(m, "a value is missing");
    return m->failed ? 0 : m->stack[--m->n_stack];
}

static struct pickle_value *stack_top(struct machine *m)
{
    if (m->n_stack == 0 || m->stack[m->n_stack - 1] == MARK)
        machine_fail(m, "a value is missing");
    return m->failed ? NULL : &m->p->values[m->stack[m->n_stack - 1]];
}

/* How many values lie above the last mark, which is taken off together with them; *first is the first of them, valid until
 * the next push. */
static size_t stack_pop_mark(struct machine *m, const uint32_t **first)
{
    size_t at = m->n_stack;
    while (at > 0 && m->stack[at - 1] != MARK)
        at--;
    if (at == 0)
        machine_fail(m, "a mark is missing");
    if (m->failed)
        return 0;
    const size_t n = m->n_stack - at;
    *first = m->stack + at;
    m->n_stack = at - 1;
    return n;
}

/* Pushes a new value. */
static struct pickle_value *push_value(struct machine *m, enum pickle_kind kind)
{
    struct pickle *p = m->p;
    if (m->failed || !reserve(m, (void **)&p->values, &p->capacity, p->n + 1, sizeof *p->values))
        return NULL;
    p->values[p->n] = (struct pickle_value){.kind = kind};
    stack_push(m, (uint32_t)p->n);
    return &p->values[p->n++];
}

static void push_integer(struct machine *m, enum pickle_kind kind, int64_t integer)
{
    struct pickle_value *v = push_value(m, kind);
    if (v != NULL)
        v->integer = integer;
}

static void push_text(struct machine *m, enum pickle_kind kind, const void *text, size_t size)
{
    struct pickle_value *v = m->c.failed ? NULL : push_value(m, kind);
    if (v != NULL) {
        v->text = text;
        v->size = size;
    }
}

static void append_items(struct machine *m, uint32_t to, const uint32_t *items, size_t n)
{
    struct pickle_value *v = &m->p->values[to];
    if (m->failed || n == 0 || !reserve(m, (void **)&v->items, &v->capacity, v->n + n, sizeof *v->items))
        return;
    memcpy(v->items + v->n, items, n * sizeof *items);
    v->n += n;
}

/* Replaces what lies above the mark by one value that holds it. */
static void collect_from_mark(struct machine *m, enum pickle_kind kind)
{
    const uint32_t *first = NULL;
    const size_t n = stack_pop_mark(m, &first);
    uint32_t *items = m->failed ? NULL : malloc((n + 1) * sizeof *items);
    if (items == NULL) {
        machine_fail_memory(m);
        return;
    }
    memcpy(items, first, n * sizeof *items);
    if (push_value(m, kind) != NULL)
        append_items(m, (uint32_t)m->p->n - 1, items, n);
    free(items);
}

/* Replaces the topmost n values by one that holds them. */
static void collect(struct machine *m, enum pickle_kind kind, size_t n)
{
    uint32_t items[3];
    for (size_t i = n; i > 0; i--)
        items[i - 1] = stack_pop(m);
    if (push_value(m, kind) != NULL)
        append_items(m, (uint32_t)m->p->n - 1, items, n);
}

/* Puts what lies above the mark into the list or dict below it. */
static void extend(struct machine *m, enum pickle_kind kind)
{
    const uint32_t *first = NULL;
    const size_t n = stack_pop_mark(m, &first);
    const struct pickle_value *to = stack_top(m);
    if (to == NULL)
        return;
    if (to->kind != kind || (kind == PICKLE_DICT && n % 2 != 0))
        machine_fail(m, "items for what holds none");
    append_items(m, m->stack[m->n_stack - 1], first, n);
}

/* ---- opcodes ---------------------------------------------------------------------------------------------------- */

static void memo_put(struct machine *m, uint32_t at)
{
    if (stack_top(m) == NULL)
        return;
    if (at >= m->c.size) /* each entry needs an opcode of its own */
        machine_fail(m, "an impossible memo");
    if (m->failed || !reserve(m, (void **)&m->memo, &m->memo_capacity, (size_t)at + 1, sizeof *m->memo))
        return;
    for (; m->n_memo <= at; m->n_memo++)
        m->memo[m->n_memo] = MARK;
    m->memo[at] = m->stack[m->n_stack - 1];
}

static void memo_get(struct machine *m, uint32_t at)
{
    if (at >= m->n_memo || m->memo[at] == MARK)
        machine_fail(m, "an unknown memo");
    else
        stack_push(m, m->memo[at]);
}

/* A line of the pickle without its end; its length, SIZE_MAX when there is none. */
static size_t take_line(struct machine *m)
{
    const char *from = (const char *)m->c.bytes + m->c.at, *end = memchr(from, '\n', (size_t)cursor_left(&m->c));
    if (end == NULL) {
        machine_fail(m, "a name without an end");
        return SIZE_MAX;
    }
    cursor_take(&m->c, (uint64_t)(end - from) + 1);
    return (size_t)(end - from);
}

static void push_name(struct machine *m)
{
    const char *text = (const char *)m->c.bytes + m->c.at;
    const size_t module = take_line(m), name = m->failed ? 0 : take_line(m);
    if (m->failed)
        return;
    const size_t size = module + 1 + name;
    if (!m->allows(text, size)) {
        error_set(m->err, ERR_UNSUPPORTED,
                  "%s: its pickle wants to call %.*s.%.*s, which no model needs; nothing was run, but "
                  "the file is not to be trusted",
                  m->file, module < 80 ? (int)module : 80, text, name < 80 ? (int)name : 80, text + module + 1);
        m->failed = true;
        return;
    }
    push_text(m, PICKLE_NAME, text, size);
}

/* Calls make values; OrderedDict() is a dict like any other. */
static void push_call(struct machine *m)
{
    const uint32_t arguments = stack_pop(m), callable = stack_pop(m);
    if (m->failed)
        return;
    if (m->p->values[callable].kind != PICKLE_NAME || m->p->values[arguments].kind != PICKLE_TUPLE) {
        machine_fail(m, "a call of what is no callable");
        return;
    }
    if (pickle_is(&m->p->values[callable], "collections\nOrderedDict") && m->p->values[arguments].n == 0) {
        push_value(m, PICKLE_DICT);
        return;
    }
    const uint32_t items[] = {callable, arguments};
    if (push_value(m, PICKLE_CALL) != NULL)
        append_items(m, (uint32_t)m->p->n - 1, items, 2);
}

static void push_long(struct machine *m, size_t n)
{
    const unsigned char *bytes = cursor_take(&m->c, n);
    uint64_t value = 0;
    if (bytes == NULL)
        return;
    if (n > 8) {
        push_text(m, PICKLE_LONG, bytes, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    if (n > 0 && n < 8 && (bytes[n - 1] & 0x80) != 0)
        value |= UINT64_MAX << (8 * n);
    push_integer(m, PICKLE_INTEGER, (int64_t)value);
}

static void push_real(struct machine *m)
{
    const unsigned char *bytes = cursor_take(&m->c, 8); /* the only big-endian number of the format */
    struct pickle_value *v = bytes != NULL ? push_value(m, PICKLE_REAL) : NULL;
    uint64_t bits = 0;
    for (int i = 0; v != NULL && i < 8; i++)
        bits = bits << 8 | bytes[i];
    if (v != NULL)
        memcpy(&v->real, &bits, sizeof bits);
}

static void set_item(struct machine *m)
{
    const uint32_t value = stack_pop(m), key = stack_pop(m);
    const struct pickle_value *to = stack_top(m);
    const uint32_t items[] = {key, value};
    if (to != NULL && to->kind != PICKLE_DICT)
        machine_fail(m, "items for what holds none");
    if (!m->failed)
        append_items(m, m->stack[m->n_stack - 1], items, 2);
}

static void append_item(struct machine *m)
{
    const uint32_t value = stack_pop(m);
    const struct pickle_value *to = stack_top(m);
    if (to != NULL && to->kind != PICKLE_LIST)
        machine_fail(m, "items for what holds none");
    if (!m->failed)
        append_items(m, m->stack[m->n_stack - 1], &value, 1);
}

static void push_sized_text(struct machine *m, size_t size)
{
    const void *text = cursor_take(&m->c, size);
    push_text(m, PICKLE_TEXT, text, size);
}

static void step(struct machine *m)
{
    const uint8_t opcode = cursor_u8(&m->c);
    switch (opcode) {
    case 0x80: cursor_u8(&m->c); break; /* PROTO */
    case '(': stack_push(m, MARK); break;
    case '.': m->done = true; break; /* STOP */
    case '0': stack_pop(m); break;   /* POP */
    case '}': push_value(m, PICKLE_DICT); break;
    case ']': push_value(m, PICKLE_LIST); break;
    case ')': push_value(m, PICKLE_TUPLE); break;
    case 't': collect_from_mark(m, PICKLE_TUPLE); break;
    case 'l': collect_from_mark(m, PICKLE_LIST); break;
    case 'd': collect_from_mark(m, PICKLE_DICT); break;
    case 0x85: collect(m, PICKLE_TUPLE, 1); break;
    case 0x86: collect(m, PICKLE_TUPLE, 2); break;
    case 0x87: collect(m, PICKLE_TUPLE, 3); break;
    case 'N': push_value(m, PICKLE_NONE); break;
    case 0x88: push_integer(m, PICKLE_BOOL, 1); break;
    case 0x89: push_integer(m, PICKLE_BOOL, 0); break;
    case 'J': push_integer(m, PICKLE_INTEGER, (int32_t)cursor_u32(&m->c)); break;
    case 'K': push_integer(m, PICKLE_INTEGER, cursor_u8(&m->c)); break;
    case 'M': push_integer(m, PICKLE_INTEGER, cursor_u16(&m->c)); break;
    case 0x8a: push_long(m, cursor_u8(&m->c)); break; /* LONG1 */
    case 'G': push_real(m); break;
    case 'X': push_sized_text(m, cursor_u32(&m->c)); break; /* BINUNICODE */
    case 'T': push_sized_text(m, cursor_u32(&m->c)); break; /* BINSTRING */
    case 'U': push_sized_text(m, cursor_u8(&m->c)); break;  /* SHORT_BINSTRING */
    case 'c': push_name(m); break;                          /* GLOBAL */
    case 'R':
    case 0x81: push_call(m); break;                    /* REDUCE, NEWOBJ */
    case 'Q': collect(m, PICKLE_PERSISTENT, 1); break; /* BINPERSID */
    case 'b':
        stack_pop(m);
        stack_top(m);
        break; /* BUILD: a state that holds no weights */
    case 's': set_item(m); break;
    case 'u': extend(m, PICKLE_DICT); break;
    case 'a': append_item(m); break;
    case 'e': extend(m, PICKLE_LIST); break;
    case 'q': memo_put(m, cursor_u8(&m->c)); break;
    case 'r': memo_put(m, cursor_u32(&m->c)); break;
    case 'h': memo_get(m, cursor_u8(&m->c)); break;
    case 'j': memo_get(m, cursor_u32(&m->c)); break;
    default:
        if (m->c.failed)
            break;
        error_set(m->err, ERR_UNSUPPORTED,
                  "%s: opcode 0x%02x in its pickle is none that torch writes; fetch the file "
                  "again, or save it by torch.save",
                  m->file, opcode);
        m->failed = true;
    }
    if (m->c.failed)
        machine_fail(m, "the end comes too early");
}

enum error_code pickle_read(struct pickle *p, const char *file, const unsigned char *bytes, uint64_t size,
                            pickle_allows *allows, uint64_t *used, struct error *err)
{
    struct error own = {0};
    struct machine m = {.p = p, .file = file, .allows = allows, .err = &own};
    *p = (struct pickle){0};
    cursor_init(&m.c, bytes, size < UINT32_MAX ? size : UINT32_MAX);
    while (!m.done && !m.failed)
        step(&m);
    p->root = stack_pop(&m);
    *used = m.c.at;
    free(m.stack);
    free(m.memo);
    if (!m.failed)
        return ERR_NONE;
    pickle_free(p);
    return error_set(err, own.code, "%s", own.message);
}

void pickle_free(struct pickle *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->values[i].items);
    free(p->values);
    *p = (struct pickle){0};
}

bool pickle_is(const struct pickle_value *v, const char *text)
{
    return v != NULL && (v->kind == PICKLE_TEXT || v->kind == PICKLE_NAME) && strlen(text) == v->size &&
           memcmp(text, v->text, v->size) == 0;
}

const struct pickle_value *pickle_item(const struct pickle *p, const struct pickle_value *v, size_t i)
{
    return v != NULL && i < v->n ? &p->values[v->items[i]] : NULL;
}
