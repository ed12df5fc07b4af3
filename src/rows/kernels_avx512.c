/* The kernels for processors with AVX-512. */

#include "rows/kernels.h"

#if FOR_X86
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")
#endif

#define SET avx512
#define EXACT 0
#define VECTOR __m512d
#define VECTOR_ROWS 8
#define FMA(a, b, c) __builtin_fma(a, b, c)
#define WIDE_FMA(a, b, c) _mm512_fmadd_pd(a, b, c)
#define WIDE_SUM(a) _mm512_reduce_add_pd(a)
#define HAS_EXACT_PRODUCTS 1
#include "rows/kernels_body.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
