/* OpenBLAS, loaded when the exact mode first asks for it: start-up pays nothing for it otherwise. */
#ifndef PALAVER_ENGINE_RUN_BLAS_H
#define PALAVER_ENGINE_RUN_BLAS_H

#include "base/error.h"

/* Y(m, n) = X(m, k) W(n, k)ᵀ in float32, rows ldx, ldw and ldy elements apart; on the calling thread alone. */
typedef void blas_product(const float *x, int ldx, const float *w, int ldw, float *y, int ldy, int m, int n, int k);

/* NULL when the library cannot be loaded. */
blas_product *blas_load(struct error *err);

#endif
