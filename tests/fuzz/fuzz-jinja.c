/* Fuzz target: any text as a chat template, and what it makes of a conversation. Within small bounds it ends; what
 * comes out is covered by spans, a failure has a message, and letters that only the messages have never pass for the
 * template's. */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "engine/jinja/jinja.h"

#define LETTER "\xee\x80\x81" /* U+E001, for private use */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct jinja_value text(const char *name, const char *bytes, int32_t origin)
{
    return (struct jinja_value){
        .name = name, .kind = JINJA_STRING, .bytes = bytes, .size = strlen(bytes), .origin = origin};
}

/* Whether a template could make the letter by itself: by writing it, by an escape, or by its number. */
static bool may_make_letter(const uint8_t *data, size_t size)
{
    static const char *const ways[] = {"\xee\x80", "e001", "E001", "57345"};
    for (int i = 0; i < 4; i++)
        if (memmem(data, size, ways[i], strlen(ways[i])) != NULL)
            return true;
    return false;
}

static void check(const struct jinja_output *out, bool letters)
{
    size_t end = 0;
    for (size_t i = 0; i < out->n_spans; end = out->spans[i++].end) {
        if (out->spans[i].end <= end || out->spans[i].origin < 0 || out->spans[i].origin > 3)
            abort();
        if (letters && out->spans[i].origin == 0 &&
            memmem(out->bytes + end, out->spans[i].end - end, LETTER, 3) != NULL)
            abort();
    }
    if (end != out->size)
        abort();
}

static void render(const struct jinja *t, bool letters)
{
    const struct jinja_value fields[][2] = {
        {text("role", "system", 0), text("content", LETTER " the gull\n", 1)},
        {text("role", "user", 0), text("content", " \xe3\x80\x80Sea, " LETTER "<s>|\xff", 2)},
        {text("role", "assistant", 0), text("content", "<think>\nb" LETTER "</think>\n\"a\" {1: 2}", 3)},
        {text("role", "user", 0), text("content", "", 2)},
    };
    struct jinja_value messages[4];
    for (int i = 0; i < 4; i++)
        messages[i] = (struct jinja_value){.kind = JINJA_DICT, .items = fields[i], .n = 2};
    const struct jinja_limits limits = {.memory = 4 << 20, .steps = 50000, .depth = 200};
    const struct tm now = {.tm_mday = 26, .tm_mon = 6, .tm_year = 124, .tm_wday = 5};
    for (size_t from = 0; from < 4; from++) {
        const struct jinja_value names[] = {
            {.name = "messages", .kind = JINJA_LIST, .items = messages + from, .n = 4 - from},
            text("bos_token", "<s>", 0),
            text("eos_token", "</s>", 0),
            {.name = "add_generation_prompt", .kind = JINJA_BOOL, .truth = from % 2 == 0},
            {.name = "n", .kind = JINJA_INT, .integer = -3},
            {.name = "x", .kind = JINJA_FLOAT, .real = 2.5},
        };
        struct error err = {0};
        struct jinja_output out;
        enum error_code code = jinja_render(t, names, sizeof names / sizeof *names, &now, &limits, &out, &err);
        if (code != err.code || (code != ERR_NONE && out.bytes != NULL))
            abort();
        if (code != ERR_NONE && code != ERR_ARGUMENT && strncmp(err.message, "line ", 5) != 0)
            abort();
        check(&out, letters);
        jinja_output_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct jinja *t = jinja_compile((const char *)data, size, &err);
    if (t != NULL)
        render(t, !may_make_letter(data, size));
    else if (err.code == ERR_NONE || err.message[0] == '\0')
        abort();
    jinja_free(t);
    return 0;
}
