/* Answer: header by header; names in any case, values trimmed. */
#include <config.h>

#include "remote/answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "remote/url.h"

#define HEADER_MOST 16384 /* bytes of a header's value; signed addresses are long */

/* The value of a header line if it has this name: trimmed, in out[0..size), "" if it is longer. */
static bool header_is(const char *line, size_t n, const char *name, char *out, size_t size)
{
    const size_t length = strlen(name);
    if (n <= length || line[length] != ':' || strncasecmp(line, name, length) != 0)
        return false;
    const char *from = line + length + 1, *end = line + n;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    out[0] = '\0';
    if ((size_t)(end - from) < size) {
        memcpy(out, from, (size_t)(end - from));
        out[end - from] = '\0';
    }
    return true;
}

/* Digits alone; -1 for anything else. */
static int64_t number_of(const char *text, size_t n)
{
    int64_t number = 0;
    if (n == 0 || n > 18)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = 10 * number + text[i] - '0';
    }
    return number;
}

/* "bytes 100-199/200" or "bytes * /200" (without the space); unknown parts stay -1. */
static void read_content_range(struct answer *a, const char *text)
{
    if (strncasecmp(text, "bytes ", 6) != 0)
        return;
    text += 6;
    a->from = number_of(text, strcspn(text, "-/"));
    const char *slash = strchr(text, '/');
    if (slash != NULL)
        a->total = number_of(slash + 1, strlen(slash + 1));
}

/* <https://...>; rel="next" */
static void read_link(struct answer *a, const char *text, const char *url)
{
    const char *open = strchr(text, '<'), *close = open != NULL ? strchr(open, '>') : NULL;
    if (close == NULL || strstr(close, "rel=\"next\"") == NULL)
        return;
    char *reference = strndup(open + 1, (size_t)(close - open - 1));
    free(a->next);
    a->next = reference != NULL ? url_resolve(url, reference) : NULL;
    free(reference);
}

static void read_retry_after(struct answer *a, const char *text)
{
    a->retry_after = number_of(text, strlen(text));
    a->retry_date = a->retry_after < 0;
}

void answer_reset(struct answer *a)
{
    free(a->location);
    free(a->next);
    *a = (struct answer){.length = -1, .from = -1, .total = -1, .retry_after = -1};
}

static void read_validator(struct answer *a, const char *value, bool strong)
{
    if (value[0] == '\0' || (strong && strncmp(value, "W/", 2) == 0) || (!strong && a->strong))
        return;
    if (strlen(value) >= sizeof a->validator)
        return;
    strcpy(a->validator, value);
    a->strong = strong;
}

static void read_location(struct answer *a, const char *text, const char *url)
{
    free(a->location);
    a->location = url_resolve(url, text);
}

void answer_take(struct answer *a, const char *line, size_t n, const char *url)
{
    char value[HEADER_MOST];
    if (n >= 5 && strncmp(line, "HTTP/", 5) == 0)
        answer_reset(a);
    if (header_is(line, n, "Content-Length", value, sizeof value))
        a->length = number_of(value, strlen(value));
    else if (header_is(line, n, "Content-Range", value, sizeof value))
        read_content_range(a, value);
    else if (header_is(line, n, "Retry-After", value, sizeof value))
        read_retry_after(a, value);
    else if (header_is(line, n, "ETag", value, sizeof a->validator))
        read_validator(a, value, true);
    else if (header_is(line, n, "Last-Modified", value, sizeof a->validator))
        read_validator(a, value, false);
    else if (header_is(line, n, "Location", value, sizeof value))
        read_location(a, value, url);
    else if (header_is(line, n, "Link", value, sizeof value))
        read_link(a, value, url);
}
