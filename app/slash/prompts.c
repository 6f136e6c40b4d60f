/* Prompts: read when they are needed, as they are small and their authors try them while they write. */
#include <config.h>

#include "app/slash/prompts.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/options/paths.h"
#include "app/slash/commands.h"
#include "app/text/input.h"
#include "app/text/plural.h"
#include "app/text/words.h"

/* Bytes of a file, and of a name. */
#define FILE_MOST ((size_t)1 << 20)
enum { NAME_MOST = 60 };
#define ENDING ".md"
#define FENCE "---"
#define ARGUMENTS "$ARGUMENTS"

struct prompt_file {
    struct buf bytes;
    char description[200]; /* "": none */
    const char *text;      /* inside bytes: what follows the description */
    int words;             /* the greatest N of its $N; 0: none */
    bool arguments;        /* it has $ARGUMENTS */
};

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool is_name(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)name[i]) && strchr("-_", name[i]) == NULL)
            return false;
    return size > 0 && size < NAME_MOST && isalpha((unsigned char)name[0]);
}

static char *prompts_folder(const struct options *o)
{
    return o != NULL && o->paths.config_dir != NULL ? paths_join(o->paths.config_dir, "prompts") : NULL;
}

/* The path of a name's file, malloc'ed; NULL when it can have none. */
static char *prompt_path(const struct options *o, const char *name)
{
    char *folder = is_name(name, strlen(name)) ? prompts_folder(o) : NULL, file[NAME_MOST + sizeof ENDING];
    snprintf(file, sizeof file, "%.*s%s", NAME_MOST, name, ENDING);
    char *path = folder != NULL ? paths_join(folder, file) : NULL;
    free(folder);
    return path;
}

