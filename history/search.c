/* Search while typing.
 *
 * What the user typed becomes a query in which every word is a quoted string, so that no character of it can act as
 * syntax. The index gives rowids newest first without sorting, so a page of hits costs the same in a history of any
 * size. Where a hit matched is computed for the page alone, by an auxiliary function of the index that cuts the text
 * into the same words again. */
#include <config.h>

#include "history/search.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "history/db.h"
#include "history/history.h"
#include "history/index.h"
#include "history/store.h"
#include "history/text.h"

#define QUERY_MAX 2000 /* bytes of a query that are looked at */
#define TERMS_MAX 32
#define PLACES_MAX 1000
#define SNIPPET_BEFORE 40
#define SNIPPET_BYTES 160

/* ---- the query --------------------------------------------------------------------------------------------------- */

struct term {
    const char *text;
    size_t size;
    bool beginning;
};

/* Takes the next term of *text; false at the end. */
static bool next_term(const char **text, struct term *out)
{
    const char *p = *text;
    p += strspn(p, " \t\r\n");
    if (*p == '\0')
        return false;
    bool quoted = *p == '"';
    p += quoted;
    size_t size = quoted ? strcspn(p, "\"") : strcspn(p, " \t\r\n\"");
    *out = (struct term){p, size, p[size] == '\0'};
    p += size;
    if (quoted && *p == '"')
        p++;
    if (*p == '*')
        out->beginning = true, p++;
    else if (!quoted && size > 1 && out->text[size - 1] == '*')
        out->beginning = true, out->size--;
    *text = p;
    return true;
}

/* The query in the index's language: "word" "a phrase" "beginn" *. */
static enum error_code build_query(struct store *s, const char *text, struct buf *out, struct error *err)
{
    struct buf clean;
    buf_init(&clean, QUERY_MAX * 3 + 1);
    buf_init(out, (QUERY_MAX * 3 + TERMS_MAX) * 4);
    size_t size = strlen(text);
    text_store(&clean, text, size < QUERY_MAX ? size : QUERY_MAX);
    const char *at = buf_text(&clean);
    struct term term;
    for (int n = 0; n < TERMS_MAX && next_term(&at, &term); n++) {
        buf_putc(out, '"');
        index_words(out, term.text, term.size); /* holds no quotes: terms end at them */
        buf_puts(out, term.beginning ? "\" * " : "\" ");
    }
    enum error_code code = buf_failed(out) || buf_failed(&clean) ? db_memory(s, err) : ERR_NONE;
    buf_free(&clean);
    return code;
}

/* ---- places: which parts of a text matched ----------------------------------------------------------------------- */

struct places {
    struct store_span *at; /* the spans asked for, as token numbers [start, end) and then as bytes */
    int n, token;
    int first;                /* the spans before it have ended */
    const char *text, *words; /* the original, and the form that was indexed */
    size_t original, indexed; /* offsets in the two that correspond */
};

/* The offset in the original of an offset in the indexed form, which has more spaces. Offsets only grow. */
static size_t original_offset(struct places *p, size_t offset)
{
    for (; p->indexed < offset; p->indexed++)
        if (p->words[p->indexed] == p->text[p->original])
            p->original++;
    return p->original;
}

/* Called for each word of the indexed form. Spans come sorted by where they begin. */
static int place_token(void *context, int flags, const char *token, int size, int start, int end)
{
    (void)token;
    (void)size;
    struct places *p = context;
    if (flags & FTS5_TOKEN_COLOCATED)
        return SQLITE_OK;
    size_t number = (size_t)p->token++, from = 0, to = 0;
    bool mapped = false;
    while (p->first < p->n && p->at[p->first * 2].end <= number)
        p->first++;
    if (p->first == p->n)
        return SQLITE_DONE;
    for (int i = p->first; i < p->n && p->at[i * 2].start <= number; i++) {
        struct store_span *span = &p->at[i * 2], *bytes = span + 1;
        if (number >= span->end)
            continue;
        if (!mapped) {
            from = original_offset(p, (size_t)start);
            to = original_offset(p, (size_t)end);
            mapped = true;
        }
        if (number == span->start)
            bytes->start = from;
        bytes->end = to;
    }
    return SQLITE_OK;
}

/* Fills token spans; at has room for n pairs. */
static int find_instances(const Fts5ExtensionApi *api, Fts5Context *fts, struct places *p)
{
    for (int i = 0; i < p->n; i++) {
        int phrase, column, offset;
        int code = api->xInst(fts, i, &phrase, &column, &offset);
        if (code != SQLITE_OK)
            return code;
        int length = api->xPhraseSize(fts, phrase);
        p->at[i * 2] = (struct store_span){(size_t)offset, (size_t)(offset + length)};
        p->at[i * 2 + 1] = (struct store_span){0, 0};
    }
    return SQLITE_OK;
}

