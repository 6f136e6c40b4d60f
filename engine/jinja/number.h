/* Arithmetic as Python's, on integers of 64 bits (a larger result is an error) and floats. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_NUMBER_H
#define PALAVER_ENGINE_JINJA_NUMBER_H

#include "engine/jinja/value.h"

/* The operators of two numbers; op is one of + - * / % and, for // and **, 'f' and 'p'. */
struct jvalue jnumber_operate(struct jheap *h, char op, struct jvalue a, struct jvalue b);
struct jvalue jnumber_negate(struct jheap *h, struct jvalue v);
/* What Python's int(text, base) and float(text) read; false when they refuse. */
bool jnumber_read_int(struct jheap *h, struct jtext *t, int base, int64_t *integer);
bool jnumber_read_float(struct jheap *h, struct jtext *t, double *real);
/* A float's integer part; fails for what does not fit. */
int64_t jnumber_truncate(struct jheap *h, double real);
/* To that many digits after the point, ties to even. */
double jnumber_round(struct jheap *h, double real, int64_t digits);

#endif
