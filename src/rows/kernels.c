/* The kernels, compiled for each instruction set, and the choice among them. */

#include "rows/kernels.h"

#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && defined(__x86_64__)
#define FOR_X86 1
#include <immintrin.h>
#endif

#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Woverride-init"  /* entries for tables, replaced */
#endif
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed"  /* loops that call the C library are not vectorized */
#endif

#define GLUE_NAMES(name, set) name##_##set
#define GLUE(name, set) GLUE_NAMES(name, set)
#define LANE(name) GLUE(name, SET)

typedef double two_numbers __attribute__((vector_size(16), may_alias));

#define VECTOR two_numbers
#define VECTOR_ROWS 2
#define SUMS 8
#define FMA(a, b, c) ((a) * (b) + (c))
#define WIDE_FMA(a, b, c) ((a) * (b) + (c))
#define WIDE_SUM(a) ((a)[0] + (a)[1])
#define HAS_EXACT_PRODUCTS 0

#define SET exact
#define EXACT 1
#include "rows/kernels_body.h"
#undef SET
#undef EXACT

#define EXACT 0
#define SET baseline
#include "rows/kernels_body.h"
#undef SET

#if FOR_X86
#undef VECTOR
#undef VECTOR_ROWS
#undef FMA
#undef WIDE_FMA
#undef WIDE_SUM
#undef HAS_EXACT_PRODUCTS
#define FMA(a, b, c) __builtin_fma(a, b, c)
#define HAS_EXACT_PRODUCTS 1

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define SET avx2
#define VECTOR __m256d
#define VECTOR_ROWS 4
#define WIDE_FMA(a, b, c) _mm256_fmadd_pd(a, b, c)
#define WIDE_SUM(a) (((a)[0] + (a)[2]) + ((a)[1] + (a)[3]))
#include "rows/kernels_body.h"
#undef SET
#undef VECTOR
#undef VECTOR_ROWS
#undef WIDE_FMA
#undef WIDE_SUM
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")
#endif
#define SET avx512
#define VECTOR __m512d
#define VECTOR_ROWS 8
#define WIDE_FMA(a, b, c) _mm512_fmadd_pd(a, b, c)
#define WIDE_SUM(a) _mm512_reduce_add_pd(a)
#include "rows/kernels_body.h"
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

const struct lane_kernels *lane_kernels;

static const struct { const char *name; const struct lane_kernels *kernels; } sets[] = {
    {"baseline", &kernels_baseline},
#if FOR_X86
    {"avx2", &kernels_avx2},
    {"avx512", &kernels_avx512},
#endif
};

static int runs_here(unsigned number)
{
#if FOR_X86
    __builtin_cpu_init();
    if (number == 1)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (number == 2)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && runs_here(1);
#endif
    return number == 0;
}

const char *use_lane_kernels(unsigned number)
{
    if (number >= sizeof sets / sizeof *sets || !runs_here(number))
        return NULL;
    lane_kernels = sets[number].kernels;
    return sets[number].name;
}
