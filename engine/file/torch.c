/* Files that torch.save wrote: a pickle of a dict of tensors, and the storages that they are views of.
 *
 * Since torch 1.6 a zip archive of stored members (NAME/data.pkl, NAME/data/KEY); before that pickles in a row (a magic
 * number, a version, the machine, the dict, the keys of the storages), then each storage with its length (torch's
 * serialization.py and _utils.py). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/file/cursor.h"
#include "engine/file/pickle.h"
#include "engine/file/weights.h"
#include "engine/file/zip.h"

/* A storage that the file holds. */
struct storage {
    const char *key;
    size_t key_size;
    const unsigned char *data;
    uint64_t size; /* bytes */
};

struct reader {
    struct weights *all;
    const char *file;
    struct pickle pickle;
    struct zip zip;           /* of the new form */
    struct storage *storages; /* of the old form */
    size_t n_storages;
    struct error *err;
};

/* Storage classes by name; element is TENSOR_TYPE_LIMIT for those that models do not compute with. */
static const struct {
    const char *name;
    enum tensor_type type;
    uint8_t bytes;
} classes[] = {
    {"torch\nFloatStorage", TENSOR_F32, 4},        {"torch\nHalfStorage", TENSOR_F16, 2},
    {"torch\nBFloat16Storage", TENSOR_BF16, 2},    {"torch\nDoubleStorage", TENSOR_TYPE_LIMIT, 8},
    {"torch\nLongStorage", TENSOR_TYPE_LIMIT, 8},  {"torch\nIntStorage", TENSOR_TYPE_LIMIT, 4},
    {"torch\nShortStorage", TENSOR_TYPE_LIMIT, 2}, {"torch\nCharStorage", TENSOR_TYPE_LIMIT, 1},
    {"torch\nByteStorage", TENSOR_TYPE_LIMIT, 1},  {"torch\nBoolStorage", TENSOR_TYPE_LIMIT, 1},
};
enum { N_CLASSES = sizeof classes / sizeof *classes };

static bool spelled(const char *name, size_t size, const char *text)
{
    return strlen(text) == size && memcmp(name, text, size) == 0;
}

