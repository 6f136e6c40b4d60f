/* What a Hugging Face folder of BERT has otherwise than one of Llama. Internal to the readers of folders. */
#ifndef PALAVER_ENGINE_FILE_FOLDER_BERT_H
#define PALAVER_ENGINE_FILE_FOLDER_BERT_H

#include <stdbool.h>

#include <jansson.h>

#include "base/error.h"
#include "engine/file/folder.h"

/* Whether config.json is one of a BERT. */
bool bert_claims(const json_t *config);
/* Adds sizes and pooling. ERR_FORMAT, ERR_UNSUPPORTED for variants that compute otherwise. */
enum error_code bert_describe(struct folder *f, const json_t *config);
/* Reads tokenizer.json or vocab.txt, and tokenizer_config.json. */
enum error_code bert_vocabulary(struct folder *f, const json_t *config);
/* GGUF's name of a tensor, with "bert." in front or not; false for one that no encoder computes with, such as the heads
 * of the task that it was trained for: *known is false where the name belongs to its layers nevertheless. */
bool bert_tensor_name(const char *name, char out[64], bool *known);

#endif
