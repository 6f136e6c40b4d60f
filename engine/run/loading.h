/* Loading in fewer bits: which float weights become what, and making them so on all threads. */
#ifndef PALAVER_ENGINE_RUN_LOADING_H
#define PALAVER_ENGINE_RUN_LOADING_H

#include <stdint.h>

#include "engine/engine.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"

/* The type that a tensor of the model's file gets; its own when it stays. Matrices of floats are changed; vectors stay,
 * and so does what is quantised already. In 4 bits it is Q4_K, of the types of 4.5 bits a weight the one with the least
 * error for its speed, or Q4_0 where rows are no whole blocks of 256. In 4 bits the matrices over the vocabulary, the embedding and the output, get 8:
 * every token passes through them, and what rounding does to them nothing later makes good. */
enum tensor_type loading_type(const struct model *m, enum model_load load, const struct tensor *t);

struct loading_sums {
    uint64_t before, after; /* bytes of the tensors that change; 0: none does */
    uint64_t stretch;       /* bytes of the memory that takes them in */
    uint64_t largest;       /* bytes in the file of the largest of them */
    uint64_t types;         /* of matrices, afterwards: bit i is enum tensor_type i */
};
struct loading_sums loading_sum(const struct model *m, enum model_load load);

#endif
