/* Stand-ins until the engine brings these; linked last and weak, so that the real ones win. */
#include <stdlib.h>

#include "engine/engine.h"

__attribute__((weak)) struct model *model_open(const char *path, const struct model_options *options, struct error *err)
{
    (void)path; (void)options; (void)err; error_set(err, ERR_UNSUPPORTED, "the engine is not there yet"); return NULL;
}

__attribute__((weak)) void model_free(struct model *model)
{
    (void)model; 
}

__attribute__((weak)) const struct model_info *model_info(const struct model *model)
{
    (void)model; return NULL;
}

__attribute__((weak)) const struct tokenizer *model_tokenizer(const struct model *model)
{
    (void)model; return NULL;
}

__attribute__((weak)) bool model_type_row(const struct model *model, int index, const char **type, int *tensors, uint64_t *bytes)
{
    (void)model; (void)index; (void)type; (void)tensors; (void)bytes; return 0;
}

__attribute__((weak)) uint64_t model_session_bytes(const struct model *model, int context, bool exact)
{
    (void)model; (void)context; (void)exact; return 0;
}

__attribute__((weak)) void ids_free(struct ids *ids)
{
    (void)ids; 
}

__attribute__((weak)) bool ids_append(struct ids *ids, const int32_t *more, size_t n)
{
    (void)ids; (void)more; (void)n; return 0;
}

__attribute__((weak)) enum error_code tokenizer_encode(const struct tokenizer *t, const char *text, size_t size, struct ids *out, struct error *err)
{
    (void)t; (void)text; (void)size; (void)out; (void)err; return error_set(err, ERR_UNSUPPORTED, "the engine is not there yet");
}

__attribute__((weak)) bool tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out)
{
    (void)t; (void)ids; (void)n; (void)out; return 0;
}

__attribute__((weak)) bool tokenizer_piece(const struct tokenizer *t, int32_t id, struct buf *out)
{
    (void)t; (void)id; (void)out; return 0;
}

__attribute__((weak)) const char *tokenizer_spelling(const struct tokenizer *t, int32_t id)
{
    (void)t; (void)id; return NULL;
}

__attribute__((weak)) int32_t tokenizer_find(const struct tokenizer *t, const char *spelling)
{
    (void)t; (void)spelling; return 0;
}

__attribute__((weak)) int32_t tokenizer_size(const struct tokenizer *t)
{
    (void)t; return 0;
}

__attribute__((weak)) int32_t tokenizer_bos(const struct tokenizer *t)
{
    (void)t; return 0;
}

__attribute__((weak)) int32_t tokenizer_eos(const struct tokenizer *t)
{
    (void)t; return 0;
}

__attribute__((weak)) bool tokenizer_adds_bos(const struct tokenizer *t)
{
    (void)t; return 0;
}

__attribute__((weak)) bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
    (void)t; (void)id; return 0;
}

__attribute__((weak)) bool tokenizer_is_control(const struct tokenizer *t, int32_t id)
{
    (void)t; (void)id; return 0;
}

__attribute__((weak)) const char *role_name(enum role role)
{
    (void)role; return NULL;
}

__attribute__((weak)) bool role_parse(const char *name, enum role *role)
{
    (void)name; (void)role; return 0;
}

__attribute__((weak)) struct chat_template *template_load(const char *name, const char *dir, struct error *err)
{
    (void)name; (void)dir; (void)err; error_set(err, ERR_UNSUPPORTED, "the engine is not there yet"); return NULL;
}

__attribute__((weak)) struct chat_template *template_for_model(const struct model *model, const char *dir, struct error *err)
{
    (void)model; (void)dir; (void)err; error_set(err, ERR_UNSUPPORTED, "the engine is not there yet"); return NULL;
}

__attribute__((weak)) void template_free(struct chat_template *t)
{
    (void)t; 
}

__attribute__((weak)) const char *template_name(const struct chat_template *t)
{
    (void)t; return NULL;
}

__attribute__((weak)) bool template_is_base(const struct chat_template *t)
{
    (void)t; return 0;
}

__attribute__((weak)) char **template_list(const char *dir)
{
    (void)dir; return NULL;
}

__attribute__((weak)) void prompt_free(struct prompt *p)
{
    (void)p; 
}

__attribute__((weak)) enum error_code prompt_render(const struct chat_template *t, const struct tokenizer *tok, const struct message *messages, size_t n, size_t limit, struct prompt *out, struct error *err)
{
    (void)t; (void)tok; (void)messages; (void)n; (void)limit; (void)out; (void)err; return error_set(err, ERR_UNSUPPORTED, "the engine is not there yet");
}

__attribute__((weak)) const char *const *template_stops(const struct chat_template *t)
{
    (void)t; return NULL;
}

__attribute__((weak)) struct sampling sampling_defaults(void)
{
     return (struct sampling){.temperature = 0.8f, .max_new_tokens = -1};
}

__attribute__((weak)) const struct sampling_field *sampling_field(const char *name)
{
    (void)name; return NULL;
}

