/* Fuzz target: any text as the JSON of a preset or a record's settings, as a line of a script, and as lists of settings as
 * users write them. What is read is written and read again the same. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/text/jsonl.h"
#include "tests/fuzz/vocabularies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_settings(const char *text)
{
    struct sampling s = sampling_defaults(), again = sampling_defaults();
    chat_read_settings(&s, text);
    char *json = chat_write_settings(&s);
    if (json == NULL)
        abort();
    chat_read_settings(&again, json);
    char *second = chat_write_settings(&again);
    if (second == NULL || strcmp(json, second) != 0)
        abort();
    free(json);
    free(second);
}

static void read_lists(const char *text)
{
    for (int list = 0; list < SAMPLING_LISTS; list++) {
        struct sampling s = sampling_defaults(), again = sampling_defaults();
        struct buf written;
        sampling_list_clear(&s, (enum sampling_list)list); /* a list that is set takes the place of the one before */
        sampling_list_clear(&again, (enum sampling_list)list);
        if (sampling_list_read(&s, (enum sampling_list)list, text, vocabulary(0), NULL) != ERR_NONE)
            continue;
        buf_init(&written, 1 << 20);
        if (!sampling_list_write(&s, (enum sampling_list)list, vocabulary(0), &written) ||
            sampling_list_read(&again, (enum sampling_list)list, buf_text(&written), vocabulary(0), NULL) != ERR_NONE ||
            sampling_list_size(&s, (enum sampling_list)list) != sampling_list_size(&again, (enum sampling_list)list))
            abort();
        buf_free(&written);
    }
}

static json_t *answer_ids(void *context, const json_t *in, struct error *err)
{
    (void)context;
    struct ids ids = {0};
    const enum error_code code = json_read_ids(json_object_get(in, "ids"), 1000, &ids, err);
    json_t *out = code == ERR_NONE ? json_ids(ids.at, ids.n) : NULL;
    ids_free(&ids);
    return out;
}

static void read_lines(char *text, size_t size)
{
    FILE *in = fmemopen(text, size, "r"), *out = fopen("/dev/null", "w");
    struct error err = {0};
    if (in != NULL && out != NULL)
        jsonl_run(in, out, answer_ids, NULL, &err);
    if (in != NULL)
        fclose(in);
    if (out != NULL)
        fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL || size == 0) {
        free(text);
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    read_settings(text);
    read_lists(text);
    read_lines(text, size);
    free(text);
    return 0;
}
