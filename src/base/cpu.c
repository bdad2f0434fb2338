/* The processor's level by CPUID, and XGETBV for what the system saves of it: the compiler's own
 * run-time tells the same, but brings 5 KB of names of processors. No state; any thread. */
#include "base/cpu.h"

#ifdef OMSP_CPU_X86

#include <stdbool.h>

/* Leaf 1. */
#define SSE2    (1u << 26) /* edx */
#define SSSE3   (1u << 9)  /* ecx */
#define OSXSAVE (1u << 27) /* ecx: XGETBV works */
#define AVX     (1u << 28) /* ecx */
/* Leaf 7. */
#define AVX2     (1u << 5)             /* ebx */
#define AVX512FW (1u << 16 | 1u << 30) /* ebx: F and BW */
#define VBMI     (1u << 1)             /* ecx */
/* What of the registers the system saves. */
#define YMM (1u << 1 | 1u << 2)
#define ZMM (YMM | 1u << 5 | 1u << 6 | 1u << 7)

struct registers {
    unsigned eax, ebx, ecx, edx;
};

/* All zeros for a leaf that the processor does not know. */
static struct registers leaf(unsigned number)
{
    struct registers of = {0}, most;

    __asm__("cpuid" : "=a"(most.eax), "=b"(most.ebx), "=c"(most.ecx), "=d"(most.edx) : "a"(0));
    if (number <= most.eax)
        __asm__("cpuid"
                : "=a"(of.eax), "=b"(of.ebx), "=c"(of.ecx), "=d"(of.edx)
                : "a"(number), "c"(0));
    return of;
}

static unsigned saved(void)
{
    unsigned low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool all(unsigned have, unsigned wanted)
{
    return (have & wanted) == wanted;
}

enum omsp_cpu_level omsp_cpu_level(void)
{
    struct registers one = leaf(1), seven = leaf(7);
    unsigned registers = all(one.ecx, OSXSAVE | AVX) ? saved() : 0;

    if (!(one.edx & SSE2))
        return OMSP_CPU_PLAIN;
    if (!(one.ecx & SSSE3))
        return OMSP_CPU_SSE2;
    if (!all(registers, YMM) || !(seven.ebx & AVX2))
        return OMSP_CPU_SSSE3;
    return all(registers, ZMM) && all(seven.ebx, AVX512FW) && (seven.ecx & VBMI) ? OMSP_CPU_AVX512
                                                                                 : OMSP_CPU_AVX2;
}

#else

enum omsp_cpu_level omsp_cpu_level(void)
{
    return OMSP_CPU_PLAIN;
}

#endif