bool prompts_has(const struct options *o, const char *name)
{
    char *path = prompt_path(o, name);
    bool has = path != NULL && access(path, F_OK) == 0;
    free(path);
    return has;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* The line at text: its size without the line's end, and where the next one begins. */
static size_t line_size(const char *text, const char **next)
{
    size_t size = strcspn(text, "\n");
    *next = text + size + (text[size] == '\n');
    return size > 0 && text[size - 1] == '\r' ? size - 1 : size;
}

static bool is_fence(const char *line, size_t size)
{
    return size == strlen(FENCE) && memcmp(line, FENCE, size) == 0;
}

/* "description: TEXT", perhaps in quotes. Other entries, which other programs use, are passed over. */
static void take_entry(struct prompt_file *p, const char *line, size_t size)
{
    static const char name[] = "description:";
    if (size < sizeof name - 1 || strncmp(line, name, sizeof name - 1) != 0)
        return;
    line += sizeof name - 1;
    size -= sizeof name - 1;
    while (size > 0 && strchr(" \t\"'", *line) != NULL) {
        line++;
        size--;
    }
    while (size > 0 && strchr(" \t\"'", line[size - 1]) != NULL)
        size--;
    snprintf(p->description, sizeof p->description, "%.*s", (int)size, line);
}

/* Reads what stands between fences at the beginning, if anything does. */
static enum error_code take_head(struct prompt_file *p, const char *path, struct error *err)
{
    const char *next, *line = buf_text(&p->bytes);
    int number = 1;
    p->text = line;
    if (!is_fence(line, line_size(line, &next)))
        return ERR_NONE;
    for (line = next; *line != '\0'; line = next) {
        size_t size = line_size(line, &next);
        number++;
        if (is_fence(line, size)) {
            p->text = next;
            return ERR_NONE;
        }
        if (size > 0 && memchr(line, ':', size) == NULL)
            return error_set(err, ERR_FORMAT, "%s:%d: a line above the second %s reads `name: value`", path, number,
                             FENCE);
        take_entry(p, line, size);
    }
    return error_set(err, ERR_FORMAT, "%s:1: the %s here needs another one below the description", path, FENCE);
}

static void find_places(struct prompt_file *p)
{
    for (const char *at = p->text; (at = strchr(at, '$')) != NULL;) {
        p->arguments = p->arguments || strncmp(at, ARGUMENTS, strlen(ARGUMENTS)) == 0;
        if (at[1] >= '1' && at[1] <= '9' && at[1] - '0' > p->words)
            p->words = at[1] - '0';
        at += at[1] == '$' ? 2 : 1;
    }
}

static enum error_code read_prompt(struct prompt_file *p, const char *path, struct error *err)
{
    *p = (struct prompt_file){0};
    buf_init(&p->bytes, FILE_MOST);
    if (input_read_file(path, &p->bytes, err) != ERR_NONE || input_check_utf8(&p->bytes, path, err) != ERR_NONE)
        return err->code;
    if (p->bytes.size > 0 && memchr(p->bytes.data, '\0', p->bytes.size) != NULL)
        return error_set(err, ERR_FORMAT, "%s: not a text file: it holds a zero byte", path);
    if (take_head(p, path, err) != ERR_NONE)
        return err->code;
    p->text += strspn(p->text, "\r\n");
    if (p->text[strspn(p->text, " \t\r\n")] == '\0')
        return error_set(err, ERR_FORMAT, "%s: there is no text to send", path);
    find_places(p);
    return ERR_NONE;
}

/* ---- the message ------------------------------------------------------------------------------------------------ */

static void put_text(const struct prompt_file *p, const struct words *words, const char *arguments, struct buf *out)
{
    size_t size = strlen(p->text);
    while (size > 0 && strchr("\r\n", p->text[size - 1]) != NULL)
        size--;
    for (const char *at = p->text, *end = at + size; at < end;) {
        size_t plain = 0;
        while (at + plain < end && at[plain] != '$')
            plain++;
        buf_append(out, at, plain);
        at += plain;
        if (at == end)
            return;
        if (strncmp(at, ARGUMENTS, strlen(ARGUMENTS)) == 0) {
            buf_puts(out, arguments);
            at += strlen(ARGUMENTS);
        } else if (at[1] >= '1' && at[1] <= '9') {
            buf_puts(out, words->at[at[1] - '1']);
            at += 2;
        } else {
            buf_putc(out, '$');
            at += at[1] == '$' ? 2 : 1;
        }
    }
}

static enum error_code fill_prompt(const struct prompt_file *p, const char *name, const char *arguments,
                                   struct buf *out, struct error *err)
{
    struct words words = {0};
    bool ok = words_split(&words, arguments);
    if (!ok)
        error_memory(err);
    else if (words.n < (size_t)p->words)
        error_set(err, ERR_ARGUMENT, "/%s needs %d word%s after its name; quotes keep several together", name, p->words,
                  plural((size_t)p->words));
    else
        put_text(p, &words, arguments, out);
    if (err->code == ERR_NONE && *arguments != '\0' && !p->arguments && p->words == 0)
        buf_printf(out, "\n\n%s", arguments);
    if (err->code == ERR_NONE && buf_failed(out))
        error_set(err, ERR_CONTEXT, "/%s: the message is larger than any context", name);
    words_free(&words);
    return err->code;
}

enum error_code prompts_expand(const struct options *o, const char *name, const char *arguments, struct buf *out,
                               struct error *err)
{
    struct prompt_file p;
    char *path = prompt_path(o, name);
    if (path == NULL)
        return error_set(err, ERR_NOT_FOUND, "there is no prompt of the name %s", name);
    if (read_prompt(&p, path, err) == ERR_NONE)
        fill_prompt(&p, name, arguments, out, err);
    buf_free(&p.bytes);
    free(path);
    return err->code;
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static int is_prompt(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name), ending = strlen(ENDING);
    return size > ending && entry->d_name[0] != '.' && strcmp(entry->d_name + size - ending, ENDING) == 0;
}

/* What is wrong with a file stands in place of its description. */
static void offer_prompt(struct choices *choices, const struct slash_command *commands, const char *folder,
                         const char *file, const char *before)
{
    char word[NAME_MOST + 8];
    int size = (int)(strlen(file) - strlen(ENDING));
    struct prompt_file p = {0};
    struct error err = {0};
    char *path = paths_join(folder, file);
    snprintf(word, sizeof word, "%s%.*s", before, size < NAME_MOST ? size : NAME_MOST, file);
    if (!is_name(file, (size_t)size))
        error_set(&err, ERR_FORMAT, "%s: a command's name has letters, digits, - and _ only", file);
    else if (slash_find(commands, file, (size_t)size) != NULL)
        error_set(&err, ERR_FORMAT, "%s: Palaver has a command of this name; give the file another", file);
    else if (path == NULL || read_prompt(&p, path, &err) != ERR_NONE)
        error_set(&err, ERR_MEMORY, "out of memory");
    size_t prefix = strlen(folder) + 1; /* the menu has little room */
    bool placed = strncmp(err.message, folder, prefix - 1) == 0 && err.message[prefix - 1] == '/';
    const char *trouble = err.message + (placed ? prefix : 0);
    const char *told = *p.description != '\0' ? p.description : "your own prompt";
    choices_add(choices, &(struct choice){.word = word,
                                          .detail = (char *)(err.code != ERR_NONE ? trouble : told),
                                          .needs = p.words > 0 || p.arguments});
    buf_free(&p.bytes);
    free(path);
}

void prompts_offer(const struct options *o, const struct slash_command *commands, struct choices *choices,
                   const char *before)
{
    char *folder = prompts_folder(o);
    struct dirent **list = NULL;
    int n = folder != NULL ? scandir(folder, &list, is_prompt, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        offer_prompt(choices, commands, folder, list[i]->d_name, before);
        free(list[i]);
    }
    free(list);
    free(folder);
}
