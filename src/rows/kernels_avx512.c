/* The kernels for processors with AVX-512. */

#include "rows/kernels.h"

#if FOR_X86
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")
#endif

#include "rows/vector_sums.h"

static OP_INLINE __m256d halves_added(__m512d x) { return _mm512_castpd512_pd256(x) + _mm512_extractf64x4_pd(x, 1); }

#define SET avx512
#define EXACT 0
#define VECTOR __m512d
#define VECTOR_ROWS 8
#define FMA(a, b, c) __builtin_fma(a, b, c)
#define WIDE_FMA(a, b, c) _mm512_fmadd_pd(a, b, c)
#define WIDE_SUM(a) _mm512_reduce_add_pd(a)
#define ADD_SUMS(to, sum) \
    add_sums(to, halves_added((sum)[0]), halves_added((sum)[1]), halves_added((sum)[2]), halves_added((sum)[3]))
#define TILE 4
#define TILE_VECTORS 4
#define WEIGHT_OUTPUTS 4
#define HAS_EXACT_PRODUCTS 1
#include "rows/kernels_body.h"

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
