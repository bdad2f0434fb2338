/* Registration, on a key of the test's own. */
#include "support/suite.h"

#include "com/registry.h"

#include <wchar.h>

static const CLSID clsid_a = {0x3d6f0b01, 0x52a1, 0x4c1e, {1, 2, 3, 4, 5, 6, 7, 8}};
static const CLSID clsid_b = {0x3d6f0b02, 0x52a1, 0x4c1e, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID libid = {0x3d6f0b03, 0x52a1, 0x4c1e, {1, 2, 3, 4, 5, 6, 7, 8}};
#define A_KEY L"CLSID\\{3D6F0B01-52A1-4C1E-0102-030405060708}"
#define B_KEY L"CLSID\\{3D6F0B02-52A1-4C1E-0102-030405060708}"
static const WCHAR path[] = L"C:\\Program Files\\x\\y.dll";

static const struct com_coclass table[] = {
    {&clsid_a, NULL, true, L"A thing", L"Omsp.A.1", L"Omsp.A"},
    {&clsid_b, NULL, true, L"B thing", NULL, NULL},
};

static HKEY root;

static void open_root(void)
{
    RegDeleteTreeW(HKEY_CURRENT_USER, L"Software\\OpenMSP test classes");
    ck_assert_int_eq(RegCreateKeyExW(HKEY_CURRENT_USER, L"Software\\OpenMSP test classes", 0, NULL,
                                     0, KEY_ALL_ACCESS, NULL, &root, NULL),
                     ERROR_SUCCESS);
}

static void close_root(void)
{
    RegCloseKey(root);
    RegDeleteTreeW(HKEY_CURRENT_USER, L"Software\\OpenMSP test classes");
}

static bool has(const WCHAR *key)
{
    HKEY opened;

    if (RegOpenKeyExW(root, key, 0, KEY_READ, &opened)) {
        return false;
    }
    RegCloseKey(opened);
    return true;
}

static void check(const WCHAR *key, const WCHAR *name, const WCHAR *expected)
{
    WCHAR text[200];
    DWORD size = sizeof(text);

    ck_assert_int_eq(RegGetValueW(root, key, name, RRF_RT_REG_SZ, NULL, text, &size),
                     ERROR_SUCCESS);
    ck_assert_int_eq(wcscmp(text, expected), 0);
}

static DWORD subkeys(const WCHAR *key)
{
    DWORD count = 0;
    HKEY opened;

    ck_assert_int_eq(RegOpenKeyExW(root, key, 0, KEY_READ, &opened), ERROR_SUCCESS);
    RegQueryInfoKeyW(opened, NULL, NULL, NULL, &count, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    RegCloseKey(opened);
    return count;
}

START_TEST(everything_is_written)
{
    open_root();
    for (int twice = 0; twice < 2; twice++) {
        ck_assert_int_eq(com_registry_register(root, table, 2, path, &libid), S_OK);
        check(A_KEY, NULL, L"A thing");
        check(A_KEY L"\\InprocServer32", NULL, path);
        check(A_KEY L"\\InprocServer32", L"ThreadingModel", L"Both");
        check(A_KEY L"\\ProgID", NULL, L"Omsp.A.1");
        check(A_KEY L"\\VersionIndependentProgID", NULL, L"Omsp.A");
        check(A_KEY L"\\TypeLib", NULL, L"{3D6F0B03-52A1-4C1E-0102-030405060708}");
        ck_assert(has(A_KEY L"\\Programmable"));
        check(L"Omsp.A.1", NULL, L"A thing");
        check(L"Omsp.A.1\\CLSID", NULL, A_KEY + 6);
        check(L"Omsp.A\\CLSID", NULL, A_KEY + 6);
        check(L"Omsp.A\\CurVer", NULL, L"Omsp.A.1");
        check(B_KEY L"\\InprocServer32", NULL, path);
        ck_assert(!has(B_KEY L"\\ProgID"));
    }
    close_root();
}
END_TEST

START_TEST(all_is_removed_again_and_more_than_once)
{
    open_root();
    ck_assert_int_eq(com_registry_unregister(root, table, 2), S_OK); /* nothing there */
    ck_assert_int_eq(com_registry_register(root, table, 2, path, NULL), S_OK);
    ck_assert(!has(A_KEY L"\\TypeLib"));
    ck_assert_int_eq(com_registry_unregister(root, table, 2), S_OK);
    ck_assert_uint_eq(subkeys(L""), 1); /* CLSID itself stays */
    ck_assert_uint_eq(subkeys(L"CLSID"), 0);
    ck_assert_int_eq(com_registry_unregister(root, table, 2), S_OK);
    close_root();
}
END_TEST

START_TEST(a_prog_id_that_somebody_else_has_now_is_left_alone)
{
    static const WCHAR other[] = L"{00000000-0000-0000-C000-000000000046}";

    open_root();
    ck_assert_int_eq(com_registry_register(root, table, 2, path, NULL), S_OK);
    ck_assert_int_eq(RegSetKeyValueW(root, L"Omsp.A\\CLSID", NULL, REG_SZ, other, sizeof(other)),
                     ERROR_SUCCESS);
    ck_assert_int_eq(com_registry_unregister(root, table, 2), S_OK);
    ck_assert(has(L"Omsp.A"));
    ck_assert(!has(L"Omsp.A.1"));
    close_root();
}
END_TEST

/* A volatile key cannot have a subkey that is not: a failure in the middle of the table. */
static void block(const WCHAR *key)
{
    HKEY opened;

    ck_assert_int_eq(RegCreateKeyExW(root, key, 0, NULL, REG_OPTION_VOLATILE, KEY_ALL_ACCESS, NULL,
                                     &opened, NULL),
                     ERROR_SUCCESS);
    RegCloseKey(opened);
}

START_TEST(a_failure_leaves_nothing_new_behind)
{
    open_root();
    ck_assert_int_eq(com_registry_register(root, table, 1, path, NULL), S_OK);
    ck_assert_int_eq(com_registry_unregister(root, table, 1), S_OK);
    block(B_KEY);
    ck_assert(FAILED(com_registry_register(root, table, 2, path, NULL)));
    ck_assert(!has(A_KEY));
    ck_assert(!has(L"Omsp.A.1"));
    ck_assert(!has(L"Omsp.A"));
    ck_assert(has(B_KEY)); /* was there before */
    close_root();
}
END_TEST

START_TEST(a_failure_keeps_what_was_registered_before)
{
    open_root();
    ck_assert_int_eq(com_registry_register(root, table, 1, path, NULL), S_OK);
    block(B_KEY);
    ck_assert(FAILED(com_registry_register(root, table, 2, path, NULL)));
    check(A_KEY L"\\InprocServer32", NULL, path);
    check(L"Omsp.A\\CurVer", NULL, L"Omsp.A.1");
    close_root();
}
END_TEST

START_TEST(the_machines_classes_can_be_opened)
{
    HKEY classes;

    ck_assert_int_eq(com_registry_open_classes(&classes), S_OK);
    RegCloseKey(classes);
}
END_TEST

OMSP_SUITE("com_registry", TEST(everything_is_written),
           TEST(all_is_removed_again_and_more_than_once),
           TEST(a_prog_id_that_somebody_else_has_now_is_left_alone),
           TEST(a_failure_leaves_nothing_new_behind),
           TEST(a_failure_keeps_what_was_registered_before),
           TEST(the_machines_classes_can_be_opened))
