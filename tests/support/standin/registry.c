/*
 * A registry of one process, in memory: keys with names in any case, sorted, values, volatile keys,
 * the 32-bit view of HKLM\Software. It starts with HKLM\Software\Classes alone, and what was never
 * deleted stays for the program's life. One lock guards the tree.
 */
#include "support/standin/standin.h"

struct value {
    struct value *next;
    WCHAR *name;
    DWORD type, size;
    BYTE *data;
};

struct node {
    struct node *next, *children, *parent;
    WCHAR *name;
    struct value *values;
    bool is_volatile, deleted;
    unsigned opened;
};

static SRWLOCK lock = SRWLOCK_INIT;
static struct node roots[2]; /* HKLM, HKCU */

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static WCHAR *text_copy(const WCHAR *text, size_t length)
{
    WCHAR *made = must(calloc(length + 1, sizeof(WCHAR)));

    memcpy(made, text, length * sizeof(WCHAR));
    return made;
}

/* Keys that are open are their nodes, but for the roots. */
static struct node *node_of(HKEY key)
{
    if (key == HKEY_LOCAL_MACHINE)
        return &roots[0];
    if (key == HKEY_CURRENT_USER)
        return &roots[1];
    return (struct node *)key;
}

static bool is_root(const struct node *node)
{
    return !node->parent && node->name == NULL;
}

static void free_node(struct node *node)
{
    while (node->values) {
        struct value *value = node->values;

        node->values = value->next;
        free(value->name);
        free(value->data);
        free(value);
    }
    free(node->name);
    free(node);
}

/* ---- paths ----------------------------------------------------------------------------------- */

static struct node *child_of(struct node *node, const WCHAR *name, size_t length)
{
    for (struct node *child = node->children; child; child = child->next)
        if (wcslen(child->name) == length && !_wcsnicmp(child->name, name, length))
            return child;
    return NULL;
}

static struct node *add_child(struct node *node, const WCHAR *name, size_t length)
{
    struct node *made = must(calloc(1, sizeof(*made))), **at = &node->children;

    made->name = text_copy(name, length);
    made->parent = node;
    while (*at && _wcsicmp((*at)->name, made->name) < 0)
        at = &(*at)->next;
    made->next = *at;
    *at = made;
    return made;
}

/* The node at the path, made where it lacks if `make`. */
static LSTATUS walk(HKEY key, const WCHAR *path, REGSAM access, bool make, bool is_volatile,
                    struct node **out)
{
    struct node *node = node_of(key);

    *out = NULL;
    if (!roots[0].children)
        add_child(add_child(&roots[0], L"Software", 8), L"Classes", 7);
    if (node->deleted)
        return ERROR_KEY_DELETED;
    while (path && *path) {
        size_t length = wcscspn(path, L"\\");
        struct node *child = child_of(node, path, length);

        if (!child && !make)
            return ERROR_FILE_NOT_FOUND;
        if (!child && node->is_volatile && !is_volatile)
            return ERROR_CHILD_MUST_BE_VOLATILE;
        if (!child) {
            child = add_child(node, path, length);
            child->is_volatile = is_volatile;
        }
        path += length + (path[length] == L'\\');
        if ((access & KEY_WOW64_32KEY) && node == &roots[0] &&
            !_wcsicmp(child->name, L"Software")) {
            node = child_of(child, L"WOW6432Node", 11);
            child = node ? node : add_child(child, L"WOW6432Node", 11);
        }
        node = child;
    }
    *out = node;
    return ERROR_SUCCESS;
}

static HKEY opened(struct node *node)
{
    if (!is_root(node))
        node->opened++;
    return node == &roots[0]   ? HKEY_LOCAL_MACHINE
           : node == &roots[1] ? HKEY_CURRENT_USER
                               : (HKEY)node;
}

LSTATUS WINAPI RegOpenKeyExW(HKEY key, LPCWSTR path, DWORD options, REGSAM access, PHKEY out)
{
    struct node *node;
    LSTATUS status;

    (void)options;
    AcquireSRWLockExclusive(&lock);
    status = walk(key, path, access, false, false, &node);
    *out = status ? NULL : opened(node);
    ReleaseSRWLockExclusive(&lock);
    return status;
}

LSTATUS WINAPI RegCreateKeyExW(HKEY key, LPCWSTR path, DWORD reserved, LPWSTR class, DWORD options,
                               REGSAM access, SECURITY_ATTRIBUTES *security, PHKEY out,
                               LPDWORD disposition)
{
    struct node *node;
    LSTATUS status;

    (void)reserved, (void)class, (void)security, (void)disposition;
    AcquireSRWLockExclusive(&lock);
    status = walk(key, path, access, true, options & REG_OPTION_VOLATILE, &node);
    *out = status ? NULL : opened(node);
    ReleaseSRWLockExclusive(&lock);
    return status;
}

LSTATUS WINAPI RegCloseKey(HKEY key)
{
    struct node *node = node_of(key);

    AcquireSRWLockExclusive(&lock);
    if (!is_root(node)) {
        if (!node->opened)
            abort(); /* it is not open */
        node->opened--;
        if (!node->opened && node->deleted)
            free_node(node);
    }
    ReleaseSRWLockExclusive(&lock);
    return ERROR_SUCCESS;
}

