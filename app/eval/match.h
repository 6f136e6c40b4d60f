/* Whether what a model wrote is an accepted answer, as lm-evaluation-harness' exact_match sees it. */
#ifndef PALAVER_APP_EVAL_MATCH_H
#define PALAVER_APP_EVAL_MATCH_H

#include <jansson.h>

/* Each compares an answer with an array of texts, any of which is right, and returns 0 or 1. */

/* Without regard to case and ASCII punctuation (TriviaQA). *other stays as it is. */
double match_plain(const char *answer, const json_t *accepted, double *other);
/* The same without English articles (Natural Questions). */
double match_without_articles(const char *answer, const json_t *accepted, double *other);
/* The number behind "#### " (GSM8K); *other: the last number of the answer, wherever it stands. */
double match_number(const char *answer, const json_t *accepted, double *other);

#endif
