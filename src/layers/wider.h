/* Loops that are compiled for wider vectors too; which one runs is decided when the module is loaded. */
#ifndef FASTGRAD_WIDER_H
#define FASTGRAD_WIDER_H

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define FOR_WIDER_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_WIDER_VECTORS
#endif

#endif
