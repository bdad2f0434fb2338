/*
 * Registration of coclasses under a Classes key. Called by DllRegisterServer, and by tests on a key
 * of their own. No state; the caller's thread.
 */
#include "com/registry.h"

#include "base/alloc.h"
#include "com/wide.h"

#include <wchar.h>

enum { GUID_TEXT = 39, PATH_TEXT = 300 };

/* The keys of a coclass that lie directly under Classes or CLSID, as bits of "was there before". */
enum key { KEY_CLSID = 1, KEY_PROG_ID = 2, KEY_PROG_ID_NO_VERSION = 4 };

HRESULT com_registry_open_classes(HKEY *classes)
{
    *classes = NULL;
    return HRESULT_FROM_WIN32(RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"Software\\Classes", 0,
                                            KEY_READ | KEY_WRITE | DELETE, classes));
}

/* ---- one key -------------------------------------------------------------------------------- */

static bool key_exists(HKEY classes, const WCHAR *path)
{
    HKEY key;

    if (RegOpenKeyExW(classes, path, 0, KEY_READ, &key)) {
        return false;
    }
    RegCloseKey(key);
    return true;
}

/* Writes base\sub's value; a NULL text only makes the key. */
static LSTATUS put(HKEY classes, const WCHAR *base, const WCHAR *sub, const WCHAR *name,
                   const WCHAR *text)
{
    WCHAR path[PATH_TEXT];
    LSTATUS status;
    HKEY key;

    if (com_wide_format(path, PATH_TEXT, L"%ls%ls", base, sub) < 0) {
        return ERROR_BUFFER_OVERFLOW;
    }
    status = RegCreateKeyExW(classes, path, 0, NULL, 0, KEY_WRITE, NULL, &key, NULL);
    if (status) {
        return status;
    }
    if (text) {
        status = RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)text,
                                (DWORD)((wcslen(text) + 1) * sizeof(WCHAR)));
    }
    RegCloseKey(key);
    return status;
}

static LSTATUS remove_tree(HKEY classes, const WCHAR *path)
{
    LSTATUS status = RegDeleteTreeW(classes, path);

    return status == ERROR_FILE_NOT_FOUND || status == ERROR_PATH_NOT_FOUND ? ERROR_SUCCESS
                                                                            : status;
}

/* ---- one coclass ---------------------------------------------------------------------------- */

static void clsid_path(const struct com_coclass *coclass, WCHAR path[PATH_TEXT],
                       WCHAR text[GUID_TEXT])
{
    StringFromGUID2(coclass->clsid, text, GUID_TEXT);
    com_wide_format(path, PATH_TEXT, L"CLSID\\%ls", text);
}

static unsigned keys_present(HKEY classes, const struct com_coclass *coclass)
{
    WCHAR path[PATH_TEXT], clsid[GUID_TEXT];
    unsigned present = 0;

    clsid_path(coclass, path, clsid);
    present |= key_exists(classes, path) ? KEY_CLSID : 0;
    if (coclass->prog_id) {
        present |= key_exists(classes, coclass->prog_id) ? KEY_PROG_ID : 0;
    }
    if (coclass->prog_id_no_version) {
        present |= key_exists(classes, coclass->prog_id_no_version) ? KEY_PROG_ID_NO_VERSION : 0;
    }
    return present;
}

