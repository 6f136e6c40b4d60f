/* "%5.2f" % x and "{:>5}".format(x). Both read a field into the same struct and share what writes it. */
#include "config.h"

#include "engine/jinja/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/jinja/number.h"
#include "engine/jinja/operate.h"

enum { MOST_DIGITS = 100 };

/* How one value is to be written. */
struct field {
    struct jtext *fill; /* one character */
    char align;         /* < > ^ or =; '\0': as the type has it */
    char sign;          /* + or a space; '\0': for negative numbers only */
    bool alternate, comma;
    int64_t width, precision; /* precision -1: none */
    char type;                /* '\0': none */
};

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* The text at its place in the field; sign bytes at its beginning stay before the fill when the field says '='. */
static void put_padded(struct jbuild *b, const struct field *f, struct jtext *t, char align, size_t sign)
{
    size_t chars = jtext_chars(b->heap, t), width = f->width > 0 ? (size_t)f->width : 0;
    size_t pad = width > chars ? width - chars : 0, before = align == '<' ? 0 : align == '^' ? pad / 2 : pad;
    struct jtext *fill = f->fill != NULL ? f->fill : jtext_string(b->heap, " ");
    if (align == '=')
        jbuild_part(b, t, 0, sign);
    jbuild_text(b, joperate_repeat(b->heap, fill, (int64_t)before));
    jbuild_part(b, t, align == '=' ? sign : 0, t->size);
    jbuild_text(b, joperate_repeat(b->heap, fill, (int64_t)(pad - before)));
}

static void put_text(struct jbuild *b, const struct field *f, struct jtext *t)
{
    size_t end = f->precision >= 0 ? jtext_offset(b->heap, t, (size_t)f->precision) : t->size;
    put_padded(b, f, jtext_part(b->heap, t, 0, end), f->align != '\0' ? f->align : '<', 0);
}

/* The digits of a number's whole part in groups of three. */
static void group_digits(char *out, size_t room, const char *digits)
{
    size_t whole = strspn(digits, "0123456789"), n = 0;
    for (size_t i = 0; digits[i] != '\0' && n + 2 < room; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = digits[i];
    }
    out[n] = '\0';
}

/* A number whose digits are given without a sign. */
static void put_number(struct jbuild *b, const struct field *f, bool negative, const char *prefix, const char *digits)
{
    char grouped[600], text[700];
    const char *sign = negative ? "-" : f->sign == '+' ? "+" : f->sign == ' ' ? " " : "";
    if (f->comma)
        group_digits(grouped, sizeof grouped, digits);
    snprintf(text, sizeof text, "%s%s%s", sign, prefix, f->comma ? grouped : digits);
    struct jtext *t = jtext_copy(b->heap, text, strlen(text), 0);
    put_padded(b, f, t, f->align != '\0' ? f->align : '>', strlen(sign) + strlen(prefix));
}

