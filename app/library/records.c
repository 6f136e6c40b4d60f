/* Token records, printed. An answer has hundreds of tokens, each with ten alternatives. */
#include <config.h>

#include "app/library/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/library/reasons.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

static const char csv_head[] = "message,token,id,text,before,after,rank,entropy,settings,forced,best\n";

struct printer {
    struct show *show;
    bool json;
    json_t *messages; /* of JSON */
    size_t tokens;    /* printed so far */
};

/* The part of a message's text that one token completed. */
struct part {
    const char *text;
    size_t size;
};

static struct part part_of(const struct store_message *m, size_t *at, const struct store_token *t)
{
    size_t rest = m->size - *at, size = t->bytes < rest ? t->bytes : rest;
    struct part part = {m->text + *at, size};
    *at += size;
    return part;
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

/* In quotes; quotes inside are doubled. */
static void append_quoted(struct buf *out, const struct part *part)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < part->size; i++) {
        if (part->text[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, part->text[i]);
    }
    buf_putc(out, '"');
}

static void append_rank(struct buf *out, uint32_t rank)
{
    if (rank > 0)
        buf_printf(out, "%u", (unsigned)rank);
}

static void print_row(struct printer *p, size_t message, size_t number, const struct store_token *t,
                      const struct part *part)
{
    struct buf row;
    buf_init(&row, ((size_t)1 << 16) + 2 * part->size);
    buf_printf(&row, "%zu,%zu,%d,", message, number, (int)t->chosen.id);
    append_quoted(&row, part);
    buf_printf(&row, ",%.6g,%.6g,", (double)t->chosen.before, (double)t->chosen.after);
    append_rank(&row, t->rank);
    if (t->entropy >= 0)
        buf_printf(&row, ",%.6g", (double)t->entropy);
    else
        buf_putc(&row, ',');
    buf_printf(&row, ",%u,%s,", (unsigned)t->epoch, t->forced ? "yes" : "no");
    for (int32_t i = 0; i < t->n_best; i++)
        buf_printf(&row, "%s%d:%.6g:%.6g", i > 0 ? " " : "", (int)t->best[i].id, (double)t->best[i].before,
                   (double)t->best[i].after);
    buf_putc(&row, '\n');
    show_text(p->show, buf_text(&row), row.size);
    buf_free(&row);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *candidate_value(const struct store_candidate *c)
{
    json_t *object =
        json_pack("{s:i, s:f, s:f}", "id", (int)c->id, "before", (double)c->before, "after", (double)c->after);
    if (reason_name(c->removed_by) != NULL)
        json_object_set_new(object, "removed_by", json_string(reason_name(c->removed_by)));
    return object;
}

static json_t *token_value(const struct store_token *t, const struct part *part)
{
    json_t *best = json_array();
    for (int32_t i = 0; i < t->n_best; i++)
        json_array_append_new(best, candidate_value(&t->best[i]));
    json_t *object = candidate_value(&t->chosen);
    json_object_set_new(object, "text", json_text(part->text, part->size));
    json_object_set_new(object, "rank", t->rank > 0 ? json_integer(t->rank) : json_null());
    json_object_set_new(object, "entropy", t->entropy >= 0 ? json_real((double)t->entropy) : json_null());
    json_object_set_new(object, "settings", json_integer(t->epoch));
    json_object_set_new(object, "forced", json_boolean(t->forced));
    json_object_set_new(object, "best", best);
    return object;
}

/* Settings that are not valid JSON stay a string. */
static json_t *settings_value(const struct store_records *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->n_epochs; i++) {
        json_t *value = json_loads(r->epochs[i], 0, NULL);
        json_array_append_new(array, value != NULL ? value : json_text(r->epochs[i], strlen(r->epochs[i])));
    }
    return array;
}

static json_t *message_value(size_t number, const struct store_message *m, const struct store_records *r)
{
    size_t at = 0;
    char seed[24];
    json_t *tokens = json_array();
    for (size_t i = 0; i < r->n; i++) {
        struct part part = part_of(m, &at, &r->at[i]);
        json_array_append_new(tokens, token_value(&r->at[i], &part));
    }
    json_t *object = json_pack("{s:I, s:s, s:o}", "message", (json_int_t)number, "role", store_role_name(m->role),
                               "settings", settings_value(r));
    if (m->made.model != NULL)
        json_object_set_new(object, "model", json_text(m->made.model, strlen(m->made.model)));
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)m->made.seed);
    if (m->made.has_seed)
        json_object_set_new(object, "seed", json_string(seed));
    json_object_set_new(object, "tokens", tokens);
    return object;
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

static void print_message(struct printer *p, size_t number, const struct store_message *m,
                          const struct store_records *r)
{
    size_t at = 0;
    if (p->tokens == 0 && r->n > 0 && !p->json)
        show_text(p->show, csv_head, strlen(csv_head));
    if (p->json && r->n > 0)
        json_array_append_new(p->messages, message_value(number, m, r));
    for (size_t i = 0; i < r->n && !p->json; i++) {
        struct part part = part_of(m, &at, &r->at[i]);
        print_row(p, number, i + 1, &r->at[i], &part);
    }
    p->tokens += r->n;
}

static enum error_code print_path(struct printer *p, struct store *s, const struct store_ids *path, struct error *err)
{
    for (size_t i = 0; i < path->n; i++) {
        struct store_message m = {0};
        struct store_records r = {0};
        if (store_message_get(s, path->at[i], &m, err) == ERR_NONE &&
            store_records(s, path->at[i], &r, err) == ERR_NONE)
            print_message(p, i + 1, &m, &r);
        store_records_free(&r);
        store_message_free(&m);
    }
    return err->code;
}

static void print_object(struct printer *p, const char *id)
{
    json_t *object = json_pack("{s:s, s:O}", "id", id, "messages", p->messages);
    json_print(p->show->out, object);
}

enum error_code records_print(struct show *show, struct store *s, int64_t conversation, bool json, struct error *err)
{
    struct printer p = {.show = show, .json = json};
    struct store_ids path = {0};
    struct store_conversation c = {0};
    if (store_conversation_get(s, conversation, &c, err) != ERR_NONE ||
        store_current(s, conversation, &path, err) != ERR_NONE)
        goto out;
    p.messages = json ? json_array() : NULL;
    print_path(&p, s, &path, err);
    if (err->code == ERR_NONE && json)
        print_object(&p, c.public_id);
    else if (err->code == ERR_NONE && p.tokens == 0)
        show_note(show, "no token of this conversation has a record");
out:
    json_decref(p.messages);
    store_ids_free(&path);
    store_conversation_free(&c);
    return err->code;
}
