/* The processor's level by the compiler's own run-time (CPUID and XGETBV). No state; any thread. */
#include "base/cpu.h"

#include <stdbool.h>

enum omsp_cpu_level omsp_cpu_level(void)
{
#ifdef OMSP_CPU_X86
    __builtin_cpu_init(); /* done before main already, unless a constructor asks */
    if (__builtin_cpu_supports("avx2")) {
        bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512vbmi");

        return wide ? OMSP_CPU_AVX512 : OMSP_CPU_AVX2;
    }
    if (__builtin_cpu_supports("ssse3"))
        return OMSP_CPU_SSSE3;
    if (__builtin_cpu_supports("sse2"))
        return OMSP_CPU_SSE2;
#endif
    return OMSP_CPU_PLAIN;
}
