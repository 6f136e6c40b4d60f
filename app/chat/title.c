/* Title: the request and the check. */
#include <config.h>

#include "app/chat/title.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "app/text/thought.h"
#include "base/buf.h"
#include "base/utf8.h"

enum { SHOWN = 400, WORDS = 8, CHARACTERS = 60 }; /* SHOWN: bytes of each message, about a hundred tokens */

static const char task[] = "Write a title of at most six words for the conversation below. "
                           "Answer with the title alone.";

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static void append_beginning(struct buf *out, const char *text)
{
    size_t size = strlen(text), most = size < SHOWN ? size : SHOWN;
    buf_append(out, text, most - utf8_pending(text, most));
    if (most < size)
        buf_puts(out, " ...");
}

void title_write_task(struct buf *out, const char *question, const char *answer)
{
    buf_printf(out, "%s\n\nQuestion: ", task);
    append_beginning(out, question);
    buf_puts(out, "\n\nAnswer: ");
    append_beginning(out, thought_skip(answer));
    buf_puts(out, "\n\nTitle:");
}

/* ---- judging ---------------------------------------------------------------------------------------------------- */

/* Characters around a title that do not belong to it. */
static bool is_mark(uint32_t code)
{
    return code < 0x80 ? strchr(" \t\"'`*_#.:;,-", (int)code) != NULL && code != 0
                       : code == 0xAB || code == 0xBB || (code >= 0x2018 && code <= 0x201F);
}

static size_t marks_before(const char *text, size_t size)
{
    size_t at = 0, used;
    while (at < size && is_mark(utf8_decode(text + at, size - at, &used)))
        at += used;
    return at;
}

/* The size without the marks at the end. */
static size_t without_marks(const char *text, size_t size)
{
    size_t end = 0, used;
    for (size_t at = 0; at < size; at += used)
        if (!is_mark(utf8_decode(text + at, size - at, &used)))
            end = at + used;
    return end;
}

/* The first line that is not empty. */
static const char *first_line(const char *said, size_t *size)
{
    said += strspn(said, " \t\r\n");
    *size = strcspn(said, "\r\n");
    return said;
}

static bool begins_with(const char *text, const char *beginning)
{
    return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

static void strip_marks(const char **text, size_t *size)
{
    size_t before = marks_before(*text, *size);
    *text += before;
    *size -= before;
    if (*size > 6 && begins_with(*text, "title:")) {
        *text += 6;
        *size -= 6;
        before = marks_before(*text, *size);
        *text += before;
        *size -= before;
    }
    *size = without_marks(*text, *size);
}

/* Whether it can be shown, has letters, and is not too long. */
static bool is_short_line(const char *text, size_t size)
{
    size_t words = 0, characters = 0, letters = 0, used;
    for (size_t at = 0; at < size; at += used, characters++) {
        uint32_t code = utf8_decode(text + at, size - at, &used);
        if (code == UTF8_INVALID || code == 0xFFFD || code == '\t' || utf8_is_unsafe(code))
            return false;
        words += code == ' ' && text[at + 1] != ' ';
        letters += code >= 0x80 || isalpha((int)code);
    }
    return letters >= 2 && words < WORDS && characters <= CHARACTERS && size < TITLE_BYTES;
}

static bool repeats_a_word(const char *text)
{
    size_t times = 1;
    for (const char *word = text, *next; (next = strchr(word, ' ')) != NULL; word = next + 1) {
        size_t size = (size_t)(next - word);
        bool same = strncasecmp(word, next + 1, size) == 0 && (next[1 + size] == ' ' || next[1 + size] == '\0');
        times = same ? times + 1 : 1;
        if (times == 3)
            return true;
    }
    return false;
}

/* An answer instead of a title, or the prompt again. */
static bool is_talk(const char *title)
{
    static const char *const beginnings[] = {
        "sure",      "here is",  "here's",    "here are",   "i'm ",    "i am ",         "i can",
        "i'll ",     "as an ai", "sorry",     "question:",  "answer:", "write a title", "user:",
        "the title", "a title",  "you write", "assistant:", "hi,",     "hello",         "hi there",
    };
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (begins_with(title, beginnings[i]))
            return true;
    return strcasestr(task, title) != NULL;
}

/* The size of what comes before ": ", or of all. */
static size_t without_subtitle(const char *text, size_t size)
{
    const char *colon = memmem(text, size, ": ", 2);
    return colon != NULL ? (size_t)(colon - text) : size;
}

bool title_clean(const char *said, bool ended, const char *question, const char *answer, char out[TITLE_BYTES])
{
    size_t size;
    const char *line = first_line(thought_skip(said), &size);
    if (thought_is_all(said) || (!ended && line[size] == '\0'))
        return false;
    strip_marks(&line, &size);
    if (!is_short_line(line, size))
        size = without_subtitle(line, size);
    if (!is_short_line(line, size))
        return false;
    char title[TITLE_BYTES];
    memcpy(title, line, size);
    title[size] = '\0';
    if (repeats_a_word(title) || is_talk(title) || begins_with(question, title) || begins_with(answer, title))
        return false;
    memcpy(out, title, size + 1);
    return true;
}
