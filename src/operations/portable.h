/* What compilers offer beyond C11, each with what there is instead; and the constants that C11 has not.
 *
 * No other file has a word of a compiler's own, but those that are for one instruction set. Where FASTGRAD_PLAIN_C is
 * defined the compiler's offers are declined, so that any compiler tests the fallbacks.
 */
#ifndef FASTGRAD_PORTABLE_H
#define FASTGRAD_PORTABLE_H

#include <stdint.h>

#define PI 3.14159265358979323846
#define TWO_OVER_SQRT_PI 1.12837916709551257390
#define SQRT2 1.41421356237309504880
#define SQRT_HALF 0.70710678118654752440
#define LN2 0.69314718055994530942
#define LN10 2.30258509299404568402
#define LOG2_E 1.44269504088896340736
#define LOG10_E 0.43429448190325182765

#if defined(__GNUC__) && !defined(FASTGRAD_PLAIN_C)
#define GNU_C 1
#elif defined(_MSC_VER) && !defined(FASTGRAD_PLAIN_C)
#define MICROSOFT_C 1
#include <intrin.h>
#else
#include <stdatomic.h>
#endif

/* OP_INLINE is inlined wherever it is called, OP_OUTLINE nowhere. INDEPENDENT stands before a loop whose iterations may be
 * done at once. TAKE_ONE adds 1 to a number that other threads add to, too, and is what it was. */
#if GNU_C
#define OP_INLINE inline __attribute__((always_inline))
#define OP_OUTLINE static __attribute__((noinline, unused))
#define OP_UNLIKELY(condition) __builtin_expect(condition, 0)
#define FETCH(address, write) __builtin_prefetch(address, write)
#define ALIGNED(pointer) __builtin_assume_aligned(pointer, 64)
#define TAKE_ONE(number) __atomic_fetch_add(number, 1, __ATOMIC_RELAXED)
#define THREAD_LOCAL _Thread_local
#elif MICROSOFT_C
#define OP_INLINE __forceinline
#define OP_OUTLINE static __declspec(noinline)
#define OP_UNLIKELY(condition) (condition)
#define FETCH(address, write) ((void)(address))
#define ALIGNED(pointer) (pointer)
#define TAKE_ONE(number) ((uint64_t)_InterlockedExchangeAdd64((volatile int64_t *)(number), 1))
#define THREAD_LOCAL __declspec(thread)
#else
#define OP_INLINE inline
#define OP_OUTLINE static inline
#define OP_UNLIKELY(condition) (condition)
#define FETCH(address, write) ((void)(address))
#define ALIGNED(pointer) (pointer)
#define TAKE_ONE(number) atomic_fetch_add_explicit((_Atomic uint64_t *)(number), 1, memory_order_relaxed)
#define THREAD_LOCAL _Thread_local
#endif

#if GNU_C && defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* loops that call the C library are not vectorized */
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif GNU_C
#define INDEPENDENT _Pragma("GCC ivdep")
#elif MICROSOFT_C
#define INDEPENDENT __pragma(loop(ivdep))
#else
#define INDEPENDENT
#endif

/* What a file says that goes beyond the standard on purpose: its tables have entries that replace former ones; labels
 * have values. */
#if defined(__GNUC__)
#define ENTRIES_ARE_REPLACED _Pragma("GCC diagnostic ignored \"-Woverride-init\"")
#else
#define ENTRIES_ARE_REPLACED
#endif
#if GNU_C
#define LABELS_HAVE_VALUES _Pragma("GCC diagnostic ignored \"-Wpedantic\"")
#define HAS_LABELS 1
#else
#define HAS_LABELS 0
#endif

/* Vectors of two numbers, which any processor with GNU C has; MASK_OF is what comparing them gives. */
#if GNU_C
#define HAS_VECTORS 1
typedef double two_numbers __attribute__((vector_size(16), may_alias));
#define MASK_OF(vector) __typeof__((vector){0.0} < (vector){0.0})
#else
#define HAS_VECTORS 0
#endif

/* Processors whose instruction sets have kernels of their own. */
#if GNU_C && defined(__x86_64__)
#define FOR_X86 1
#else
#define FOR_X86 0
#endif
#if GNU_C && defined(__aarch64__)
#define FOR_ARM 1
#else
#define FOR_ARM 0
#endif

/* Before a function: it is compiled for wider vectors too; which one runs is decided when the module is loaded. */
#if FOR_X86 && defined(__gnu_linux__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define FOR_WIDER_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_WIDER_VECTORS
#endif

/* The number of the highest bit of a word that is not 0. */
static inline uint32_t highest_bit(uint64_t word)
{
#if GNU_C
    return 63 - (uint32_t)__builtin_clzll(word);
#elif MICROSOFT_C
    unsigned long bit;
    _BitScanReverse64(&bit, word);
    return bit;
#else
    uint32_t bit = 0;
    for (uint32_t step = 32; step; step /= 2)
        if (word >> step) {
            word >>= step;
            bit += step;
        }
    return bit;
#endif
}

/* Sums, differences and products of whole numbers: is one too large? */
#if GNU_C
#define add_overflows(a, b, result) __builtin_add_overflow(a, b, result)
#define subtract_overflows(a, b, result) __builtin_sub_overflow(a, b, result)
#define multiply_overflows(a, b, result) __builtin_mul_overflow(a, b, result)
#else
static inline int add_overflows(int64_t a, int64_t b, int64_t *result)
{
    *result = (int64_t)((uint64_t)a + (uint64_t)b);
    return (a < 0) == (b < 0) && (*result < 0) != (a < 0);
}

static inline int subtract_overflows(int64_t a, int64_t b, int64_t *result)
{
    *result = (int64_t)((uint64_t)a - (uint64_t)b);
    return (a < 0) != (b < 0) && (*result < 0) != (a < 0);
}

static inline int multiply_overflows(int64_t a, int64_t b, int64_t *result)
{
    *result = (int64_t)((uint64_t)a * (uint64_t)b);
    return a == -1 ? b == INT64_MIN : a != 0 && *result / a != b;
}
#endif

#endif