/* Sorts and joins what overlaps; returns how many remain, at the front of at. */
static size_t join_spans(struct store_span *pairs, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct store_span span = pairs[i * 2 + 1];
        if (span.end <= span.start)
            continue;
        size_t at = kept++;
        for (; at > 0 && pairs[at - 1].start > span.start; at--)
            pairs[at] = pairs[at - 1];
        pairs[at] = span;
    }
    size_t joined = 0;
    for (size_t i = 0; i < kept; i++) {
        if (joined > 0 && pairs[i].start <= pairs[joined - 1].end) {
            if (pairs[i].end > pairs[joined - 1].end)
                pairs[joined - 1].end = pairs[i].end;
        } else {
            pairs[joined++] = pairs[i];
        }
    }
    return joined;
}

/* SQL: places(words, text): the spans of text that matched, as a blob of struct store_span. */
static void places_function(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *result, int n_values,
                            sqlite3_value **values)
{
    struct places p = {0};
    struct buf words;
    int code = n_values == 1 ? api->xInstCount(fts, &p.n) : SQLITE_ERROR;
    const char *text = code == SQLITE_OK ? (const char *)sqlite3_value_text(values[0]) : NULL;
    if (text == NULL || p.n == 0)
        return;
    size_t size = (size_t)sqlite3_value_bytes(values[0]);
    p.n = p.n < PLACES_MAX ? p.n : PLACES_MAX;
    p.at = calloc((size_t)p.n * 2, sizeof *p.at);
    p.text = text;
    buf_init(&words, 3 * size + 1);
    code = p.at == NULL || !index_words(&words, text, size) ? SQLITE_NOMEM : find_instances(api, fts, &p);
    p.words = buf_text(&words);
    if (code == SQLITE_OK)
        code = api->xTokenize(fts, p.words, (int)words.size, &p, place_token);
    if (code == SQLITE_OK || code == SQLITE_DONE)
        sqlite3_result_blob64(result, p.at, join_spans(p.at, (size_t)p.n) * sizeof *p.at, SQLITE_TRANSIENT);
    else
        sqlite3_result_error_code(result, code);
    free(p.at);
    buf_free(&words);
}

enum error_code search_register(struct store *s, struct error *err)
{
    fts5_api *api = NULL;
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, "SELECT fts5(?1)", -1, &q, NULL) != SQLITE_OK)
        return db_refuse(s, ERR_UNSUPPORTED, err, "this SQLite was built without full text search (FTS5)");
    sqlite3_bind_pointer(q, 1, &api, "fts5_api_ptr", NULL);
    sqlite3_step(q);
    sqlite3_finalize(q);
    if (api == NULL || api->xCreateFunction(api, "places", NULL, places_function, NULL) != SQLITE_OK)
        return db_refuse(s, ERR_UNSUPPORTED, err, "SQLite's full text search refused a function");
    return ERR_NONE;
}

/* ---- snippets ---------------------------------------------------------------------------------------------------- */

/* Where the snippet begins: a little before the first match, at the start of a word if one is near. */
static size_t snippet_start(const char *text, size_t place)
{
    size_t start = place > SNIPPET_BEFORE ? place - SNIPPET_BEFORE : 0;
    for (size_t at = start; at > 0 && at < place; at++)
        if (text[at - 1] == ' ' || text[at - 1] == '\n')
            return at;
    while (start > 0 && ((unsigned char)text[start] & 0xC0) == 0x80)
        start--;
    return start;
}

/* Appends one character of text as a single line may show it; returns the bytes read. */
static size_t add_character(struct buf *line, const char *text, size_t size)
{
    size_t used;
    uint32_t c = utf8_decode(text, size, &used);
    if (c == UTF8_INVALID)
        buf_puts(line, "\xEF\xBF\xBD");
    else if (c > ' ' && c != 0x7F && !utf8_is_unsafe(c))
        buf_append(line, text, used);
    else if (line->size > 0 && line->data[line->size - 1] != ' ')
        buf_putc(line, ' ');
    return used;
}

