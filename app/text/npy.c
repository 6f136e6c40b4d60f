/* NumPy files: a magic number, a header that is a Python dictionary, padded to 64 bytes, and the values. */
#include <config.h>

#include "app/text/npy.h"

#include <stdint.h>
#include <string.h>

enum { NPY_ALIGNMENT = 64, NPY_MAGIC = 10 };

static void write_little(FILE *out, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const unsigned char bytes[] = {bits & 0xFF, bits >> 8 & 0xFF, bits >> 16 & 0xFF, bits >> 24};
    fwrite(bytes, 1, sizeof bytes, out);
}

void npy_write(FILE *out, const float *values, size_t rows, size_t cols)
{
    char header[128];
    const int size =
        snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", rows, cols);
    const int total = (NPY_MAGIC + size + 1 + NPY_ALIGNMENT - 1) / NPY_ALIGNMENT * NPY_ALIGNMENT - NPY_MAGIC;
    fwrite("\x93NUMPY\x01\x00", 1, 8, out);
    fputc(total & 0xFF, out);
    fputc(total >> 8, out);
    fprintf(out, "%s%*s\n", header, total - size - 1, "");
    for (size_t i = 0; i < rows * cols; i++)
        write_little(out, values[i]);
}
