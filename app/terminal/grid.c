/* Grid: columns as wide as their widest cell; CSV by RFC 4180; Markdown's pipes. */
#include <config.h>

#include "app/terminal/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/terminal/columns.h"
#include "app/text/safe.h"

void grid_init(struct grid *g, size_t columns)
{
    *g = (struct grid){.columns = columns};
}

void grid_free(struct grid *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->cells[i]);
    free(g->cells);
    *g = (struct grid){0};
}

void grid_add(struct grid *g, const char *format, ...)
{
    va_list arguments;
    char *cell;
    if (g->n == g->room) {
        const size_t room = g->room > 0 ? 2 * g->room : 64;
        char **more = realloc(g->cells, room * sizeof *more);
        g->failed |= more == NULL;
        if (more == NULL)
            return;
        g->cells = more;
        g->room = room;
    }
    va_start(arguments, format);
    if (vasprintf(&cell, format, arguments) >= 0)
        g->cells[g->n++] = cell;
    else
        g->failed = true;
    va_end(arguments);
}

static int column_width(const struct grid *g, size_t column)
{
    int most = 0;
    for (size_t i = column; i < g->n; i += g->columns) {
        const int width = columns_width(g->cells[i], strlen(g->cells[i]));
        most = width > most ? width : most;
    }
    return most;
}

static void print_text_row(const struct grid *g, char *const *row, const int *widths, FILE *out)
{
    for (size_t i = 0; i < g->columns; i++) {
        const int pad = widths[i] - columns_width(row[i], strlen(row[i]));
        safe_write(out, row[i], strlen(row[i]));
        if (i + 1 < g->columns)
            fprintf(out, "%*s", pad + 2, "");
    }
    fputc('\n', out);
}

/* A cell in quotes where CSV wants them, or with its bars escaped for Markdown. */
static void print_cell(const char *cell, enum grid_form form, FILE *out)
{
    const bool quotes = form == GRID_CSV && strpbrk(cell, ",\"\r\n") != NULL;
    if (quotes)
        fputc('"', out);
    for (const char *end; *cell != '\0'; cell = end) {
        end = cell + 1 + strcspn(cell + 1, "\"|");
        if (*cell == '"' && quotes)
            fputc('"', out);
        if (*cell == '|' && form == GRID_MARKDOWN)
            fputc('\\', out);
        safe_write(out, cell, (size_t)(end - cell));
    }
    if (quotes)
        fputc('"', out);
}

static void print_marked_row(const struct grid *g, char *const *row, enum grid_form form, FILE *out)
{
    if (form == GRID_MARKDOWN)
        fputs("| ", out);
    for (size_t i = 0; i < g->columns; i++) {
        print_cell(row[i], form, out);
        if (i + 1 < g->columns)
            fputs(form == GRID_CSV ? "," : " | ", out);
    }
    fputs(form == GRID_MARKDOWN ? " |\n" : "\n", out);
}

static void print_rule(const struct grid *g, FILE *out)
{
    fputc('|', out);
    for (size_t i = 0; i < g->columns; i++)
        fputs(" --- |", out);
    fputc('\n', out);
}

void grid_print(const struct grid *g, enum grid_form form, FILE *out)
{
    int *widths = calloc(g->columns, sizeof *widths);
    for (size_t i = 0; widths != NULL && i < g->columns; i++)
        widths[i] = column_width(g, i);
    for (size_t at = 0; widths != NULL && at + g->columns <= g->n; at += g->columns) {
        if (form == GRID_TEXT)
            print_text_row(g, g->cells + at, widths, out);
        else
            print_marked_row(g, g->cells + at, form, out);
        if (at == 0 && form == GRID_MARKDOWN)
            print_rule(g, out);
    }
    free(widths);
}
