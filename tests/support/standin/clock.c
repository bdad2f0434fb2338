/* Clocks, counters of the process, timed waits, secrets in memory. */
#include "support/standin/standin.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <dpapi.h>

#define SINCE_1601 116444736000000000ull /* 100 ns, of 1970 */

static FILETIME filetime(UINT64 ticks)
{
    return (FILETIME){(DWORD)ticks, (DWORD)(ticks >> 32)};
}

static UINT64 wall(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return SINCE_1601 + (UINT64)now.tv_sec * 10000000 + (UINT64)now.tv_nsec / 100;
}

VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME out)
{
    *out = filetime(wall());
}

ULONGLONG WINAPI GetTickCount64(void)
{
    return standin_now_us() / 1000;
}

static FILETIME spent(struct timeval time)
{
    return filetime((UINT64)time.tv_sec * 10000000 + (UINT64)time.tv_usec * 10);
}

BOOL WINAPI GetProcessTimes(HANDLE process, LPFILETIME created, LPFILETIME ended, LPFILETIME kernel,
                            LPFILETIME user)
{
    static UINT64 first;
    struct rusage usage;
    UINT64 none = 0;

    (void)process;
    __atomic_compare_exchange_n(&first, &none, wall(), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    getrusage(RUSAGE_SELF, &usage);
    *created = filetime(__atomic_load_n(&first, __ATOMIC_SEQ_CST));
    *ended = filetime(0);
    *kernel = spent(usage.ru_stime);
    *user = spent(usage.ru_utime);
    return TRUE;
}

VOID WINAPI GetSystemInfo(LPSYSTEM_INFO out)
{
    memset(out, 0, sizeof(*out));
    out->dwNumberOfProcessors = (DWORD)sysconf(_SC_NPROCESSORS_ONLN);
    out->dwPageSize = (DWORD)sysconf(_SC_PAGESIZE);
}

/* Not a cipher: that who reads without Unprotect reads something else. */
static BOOL mangle(BYTE *data, DWORD size, BYTE by)
{
    if (size % CRYPTPROTECTMEMORY_BLOCK_SIZE) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    for (DWORD i = 0; i < size; i++)
        data[i] ^= by;
    return TRUE;
}

BOOL WINAPI CryptProtectMemory(LPVOID data, DWORD size, DWORD flags)
{
    (void)flags;
    return mangle(data, size, 0x5a);
}

BOOL WINAPI CryptUnprotectMemory(LPVOID data, DWORD size, DWORD flags)
{
    (void)flags;
    return mangle(data, size, 0x5a);
}

/* The system's words for HRESULTs; it has none. */
DWORD WINAPI FormatMessageW(DWORD flags, LPCVOID source, DWORD id, DWORD language, LPWSTR out,
                            DWORD room, __ms_va_list *args)
{
    (void)flags, (void)source, (void)id, (void)language, (void)out, (void)room, (void)args;
    SetLastError(ERROR_MR_MID_NOT_FOUND);
    return 0;
}