__attribute__((weak)) enum error_code sampling_set(struct sampling *s, const char *name, const char *value, struct error *err)
{
    (void)s; (void)name; (void)value; (void)err; return error_set(err, ERR_UNSUPPORTED, "the engine is not there yet");
}

__attribute__((weak)) void sampling_get(const struct sampling *s, const struct sampling_field *field, char *out, size_t size)
{
    (void)s; (void)field; (void)out; (void)size; 
}

__attribute__((weak)) struct session *session_open(const struct model *model, const struct session_options *options, struct error *err)
{
    (void)model; (void)options; (void)err; error_set(err, ERR_UNSUPPORTED, "the engine is not there yet"); return NULL;
}

__attribute__((weak)) void session_free(struct session *s)
{
    (void)s; 
}

__attribute__((weak)) int32_t session_capacity(const struct session *s)
{
    (void)s; return 0;
}

__attribute__((weak)) enum error_code session_sync(struct session *s, const int32_t *ids, size_t n, session_progress *progress, void *context, size_t *reused, struct error *err)
{
    (void)s; (void)ids; (void)n; (void)progress; (void)context; (void)reused; (void)err; return error_set(err, ERR_UNSUPPORTED, "the engine is not there yet");
}

__attribute__((weak)) enum error_code session_push(struct session *s, int32_t id, struct error *err)
{
    (void)s; (void)id; (void)err; return error_set(err, ERR_UNSUPPORTED, "the engine is not there yet");
}

__attribute__((weak)) const float *session_logits(const struct session *s)
{
    (void)s; return NULL;
}

__attribute__((weak)) enum error_code session_score(struct session *s, const int32_t *ids, size_t n, float *nll, session_progress *progress, void *context, struct error *err)
{
    (void)s; (void)ids; (void)n; (void)nll; (void)progress; (void)context; (void)err; return error_set(err, ERR_UNSUPPORTED, "the engine is not there yet");
}

__attribute__((weak)) const char *session_kernels(const struct session *s)
{
    (void)s; return NULL;
}

__attribute__((weak)) struct sampler *sampler_new(int32_t vocab, struct error *err)
{
    (void)vocab; (void)err; error_set(err, ERR_UNSUPPORTED, "the engine is not there yet"); return NULL;
}

__attribute__((weak)) void sampler_free(struct sampler *s)
{
    (void)s; 
}

__attribute__((weak)) void sampler_seed(struct sampler *s, uint64_t seed)
{
    (void)s; (void)seed; 
}

__attribute__((weak)) int32_t sampler_choose(struct sampler *s, const struct sampling *settings, const float *logits, const int32_t *previous, size_t n, struct candidate *chosen, struct candidate *best, int32_t *n_best)
{
    (void)s; (void)settings; (void)logits; (void)previous; (void)n; (void)chosen; (void)best; (void)n_best; return 0;
}

__attribute__((weak)) struct worker *worker_start(const struct worker_options *options, struct error *err)
{
    (void)options; (void)err; error_set(err, ERR_UNSUPPORTED, "the engine is not there yet"); return NULL;
}

__attribute__((weak)) void worker_free(struct worker *w)
{
    (void)w; 
}

__attribute__((weak)) int worker_fd(const struct worker *w)
{
    (void)w; return 0;
}

__attribute__((weak)) bool worker_next(struct worker *w, struct event *out)
{
    (void)w; (void)out; return 0;
}

__attribute__((weak)) const struct model *worker_model(const struct worker *w)
{
    (void)w; return NULL;
}

__attribute__((weak)) uint64_t worker_generate(struct worker *w, const int32_t *ids, size_t n, const struct sampling *settings, struct error *err)
{
    (void)w; (void)ids; (void)n; (void)settings; (void)err; return 0;
}

__attribute__((weak)) void worker_set_sampling(struct worker *w, const struct sampling *settings)
{
    (void)w; (void)settings; 
}

__attribute__((weak)) void worker_stop(struct worker *w)
{
    (void)w; 
}

__attribute__((weak)) int32_t engine_cores(void)
{
     return 0;
}

struct source;
struct tensor;
struct tensor_traits;
struct tokenizer *tokenizer_open(const struct source *source, struct error *err);
void tokenizer_free(struct tokenizer *t);
const struct tensor_traits *tensor_traits(uint32_t type);
size_t tensor_row_bytes(const struct tensor *t);
void tensor_unpack_row(const struct tensor *t, uint64_t row, float *out);

__attribute__((weak)) struct tokenizer *tokenizer_open(const struct source *source, struct error *err)
{
    (void)source; error_set(err, ERR_UNSUPPORTED, "the tokenizer is not there yet"); return NULL;
}

__attribute__((weak)) void tokenizer_free(struct tokenizer *t)
{
    (void)t;
}

__attribute__((weak)) const struct tensor_traits *tensor_traits(uint32_t type)
{
    (void)type; return NULL;
}

__attribute__((weak)) size_t tensor_row_bytes(const struct tensor *t)
{
    (void)t; return 0;
}

__attribute__((weak)) void tensor_unpack_row(const struct tensor *t, uint64_t row, float *out)
{
    (void)t; (void)row; (void)out;
}