/* Fills snippet and marks of h from text[at..end) and h->places. */
static bool write_snippet(struct store_hit *h, const char *text, size_t size, size_t at, size_t end)
{
    size_t next = 0;
    struct buf line;
    buf_init(&line, (end - at) * 4 + 64);
    h->marks = calloc(h->n_places + 1, sizeof *h->marks);
    if (h->marks == NULL)
        return false;
    if (at > 0)
        buf_puts(&line, "…");
    while (at < end) {
        if (next < h->n_places && at == h->places[next].start)
            h->marks[h->n_marks++].start = line.size;
        at += add_character(&line, text + at, size - at);
        if (next < h->n_places && at >= h->places[next].end) {
            if (h->n_marks > 0)
                h->marks[h->n_marks - 1].end = line.size;
            next++;
        }
    }
    if (h->n_marks > 0 && h->marks[h->n_marks - 1].end == 0)
        h->marks[h->n_marks - 1].end = line.size;
    if (end < size)
        buf_puts(&line, "…");
    h->snippet = buf_take(&line);
    return h->snippet != NULL;
}

/* The same around the first place; limit is the bytes of text to show. */
static bool make_snippet(struct store_hit *h, const char *text, size_t size, size_t limit)
{
    size_t at = h->n_places > 0 && limit < size ? snippet_start(text, h->places[0].start) : 0;
    return write_snippet(h, text, size, at, size - at > limit ? at + limit : size);
}

/* ---- hits -------------------------------------------------------------------------------------------------------- */

static void free_hit(struct store_hit *h)
{
    free(h->title);
    free(h->snippet);
    free(h->marks);
    free(h->places);
}

void store_hits_free(struct store_hits *hits)
{
    for (size_t i = 0; i < hits->n; i++)
        free_hit(&hits->at[i]);
    free(hits->at);
    *hits = (struct store_hits){0};
}

/* Reads columns conversation, message, role, created, title, text, places. */
static bool read_hit(sqlite3_stmt *q, struct store_hit *h)
{
    h->conversation = sqlite3_column_int64(q, 0);
    h->message = sqlite3_column_int64(q, 1);
    h->role = (enum store_role)sqlite3_column_int(q, 2);
    h->created = sqlite3_column_int64(q, 3);
    h->title = db_text(q, 4, NULL);
    const void *spans = sqlite3_column_blob(q, 6);
    h->n_places = (size_t)sqlite3_column_bytes(q, 6) / sizeof *h->places;
    h->places = malloc((h->n_places + 1) * sizeof *h->places);
    if (h->title == NULL || h->places == NULL)
        return false;
    if (h->n_places > 0)
        memcpy(h->places, spans, h->n_places * sizeof *h->places);
    const char *text = (const char *)sqlite3_column_text(q, 5);
    size_t size = (size_t)sqlite3_column_bytes(q, 5);
    return text != NULL && make_snippet(h, text, size, h->message == 0 ? size : SNIPPET_BYTES);
}

/* Adds the rows of q to hits until limit; one row more sets hits->more. */
static enum error_code add_hits(struct store *s, sqlite3_stmt *q, size_t limit, struct store_hits *hits,
                                struct error *err)
{
    if (q == NULL)
        return s->failure;
    int row;
    while ((row = db_row(s, q, err)) == 1) {
        if (hits->n == limit) {
            hits->more = true;
            db_done(q);
            return ERR_NONE;
        }
        struct store_hit *more = realloc(hits->at, (hits->n + 1) * sizeof *more);
        if (more != NULL) {
            hits->at = more;
            hits->at[hits->n] = (struct store_hit){0};
        }
        if (more == NULL || !read_hit(q, &hits->at[hits->n++])) {
            db_done(q);
            return db_memory(s, err);
        }
    }
    return row < 0 ? s->failure : ERR_NONE;
}

#define HIT_COLUMNS \
    "SELECT c.id, m.id, m.role, m.created, c.title, m.text, places(words, m.text) FROM words w " \
    "CROSS JOIN message m ON m.id = w.rowid CROSS JOIN conversation c ON c.id = m.conversation " \
    "WHERE words MATCH ?1 AND w.rowid < ?2 AND m.trashed IS NULL "

static enum error_code search_titles(struct store *s, const char *match, const struct store_query *query, size_t limit,
                                     struct store_hits *hits, struct error *err)
{
    return add_hits(s,
                    db_query(s, err,
                             "SELECT c.id, 0, 1, c.changed, c.title, c.title, places(title_words, c.title) "
                             "FROM title_words w CROSS JOIN conversation c ON c.id = w.rowid "
                             "WHERE title_words MATCH ? AND c.trashed IS NULL AND c.archived <= ? "
                             "ORDER BY w.rowid DESC LIMIT ?",
                             "zwi", match, (int)query->archived, (int64_t)limit + 1),
                    limit, hits, err);
}

