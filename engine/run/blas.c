/* OpenBLAS by dlopen.
 *
 * Debian's OpenBLAS 0.3.21 does not know processors newer than itself and falls back to its Haswell kernels; told
 * SkylakeX it is nearly twice as fast where AVX-512 is there. It reads that from the environment when it is loaded. */
#include "config.h"

#include "engine/run/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"

static struct {
    pthread_once_t once;
    void (*sgemm)(enum CBLAS_ORDER, enum CBLAS_TRANSPOSE, enum CBLAS_TRANSPOSE, int, int, int, float, const float *,
                  int, const float *, int, float, float *, int);
    const char *problem; /* dlerror's text */
} blas = {.once = PTHREAD_ONCE_INIT};

static void load_library(void)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"))
        setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
#endif
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        blas.problem = dlerror();
        return;
    }
    *(void **)&blas.sgemm = dlsym(library, "cblas_sgemm");
    if (blas.sgemm == NULL)
        blas.problem = "it has no cblas_sgemm";
}

static void product_float(const float *x, int ldx, const float *w, int ldw, float *y, int ldy, int m, int n, int k)
{
    blas.sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0f, x, ldx, w, ldw, 0.0f, y, ldy);
}

blas_product *blas_load(struct error *err)
{
    pthread_once(&blas.once, load_library);
    if (blas.sgemm == NULL) {
        error_set(err, ERR_UNSUPPORTED, "the exact mode needs OpenBLAS (Debian: libopenblas0): %s", blas.problem);
        return NULL;
    }
    return product_float;
}
