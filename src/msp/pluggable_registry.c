/*
 * Reads the terminal manager's part of the registry. Writes nothing: registering a terminal is its
 * maker's business. Any thread; no state.
 */
#include "msp/pluggable.h"

#include "base/alloc.h"

#define ROOT        L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Telephony\\TerminalManager"
#define KEY_TEXT    128 /* a key's name; a GUID has 38 characters */
#define MAX_ENTRIES 4096u

/* Elements of one size in an array that grows. */
struct gather {
    const CLSID *only; /* superclass, or NULL */
    LONG media;        /* 0: any */
    size_t size;
    void *items;
    unsigned count, room;
    HRESULT hr;
};

static void add(struct gather *gather, const void *item)
{
    if (gather->count == gather->room) {
        unsigned room = gather->room ? gather->room * 2 : 8;
        void *items = room <= MAX_ENTRIES ? omsp_zalloc_array(room, gather->size) : NULL;

        if (!items) {
            gather->hr = E_OUTOFMEMORY;
            return;
        }
        if (gather->count)
            memcpy(items, gather->items, gather->count * gather->size);
        omsp_free(gather->items);
        gather->items = items;
        gather->room = room;
    }
    memcpy((char *)gather->items + gather->count++ * gather->size, item, gather->size);
}

static bool guid_of(const WCHAR *text, CLSID *out)
{
    return text[0] == L'{' && SUCCEEDED(IIDFromString(text, out));
}

static void read_text(HKEY key, const WCHAR *name, WCHAR out[MSP_PLUGGABLE_TEXT])
{
    DWORD size = MSP_PLUGGABLE_TEXT * sizeof(WCHAR);

    if (RegGetValueW(key, NULL, name, RRF_RT_REG_SZ, NULL, out, &size))
        out[0] = 0;
}

static DWORD read_number(HKEY key, const WCHAR *name)
{
    DWORD value = 0, size = sizeof(value);

    return RegGetValueW(key, NULL, name, RRF_RT_REG_DWORD, NULL, &value, &size) ? 0 : value;
}

/* The key by its index, opened, when it is named by a GUID. False: no more. *key NULL: not one. */
static bool subkey(HKEY parent, DWORD index, CLSID *guid, HKEY *key)
{
    WCHAR name[KEY_TEXT];
    DWORD length = KEY_TEXT;
    LSTATUS status = RegEnumKeyExW(parent, index, name, &length, NULL, NULL, NULL, NULL);

    *key = NULL;
    if (status == ERROR_MORE_DATA)
        return true; /* too long for a GUID */
    if (status)
        return false;
    if (!guid_of(name, guid) || RegOpenKeyExW(parent, name, 0, KEY_READ, key))
        *key = NULL;
    return true;
}

/* ---- terminal classes ------------------------------------------------------------------------ */

static bool read_class(HKEY key, struct msp_pluggable_class *out)
{
    static const TERMINAL_DIRECTION directions[] = {TD_NONE, TD_CAPTURE, TD_RENDER,
                                                    TD_BIDIRECTIONAL};
    WCHAR clsid[MSP_PLUGGABLE_TEXT];
    DWORD direction = read_number(key, L"Directions");

    read_text(key, L"CLSID", clsid);
    read_text(key, L"Name", out->name);
    read_text(key, L"Company", out->company);
    read_text(key, L"Version", out->version);
    out->media = (LONG)read_number(key, L"MediaTypes");
    if (direction < 1 || direction > 3 || !out->media || !guid_of(clsid, &out->clsid))
        return false;
    out->direction = directions[direction];
    return true;
}

static bool has_class(const struct gather *gather, const struct msp_pluggable_class *class)
{
    const struct msp_pluggable_class *items = gather->items;

    for (unsigned i = 0; i < gather->count; i++)
        if (IsEqualCLSID(&items[i].superclass, &class->superclass) &&
            IsEqualCLSID(&items[i].terminal_class, &class->terminal_class))
            return true;
    return false;
}

static void visit_classes(struct gather *gather, HKEY superclass, const CLSID *guid)
{
    struct msp_pluggable_class class = {.superclass = *guid};
    HKEY key;

    if (gather->only && !IsEqualCLSID(gather->only, guid))
        return;
    for (DWORD i = 0; SUCCEEDED(gather->hr) && subkey(superclass, i, &class.terminal_class, &key);
         i++) {
        if (!key)
            continue;
        if (read_class(key, &class) && (!gather->media || (gather->media & class.media)) &&
            !has_class(gather, &class))
            add(gather, &class);
        RegCloseKey(key);
    }
}

/* ---- superclasses ---------------------------------------------------------------------------- */

static void visit_superclass(struct gather *gather, HKEY key, const CLSID *guid)
{
    struct msp_pluggable_superclass item = {.clsid = *guid};
    struct msp_pluggable_superclass *items = gather->items;

    for (unsigned i = 0; i < gather->count; i++)
        if (IsEqualCLSID(&items[i].clsid, guid))
            return;
    read_text(key, L"Name", item.name);
    add(gather, &item);
}

static void walk(struct gather *gather, REGSAM view,
                 void (*visit)(struct gather *gather, HKEY key, const CLSID *guid))
{
    HKEY root, key;
    CLSID guid;
    LSTATUS status = RegOpenKeyExW(HKEY_LOCAL_MACHINE, ROOT, 0, KEY_READ | view, &root);

    if (status) {
        if (status != ERROR_FILE_NOT_FOUND && status != ERROR_PATH_NOT_FOUND)
            gather->hr = HRESULT_FROM_WIN32(status);
        return;
    }
    for (DWORD i = 0; SUCCEEDED(gather->hr) && subkey(root, i, &guid, &key); i++) {
        if (!key)
            continue;
        visit(gather, key, &guid);
        RegCloseKey(key);
    }
    RegCloseKey(root);
}

static HRESULT walk_views(struct gather *gather,
                          void (*visit)(struct gather *gather, HKEY key, const CLSID *guid),
                          void *out, unsigned *count)
{
    REGSAM other = sizeof(void *) == 8 ? KEY_WOW64_32KEY : KEY_WOW64_64KEY;

    walk(gather, 0, visit);
    if (SUCCEEDED(gather->hr))
        walk(gather, other, visit);
    if (FAILED(gather->hr)) {
        omsp_free(gather->items);
        gather->items = NULL;
        gather->count = 0;
    }
    *(void **)out = gather->items;
    *count = gather->count;
    return gather->hr;
}

HRESULT msp_pluggable_superclasses(struct msp_pluggable_superclass **out, unsigned *count)
{
    struct gather gather = {.size = sizeof(**out)};

    return walk_views(&gather, visit_superclass, out, count);
}

HRESULT msp_pluggable_classes(const CLSID *superclass, LONG media, struct msp_pluggable_class **out,
                              unsigned *count)
{
    struct gather gather = {.only = superclass, .media = media, .size = sizeof(**out)};

    return walk_views(&gather, visit_classes, out, count);
}
