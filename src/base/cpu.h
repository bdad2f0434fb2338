/*
 * Which vector instructions this processor has and this system lets programs use. A pure question
 * whose answer never changes: any thread.
 */
#ifndef OMSP_BASE_CPU_H
#define OMSP_BASE_CPU_H

/* Each level has all of those before it. */
enum omsp_cpu_level {
    OMSP_CPU_PLAIN, /* any machine */
    OMSP_CPU_SSE2,
    OMSP_CPU_SSSE3,
    OMSP_CPU_AVX2, /* with the system saving the wide registers, which CPUID alone does not tell */
    OMSP_CPU_AVX512, /* F, BW and VBMI: byte permutes; its registers, too, saved by the system */
};

enum omsp_cpu_level omsp_cpu_level(void);

/* Files with vector code are compiled everywhere and are empty where this is not defined. */
#if defined(__x86_64__) || defined(__i386__)
#define OMSP_CPU_X86 1
#endif

#endif
