/*
 * openmsp.dll as strangers load it: found beside the test programs' folder, by its manifest,
 * without registration. Windows only.
 */
#ifndef OMSP_TESTS_SUPPORT_DLL_H
#define OMSP_TESTS_SUPPORT_DLL_H

#include "support/outer.h"

#include <stdio.h>
#include <wchar.h>

struct activation {
    HANDLE context;
    ULONG_PTR cookie;
};

/* ..\bin\<name> from where this program lies. */
static inline void dll_beside(const WCHAR *name, WCHAR *out, size_t room)
{
    WCHAR path[1024];
    WCHAR *slash;

    ck_assert_uint_lt(GetModuleFileNameW(NULL, path, 1024), 1024);
    slash = wcsrchr(path, L'\\');
    ck_assert_ptr_nonnull(slash);
    *slash = 0;
    _snwprintf(out, room, L"%ls\\..\\bin\\%ls", path, name);
    out[room - 1] = 0;
}

/* This thread joins the multithreaded apartment, and openmsp.dll's classes can be created. */
static inline void activate(struct activation *activation)
{
    WCHAR path[1200];
    ACTCTXW context = {.cbSize = sizeof(context), .lpSource = path};

    dll_beside(L"openmsp.dll.manifest", path, sizeof(path) / sizeof(path[0]));
    activation->context = CreateActCtxW(&context);
    ck_assert_msg(activation->context != INVALID_HANDLE_VALUE, "CreateActCtx %ls: %lu", path,
                  GetLastError());
    ck_assert(ActivateActCtx(activation->context, &activation->cookie));
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
}

static inline void deactivate(struct activation *activation)
{
    CoUninitialize();
    DeactivateActCtx(0, activation->cookie);
    ReleaseActCtx(activation->context);
}

#endif
