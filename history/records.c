/* Token records: how each token of an answer came about, packed.
 *
 * A part is a version byte (1) and tokens until its end. A token is
 *   flags      1 byte: number of alternatives (bits 0-3), entropy follows (4), rank follows (5), epoch follows (6),
 *              forced by the user (7)
 *   id, bytes  varints (7 bits per byte, low ones first)
 *   before, after   16 bits each, low byte first: round(-ln p * 2048); 65535 is p = 0, and 65535 - n is p = 0 for
 *              the reason that the caller numbers n, up to 15
 *   epoch (varint), entropy (16 bits: nats * 4096), rank (varint), where flagged
 *   for each alternative: id (varint), before, after
 * which is 83 bytes for a vocabulary of 128,000 and ten alternatives. Readers must accept every version ever
 * written. */
#include <config.h>

#include "history/records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"

#define FORMAT 1
#define PROBABILITY_SCALE 2048.0
#define ENTROPY_SCALE 4096.0
enum { NO_PROBABILITY = 65535, REASONS = 15 };
enum { HAS_ENTROPY = 16, HAS_RANK = 32, HAS_EPOCH = 64, FORCED = 128 };

/* ---- packing ----------------------------------------------------------------------------------------------------- */

static unsigned scale_value(double value, double factor)
{
    double scaled = round(value * factor);
    const double most = NO_PROBABILITY - REASONS - 1;
    return scaled < 0 ? 0 : scaled > most ? (unsigned)most : (unsigned)scaled;
}

static unsigned pack_probability(float p, unsigned reason)
{
    return p > 0 ? scale_value(-log((double)p), PROBABILITY_SCALE) : NO_PROBABILITY - (reason <= REASONS ? reason : 0);
}

static void put_varint(struct buf *out, uint32_t value)
{
    for (; value >= 128; value >>= 7)
        buf_putc(out, (char)(value | 128));
    buf_putc(out, (char)value);
}

static void put_16(struct buf *out, unsigned value)
{
    buf_putc(out, (char)value);
    buf_putc(out, (char)(value >> 8));
}

static void put_candidate(struct buf *out, const struct store_candidate *c)
{
    put_varint(out, (uint32_t)c->id);
    put_16(out, pack_probability(c->before, 0));
    put_16(out, pack_probability(c->after, c->removed_by));
}

bool records_pack(struct buf *out, const struct store_token *t)
{
    int n = t->n_best < 0 ? 0 : t->n_best > STORE_CANDIDATES ? STORE_CANDIDATES : t->n_best;
    if (out->size == 0)
        buf_putc(out, FORMAT);
    size_t before = out->size;
    buf_putc(out, (char)(n | (t->entropy >= 0 ? HAS_ENTROPY : 0) | (t->rank > 0 ? HAS_RANK : 0) |
                         (t->epoch > 0 ? HAS_EPOCH : 0) | (t->forced ? FORCED : 0)));
    put_varint(out, (uint32_t)t->chosen.id);
    put_varint(out, t->bytes);
    put_16(out, pack_probability(t->chosen.before, 0));
    put_16(out, pack_probability(t->chosen.after, t->chosen.removed_by));
    if (t->epoch > 0)
        put_varint(out, t->epoch);
    if (t->entropy >= 0)
        put_16(out, scale_value((double)t->entropy, ENTROPY_SCALE));
    if (t->rank > 0)
        put_varint(out, t->rank);
    for (int i = 0; i < n; i++)
        put_candidate(out, &t->best[i]);
    if (buf_failed(out))
        buf_truncate(out, before);
    return !buf_failed(out);
}

/* ---- unpacking: a reader with a sticky failure ------------------------------------------------------------------- */

struct reader {
    const unsigned char *at, *end;
    bool failed;
};

static unsigned get_byte(struct reader *r)
{
    if (r->at == r->end) {
        r->failed = true;
        return 0;
    }
    return *r->at++;
}

static uint32_t get_varint(struct reader *r)
{
    uint64_t value = 0;
    unsigned byte = 128;
    for (int shift = 0; byte >= 128; shift += 7) {
        byte = get_byte(r);
        if (shift > 28) {
            r->failed = true;
            return 0;
        }
        value |= (uint64_t)(byte & 127) << shift;
    }
    r->failed = r->failed || value > UINT32_MAX;
    return (uint32_t)value;
}

static unsigned get_16(struct reader *r)
{
    unsigned low = get_byte(r);
    return low | get_byte(r) << 8;
}

static float get_probability(struct reader *r, uint8_t *reason)
{
    unsigned packed = get_16(r);
    bool none = packed >= NO_PROBABILITY - REASONS;
    *reason = none ? (uint8_t)(NO_PROBABILITY - packed) : 0;
    return none ? 0.0f : (float)exp(-(double)packed / PROBABILITY_SCALE);
}

