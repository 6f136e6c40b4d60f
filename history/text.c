/* Making input storable: well-formed UTF-8, titles of one line, settings in one form. */
#include <config.h>

#include "history/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"

bool text_store(struct buf *out, const char *text, size_t size)
{
    while (size > 0) {
        size_t good = utf8_check(text, size), used = 0;
        if (!buf_append(out, text, good))
            return false;
        text += good;
        size -= good;
        if (size == 0)
            break;
        utf8_decode(text, size, &used);
        if (!buf_puts(out, "\xEF\xBF\xBD"))
            return false;
        text += used;
        size -= used;
    }
    return buf_append(out, "", 0);
}

enum error_code text_check(const char *text, size_t size, struct buf *out, struct error *err)
{
    if (size > STORE_TEXT_MAX)
        return error_set(err, ERR_ARGUMENT, "a text of %zu bytes is too long; at most %zu can be kept", size,
                         STORE_TEXT_MAX);
    buf_init(out, STORE_TEXT_MAX * 3 + 1);
    if (!text_store(out, text, size)) {
        buf_free(out);
        return error_memory(err);
    }
    return ERR_NONE;
}

/* ---- titles ------------------------------------------------------------------------------------------------------ */

/* Cuts b to max bytes with "…" at the end, after a word if one ends near. */
static void shorten_line(struct buf *b, size_t max)
{
    size_t cut = max - 3;
    while (cut > 0 && ((unsigned char)b->data[cut] & 0xC0) == 0x80)
        cut--;
    size_t word = cut;
    while (word > cut * 2 / 3 && b->data[word] != ' ')
        word--;
    if (b->data[word] == ' ')
        cut = word;
    buf_truncate(b, cut);
    buf_puts(b, "…");
}

char *text_title(const char *text, size_t size, size_t max)
{
    struct buf line;
    buf_init(&line, max + 8);
    bool space = false, full = false;
    while (size > 0 && !full) {
        size_t used = 0;
        uint32_t code = utf8_decode(text, size, &used);
        char bytes[4];
        if (code == UTF8_INVALID)
            code = 0xFFFD;
        if (code <= ' ' || code == 0x7F || utf8_is_unsafe(code)) {
            space = line.size > 0;
        } else {
            if (space)
                buf_putc(&line, ' ');
            space = false;
            full = !buf_append(&line, bytes, utf8_encode(code, bytes)) || line.size > max;
        }
        text += used;
        size -= used;
    }
    if (line.size > max) {
        line.failed = false;
        shorten_line(&line, max);
    }
    return buf_take(&line);
}

/* The length of title without a " (n)" at its end. */
static size_t unnumbered_size(const char *title)
{
    size_t size = strlen(title), at = size;
    if (at < 4 || title[at - 1] != ')')
        return size;
    at--;
    size_t digits = 0;
    for (; at > 0 && title[at - 1] >= '0' && title[at - 1] <= '9'; at--)
        digits++;
    return digits > 0 && digits < 6 && at >= 2 && title[at - 1] == '(' && title[at - 2] == ' ' ? at - 2 : size;
}

static enum error_code is_title_taken(struct store *s, const char *title, bool *taken, struct error *err)
{
    int64_t n = 0;
    enum error_code code = db_number(s, err, &n, "SELECT count(*) FROM conversation WHERE title = ?", "z", title);
    *taken = n > 0;
    return code;
}

enum error_code text_numbered(struct store *s, const char *title, char **out, struct error *err)
{
    struct buf name;
    buf_init(&name, STORE_TITLE_MAX * 2);
    bool taken = true;
    enum error_code code = ERR_NONE;
    size_t stem = unnumbered_size(title);
    for (int n = 1; taken && code == ERR_NONE; n++) {
        buf_clear(&name);
        if (n == 1)
            buf_puts(&name, title);
        else
            buf_printf(&name, "%.*s (%d)", (int)stem, title, n);
        code = name.size == 0 ? ERR_NONE : is_title_taken(s, buf_text(&name), &taken, err);
        taken = taken && name.size > 0;
    }
    if (code == ERR_NONE && (*out = buf_take(&name)) == NULL)
        code = db_memory(s, err);
    buf_free(&name);
    return code;
}

/* ---- settings ---------------------------------------------------------------------------------------------------- */

enum error_code text_settings(const char *settings, char **out, struct error *err)
{
    size_t size = strlen(settings);
    if (size > SETTINGS_MAX)
        return error_set(err, ERR_ARGUMENT, "settings of %zu bytes are too long; at most %zu can be kept", size,
                         SETTINGS_MAX);
    json_error_t e;
    json_t *object = json_loadb(settings, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
    if (object == NULL)
        return error_set(err, ERR_FORMAT, "settings: line %d, column %d: %s", e.line, e.column, e.text);
    enum error_code code = ERR_NONE;
    if (!json_is_object(object))
        code = error_set(err, ERR_FORMAT, "settings: not a JSON object");
    else if ((*out = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9))) == NULL)
        code = error_memory(err);
    json_decref(object);
    return code;
}

/* ---- public ids -------------------------------------------------------------------------------------------------- */

enum error_code text_public_id(struct store *s, char out[STORE_ID_SIZE], struct error *err)
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* 32 that do not look alike */
    int64_t taken = 1;
    while (taken != 0) {
        unsigned char random[STORE_ID_SIZE - 1];
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
            return db_refuse(s, ERR_IO, err, "no random numbers: %s", strerror(errno));
        for (size_t i = 0; i < sizeof random; i++)
            out[i] = letters[random[i] % 32];
        out[STORE_ID_SIZE - 1] = '\0';
        if (db_number(s, err, &taken, "SELECT count(*) FROM conversation WHERE public = ?", "z", out) != ERR_NONE)
            return s->failure;
    }
    return ERR_NONE;
}
