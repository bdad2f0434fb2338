/*
 * Task memory with its spy, and BSTRs in it. Each block says whether the spy saw it come. A BSTR is
 * its length in bytes, its text and a zero, to the byte, so that AddressSanitizer sees who reads
 * past it. In an allocation walk all of it takes its turn among the program's own allocations.
 */
#include "support/standin/standin.h"

#define SPIED 0x53504945u
#define PLAIN 0x504c4149u

struct head {
    UINT32 mark;
    UINT32 size;
    UINT64 spare; /* blocks are aligned to 16 bytes */
};

static IMallocSpy *volatile spy;

/* Of support/suite.h: a program without it, a fuzzer's, has no walk. */
extern bool omsp_test_task_turn(bool spied) __attribute__((weak));

static IMallocSpy *spy_now(void)
{
    return __atomic_load_n(&spy, __ATOMIC_ACQUIRE);
}

HRESULT WINAPI CoRegisterMallocSpy(LPMALLOCSPY made)
{
    IMallocSpy *none = NULL;

    if (!made)
        return E_INVALIDARG;
    return __atomic_compare_exchange_n(&spy, &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
               ? S_OK
               : CO_E_OBJISREG;
}

LPVOID WINAPI CoTaskMemAlloc(SIZE_T size)
{
    IMallocSpy *watching = spy_now();
    struct head *head;

    if (watching) {
        size = IMallocSpy_PreAlloc(watching, size);
        if (!size)
            return NULL;
    }
    if (omsp_test_task_turn && !omsp_test_task_turn(watching != NULL))
        return NULL; /* as a spy sees it: it was asked, and has nothing to see come */
    head = size <= UINT32_MAX ? malloc(sizeof(*head) + size) : NULL;
    if (head)
        *head = (struct head){.mark = watching ? SPIED : PLAIN, .size = (UINT32)size};
    if (watching && head)
        return IMallocSpy_PostAlloc(watching, head + 1);
    return head ? head + 1 : NULL;
}

VOID WINAPI CoTaskMemFree(LPVOID block)
{
    IMallocSpy *watching = spy_now();
    struct head *head;

    if (!block)
        return;
    head = (struct head *)block - 1;
    if (head->mark != SPIED && head->mark != PLAIN)
        abort(); /* not from here */
    if (watching && head->mark == SPIED)
        IMallocSpy_PreFree(watching, block, TRUE);
    head->mark = 0;
    free(head);
}

/* ---- BSTRs ----------------------------------------------------------------------------------- */

struct text {
    UINT32 pad, bytes;
};

BSTR WINAPI SysAllocStringByteLen(LPCSTR bytes, UINT length)
{
    struct text *text;
    char *made;

    if (length > 0x7ffffff0)
        return NULL;
    text = CoTaskMemAlloc(sizeof(*text) + length + sizeof(WCHAR));
    if (!text)
        return NULL;
    text->bytes = length;
    made = (char *)(text + 1);
    if (bytes)
        memcpy(made, bytes, length);
    memset(made + length, 0, sizeof(WCHAR));
    return (BSTR)made;
}

BSTR WINAPI SysAllocStringLen(const OLECHAR *text, UINT length)
{
    if (length > 0x3ffffff0)
        return NULL;
    return SysAllocStringByteLen((LPCSTR)text, length * (UINT)sizeof(WCHAR));
}

BSTR WINAPI SysAllocString(LPCOLESTR text)
{
    return text ? SysAllocStringLen(text, (UINT)wcslen(text)) : NULL;
}

VOID WINAPI SysFreeString(BSTR text)
{
    if (text)
        CoTaskMemFree((struct text *)text - 1);
}

UINT WINAPI SysStringByteLen(BSTR text)
{
    return text ? ((struct text *)text - 1)->bytes : 0;
}

UINT WINAPI SysStringLen(BSTR text)
{
    return SysStringByteLen(text) / (UINT)sizeof(WCHAR);
}

HRESULT WINAPI VarBstrCat(BSTR left, BSTR right, LPBSTR out)
{
    UINT first = SysStringByteLen(left), second = SysStringByteLen(right);

    *out = SysAllocStringByteLen(NULL, first + second);
    if (!*out)
        return E_OUTOFMEMORY;
    if (first)
        memcpy(*out, left, first);
    if (second)
        memcpy((char *)*out + first, right, second);
    return S_OK;
}