/* Lock held. */
static void cut(struct node *node)
{
    while (node->children)
        cut(node->children);
    for (struct node **at = &node->parent->children; *at; at = &(*at)->next) {
        if (*at == node) {
            *at = node->next;
            break;
        }
    }
    node->deleted = true;
    if (!node->opened)
        free_node(node);
}

LSTATUS WINAPI RegDeleteTreeW(HKEY key, LPCWSTR path)
{
    struct node *node;
    LSTATUS status;

    AcquireSRWLockExclusive(&lock);
    status = walk(key, path, 0, false, false, &node);
    if (!status) {
        if (path && *path)
            cut(node);
        else
            while (node->children)
                cut(node->children);
    }
    ReleaseSRWLockExclusive(&lock);
    return status;
}

/* ---- what is in them ------------------------------------------------------------------------- */

LSTATUS WINAPI RegEnumKeyExW(HKEY key, DWORD index, LPWSTR name, LPDWORD room, LPDWORD reserved,
                             LPWSTR class, LPDWORD class_room, FILETIME *written)
{
    LSTATUS status = ERROR_NO_MORE_ITEMS;
    struct node *child;

    (void)reserved, (void)class, (void)class_room, (void)written;
    AcquireSRWLockExclusive(&lock);
    child = node_of(key)->children;
    while (child && index--)
        child = child->next;
    if (child) {
        size_t length = wcslen(child->name);

        status = length < *room ? ERROR_SUCCESS : ERROR_MORE_DATA;
        if (!status) {
            wcscpy(name, child->name);
            *room = (DWORD)length;
        }
    }
    ReleaseSRWLockExclusive(&lock);
    return status;
}

LSTATUS WINAPI RegQueryInfoKeyW(HKEY key, LPWSTR class, LPDWORD class_room, LPDWORD reserved,
                                LPDWORD subkeys, LPDWORD longest, LPDWORD longest_class,
                                LPDWORD values, LPDWORD longest_value, LPDWORD longest_data,
                                LPDWORD security, FILETIME *written)
{
    (void)class, (void)class_room, (void)reserved, (void)longest, (void)longest_class;
    (void)values, (void)longest_value, (void)longest_data, (void)security, (void)written;
    AcquireSRWLockExclusive(&lock);
    *subkeys = 0;
    for (struct node *child = node_of(key)->children; child; child = child->next)
        ++*subkeys;
    ReleaseSRWLockExclusive(&lock);
    return ERROR_SUCCESS;
}

static struct value *value_of(struct node *node, const WCHAR *name)
{
    for (struct value *value = node->values; value; value = value->next)
        if (!_wcsicmp(value->name, name ? name : L""))
            return value;
    return NULL;
}

LSTATUS WINAPI RegSetKeyValueW(HKEY key, LPCWSTR path, LPCWSTR name, DWORD type, const void *data,
                               DWORD size)
{
    struct node *node;
    LSTATUS status;

    AcquireSRWLockExclusive(&lock);
    status = walk(key, path, 0, true, false, &node);
    if (!status) {
        struct value *value = value_of(node, name);

        if (!value) {
            value = must(calloc(1, sizeof(*value)));
            value->name = text_copy(name ? name : L"", name ? wcslen(name) : 0);
            value->next = node->values;
            node->values = value;
        }
        free(value->data);
        value->data = must(malloc(size ? size : 1));
        memcpy(value->data, data, size);
        value->size = size;
        value->type = type;
    }
    ReleaseSRWLockExclusive(&lock);
    return status;
}

LSTATUS WINAPI RegSetValueExW(HKEY key, LPCWSTR name, DWORD reserved, DWORD type, const BYTE *data,
                              DWORD size)
{
    (void)reserved;
    return RegSetKeyValueW(key, NULL, name, type, data, size);
}

LSTATUS WINAPI RegGetValueW(HKEY key, LPCWSTR path, LPCWSTR name, DWORD flags, LPDWORD type,
                            PVOID data, LPDWORD size)
{
    struct value *value = NULL;
    struct node *node;
    LSTATUS status;

    AcquireSRWLockExclusive(&lock);
    status = walk(key, path, 0, false, false, &node);
    if (!status) {
        value = value_of(node, name);
        status = value ? ERROR_SUCCESS : ERROR_FILE_NOT_FOUND;
    }
    if (!status && !((flags & RRF_RT_REG_SZ) && value->type == REG_SZ) &&
        !((flags & RRF_RT_REG_DWORD) && value->type == REG_DWORD))
        status = ERROR_UNSUPPORTED_TYPE;
    if (!status && type)
        *type = value->type;
    if (!status && size) {
        /* A text is answered with its zero, whether or not that was written. */
        bool bare = value->type == REG_SZ &&
                    (value->size < 2 || ((WCHAR *)value->data)[value->size / 2 - 1]);
        DWORD need = value->size + (bare ? (DWORD)sizeof(WCHAR) : 0);

        if (data && *size < need) {
            status = ERROR_MORE_DATA;
        } else if (data) {
            memcpy(data, value->data, value->size);
            if (bare)
                memset((BYTE *)data + value->size, 0, sizeof(WCHAR));
        }
        *size = need;
    }
    ReleaseSRWLockExclusive(&lock);
    return status;
}
