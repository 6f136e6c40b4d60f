/* NumPy's file format (numpy.lib.format, version 1.0): one array of float32. */
#ifndef PALAVER_APP_TEXT_NPY_H
#define PALAVER_APP_TEXT_NPY_H

#include <stddef.h>
#include <stdio.h>

/* Writes values, (rows, cols), little-endian in rows. Failures are the stream's. */
void npy_write(FILE *out, const float *values, size_t rows, size_t cols);

#endif
