/* To be loaded before the C library: one allocation that fastgrad's own modules ask for fails.
 *
 * fail_at(n) says which, from 0 on; fail_at(-1) none. Both return how many were asked for since the call before. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static void *(*next_malloc)(size_t);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static long left = -1, asked;
static _Thread_local int looking; /* dladdr and dlsym may allocate themselves */

/* What dlsym asks for while the first function is looked up; it is never given back. */
static char early[1 << 14];
static size_t early_used;

static void *early_memory(size_t size)
{
    void *memory = early + early_used;
    early_used += (size + 15) & ~(size_t)15;
    return early_used <= sizeof early ? memory : NULL;
}

static void look_up(void)
{
    looking = 1;
    next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
    next_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
    next_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
    looking = 0;
}

static int fails(void *caller)
{
    Dl_info module;
    int own;
    if (left < 0 || looking)
        return 0;
    looking = 1;
    own = dladdr(caller, &module) && module.dli_fname && strstr(module.dli_fname, "/fastgrad/");
    looking = 0;
    asked += own;
    return own && left-- == 0;
}

long fail_at(long n)
{
    long before = asked;
    asked = 0;
    left = n;
    return before;
}

void *malloc(size_t size)
{
    if (!next_malloc && !looking)
        look_up();
    if (!next_malloc)
        return early_memory(size);
    return fails(__builtin_return_address(0)) ? NULL : next_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (!next_calloc && !looking)
        look_up();
    if (!next_calloc)
        return early_memory(count * size);
    return fails(__builtin_return_address(0)) ? NULL : next_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    if (!next_realloc)
        look_up();
    return fails(__builtin_return_address(0)) ? NULL : next_realloc(memory, size);
}
