/*
 * Entries of the terminal manager's part of the registry, as a terminal's installer would write
 * them. The suites that use this leave nothing behind.
 */
#ifndef OMSP_TESTS_MSP_REGISTRY_KIT_H
#define OMSP_TESTS_MSP_REGISTRY_KIT_H

#include "msp/kit.h"

#include <wchar.h>

#define REGISTRY_ROOT L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Telephony\\TerminalManager"

static inline HKEY registry_root(REGSAM view)
{
    HKEY root = NULL;

    ck_assert_int_eq(RegCreateKeyExW(HKEY_LOCAL_MACHINE, REGISTRY_ROOT, 0, NULL, 0,
                                     KEY_ALL_ACCESS | view, NULL, &root, NULL),
                     0);
    return root;
}

static inline void registry_text(HKEY key, const WCHAR *name, const WCHAR *text)
{
    if (text)
        ck_assert_int_eq(RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)text,
                                        (DWORD)((wcslen(text) + 1) * sizeof(WCHAR))),
                         0);
}

static inline void registry_number(HKEY key, const WCHAR *name, DWORD number)
{
    ck_assert_int_eq(RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&number, sizeof(number)),
                     0);
}

/* name NULL: none. */
static inline void registry_superclass(REGSAM view, const WCHAR *superclass, const WCHAR *name)
{
    HKEY root = registry_root(view), key;

    ck_assert_int_eq(
        RegCreateKeyExW(root, superclass, 0, NULL, 0, KEY_ALL_ACCESS | view, NULL, &key, NULL), 0);
    registry_text(key, L"Name", name);
    RegCloseKey(key);
    RegCloseKey(root);
}

/* Strings may be NULL, numbers 0: not written. */
struct registry_entry {
    const WCHAR *class, *name, *company, *version, *clsid;
    DWORD directions, media;
};

static inline void registry_class(REGSAM view, const WCHAR *superclass,
                                  const struct registry_entry *entry)
{
    HKEY root = registry_root(view), key;
    WCHAR path[160];

    swprintf(path, 160, L"%ls\\%ls", superclass, entry->class);
    ck_assert_int_eq(
        RegCreateKeyExW(root, path, 0, NULL, 0, KEY_ALL_ACCESS | view, NULL, &key, NULL), 0);
    registry_text(key, L"Name", entry->name);
    registry_text(key, L"Company", entry->company);
    registry_text(key, L"Version", entry->version);
    registry_text(key, L"CLSID", entry->clsid);
    if (entry->directions)
        registry_number(key, L"Directions", entry->directions);
    if (entry->media)
        registry_number(key, L"MediaTypes", entry->media);
    RegCloseKey(key);
    RegCloseKey(root);
}

static inline void registry_forget(const WCHAR *superclass)
{
    static const REGSAM views[] = {KEY_WOW64_64KEY, KEY_WOW64_32KEY};

    for (unsigned i = 0; i < 2; i++) {
        HKEY root = registry_root(views[i]);

        RegDeleteTreeW(root, superclass);
        RegCloseKey(root);
    }
}

#endif