static void get_probabilities(struct reader *r, struct store_candidate *c)
{
    uint8_t none;
    c->before = get_probability(r, &none);
    c->after = get_probability(r, &c->removed_by);
}

static struct store_candidate get_candidate(struct reader *r)
{
    struct store_candidate c;
    c.id = (int32_t)get_varint(r);
    get_probabilities(r, &c);
    return c;
}

static void get_token(struct reader *r, struct store_token *t)
{
    unsigned flags = get_byte(r);
    *t = (struct store_token){.entropy = -1, .forced = (flags & FORCED) != 0, .n_best = (int32_t)(flags & 15)};
    t->chosen.id = (int32_t)get_varint(r);
    t->bytes = get_varint(r);
    get_probabilities(r, &t->chosen);
    if (flags & HAS_EPOCH)
        t->epoch = get_varint(r);
    if (flags & HAS_ENTROPY)
        t->entropy = (float)(get_16(r) / ENTROPY_SCALE);
    if (flags & HAS_RANK)
        t->rank = get_varint(r);
    r->failed = r->failed || t->n_best > STORE_CANDIDATES;
    for (int i = 0; i < t->n_best && !r->failed; i++)
        t->best[i] = get_candidate(r);
}

bool records_unpack(const unsigned char *data, size_t size, struct store_records *out)
{
    struct reader r = {data, data + size, false};
    if (get_byte(&r) != FORMAT)
        return false;
    while (r.at < r.end) {
        struct store_token t;
        get_token(&r, &t);
        if (r.failed)
            return false;
        if ((out->n & (out->n - 1)) == 0) { /* full at each power of two */
            struct store_token *more = realloc(out->at, (out->n == 0 ? 1 : out->n * 2) * sizeof *more);
            if (more == NULL)
                return false;
            out->at = more;
        }
        out->at[out->n++] = t;
    }
    return true;
}

/* ---- walking ----------------------------------------------------------------------------------------------------- */

static void skip_bytes(struct reader *r, size_t n)
{
    size_t left = (size_t)(r->end - r->at);
    r->failed = r->failed || left < n;
    r->at += left < n ? left : n;
}

/* What get_token reads, field by field. */
static void skip_token(struct reader *r, uint32_t *bytes, uint32_t *epoch)
{
    unsigned flags = get_byte(r);
    get_varint(r);
    *bytes = get_varint(r);
    skip_bytes(r, 4);
    *epoch = (flags & HAS_EPOCH) != 0 ? get_varint(r) : 0;
    if (flags & HAS_ENTROPY)
        skip_bytes(r, 2);
    if (flags & HAS_RANK)
        get_varint(r);
    r->failed = r->failed || (flags & 15) > STORE_CANDIDATES;
    for (unsigned i = 0; i < (flags & 15) && !r->failed; i++) {
        get_varint(r);
        skip_bytes(r, 4);
    }
}

bool records_walk(const unsigned char *data, size_t size, records_each *each, void *context)
{
    struct reader r = {data, data + size, false};
    if (get_byte(&r) != FORMAT)
        return false;
    while (r.at < r.end) {
        uint32_t bytes, epoch;
        skip_token(&r, &bytes, &epoch);
        if (r.failed)
            return false;
        each(context, bytes, epoch);
    }
    return true;
}

/* ---- the tables -------------------------------------------------------------------------------------------------- */

enum error_code records_add(struct store *s, int64_t message, const struct buf *packed, struct error *err)
{
    if (packed->size == 0)
        return ERR_NONE;
    return db_run(s, err,
                  "INSERT INTO record (message, part, data) VALUES "
                  "(?1, (SELECT ifnull(max(part) + 1, 0) FROM record WHERE message = ?1), ?2)",
                  "ib", message, packed->data, packed->size);
}

enum error_code records_add_epoch(struct store *s, int64_t message, uint32_t number, const char *settings,
                                  struct error *err)
{
    return db_run(s, err, "INSERT OR REPLACE INTO epoch (message, number, settings) VALUES (?, ?, ?)", "iiz", message,
                  (int64_t)number, settings);
}

enum error_code records_copy(struct store *s, int64_t from, int64_t to, struct error *err)
{
    enum error_code code =
        db_run(s, err, "INSERT INTO record (message, part, data) SELECT ?, part, data FROM record WHERE message = ?",
               "ii", to, from);
    if (code != ERR_NONE)
        return code;
    return db_run(s, err,
                  "INSERT INTO epoch (message, number, settings) SELECT ?, number, settings FROM epoch "
                  "WHERE message = ?",
                  "ii", to, from);
}

