/* Import: choosing the importer of a file by its structure.
 *
 * The whole import is one transaction. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/error.h"
#include "history/db.h"
#include "history/history.h"
#include "history/port/import-decode.h"
#include "history/port/import-forms.h"
#include "history/port/import-reader.h"
#include "history/store.h"

/* ---- what was odd ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *one, *many;
} oddities[STORE_IMPORT_ODDITIES] = {
    [STORE_SKIPPED_PARTS] = {"skipped_parts", "part without text (a picture or the like) left out",
                             "parts without text (pictures and the like) left out"},
    [STORE_SKIPPED_MESSAGES] = {"skipped_messages", "message without text left out", "messages without text left out"},
    [STORE_GUESSED_AUTHORS] = {"guessed_authors", "author guessed from the message above",
                               "authors guessed from the message above"},
    [STORE_REPLACED_CHARACTERS] = {"replaced_characters", "broken character replaced", "broken characters replaced"},
    [STORE_REPLACED_NUMBERS] = {"replaced_numbers", "number out of range replaced", "numbers out of range replaced"},
    [STORE_IGNORED_LINKS] = {"ignored_links", "link to a missing message ignored", "links to missing messages ignored"},
};

const char *store_import_oddity_name(enum store_import_oddity oddity)
{
    return oddities[oddity].name;
}

const char *store_import_oddity_text(enum store_import_oddity oddity, size_t n)
{
    return n == 1 ? oddities[oddity].one : oddities[oddity].many;
}

/* ---- which form -------------------------------------------------------------------------------------------------- */

/* In the order in which they are tried: the plain form, which asks for least, last. */
static const struct form {
    bool (*is)(const json_t *value);
    enum error_code (*import)(struct import *im, const json_t *conversation);
} forms[] = {
    {import_is_chatgpt, import_chatgpt},
    {import_is_claude, import_claude},
    {import_is_openwebui, import_openwebui},
    {import_is_llamaserver, import_llamaserver},
    {import_is_sillytavern, import_sillytavern},
    {import_is_sharegpt, import_sharegpt},
    {import_is_plain, import_plain},
};

static const struct form *find_form(const json_t *value)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].is(value))
            return &forms[i];
    return NULL;
}

static enum error_code import_value(struct import *im, const json_t *value)
{
    const struct form *form = find_form(value);
    return form != NULL ? form->import(im, value)
                        : import_fail(im, NULL,
                                      "not a conversation; understood are exports of Palaver, ChatGPT, Claude, Open "
                                      "WebUI, SillyTavern (JSON Lines) and llama-server, ShareGPT's form, and messages "
                                      "with role and content");
}

/* Whether an array is one conversation: its elements are messages. */
static bool is_list_of_messages(const json_t *array)
{
    static const char *const members[] = {"role", "content", "from", "value"};
    const json_t *first = json_array_get(array, 0);
    if (json_is_null(first))
        first = json_array_get(array, 1);
    if (import_is_sillytavern(array))
        return true;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (json_object_get(first, members[i]) != NULL)
            return find_form(first) == NULL;
    return false;
}

/* The array of conversations that some programs wrap in an object; NULL when value is none. */
static const json_t *wrapped_conversations(const json_t *value)
{
    static const char *const names[] = {"conversations", "chats", "data"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *array = json_object_get(value, names[i]), *first = json_array_get(array, 0);
        if (json_is_object(first) && find_form(first) != NULL)
            return array;
    }
    return NULL;
}

static enum error_code import_root(struct import *im, const json_t *root)
{
    if (import_is_palaver(root))
        return import_palaver(im, root);
    const json_t *array = json_is_array(root) ? root : wrapped_conversations(root);
    if (array == NULL || (array == root && is_list_of_messages(root)))
        return import_value(im, root);
    enum error_code code = ERR_NONE;
    for (size_t i = 0; i < json_array_size(array) && code == ERR_NONE; i++) {
        size_t length = import_enter(im, "[%zu]", i);
        code = import_value(im, json_array_get(array, i));
        import_leave(im, length);
    }
    return code;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* Passes an error on, with the file's name if its fault is the file's and the message lacks it. */
static enum error_code name_file(const char *name, const struct error *why, struct error *err)
{
    bool of_file = why->code == ERR_FORMAT || why->code == ERR_ARGUMENT || why->code == ERR_MEMORY;
    if (of_file && strncmp(why->message, name, strlen(name)) != 0)
        return error_set(err, why->code, "%s: %s", name, why->message);
    return error_set(err, why->code, "%s", why->message);
}

enum error_code store_import(struct store *s, const char *name, const char *bytes, size_t size,
                             struct store_import_report *report, struct error *err)
{
    struct store_import_report counts = {0};
    struct error why = {0};
    struct import im = {.s = s, .name = name, .report = &counts, .err = &why};
    json_t *root = import_decode(&im, bytes, size);
    enum error_code code = root != NULL ? txn_write(s, &why) : why.code;
    if (root != NULL && code == ERR_NONE)
        code = txn_end(s, import_root(&im, root), &why);
    json_decref(root);
    if (code != ERR_NONE) {
        error_set(&why, code, "the import failed");
        return name_file(name, &why, err);
    }
    if (report != NULL)
        *report = counts;
    return code;
}

enum error_code store_import_file(struct store *s, const char *path, struct store_import_report *report,
                                  struct error *err)
{
    struct stat st;
    char *bytes = NULL;
    enum error_code code;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        code = error_system(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "%s", path);
    } else if (!S_ISREG(st.st_mode) || st.st_size == 0) {
        code = error_set(err, ERR_FORMAT, "%s: %s", path,
                         S_ISREG(st.st_mode) ? "the file is empty" : "not a regular file");
    } else if ((bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED) {
        code = error_system(err, ERR_IO, errno, "%s: can't be read", path);
    } else {
        code = store_import(s, path, bytes, (size_t)st.st_size, report, err);
        munmap(bytes, (size_t)st.st_size);
    }
    if (fd >= 0)
        close(fd);
    return code;
}
