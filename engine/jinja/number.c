/* Integers and floats: arithmetic and reading. */
#include "config.h"

#include "engine/jinja/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/jinja/unicode.h"

static double real_of(struct jvalue v)
{
    return v.kind == J_FLOAT ? v.real : v.kind == J_BOOL ? v.truth : (double)v.integer;
}

static int64_t integer_of(struct jvalue v)
{
    return v.kind == J_BOOL ? v.truth : v.integer;
}

/* ---- integers ---------------------------------------------------------------------------------------------------- */

static int64_t int_power(struct jheap *h, int64_t base, int64_t exponent, bool *overflow)
{
    int64_t result = 1;
    for (; exponent > 0 && !*overflow; exponent >>= 1) {
        if ((exponent & 1) != 0)
            *overflow = __builtin_mul_overflow(result, base, &result);
        if (exponent > 1 && !*overflow)
            *overflow = __builtin_mul_overflow(base, base, &base);
        jheap_work(h, 1);
    }
    return result;
}

/* Floor division and its remainder, which has the divisor's sign. */
static int64_t int_divide(int64_t a, int64_t b, int64_t *rest, bool *overflow)
{
    if (a == INT64_MIN && b == -1) {
        *overflow = true;
        return 0;
    }
    int64_t quotient = a / b;
    *rest = a % b;
    if (*rest != 0 && (*rest < 0) != (b < 0)) {
        *rest += b;
        quotient--;
    }
    return quotient;
}

static struct jvalue int_operate(struct jheap *h, char op, int64_t a, int64_t b)
{
    bool overflow = false;
    int64_t result = 0, rest = 0;
    if (b == 0 && (op == 'f' || op == '%'))
        jheap_fail(h, ERR_FORMAT, "integer division or modulo by zero");
    if (op == '+')
        overflow = __builtin_add_overflow(a, b, &result);
    else if (op == '-')
        overflow = __builtin_sub_overflow(a, b, &result);
    else if (op == '*')
        overflow = __builtin_mul_overflow(a, b, &result);
    else if (op == 'p')
        result = int_power(h, a, b, &overflow);
    else
        result = int_divide(a, b, &rest, &overflow);
    if (overflow)
        jheap_fail(h, ERR_UNSUPPORTED, "an integer needs more than 64 bits");
    return jv_int(op == '%' ? rest : result);
}

/* ---- floats ------------------------------------------------------------------------------------------------------ */