static enum error_code read_parts(struct store *s, int64_t message, struct store_records *out, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT data FROM record WHERE message = ? ORDER BY part", "i", message);
    if (q == NULL)
        return s->failure;
    int row;
    bool good = true;
    while (good && (row = db_row(s, q, err)) != 0) {
        if (row < 0)
            return s->failure;
        const unsigned char *data = sqlite3_column_blob(q, 0);
        good = data != NULL && records_unpack(data, (size_t)sqlite3_column_bytes(q, 0), out);
    }
    db_done(q);
    if (!good)
        return db_refuse(s, ERR_FORMAT, err, "%s: token records of message %lld are damaged or of a newer Palaver",
                         s->path, (long long)message);
    return ERR_NONE;
}

/* Missing numbers, which only damage can cause, get "{}". */
static bool set_epoch(struct store_records *out, size_t number, char *settings)
{
    if (settings == NULL || number >= 1000000)
        return false;
    char **more = realloc(out->epochs, (number + 1) * sizeof *more);
    if (more == NULL)
        return false;
    out->epochs = more;
    while (out->n_epochs < number)
        if ((out->epochs[out->n_epochs++] = strdup("{}")) == NULL)
            return false;
    out->epochs[out->n_epochs++] = settings;
    return true;
}

static enum error_code read_epochs(struct store *s, int64_t message, struct store_records *out, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT 0, ifnull(nullif((SELECT k.settings FROM message m "
                               "JOIN maker k ON k.id = m.maker WHERE m.id = ?1), ''), '{}') UNION ALL "
                               "SELECT number, settings FROM epoch WHERE message = ?1 AND number > 0 ORDER BY 1",
                               "i", message);
    if (q == NULL)
        return s->failure;
    int row;
    while ((row = db_row(s, q, err)) == 1) {
        char *settings = db_text(q, 1, NULL);
        if (!set_epoch(out, (size_t)sqlite3_column_int64(q, 0), settings)) {
            free(settings);
            db_done(q);
            return db_memory(s, err);
        }
    }
    return row < 0 ? s->failure : ERR_NONE;
}

enum error_code store_records(struct store *s, int64_t message, struct store_records *out, struct error *err)
{
    struct store_records r = {0};
    enum error_code code = txn_read(s, err);
    if (code != ERR_NONE)
        return code;
    code = read_parts(s, message, &r, err);
    if (code == ERR_NONE)
        code = read_epochs(s, message, &r, err);
    code = txn_end(s, code, err);
    if (code == ERR_NONE)
        *out = r;
    else
        store_records_free(&r);
    return code;
}

/* ---- tokens alone ------------------------------------------------------------------------------------------------ */

struct chosen {
    int32_t *ids; /* (most) */
    size_t n, most;
    int64_t message; /* whose parts are being read */
};

static void chosen_add(struct chosen *c, int32_t id)
{
    if (c->n < c->most)
        c->ids[c->n++] = id;
}

static void chosen_add_part(struct chosen *c, int64_t message, const unsigned char *data, size_t size)
{
    struct store_records part = {0};
    if (message != c->message && c->message != 0)
        chosen_add(c, -1);
    c->message = message;
    if (data != NULL)
        records_unpack(data, size, &part);
    for (size_t i = 0; i < part.n; i++)
        chosen_add(c, part.at[i].chosen.id);
    store_records_free(&part);
}

enum error_code store_chosen(struct store *s, uint64_t fingerprint, size_t most, int32_t **ids, size_t *n,
                             struct error *err)
{
    struct chosen c = {.ids = malloc(most > 0 ? most * sizeof *c.ids : 1), .most = most};
    *ids = NULL;
    *n = 0;
    if (c.ids == NULL)
        return db_memory(s, err);
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT m.id, r.data FROM maker k JOIN message m ON m.maker = k.id "
                               "JOIN record r ON r.message = m.id WHERE k.fingerprint = ? AND m.trashed IS NULL "
                               "ORDER BY m.id DESC, r.part",
                               "i", (int64_t)fingerprint);
    int row = q == NULL ? -1 : 0;
    while (q != NULL && c.n < most && (row = db_row(s, q, err)) == 1)
        chosen_add_part(&c, sqlite3_column_int64(q, 0), sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1));
    if (row == 1)
        db_done(q);
    if (row < 0 || c.n == 0) {
        free(c.ids);
        return row < 0 ? s->failure : ERR_NONE;
    }
    chosen_add(&c, -1);
    *ids = c.ids;
    *n = c.n;
    return ERR_NONE;
}

void store_records_free(struct store_records *r)
{
    for (size_t i = 0; i < r->n_epochs; i++)
        free(r->epochs[i]);
    free(r->epochs);
    free(r->at);
    *r = (struct store_records){0};
}