static enum error_code search_texts(struct store *s, const char *match, const struct store_query *query, size_t limit,
                                    struct store_hits *hits, struct error *err)
{
    int64_t below = query->below > 0 ? query->below : INT64_MAX;
    int64_t rows = (int64_t)limit + 1;
    if (query->conversation == 0)
        return add_hits(s,
                        db_query(s, err,
                                 HIT_COLUMNS
                                 "AND c.trashed IS NULL AND c.archived <= ?3 ORDER BY w.rowid DESC LIMIT ?4",
                                 "ziwi", match, below, (int)query->archived, rows),
                        limit, hits, err);
    int64_t first = 0, last = 0; /* the index knows ranges of ids, not conversations */
    enum error_code code =
        db_number(s, err, &first, "SELECT min(id) FROM message WHERE conversation = ?", "i", query->conversation);
    if (code == ERR_NONE)
        code = db_number(s, err, &last, "SELECT max(id) FROM message WHERE conversation = ?", "i", query->conversation);
    if (code != ERR_NONE)
        return code;
    below = below > last ? last + 1 : below;
    return add_hits(s,
                    db_query(s, err,
                             HIT_COLUMNS "AND w.rowid >= ?3 AND m.conversation = ?4 ORDER BY w.rowid DESC LIMIT ?5",
                             "ziiii", match, below, first, query->conversation, rows),
                    limit, hits, err);
}

static enum error_code find_hits(struct store *s, const char *match, const struct store_query *query,
                                 struct store_hits *hits, struct error *err)
{
    size_t limit = query->limit > 0 ? query->limit : 50;
    enum error_code code = ERR_NONE;
    if (query->conversation == 0 && query->below == 0)
        code = search_titles(s, match, query, limit, hits, err);
    hits->more = false; /* more titles than a page are not shown */
    return code == ERR_NONE ? search_texts(s, match, query, limit, hits, err) : code;
}

enum error_code store_search(struct store *s, const struct store_query *query, struct store_hits *out,
                             struct error *err)
{
    struct buf match;
    struct store_hits hits = {0};
    enum error_code code = build_query(s, query->text, &match, err);
    if (code == ERR_NONE && match.size > 0 && (code = txn_read(s, err)) == ERR_NONE)
        code = txn_end(s, find_hits(s, buf_text(&match), query, &hits, err), err);
    buf_free(&match);
    if (code == ERR_NONE)
        *out = hits;
    else
        store_hits_free(&hits);
    return code;
}

/* ---- a passage of a message ------------------------------------------------------------------------------------- */

/* Moves both ends to what the text has; it may have changed since the passage was chosen. */
static struct store_span fit_span(const char *text, size_t size, struct store_span span)
{
    struct store_span fit = {span.start < size ? span.start : 0, span.end < size ? span.end : size};
    while (fit.start > 0 && ((unsigned char)text[fit.start] & 0xC0) == 0x80)
        fit.start--;
    if (fit.end <= fit.start)
        fit.end = size;
    return fit;
}

/* Reads columns conversation, message, role, created, title, text. */
static bool read_passage(sqlite3_stmt *q, struct store_span span, struct store_hit *h)
{
    const char *text = (const char *)sqlite3_column_text(q, 5);
    const size_t size = (size_t)sqlite3_column_bytes(q, 5);
    *h = (struct store_hit){.conversation = sqlite3_column_int64(q, 0),
                            .message = sqlite3_column_int64(q, 1),
                            .role = (enum store_role)sqlite3_column_int(q, 2),
                            .created = sqlite3_column_int64(q, 3),
                            .title = db_text(q, 4, NULL)};
    struct store_span *place = malloc(sizeof *place);
    if (text == NULL || h->title == NULL || place == NULL) {
        free(place);
        return false;
    }
    *place = fit_span(text, size, span);
    size_t shown = place->end - place->start < SNIPPET_BYTES ? place->end : place->start + SNIPPET_BYTES;
    if (!write_snippet(h, text, size, place->start, shown)) {
        free(place);
        return false;
    }
    h->places = place;
    h->n_places = 1;
    return true;
}

enum error_code store_passage(struct store *s, int64_t message, bool archived, struct store_span span,
                              struct store_hit *out, struct error *err)
{
    struct store_hit hit = {0};
    sqlite3_stmt *q = db_query(s, err,
                               "SELECT c.id, m.id, m.role, m.created, c.title, m.text FROM message m "
                               "JOIN conversation c ON c.id = m.conversation "
                               "WHERE m.id = ? AND m.trashed IS NULL AND c.trashed IS NULL AND c.archived <= ?",
                               "iw", message, (int)archived);
    int row = q != NULL ? db_row(s, q, err) : -1;
    if (row <= 0)
        return row < 0 ? s->failure : db_refuse(s, ERR_NOT_FOUND, err, "this message was deleted");
    bool good = read_passage(q, span, &hit);
    db_done(q);
    if (!good) {
        free_hit(&hit);
        return db_memory(s, err);
    }
    *out = hit;
    return ERR_NONE;
}
