/* Writes a model as large as Llama 2 70B, sparse, to see what opening and running it takes: `make bench/shaped &&
 * bench/shaped gguf|hf|meta FOLDER [TYPE]`.
 *
 * All its weights are 0 and take no place on disk, but reading them takes what reading 140 GB from the page cache takes.
 * TYPE is that of the GGUF file's matrices: bf16 or q2_k (26 GB). */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/shaped.h"

int main(int argc, char **argv)
{
    static const char *const forms[] = {[SHAPED_GGUF] = "gguf", [SHAPED_HF] = "hf", [SHAPED_META] = "meta"};
    const struct shape shape = {
        .layers = 80,
        .width = 8192,
        .heads = 64,
        .kv_heads = 8,
        .ff_width = 28672,
        .vocab = 32000,
        .parts = 8,
        .sparse = true,
        .type = argc > 3 && strcmp(argv[3], "q2_k") == 0 ? TENSOR_Q2_K : TENSOR_BF16,
    };
    for (int form = 0; form < 3; form++)
        if (argc >= 3 && strcmp(argv[1], forms[form]) == 0) {
            shaped_write(&shape, (enum shaped_form)form, argv[2]);
            return 0;
        }
    fprintf(stderr, "usage: shaped gguf|hf|meta FOLDER [bf16|q2_k]\n");
    return 2;
}
