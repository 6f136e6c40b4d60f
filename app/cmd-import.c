/* palaver import: conversations from files, all of them or none. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/input.h"
#include "app/jsonl.h"
#include "app/library.h"

/* More than anybody's export of everything. */
#define IMPORT_MOST ((size_t)4 << 30)

static enum error_code read_stdin(struct store *s, struct store_import_report *report, struct error *err)
{
    struct buf text;
    buf_init(&text, IMPORT_MOST);
    if (input_read(STDIN_FILENO, "standard input", &text, err) == ERR_NONE)
        store_import(s, "standard input", buf_text(&text), text.size, report, err);
    buf_free(&text);
    return err->code;
}

static enum error_code import_one(struct store *s, const char *path, struct store_import_report *sum, struct error *err)
{
    struct store_import_report one = {0};
    enum error_code code = strcmp(path, "-") == 0 ? read_stdin(s, &one, err) : store_import_file(s, path, &one, err);
    sum->conversations += one.conversations;
    sum->messages += one.messages;
    sum->known += one.known;
    sum->skipped_parts += one.skipped_parts;
    sum->first = sum->first != 0 ? sum->first : one.first;
    return code;
}

static enum error_code import_all(const struct options *o, struct store *s, struct store_import_report *sum,
                                  struct error *err)
{
    if (store_begin(s, err) != ERR_NONE)
        return err->code;
    for (int i = 0; i < o->n_words && err->code == ERR_NONE; i++)
        import_one(s, o->words[i], sum, err);
    struct error undone = {0};
    store_end(s, err->code == ERR_NONE, err->code == ERR_NONE ? err : &undone);
    return err->code;
}

static void tell(const struct store_import_report *sum, const struct store_conversation *first)
{
    printf("%zu %s with %zu %s came in", sum->conversations, sum->conversations == 1 ? "conversation" : "conversations",
           sum->messages, sum->messages == 1 ? "message" : "messages");
    if (sum->known > 0)
        printf(", %zu %s there already", sum->known, sum->known == 1 ? "was" : "were");
    if (sum->skipped_parts > 0)
        printf(", %zu parts without text (pictures and the like) were left out", sum->skipped_parts);
    if (first->title != NULL)
        printf("; palaver show %s shows %s", first->public_id, sum->conversations == 1 ? "it" : "the first");
    putchar('\n');
}

int import_run(const struct options *o)
{
    struct error err = {0};
    struct store_import_report sum = {0};
    struct store_conversation first = {0};
    if (o->n_words == 0)
        error_set(&err, ERR_ARGUMENT, "which file? palaver import FILE...; - is standard input");
    struct store *s = err.code == ERR_NONE ? library_open(o, LIBRARY_ADD, &err) : NULL;
    if (s != NULL && import_all(o, s, &sum, &err) == ERR_NONE && sum.first != 0)
        store_conversation_get(s, sum.first, &first, &err);
    if (err.code == ERR_NONE && o->json)
        json_print(stdout, json_pack("{s:I, s:I, s:I, s:I, s:s?}", "conversations", (json_int_t)sum.conversations,
                                     "messages", (json_int_t)sum.messages, "known", (json_int_t)sum.known,
                                     "skipped_parts", (json_int_t)sum.skipped_parts, "first",
                                     first.title != NULL ? first.public_id : NULL));
    else if (err.code == ERR_NONE)
        tell(&sum, &first);
    store_conversation_free(&first);
    store_close(s);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
