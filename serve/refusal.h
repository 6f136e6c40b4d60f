/* What is wrong with a request. Internal to the server. */
#ifndef PALAVER_SERVE_REFUSAL_H
#define PALAVER_SERVE_REFUSAL_H

#include <stdbool.h>

#include "base/error.h"

/* As OpenAI's servers tell it. */
struct refusal {
    struct error error;
    char param[64];   /* the field; "" none */
    const char *code; /* a word for programs; NULL none */
};

/* Fills *why unless it is filled; returns false. */
bool refuse(struct refusal *why, const char *param, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