static void put_integer(struct jbuild *b, const struct field *f, int64_t v)
{
    char digits[80];
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    unsigned base = f->type == 'x' || f->type == 'X' ? 16 : f->type == 'o' ? 8 : f->type == 'b' ? 2 : 10;
    size_t at = sizeof digits;
    digits[--at] = '\0';
    do {
        digits[--at] = (f->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[rest % base];
        rest /= base;
    } while (rest > 0);
    const char *prefix = !f->alternate || base == 10 ? ""
                         : f->type == 'x'            ? "0x"
                         : f->type == 'X'            ? "0X"
                         : base == 8                 ? "0o"
                                                     : "0b";
    put_number(b, f, v < 0, prefix, digits + at);
}

static void print_digits(char *out, size_t room, char type, int precision, double v)
{
    switch (type) {
    case 'e': snprintf(out, room, "%.*e", precision, v); break;
    case 'E': snprintf(out, room, "%.*E", precision, v); break;
    case 'G': snprintf(out, room, "%.*G", precision, v); break;
    case 'f':
    case 'F':
    case '%': snprintf(out, room, "%.*f", precision, v); break;
    default: snprintf(out, room, "%.*g", precision, v); break;
    }
}

static void put_float(struct jbuild *b, const struct field *f, double v)
{
    char digits[500];
    bool percent = f->type == '%';
    int precision = f->precision >= 0 ? (int)f->precision : 6;
    double size = fabs(percent ? v * 100 : v);
    jheap_work(b->heap, 100);
    if (f->type == '\0' && f->precision < 0)
        jv_print_float(size, digits);
    else
        print_digits(digits, sizeof digits - 1, f->type, precision, size);
    if (percent)
        strcat(digits, "%");
    put_number(b, f, signbit(v) != 0 && !isnan(v), "", digits);
}

/* A value by a type for numbers. */
static void put_typed(struct jbuild *b, const struct field *f, struct jvalue v)
{
    struct jheap *h = b->heap;
    jv_need_defined(h, v);
    if (!jv_is_number(v))
        jheap_fail(h, ERR_FORMAT, "the format %%%c takes a number, not '%s'", f->type, jv_type(v));
    if (f->type != '\0' && strchr("dxXob", f->type) != NULL)
        put_integer(b, f, v.kind == J_FLOAT ? jnumber_truncate(h, v.real) : jv_integer(h, v, "a format"));
    else
        put_float(b, f, v.kind == J_FLOAT ? v.real : (double)jv_integer(h, v, "a format"));
}

static void put_code(struct jbuild *b, const struct field *f, int64_t code)
{
    struct jbuild one;
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        jheap_fail(b->heap, ERR_FORMAT, "%%c takes the number of a character");
    jbuild_open(&one, b->heap);
    jbuild_code(&one, (uint32_t)code, 0);
    put_text(b, f, jbuild_close(&one));
}

/* ---- percent ----------------------------------------------------------------------------------------------------- */

/* Where a format is being read. */
struct reading {
    struct jheap *heap;
    struct jtext *format;
    const char *bytes;
    size_t at;
    struct jvalue values;
    size_t next;   /* the value that is used next */
    bool numbered; /* braces: fields are numbered by hand */
};

static int64_t read_digits(struct reading *x)
{
    int64_t n = 0;
    for (; x->at < x->format->size && x->bytes[x->at] >= '0' && x->bytes[x->at] <= '9'; x->at++) {
        n = n * 10 + (x->bytes[x->at] - '0');
        if (n > (int64_t)x->heap->limit)
            jheap_fail(x->heap, ERR_MEMORY, "a format asks for a width of more than %zu MB", x->heap->limit >> 20);
    }
    return n;
}

static char peek(const struct reading *x)
{
    return x->at < x->format->size ? x->bytes[x->at] : '\0';
}

static struct jvalue next_value(struct reading *x)
{
    bool is_tuple = x->values.kind == J_TUPLE;
    if (x->next >= (is_tuple ? x->values.list->n : 1))
        jheap_fail(x->heap, ERR_FORMAT, "not enough arguments for format string");
    x->next++;
    return is_tuple ? x->values.list->at[x->next - 1] : x->values;
}

/* %(name): the value of that name. */
static struct jvalue named_value(struct reading *x)
{
    size_t start = ++x->at;
    while (x->at < x->format->size && x->bytes[x->at] != ')')
        x->at++;
    if (x->values.kind != J_DICT || x->at == x->format->size)
        jheap_fail(x->heap, ERR_FORMAT, "format requires a mapping");
    struct jvalue key = jv_text(jtext_part(x->heap, x->format, start, x->at++));
    struct jvalue v = jdict_get(x->heap, x->values.dict, key);
    if (v.kind == J_ABSENT)
        jheap_fail(x->heap, ERR_FORMAT, "the format names %s, which the values lack", jv_shown(x->heap, key));
    return v;
}

static int64_t read_size(struct reading *x)
{
    if (peek(x) != '*')
        return read_digits(x);
    x->at++;
    int64_t n = jv_integer(x->heap, next_value(x), "*");
    if (n > (int64_t)x->heap->limit)
        jheap_fail(x->heap, ERR_MEMORY, "a format asks for a width of more than %zu MB", x->heap->limit >> 20);
    return n;
}

static void read_flags(struct reading *x, struct field *f)
{
    for (; peek(x) != '\0' && strchr("-+ 0#", peek(x)) != NULL; x->at++)
        switch (peek(x)) {
        case '-': f->align = '<'; break;
        case '0':
            if (f->align == '\0')
                f->align = '=';
            break;
        case '#': f->alternate = true; break;
        default: f->sign = f->sign == '+' ? '+' : peek(x); break;
        }
    if (f->align == '=')
        f->fill = jtext_string(x->heap, "0");
    f->width = read_size(x);
    if (f->width < 0) {
        f->align = '<';
        f->width = -f->width;
    }
    if (peek(x) == '.') {
        x->at++;
        f->precision = read_size(x);
    }
}

/* Text by %s, %r and %a: zeros do not pad it. */
static void put_percent_text(struct jbuild *b, struct field *f, struct jtext *t)
{
    if (f->align == '=')
        f->fill = NULL;
    f->align = f->align == '<' ? '<' : '>';
    put_text(b, f, t);
}

static void put_percent(struct jbuild *b, struct reading *x, struct field *f, struct jvalue v)
{
    if (f->precision > MOST_DIGITS && f->type != 's')
        jheap_fail(b->heap, ERR_UNSUPPORTED, "a format asks for more than %d digits", MOST_DIGITS);
    if (f->type == 'i' || f->type == 'u')
        f->type = 'd';
    if (f->type == 's')
        put_percent_text(b, f, x->format->markup ? jv_escape(b->heap, v) : jv_str(b->heap, v));
    else if (f->type == 'r' || f->type == 'a')
        put_percent_text(b, f, jv_repr(b->heap, v));
    else if (f->type == 'c' && v.kind == J_STRING && jtext_chars(b->heap, v.text) == 1)
        put_percent_text(b, f, v.text);
    else if (f->type == 'c')
        put_code(b, f, jv_integer(b->heap, v, "%c"));
    else if (f->type != '\0' && strchr("dxXofFeEgG", f->type) != NULL)
        put_typed(b, f, v);
    else
        jheap_fail(b->heap, ERR_FORMAT, "unsupported format character '%c'", f->type != '\0' ? f->type : ' ');
}

struct jtext *jformat_percent(struct jheap *h, struct jtext *format, struct jvalue values)
{
    struct reading x = {.heap = h, .format = format, .bytes = jtext_bytes(h, format), .values = values};
    struct jbuild b;
    jbuild_open(&b, h);
    while (x.at < format->size) {
        const char *sign = memchr(x.bytes + x.at, '%', format->size - x.at);
        size_t plain = sign != NULL ? (size_t)(sign - x.bytes) : format->size;
        jbuild_part(&b, format, x.at, plain);
        if ((x.at = plain + 1) > format->size)
            break;
        struct field f = {.precision = -1};
        bool named = peek(&x) == '(';
        struct jvalue v = named ? named_value(&x) : jv_none();
        read_flags(&x, &f);
        f.type = peek(&x);
        x.at++;
        if (f.type == '%')
            jbuild_part(&b, format, x.at - 1, x.at);
        else
            put_percent(&b, &x, &f, named ? v : next_value(&x));
    }
    bool counted = values.kind != J_DICT && values.kind != J_LIST && values.kind != J_RANGE &&
                   values.kind != J_UNDEFINED;
    if (counted && x.next < (values.kind == J_TUPLE ? values.list->n : 1)) /* what has keys or places may stay unused */
        jheap_fail(h, ERR_FORMAT, "not all arguments converted during string formatting");
    return jtext_mark(h, jbuild_close(&b), format->markup);
}

/* ---- braces ------------------------------------------------------------------------------------------------------ */

/* The value that a field's name begins with: a number, a name, or nothing for the next one. */
static struct jvalue first_value(struct reading *x, const struct jargs *args, size_t end)
{
    size_t start = x->at;
    while (x->at < end && x->bytes[x->at] != '.' && x->bytes[x->at] != '[')
        x->at++;
    struct jtext *name = jtext_part(x->heap, x->format, start, x->at);
    int64_t place = 0;
    if (name->size == 0)
        place = (int64_t)x->next++;
    else if (!jnumber_read_int(x->heap, name, 10, &place)) {
        for (size_t i = 0; i < args->n_named; i++)
            if (jtext_is(x->heap, name, args->named[i].name))
                return args->named[i].value;
        jheap_fail(x->heap, ERR_FORMAT, "format() was not given %s", jv_shown(x->heap, jv_text(name)));
    }
    if (place < 0 || (size_t)place >= args->n)
        jheap_fail(x->heap, ERR_FORMAT, "replacement index %" PRId64 " out of range for positional args tuple", place);
    return args->at[place];
}

/* What stands in a field's name: first.attribute[item]... */
static struct jvalue field_value(struct jrun *r, struct reading *x, const struct jargs *args, size_t end)
{
    struct jvalue v = first_value(x, args, end);
    while (x->at < end) {
        bool bracket = x->bytes[x->at] == '[';
        size_t start = ++x->at;
        while (x->at < end && (bracket ? x->bytes[x->at] != ']' : x->bytes[x->at] != '.' && x->bytes[x->at] != '['))
            x->at++;
        struct jtext *name = jtext_part(x->heap, x->format, start, x->at);
        int64_t i;
        if (bracket && x->at == end)
            jheap_fail(x->heap, ERR_FORMAT, "Missing ']' in format string");
        if (!bracket)
            v = r->attribute(r, v, jheap_copy(x->heap, jtext_bytes(x->heap, name), name->size));
        else
            v = r->item(r, v, jnumber_read_int(x->heap, name, 10, &i) ? jv_int(i) : jv_text(name));
        x->at += bracket ? 1 : 0;
    }
    return v;
}

/* What stands after the colon: [[fill]align][sign][#][0][width][,][.precision][type] */
static void read_spec(struct reading *x, struct field *f, size_t end)
{
    size_t used = 0;
    if (x->at < end)
        jtext_code(x->heap, x->format, x->at, &used);
    if (x->at + used < end && strchr("<>^=", x->bytes[x->at + used]) != NULL) {
        f->fill = jtext_part(x->heap, x->format, x->at, x->at + used);
        x->at += used;
    }
    if (x->at < end && strchr("<>^=", x->bytes[x->at]) != NULL)
        f->align = x->bytes[x->at++];
    if (x->at < end && strchr("+- ", x->bytes[x->at]) != NULL)
        f->sign = x->bytes[x->at++];
    if (peek(x) == '#') {
        f->alternate = true;
        x->at++;
    }
    if (peek(x) == '0' && f->align == '\0') {
        f->fill = jtext_string(x->heap, "0");
        f->align = '=';
    }
    f->width = read_digits(x);
    if (peek(x) == ',') {
        f->comma = true;
        x->at++;
    }
    if (peek(x) == '.') {
        x->at++;
        f->precision = read_digits(x);
    }
    if (x->at < end)
        f->type = x->bytes[x->at++];
    if (x->at != end)
        jheap_fail(x->heap, ERR_FORMAT, "Invalid format specifier");
}

static void put_field(struct jbuild *b, struct field *f, struct jvalue v)
{
    bool is_text = v.kind == J_STRING || (!jv_is_number(v) && f->type == '\0');
    if (f->precision > MOST_DIGITS && !is_text)
        jheap_fail(b->heap, ERR_UNSUPPORTED, "a format asks for more than %d digits", MOST_DIGITS);
    if (v.kind == J_BOOL && f->type == '\0')
        is_text = true;
    if (is_text && (f->type == '\0' || f->type == 's')) {
        f->align = f->align == '=' ? '<' : f->align;
        put_text(b, f, jv_str(b->heap, v));
    } else if (f->type == 'c') {
        put_code(b, f, jv_integer(b->heap, v, "the format c"));
    } else {
        if (f->type == '\0' && v.kind == J_INT)
            f->type = 'd';
        if (f->type != '\0' && (strchr("dxXobfFeEgG%", f->type) == NULL || (f->type == 'd' && v.kind == J_FLOAT)))
            jheap_fail(b->heap, ERR_FORMAT, "Unknown format code '%c' for object of type '%s'", f->type, jv_type(v));
        put_typed(b, f, v);
    }
}

/* The field between braces, bytes x->at..end. */
static void put_braces(struct jrun *r, struct jbuild *b, struct reading *x, const struct jargs *args, size_t end)
{
    size_t name = x->at;
    struct field f = {.precision = -1};
    while (name < end && x->bytes[name] != ':' && x->bytes[name] != '!')
        name += x->bytes[name] == '[' ? strcspn(x->bytes + name, "]") + 1 : 1;
    if (name > end)
        jheap_fail(x->heap, ERR_FORMAT, "Missing ']' in format string");
    struct jvalue v = field_value(r, x, args, name);
    if (x->at < end && x->bytes[x->at] == '!') {
        char how = x->at + 1 < end ? x->bytes[x->at + 1] : '\0';
        if (how != 's' && how != 'r' && how != 'a')
            jheap_fail(x->heap, ERR_FORMAT, "Unknown conversion specifier '%c'", how != '\0' ? how : ' ');
        v = jv_text(how == 's' ? jv_str(x->heap, v) : jv_repr(x->heap, v));
        x->at += 2;
    }
    if (x->at < end && x->bytes[x->at] == ':') {
        x->at++;
        if (memchr(x->bytes + x->at, '{', end - x->at) != NULL)
            jheap_fail(x->heap, ERR_UNSUPPORTED, "fields inside of a field are not followed");
        read_spec(x, &f, end);
    }
    if (x->format->markup)
        v = jv_text(jv_escape(x->heap, v));
    put_field(b, &f, v);
}

struct jvalue jformat_braces(struct jrun *r, struct jvalue format, const struct jargs *args)
{
    struct jheap *h = &r->heap;
    struct jtext *t = format.text;
    struct reading x = {.heap = h, .format = t};
    struct jbuild b;
    x.bytes = jheap_copy(h, jtext_bytes(h, t), t->size); /* ended by a NUL */
    jbuild_open(&b, h);
    while (x.at < t->size) {
        size_t plain = x.at + strcspn(x.bytes + x.at, "{}");
        bool doubled = plain < t->size && x.bytes[plain + 1] == x.bytes[plain] && x.bytes[plain] != '\0';
        jbuild_part(&b, t, x.at, plain + (doubled ? 1 : 0));
        x.at = plain + (doubled ? 2 : 1);
        if (doubled || plain >= t->size)
            continue;
        if (x.bytes[plain] == '\0') { /* a NUL in the text */
            jbuild_part(&b, t, plain, plain + 1);
            continue;
        }
        int depth = 1;
        size_t end = x.at;
        for (; x.bytes[plain] == '{' && end < t->size; end++) {
            depth += x.bytes[end] == '{' ? 1 : x.bytes[end] == '}' ? -1 : 0;
            if (depth == 0)
                break;
        }
        if (x.bytes[plain] == '}' || end == t->size)
            jheap_fail(h, ERR_FORMAT, "Single '%c' encountered in format string", x.bytes[plain]);
        put_braces(r, &b, &x, args, end);
        x.at = end + 1;
    }
    return jv_text(jtext_mark(h, jbuild_close(&b), t->markup));
}