/* Python's float modulo: the divisor's sign, and floor division from the same remainder. */
static double real_divide(double a, double b, double *rest)
{
    *rest = fmod(a, b);
    double quotient = (a - *rest) / b;
    if (*rest != 0) {
        if ((*rest < 0) != (b < 0)) {
            *rest += b;
            quotient -= 1;
        }
    } else {
        *rest = copysign(0, b);
    }
    if (quotient == 0)
        return copysign(0, a / b);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

static struct jvalue real_operate(struct jheap *h, char op, double a, double b)
{
    double rest, whole;
    if (b == 0 && (op == '/' || op == 'f' || op == '%'))
        jheap_fail(h, ERR_FORMAT, "float division by zero");
    switch (op) {
    case '+': return jv_float(a + b);
    case '-': return jv_float(a - b);
    case '*': return jv_float(a * b);
    case '/': return jv_float(a / b);
    case 'p':
        if ((a == 0 && b < 0) || (a < 0 && b != floor(b)) || (isfinite(a) && isfinite(b) && !isfinite(pow(a, b))))
            jheap_fail(h, ERR_FORMAT, "the power of %g and %g is no number", a, b);
        return jv_float(pow(a, b));
    default: whole = real_divide(a, b, &rest); return jv_float(op == '%' ? rest : whole);
    }
}

struct jvalue jnumber_operate(struct jheap *h, char op, struct jvalue a, struct jvalue b)
{
    if (op == '/' && b.kind != J_FLOAT && integer_of(b) == 0)
        jheap_fail(h, ERR_FORMAT, "division by zero");
    if (a.kind == J_FLOAT || b.kind == J_FLOAT || op == '/' || (op == 'p' && integer_of(b) < 0))
        return real_operate(h, op, real_of(a), real_of(b));
    return int_operate(h, op, integer_of(a), integer_of(b));
}

struct jvalue jnumber_negate(struct jheap *h, struct jvalue v)
{
    return v.kind == J_FLOAT ? jv_float(-v.real) : int_operate(h, '-', 0, integer_of(v));
}

int64_t jnumber_truncate(struct jheap *h, double real)
{
    if (isnan(real) || isinf(real) || fabs(real) >= 9223372036854775808.0)
        jheap_fail(h, ERR_FORMAT, "cannot convert float %g to a 64-bit integer", real);
    return (int64_t)real;
}

double jnumber_round(struct jheap *h, double real, int64_t digits)
{
    char out[400];
    if (!isfinite(real) || digits > 60)
        return real;
    if (digits < -60)
        return copysign(0, real);
    if (digits < 0) {
        double unit = pow(10, (double)-digits);
        return nearbyint(real / unit) * unit;
    }
    jheap_work(h, 1);
    snprintf(out, sizeof out, "%.*f", (int)digits, real);
    return strtod(out, NULL);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* The text without white space at its ends, and without underscores between digits; false when it is longer than out or
 * an underscore stands elsewhere. */
static bool strip_number(struct jheap *h, struct jtext *t, char *out, size_t room)
{
    const char *bytes = jtext_bytes(h, t);
    size_t size = t->size, n = 0, used;
    while ((used = juni_space_after(bytes, size)) > 0) {
        bytes += used;
        size -= used;
    }
    while ((used = juni_space_before(bytes, size)) > 0)
        size -= used;
    if (size == 0 || size >= room || memchr(bytes, '\0', size) != NULL)
        return false;
    for (size_t i = 0; i < size; i++) {
        bool between = i > 0 && i + 1 < size && bytes[i - 1] != '_' && strchr("+-.", bytes[i - 1]) == NULL;
        if (bytes[i] == '_' && !between)
            return false;
        if (bytes[i] != '_')
            out[n++] = bytes[i];
    }
    out[n] = '\0';
    return true;
}

/* The base that a prefix like 0x asks for, 0 when there is none; *digits is set after it. */
static int prefix_base(const char **digits)
{
    const char *d = *digits;
    char letter = d[0] == '0' ? (char)(d[1] | 0x20) : '\0';
    int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    if (base != 0)
        *digits += 2;
    return base;
}

bool jnumber_read_int(struct jheap *h, struct jtext *t, int base, int64_t *integer)
{
    char text[128];
    if (base != 0 && (base < 2 || base > 36))
        return false;
    if (!strip_number(h, t, text, sizeof text))
        return false;
    const char *digits = text + (text[0] == '-' || text[0] == '+' ? 1 : 0), *start = digits;
    int prefixed = prefix_base(&digits);
    if (prefixed == 0 || (base != 0 && base != prefixed)) {
        prefixed = 0;
        digits = start;
    }
    base = prefixed != 0 ? prefixed : base == 0 ? 10 : base;
    __int128 sum = 0;
    if (*digits == '\0')
        return false;
    for (; *digits != '\0'; digits++) {
        int digit = *digits >= '0' && *digits <= '9'                     ? *digits - '0'
                    : (*digits | 0x20) >= 'a' && (*digits | 0x20) <= 'z' ? (*digits | 0x20) - 'a' + 10
                                                                         : 99;
        if (digit >= base)
            return false;
        sum = sum * base + digit;
        if (sum > (__int128)INT64_MAX + 1)
            jheap_fail(h, ERR_UNSUPPORTED, "an integer needs more than 64 bits");
    }
    sum = text[0] == '-' ? -sum : sum;
    if (sum > INT64_MAX)
        jheap_fail(h, ERR_UNSUPPORTED, "an integer needs more than 64 bits");
    *integer = (int64_t)sum;
    return true;
}

/* Whether the text has a form that Python's float takes; C's strtod takes more (hexadecimal, nan(...)). */
static bool is_float_form(const char *text)
{
    static const char *const words[] = {"inf", "infinity", "nan"};
    text += *text == '-' || *text == '+' ? 1 : 0;
    for (int i = 0; i < 3; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return strspn(text, "0123456789.eE+-") == strlen(text);
}

bool jnumber_read_float(struct jheap *h, struct jtext *t, double *real)
{
    char text[400], *end;
    if (!strip_number(h, t, text, sizeof text) || !is_float_form(text))
        return false;
    *real = strtod(text, &end);
    return *end == '\0';
}