static bool allows(const char *name, size_t size)
{
    static const char *const calls[] = {
        "collections\nOrderedDict",
        "torch._utils\n_rebuild_tensor_v2",
        "torch._utils\n_rebuild_tensor",
        "torch._utils\n_rebuild_parameter",
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (spelled(name, size, calls[i]))
            return true;
    for (size_t i = 0; i < N_CLASSES; i++)
        if (spelled(name, size, classes[i].name))
            return true;
    return false;
}

static enum error_code tensor_fault(const struct reader *r, const char *name, const char *what)
{
    return error_set(r->err, ERR_FORMAT, "%s: tensor %s %s; the file is damaged, fetch it again", r->file, name, what);
}

/* ---- storages --------------------------------------------------------------------------------------------------- */

static bool find_storage(const struct reader *r, const struct pickle_value *key, struct storage *out)
{
    char tail[64] = "data/";
    if (key == NULL || key->kind != PICKLE_TEXT || key->size > sizeof tail - 5)
        return false;
    memcpy(tail + 5, key->text, key->size);
    const struct zip_member *m = zip_find(&r->zip, tail, 5 + key->size);
    if (m != NULL) {
        *out = (struct storage){.data = m->data, .size = m->size};
        return true;
    }
    for (size_t i = 0; i < r->n_storages; i++)
        if (r->storages[i].key_size == key->size && memcmp(r->storages[i].key, key->text, key->size) == 0) {
            *out = r->storages[i];
            return true;
        }
    return false;
}

/* What a persistent id ('storage', class, key, location, elements, ...) says; NULL when it is none. */
static const struct pickle_value *storage_id(const struct reader *r, const struct pickle_value *v, size_t *class)
{
    const struct pickle_value *id = v != NULL && v->kind == PICKLE_PERSISTENT ? pickle_item(&r->pickle, v, 0) : NULL;
    if (id == NULL || id->kind != PICKLE_TUPLE || id->n < 5 || !pickle_is(pickle_item(&r->pickle, id, 0), "storage"))
        return NULL;
    for (*class = 0; *class < N_CLASSES; (*class)++)
        if (pickle_is(pickle_item(&r->pickle, id, 1), classes[*class].name))
            return id;
    return NULL;
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

/* A view of a storage, in elements. */
struct view {
    uint64_t offset, strides[WEIGHT_DIMS];
};

static bool whole_number(const struct pickle_value *v, uint64_t *out)
{
    if (v == NULL || v->kind != PICKLE_INTEGER || v->integer < 0)
        return false;
    *out = (uint64_t)v->integer;
    return true;
}

static bool read_view(const struct reader *r, const struct pickle_value *arguments, struct weight *w, struct view *view)
{
    const struct pickle_value *sizes = pickle_item(&r->pickle, arguments, 2),
                              *strides = pickle_item(&r->pickle, arguments, 3);
    uint64_t n = 1;
    if (!whole_number(pickle_item(&r->pickle, arguments, 1), &view->offset) || sizes == NULL || strides == NULL ||
        sizes->kind != PICKLE_TUPLE || strides->kind != PICKLE_TUPLE || sizes->n != strides->n ||
        sizes->n > WEIGHT_DIMS)
        return false;
    w->n_dims = (int32_t)sizes->n;
    for (size_t i = 0; i < sizes->n; i++) {
        if (!whole_number(pickle_item(&r->pickle, sizes, i), &w->dims[i]) ||
            !whole_number(pickle_item(&r->pickle, strides, i), &view->strides[i]) || w->dims[i] == 0 ||
            w->dims[i] > (UINT64_C(1) << 48) / n || view->strides[i] > UINT64_C(1) << 48)
            return false;
        n *= w->dims[i];
    }
    return true;
}

/* Whether all elements lie within a storage of so many. */
static bool view_fits(const struct weight *w, const struct view *view, uint64_t elements)
{
    uint64_t last = view->offset;
    for (int32_t i = 0; i < w->n_dims; i++) {
        const uint64_t steps = w->dims[i] - 1;
        if (last >= elements || (view->strides[i] > 0 && steps > (elements - 1 - last) / view->strides[i]))
            return false;
        last += steps * view->strides[i];
    }
    return last < elements;
}

static bool is_contiguous(const struct weight *w, const struct view *view)
{
    uint64_t expected = 1;
    for (int32_t i = w->n_dims - 1; i >= 0; i--) {
        if (w->dims[i] > 1 && view->strides[i] != expected)
            return false;
        expected *= w->dims[i];
    }
    return true;
}

/* A copy of a view's elements row by row; NULL when out of memory. */
static unsigned char *copy_view(const struct weight *w, const struct view *view, const unsigned char *storage,
                                size_t element)
{
    const uint64_t n = weight_elements(w);
    unsigned char *copy = malloc((size_t)n * element), *to = copy;
    uint64_t index[WEIGHT_DIMS] = {0}, at = view->offset;
    for (uint64_t done = 0; copy != NULL && done < n; done++, to += element) {
        memcpy(to, storage + at * element, element);
        for (int32_t i = w->n_dims - 1; i >= 0; i--) {
            at += view->strides[i];
            if (++index[i] < w->dims[i])
                break;
            at -= view->strides[i] * w->dims[i];
            index[i] = 0;
        }
    }
    return copy;
}

/* arguments: storage, offset, sizes, strides, and what does not matter here. */
static enum error_code add_tensor(struct reader *r, const char *name, const struct pickle_value *arguments)
{
    size_t class;
    struct weight w = {.name = (char *)name};
    struct view view;
    struct storage storage;
    const struct pickle_value *id = storage_id(r, pickle_item(&r->pickle, arguments, 0), &class);
    if (id == NULL)
        return tensor_fault(r, name, "has no storage");
    if (classes[class].type == TENSOR_TYPE_LIMIT)
        return !weights_need(r->all, name)
                   ? ERR_NONE
                   : error_set(
                         r->err, ERR_UNSUPPORTED,
                         "%s: tensor %s lies in a %s; Palaver reads FloatStorage, HalfStorage and BFloat16Storage",
                         r->file, name, classes[class].name + strlen("torch\n"));
    w.type = classes[class].type;
    if (!read_view(r, arguments, &w, &view))
        return tensor_fault(r, name, "has an impossible shape");
    if (!find_storage(r, pickle_item(&r->pickle, id, 2), &storage))
        return tensor_fault(r, name, "has its storage elsewhere");
    if (!view_fits(&w, &view, storage.size / classes[class].bytes))
        return tensor_fault(r, name, "reaches beyond its storage");
    w.data = storage.data + view.offset * classes[class].bytes;
    if (!is_contiguous(&w, &view)) {
        w.data = w.owned = copy_view(&w, &view, storage.data, classes[class].bytes);
        if (w.owned == NULL)
            return error_memory(r->err);
    }
    return weights_add(r->all, r->file, &w, r->err);
}

/* The call that makes a tensor, through the parameter that it may be wrapped in; NULL when v is none. */
static const struct pickle_value *tensor_arguments(const struct reader *r, const struct pickle_value *v)
{
    for (int depth = 0; depth < 2 && v != NULL && v->kind == PICKLE_CALL; depth++) {
        const struct pickle_value *callable = pickle_item(&r->pickle, v, 0), *arguments = pickle_item(&r->pickle, v, 1);
        if (!pickle_is(callable, "torch._utils\n_rebuild_parameter"))
            return arguments;
        v = pickle_item(&r->pickle, arguments, 0);
    }
    return NULL;
}

/* The dict of tensors: the root, or what lies in it under a usual name. */
static const struct pickle_value *find_dict(const struct reader *r)
{
    static const char *const names[] = {"state_dict", "model", "module"};
    const struct pickle_value *root = &r->pickle.values[r->pickle.root];
    for (size_t i = 0; root->kind == PICKLE_DICT && i + 1 < root->n; i += 2)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            const struct pickle_value *value = pickle_item(&r->pickle, root, i + 1);
            if (pickle_is(pickle_item(&r->pickle, root, i), names[k]) && value->kind == PICKLE_DICT)
                return value;
        }
    return root;
}

static enum error_code add_tensors(struct reader *r)
{
    const struct pickle_value *dict = find_dict(r);
    enum error_code code = ERR_NONE;
    if (dict->kind != PICKLE_DICT)
        return error_set(r->err, ERR_UNSUPPORTED, "%s: the file holds no dict of tensors", r->file);
    for (size_t i = 0; i + 1 < dict->n && code == ERR_NONE; i += 2) {
        const struct pickle_value *key = pickle_item(&r->pickle, dict, i);
        const struct pickle_value *arguments = tensor_arguments(r, pickle_item(&r->pickle, dict, i + 1));
        char name[WEIGHT_NAME_LONGEST + 1];
        if (arguments == NULL || key->kind != PICKLE_TEXT)
            continue; /* a number or a text beside the tensors */
        if (key->size >= sizeof name || memchr(key->text, '\0', key->size) != NULL)
            return error_set(r->err, ERR_FORMAT, "%s: a tensor's name is damaged; fetch the file again", r->file);
        memcpy(name, key->text, key->size);
        name[key->size] = '\0';
        code = add_tensor(r, name, arguments);
    }
    return code;
}

/* ---- the two forms ---------------------------------------------------------------------------------------------- */

/* Whether the value before index `at` already speaks of the storage with this key. */
static bool is_repeated(const struct reader *r, size_t at, const struct pickle_value *key)
{
    for (size_t i = 0; i < at && key != NULL && key->kind == PICKLE_TEXT; i++) {
        size_t class;
        const struct pickle_value *id = storage_id(r, &r->pickle.values[i], &class);
        const struct pickle_value *other = pickle_item(&r->pickle, id, 2);
        if (other != NULL && other->kind == PICKLE_TEXT && other->size == key->size &&
            memcmp(other->text, key->text, key->size) == 0)
            return true;
    }
    return false;
}

/* Bytes of all storages that the pickle speaks of, each once. */
static uint64_t storage_bytes(const struct reader *r)
{
    uint64_t bytes = 0, elements;
    for (size_t i = 0; i < r->pickle.n; i++) {
        size_t class;
        const struct pickle_value *id = storage_id(r, &r->pickle.values[i], &class);
        if (id != NULL && whole_number(pickle_item(&r->pickle, id, 4), &elements) && elements < UINT64_C(1) << 48 &&
            !is_repeated(r, i, pickle_item(&r->pickle, id, 2)))
            bytes += elements * classes[class].bytes;
    }
    return bytes;
}

/* An archive without a directory: its first member, the pickle, tells how much of it is missing at the least. */
static enum error_code tell_missing(struct reader *r, const unsigned char *bytes, uint64_t size)
{
    const unsigned char *data = zip_first_data(bytes, size);
    uint64_t used, needed = 0;
    if (data != NULL &&
        pickle_read(&r->pickle, r->file, data, size - (uint64_t)(data - bytes), allows, &used, NULL) == ERR_NONE)
        needed = (uint64_t)(data - bytes) + used + storage_bytes(r);
    if (needed <= size)
        return error_set(r->err, ERR_FORMAT, "%s: the file is cut off, its end is missing; fetch it again", r->file);
    return error_set(r->err, ERR_FORMAT,
                     "%s: the file is cut off, at least %" PRIu64 " of its bytes are missing; fetch it "
                     "again",
                     r->file, needed - size);
}

static enum error_code read_archive(struct reader *r, const unsigned char *bytes, uint64_t size)
{
    struct error own = {0};
    uint64_t used;
    enum error_code code = zip_read(&r->zip, r->file, bytes, size, &own);
    if (code == ERR_FORMAT && r->zip.n == 0 && strstr(own.message, "is missing") != NULL)
        return tell_missing(r, bytes, size);
    if (code != ERR_NONE)
        return error_set(r->err, code, "%s", own.message);
    const struct zip_member *pickle = zip_find(&r->zip, "data.pkl", 8), *order = zip_find(&r->zip, "byteorder", 9);
    if (pickle == NULL)
        return error_set(r->err, ERR_UNSUPPORTED, "%s: the archive has no data.pkl; torch.save did not write it",
                         r->file);
    if (order != NULL && !spelled((const char *)order->data, (size_t)order->size, "little"))
        return error_set(r->err, ERR_UNSUPPORTED, "%s: its numbers are big-endian; save it again on a usual machine",
                         r->file);
    code = pickle_read(&r->pickle, r->file, pickle->data, pickle->size, allows, &used, r->err);
    return code == ERR_NONE ? add_tensors(r) : code;
}

static const unsigned char legacy_magic[] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

/* Bytes of an element of the storage with this key, as its persistent id says; 0 for an unknown key. */
static uint64_t element_of(const struct reader *r, const struct pickle_value *key)
{
    for (size_t i = 0; i < r->pickle.n; i++) {
        size_t class;
        const struct pickle_value *id = storage_id(r, &r->pickle.values[i], &class);
        const struct pickle_value *own = pickle_item(&r->pickle, id, 2);
        if (own != NULL && own->kind == PICKLE_TEXT && own->size == key->size &&
            memcmp(own->text, key->text, own->size) == 0)
            return classes[class].bytes;
    }
    return 0;
}

/* The storages after the last pickle, in the order of their keys. */
static enum error_code read_storages(struct reader *r, const struct pickle *keys, struct cursor *c)
{
    const struct pickle_value *list = &keys->values[keys->root];
    if (list->kind != PICKLE_LIST)
        return error_set(r->err, ERR_FORMAT, "%s: the list of storages is damaged; fetch the file again", r->file);
    r->storages = calloc(list->n + 1, sizeof *r->storages);
    if (r->storages == NULL)
        return error_memory(r->err);
    for (size_t i = 0; i < list->n; i++) {
        const struct pickle_value *key = pickle_item(keys, list, i);
        const uint64_t element = key->kind == PICKLE_TEXT ? element_of(r, key) : 0, elements = cursor_u64(c);
        if (element == 0 || elements > UINT64_C(1) << 48)
            return error_set(r->err, ERR_FORMAT, "%s: storage %zu is damaged; fetch the file again", r->file, i);
        const unsigned char *data = cursor_take(c, elements * element);
        if (data == NULL)
            return error_set(r->err, ERR_FORMAT,
                             "%s: the file is cut off, at least %" PRIu64 " of its bytes are missing; fetch "
                             "it again",
                             r->file, c->wanted - (c->size - c->at));
        r->storages[r->n_storages++] = (struct storage){key->text, key->size, data, elements * element};
    }
    return ERR_NONE;
}

static enum error_code read_legacy(struct reader *r, const unsigned char *bytes, uint64_t size)
{
    struct cursor c;
    struct pickle other = {0};
    uint64_t used;
    enum error_code code = ERR_NONE;
    cursor_init(&c, bytes, size);
    for (int i = 0; i < 5 && code == ERR_NONE; i++) { /* magic, version, machine, dict, keys */
        struct pickle *p = i == 3 ? &r->pickle : &other;
        pickle_free(p);
        code = pickle_read(p, r->file, bytes + c.at, cursor_left(&c), allows, &used, r->err);
        if (code == ERR_NONE)
            cursor_take(&c, used);
    }
    if (code == ERR_NONE)
        code = read_storages(r, &other, &c);
    if (code == ERR_NONE)
        code = add_tensors(r);
    pickle_free(&other);
    return code;
}

enum error_code torch_read(struct weights *all, const char *file, const unsigned char *bytes, uint64_t size,
                           struct error *err)
{
    struct reader r = {.all = all, .file = file, .err = err};
    enum error_code code;
    const bool legacy = size > 4 + sizeof legacy_magic && bytes[0] == 0x80 && bytes[2] == 0x8a &&
                        memcmp(bytes + 4, legacy_magic, sizeof legacy_magic) == 0;
    if (zip_claims(bytes, size))
        code = read_archive(&r, bytes, size);
    else if (legacy)
        code = read_legacy(&r, bytes, size);
    else if (size > 512 && memcmp(bytes + 257, "ustar", 5) == 0)
        code =
            error_set(err, ERR_UNSUPPORTED,
                      "%s: this is the form of torch before 0.1.10, a tar archive; load it in Python and save it again",
                      file);
    else
        code = error_set(err, ERR_FORMAT, "%s: this is no file of torch.save, or it is damaged; fetch it again", file);
    pickle_free(&r.pickle);
    zip_free(&r.zip);
    free(r.storages);
    return code;
}
