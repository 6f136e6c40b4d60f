/* palaver models: the models that there are, and which of them fit into memory. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/chat/pace.h"
#include "app/chat/shelf.h"
#include "app/commands/commands.h"
#include "app/library/conversations.h"
#include "app/options/options.h"
#include "app/terminal/columns.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "app/text/bytes.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"

/* ---- text ------------------------------------------------------------------------------------------------------- */

enum { NAME, FORM, SIZE, TYPE, CONTEXT, MEMORY, FITS, SPEED, CELLS };

/* A line of the table; a row that can't be used has its name and the reason alone. */
struct line {
    struct buf cells[CELLS];
    const char *problem;
};

static void line_free(struct line *l)
{
    for (int i = 0; i < CELLS; i++)
        buf_free(&l->cells[i]);
}

static struct line line_of(const char *const texts[CELLS], const char *problem)
{
    struct line l = {.problem = problem};
    for (int i = 0; i < CELLS; i++) {
        buf_init(&l.cells[i], 1 << 16);
        utf8_clean(&l.cells[i], texts[i], strlen(texts[i]));
    }
    return l;
}

static struct line line_of_row(const struct shelf *shelf, const struct shelf_row *r)
{
    char size[BYTES_TEXT], memory[BYTES_TEXT], context[16], speed[PACE_TEXT];
    snprintf(context, sizeof context, "%" PRId32, r->context);
    const char *const texts[CELLS] = {
        [NAME] = r->name,
        [FORM] = r->format,
        [SIZE] = bytes_text(r->bytes, size),
        [TYPE] = r->type,
        [CONTEXT] = context,
        [MEMORY] = bytes_text(r->memory, memory),
        [FITS] = shelf_fit_text(r->fit),
        [SPEED] = pace_text(shelf_rate(shelf, r), speed),
    };
    return line_of(texts, r->problem);
}

static int cell_width(const struct line *l, int cell)
{
    return columns_width(buf_text(&l->cells[cell]), l->cells[cell].size);
}

static void put_line(struct show *show, const struct line *l, const int widths[CELLS])
{
    struct buf row;
    buf_init(&row, 1 << 18);
    for (int i = 0; i < CELLS && (i == NAME || l->problem == NULL); i++) {
        const bool number = i == SIZE || i == CONTEXT || i == MEMORY;
        const int gap = widths[i] - cell_width(l, i);
        buf_printf(&row, "%*s%s%*s%s", number ? gap : 0, "", buf_text(&l->cells[i]), number || i == SPEED ? 0 : gap, "",
                   i == SPEED ? "" : "  ");
    }
    if (l->problem != NULL)
        buf_puts(&row, l->problem);
    library_print(show, &row);
    buf_free(&row);
}

static void print_table(const struct options *o, const struct shelf *shelf)
{
    static const char *const heads[CELLS] = {"MODEL", "FORM", "SIZE", "TYPE", "CONTEXT", "MEMORY", "FITS", "SPEED"};
    struct line head = line_of(heads, NULL);
    int widths[CELLS];
    char memory[BYTES_TEXT];
    struct show show;
    for (int c = 0; c < CELLS; c++)
        widths[c] = cell_width(&head, c);
    for (size_t i = 0; i < shelf->n; i++) {
        struct line l = line_of_row(shelf, &shelf->at[i]);
        for (int c = 0; c < CELLS; c++)
            if ((c == NAME || l.problem == NULL) && cell_width(&l, c) > widths[c])
                widths[c] = cell_width(&l, c);
        line_free(&l);
    }
    show_init(&show, o, stdout);
    put_line(&show, &head, widths);
    for (size_t i = 0; i < shelf->n; i++) {
        struct line l = line_of_row(shelf, &shelf->at[i]);
        put_line(&show, &l, widths);
        line_free(&l);
    }
    show_note(&show, "this machine has %s of memory", bytes_text(shelf->memory, memory));
    show_free(&show);
    line_free(&head);
}

static void print_nothing(const struct options *o)
{
    struct show show;
    show_init(&show, o, stdout);
    show_note(&show, "no models there; palaver pull smollm2 fetches a small one");
    show_free(&show);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static json_t *json_of_row(const struct shelf *shelf, const struct shelf_row *r)
{
    const struct pace_rate rate = shelf_rate(shelf, r);
    json_t *object = json_pack("{s:o, s:o, s:I}", "name", json_text(r->name, strlen(r->name)), "path",
                               json_text(r->path, strlen(r->path)), "file_bytes", (json_int_t)r->bytes);
    if (r->problem != NULL) {
        json_object_set_new(object, "problem", json_text(r->problem, strlen(r->problem)));
        return object;
    }
    json_t *more = json_pack("{s:s, s:o, s:s, s:i, s:i, s:I, s:s}", "format", r->format, "architecture",
                             json_text(r->architecture, strlen(r->architecture)), "type", r->type, "context",
                             (int)r->context, "memory_context", (int)r->used_context, "memory_bytes",
                             (json_int_t)r->memory, "fits", shelf_fit_text(r->fit));
    if (rate.kind != PACE_UNKNOWN)
        json_object_set_new(more, "speed",
                            json_pack("{s:f, s:s}", "tokens_per_second", rate.tokens, "from",
                                      pace_kind_text(rate.kind)));
    json_object_update(object, more);
    json_decref(more);
    return object;
}

static void print_json(const struct shelf *shelf)
{
    json_t *array = json_array();
    for (size_t i = 0; i < shelf->n; i++)
        json_array_append_new(array, json_of_row(shelf, &shelf->at[i]));
    json_print(stdout, json_pack("{s:o, s:I}", "models", array, "machine_bytes", (json_int_t)shelf->memory));
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

/* A folder of models, or a model by its path. */
static enum error_code add_word(struct shelf *s, const struct options *o, const char *word, struct error *err)
{
    struct stat st;
    if (stat(word, &st) != 0)
        return error_system(err, ERR_NOT_FOUND, errno, "%s", word);
    return S_ISDIR(st.st_mode) ? shelf_add_folder(s, o, word, err) : shelf_add(s, o, word, word, err);
}

int models_run(const struct options *o)
{
    struct error err = {0};
    struct shelf shelf;
    shelf_init(&shelf);
    if (o->n_words == 0)
        shelf_add_all(&shelf, o, &err);
    for (int i = 0; i < o->n_words && err.code == ERR_NONE; i++)
        add_word(&shelf, o, o->words[i], &err);
    if (err.code == ERR_NONE && shelf.n > 0)
        shelf_recall(&shelf, o);
    if (err.code == ERR_NONE && o->json)
        print_json(&shelf);
    else if (err.code == ERR_NONE && shelf.n > 0)
        print_table(o, &shelf);
    else if (err.code == ERR_NONE)
        print_nothing(o);
    shelf_free(&shelf);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
