/* The kernels for processors with AVX2. */

#include "rows/kernels.h"

#if FOR_X86
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#include "rows/vector_sums.h"

#define SET avx2
#define EXACT 0
#define VECTOR __m256d
#define VECTOR_ROWS 4
#define FMA(a, b, c) __builtin_fma(a, b, c)
#define WIDE_FMA(a, b, c) _mm256_fmadd_pd(a, b, c)
#define WIDE_SUM(a) (((a)[0] + (a)[2]) + ((a)[1] + (a)[3]))
#define ADD_SUMS(to, sum) add_sums(to, (sum)[0], (sum)[1], (sum)[2], (sum)[3])
#define TILE 4
#define TILE_VECTORS 3
#define WEIGHT_OUTPUTS 3
#define HAS_EXACT_PRODUCTS 1
#include "rows/kernels_body.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