static LSTATUS register_one(HKEY classes, const struct com_coclass *coclass, const WCHAR *path,
                            const WCHAR *libid)
{
    const WCHAR *id = coclass->prog_id, *bare = coclass->prog_id_no_version;
    WCHAR key[PATH_TEXT], clsid[GUID_TEXT];
    LSTATUS status;

    clsid_path(coclass, key, clsid);
    status = put(classes, key, L"", NULL, coclass->description);
    status = status ? status : put(classes, key, L"\\InprocServer32", NULL, path);
    status = status ? status : put(classes, key, L"\\InprocServer32", L"ThreadingModel", L"Both");
    status = status ? status : put(classes, key, L"\\Programmable", NULL, NULL);
    if (libid) {
        status = status ? status : put(classes, key, L"\\TypeLib", NULL, libid);
    }
    if (id) {
        status = status ? status : put(classes, key, L"\\ProgID", NULL, id);
        status = status ? status : put(classes, id, L"", NULL, coclass->description);
        status = status ? status : put(classes, id, L"\\CLSID", NULL, clsid);
    }
    if (bare) {
        status = status ? status : put(classes, key, L"\\VersionIndependentProgID", NULL, bare);
        status = status ? status : put(classes, bare, L"", NULL, coclass->description);
        status = status ? status : put(classes, bare, L"\\CLSID", NULL, clsid);
    }
    if (bare && id) {
        status = status ? status : put(classes, bare, L"\\CurVer", NULL, id);
    }
    return status;
}

/* Does this ProgID name the coclass? */
static bool is_ours(HKEY classes, const WCHAR *prog_id, const WCHAR *clsid)
{
    WCHAR path[PATH_TEXT], found[GUID_TEXT];
    DWORD size = sizeof(found);

    if (com_wide_format(path, PATH_TEXT, L"%ls\\CLSID", prog_id) < 0 ||
        RegGetValueW(classes, path, NULL, RRF_RT_REG_SZ, NULL, found, &size)) {
        return false;
    }
    return !_wcsicmp(found, clsid);
}

static LSTATUS unregister_one(HKEY classes, const struct com_coclass *coclass)
{
    const WCHAR *ids[] = {coclass->prog_id, coclass->prog_id_no_version};
    WCHAR path[PATH_TEXT], clsid[GUID_TEXT];
    LSTATUS first;

    clsid_path(coclass, path, clsid);
    first = remove_tree(classes, path);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (ids[i] && is_ours(classes, ids[i], clsid)) {
            LSTATUS status = remove_tree(classes, ids[i]);

            first = first ? first : status;
        }
    }
    return first;
}

/* Removes what was not there before. Failures do not matter: there is nothing else to be done. */
static void roll_back(HKEY classes, const struct com_coclass *coclass, unsigned present)
{
    WCHAR path[PATH_TEXT], clsid[GUID_TEXT];

    clsid_path(coclass, path, clsid);
    if (!(present & KEY_CLSID)) {
        remove_tree(classes, path);
    }
    if (coclass->prog_id && !(present & KEY_PROG_ID)) {
        remove_tree(classes, coclass->prog_id);
    }
    if (coclass->prog_id_no_version && !(present & KEY_PROG_ID_NO_VERSION)) {
        remove_tree(classes, coclass->prog_id_no_version);
    }
}

/* ---- the table ------------------------------------------------------------------------------ */

HRESULT com_registry_register(HKEY classes, const struct com_coclass *table, size_t count,
                              const WCHAR *path, const GUID *libid)
{
    unsigned *present = omsp_zalloc_array(count + 1, sizeof(*present));
    WCHAR lib[GUID_TEXT];
    LSTATUS status = ERROR_SUCCESS;
    size_t done = 0;

    if (!present) {
        return E_OUTOFMEMORY;
    }
    if (libid) {
        StringFromGUID2(libid, lib, GUID_TEXT);
    }
    while (done < count && !status) {
        present[done] = keys_present(classes, &table[done]);
        status = register_one(classes, &table[done], path, libid ? lib : NULL);
        done++;
    }
    while (status && done) {
        done--;
        roll_back(classes, &table[done], present[done]);
    }
    omsp_free(present);
    return HRESULT_FROM_WIN32(status);
}

HRESULT com_registry_unregister(HKEY classes, const struct com_coclass *table, size_t count)
{
    LSTATUS first = ERROR_SUCCESS;

    for (size_t i = 0; i < count; i++) {
        LSTATUS status = unregister_one(classes, &table[i]);

        first = first ? first : status;
    }
    return HRESULT_FROM_WIN32(first);
}
