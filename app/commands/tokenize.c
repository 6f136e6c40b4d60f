/* palaver tokenize: text to token ids and back. Needs only the vocabulary of a model. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/input.h"
#include "app/text/jsonl.h"
#include "app/text/safe.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

static const char source[] = "standard input";

static json_t *tokenize_line(void *context, const json_t *in, struct error *err)
{
    const struct tokenizer *t = context;
    const json_t *text = json_object_get(in, "text"), *given = json_object_get(in, "ids");
    struct ids ids = {0};
    struct buf decoded;
    buf_init(&decoded, 4 * INPUT_MOST);
    json_t *result = NULL;
    if ((text == NULL) == (given == NULL) || (text != NULL && !json_is_string(text)))
        error_set(err, ERR_FORMAT, "a line needs either \"text\": a string or \"ids\": an array");
    else if (text != NULL)
        tokenizer_encode(t, json_string_value(text), json_string_length(text), &ids, err);
    else
        json_read_ids(given, tokenizer_size(t), &ids, err);
    if (err->code == ERR_NONE && !tokenizer_decode(t, ids.at, ids.n, &decoded))
        error_memory(err);
    if (err->code == ERR_NONE)
        result = json_pack("{s:o, s:o}", "ids", json_ids(ids.at, ids.n), "text",
                           json_text(buf_text(&decoded), decoded.size));
    buf_free(&decoded);
    ids_free(&ids);
    return result;
}

static enum error_code encode_text(const struct tokenizer *t, const struct buf *text, struct error *err)
{
    struct ids ids = {0};
    enum error_code code = input_check_utf8(text, source, err);
    if (code == ERR_NONE)
        code = tokenizer_encode(t, buf_text(text), text->size, &ids, err);
    for (size_t i = 0; code == ERR_NONE && i < ids.n; i++)
        printf("%s%" PRId32, i == 0 ? "" : " ", ids.at[i]);
    if (code == ERR_NONE)
        putchar('\n');
    ids_free(&ids);
    return code;
}

/* Reads ids separated by white space or commas. */
static enum error_code parse_ids(const char *text, int32_t vocab, struct ids *ids, struct error *err)
{
    for (char *end; *(text += strspn(text, " \t\r\n,[]")) != '\0'; text = end) {
        errno = 0;
        long id = strtol(text, &end, 10);
        if (end == text || errno != 0 || id < 0 || id >= vocab)
            return error_set(err, ERR_FORMAT, "'%.20s' is not the id of a token of this model (0 to %d)", text,
                             vocab - 1);
        int32_t narrow = (int32_t)id;
        if (!ids_append(ids, &narrow, 1))
            return error_memory(err);
    }
    return ERR_NONE;
}

static enum error_code decode_ids(const struct tokenizer *t, const struct buf *text, struct error *err)
{
    struct ids ids = {0};
    struct buf decoded;
    buf_init(&decoded, 4 * INPUT_MOST);
    enum error_code code = parse_ids(buf_text(text), tokenizer_size(t), &ids, err);
    if (code == ERR_NONE && !tokenizer_decode(t, ids.at, ids.n, &decoded))
        code = error_memory(err);
    if (code == ERR_NONE)
        safe_write(stdout, buf_text(&decoded), decoded.size);
    buf_free(&decoded);
    ids_free(&ids);
    return code;
}

static int run_text(const struct options *o, const struct tokenizer *t)
{
    struct error err = {0};
    struct buf text;
    buf_init(&text, INPUT_MOST);
    enum error_code code = input_read(STDIN_FILENO, source, &text, &err);
    if (code == ERR_NONE)
        code = o->decode ? decode_ids(t, &text, &err) : encode_text(t, &text, &err);
    buf_free(&text);
    return code == ERR_NONE ? EXIT_ANSWER : report(&err);
}

int tokenize_run(const struct options *o)
{
    struct error err = {0};
    struct model *model = models_open(o, true, &err);
    if (model == NULL)
        return report(&err);
    const struct tokenizer *t = model_tokenizer(model);
    int status = EXIT_ERROR;
    if (!o->jsonl)
        status = run_text(o, t);
    else if (jsonl_run(stdin, stdout, tokenize_line, (void *)t, &err))
        status = EXIT_ANSWER;
    else if (err.code != ERR_NONE)
        status = report(&err);
    model_free(model);
    return status;
}
