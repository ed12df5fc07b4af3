/* The choice among instruction sets, each of which has its kernels in a file of its own. */

#include "rows/kernels.h"

#include <stddef.h>

const struct kernels *kernels_in_use;

static const struct { const char *name; const struct kernels *kernels; } sets[] = {
    {"baseline", &kernels_baseline},
#if FOR_X86
    {"avx2", &kernels_avx2},
    {"avx512", &kernels_avx512},
#elif FOR_ARM
    {"neon", &kernels_neon},
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
    return number == 0 || FOR_ARM;
}

const char *choose_kernels(unsigned number)
{
    if (number >= sizeof sets / sizeof *sets || !runs_here(number))
        return NULL;
    kernels_in_use = sets[number].kernels;
    return sets[number].name;
}
