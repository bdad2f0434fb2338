/*
 * The IDispatch quartet over const tables. Not a type library: where the module provides one, its
 * hook answers GetTypeInfo, and Invoke still goes by the table. No state but the two hooks; any
 * thread.
 */
#include "com/dispatch.h"

#include "com/invoke.h"
#include "com/object.h"
#include "com/wide.h"

static HRESULT (*load_typeinfo)(REFIID iid, LCID lcid, ITypeInfo **out);
static const WCHAR *(*describe)(HRESULT hr);

void com_dispatch_set_typeinfo(HRESULT (*load)(REFIID iid, LCID lcid, ITypeInfo **out))
{
    load_typeinfo = load;
}

void com_dispatch_set_words(const WCHAR *(*words)(HRESULT hr))
{
    describe = words;
}

static const struct com_dispatch *dispatch_of(void *iface)
{
    return (*(const struct com_vtable_head **)iface - 1)->dispatch;
}

/* The object's next dual interface but `iface` itself, when its class merges them; NULL at the end.
 * *at starts at 0. */
static void *next_merged(void *iface, size_t *at)
{
    struct com_object *object = com_object_of(iface);
    const struct com_class *class = object->class;

    while ((class->flags & COM_MERGED) && *at < class->entry_count) {
        const struct com_vtable_head *head = class->entries[(*at)++].head;
        void *slot = (char *)object + head->offset;

        if (head->dispatch && slot != iface) {
            return slot;
        }
    }
    return NULL;
}

/* ---- type information ----------------------------------------------------------------------- */

static HRESULT typeinfo(void *iface, LCID lcid, ITypeInfo **out)
{
    const struct com_dispatch *dispatch = dispatch_of(iface);
    struct com_object *object = com_object_of(iface);
    const IID *iid = dispatch->iid;

    *out = NULL;
    if (!iid && object->class->dual_iid) {
        iid = object->class->dual_iid(object);
    }
    if (!iid || !load_typeinfo || FAILED(load_typeinfo(iid, lcid, out))) {
        *out = NULL;
        return E_NOTIMPL;
    }
    return S_OK;
}

HRESULT STDMETHODCALLTYPE com_GetTypeInfoCount(void *iface, UINT *count)
{
    ITypeInfo *info;

    if (!count) {
        return E_POINTER;
    }
    *count = 0;
    if (SUCCEEDED(typeinfo(iface, LOCALE_NEUTRAL, &info))) {
        ITypeInfo_Release(info);
        *count = 1;
    }
    return S_OK;
}

HRESULT STDMETHODCALLTYPE com_GetTypeInfo(void *iface, UINT index, LCID lcid, ITypeInfo **out)
{
    if (!out) {
        return E_POINTER;
    }
    *out = NULL;
    return index ? DISP_E_BADINDEX : typeinfo(iface, lcid, out);
}

/* ---- names ---------------------------------------------------------------------------------- */

static WCHAR fold(WCHAR c)
{
    return c >= L'A' && c <= L'Z' ? c + (L'a' - L'A') : c;
}

/* Names of members are ASCII, so are those that can equal them. */
static bool same_name(const WCHAR *a, const WCHAR *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i] && fold(a[i]) != fold(b[i])) {
            return false;
        }
    }
    return true;
}

static const struct com_member *find_name(const struct com_dispatch *dispatch, const WCHAR *name)
{
    size_t length = wcslen(name);

    for (unsigned i = 0; i < dispatch->count; i++) {
        const struct com_member *member = &dispatch->members[i];

        if (member->name_length == length && same_name(member->name, name, length)) {
            return member;
        }
    }
    return NULL;
}

static DISPID find_argument(const struct com_member *member, const WCHAR *name)
{
    size_t length = wcslen(name);

    for (unsigned i = 0; i < member->arg_count; i++) {
        const WCHAR *known = member->args[i].name;

        if (known && wcslen(known) == length && same_name(known, name, length)) {
            return (DISPID)i;
        }
    }
    return DISPID_UNKNOWN;
}

HRESULT STDMETHODCALLTYPE com_GetIDsOfNames(void *iface, REFIID iid, LPOLESTR *names, UINT count,
                                            LCID lcid, DISPID *ids)
{
    const struct com_member *member;
    void *other;
    HRESULT hr = S_OK;

    (void)lcid;
    if (!IsEqualIID(iid, &IID_NULL)) {
        return DISP_E_UNKNOWNINTERFACE;
    }
    if (!names || !ids) {
        return E_POINTER;
    }
    if (!count) {
        return E_INVALIDARG;
    }
    member = names[0] ? find_name(dispatch_of(iface), names[0]) : NULL;
    for (size_t at = 0; names[0] && !member && (other = next_merged(iface, &at)) != NULL;) {
        member = find_name(dispatch_of(other), names[0]);
    }
    ids[0] = member ? member->id : DISPID_UNKNOWN;
    for (UINT i = 1; i < count; i++) {
        ids[i] = member && names[i] ? find_argument(member, names[i]) : DISPID_UNKNOWN;
        if (ids[i] == DISPID_UNKNOWN) {
            hr = DISP_E_UNKNOWNNAME;
        }
    }
    return member ? hr : DISP_E_UNKNOWNNAME;
}

/* ---- members -------------------------------------------------------------------------------- */

static bool callable(const struct com_member *member, WORD flags)
{
    switch (member->kind) {
    case INVOKE_FUNC:
        return flags & DISPATCH_METHOD;
    case INVOKE_PROPERTYGET: /* scripts do not know whether a name is a method or a property */
        return flags & (DISPATCH_METHOD | DISPATCH_PROPERTYGET);
    default:
        return flags & (DISPATCH_PROPERTYPUT | DISPATCH_PROPERTYPUTREF);
    }
}

/* The table is sorted; without gaps the first guess is right. */
static const struct com_member *find_member(const struct com_dispatch *dispatch, DISPID id,
                                            WORD flags)
{
    const struct com_member *members = dispatch->members;
    INT64 distance = (INT64)id - members[0].id;
    unsigned count = dispatch->count, i;

    i = distance <= 0 ? 0 : distance >= count ? count - 1 : (unsigned)distance;
    while (i > 0 && members[i - 1].id >= id) {
        i--;
    }
    while (i < count && members[i].id < id) {
        i++;
    }
    for (; i < count && members[i].id == id; i++) {
        if (callable(&members[i], flags)) {
            return &members[i];
        }
    }
    return NULL;
}

static BSTR words_of(HRESULT hr)
{
    const WCHAR *known = describe ? describe(hr) : NULL;
    WCHAR text[256];
    DWORD length;

    if (known) {
        return SysAllocString(known);
    }
    length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                            (DWORD)hr, 0, text, sizeof(text) / sizeof(text[0]), NULL);
    while (length && (text[length - 1] == L'\r' || text[length - 1] == L'\n')) {
        length--;
    }
    if (!length) {
        length = (DWORD)com_wide_format(text, sizeof(text) / sizeof(text[0]), L"Error 0x%08lX",
                                        (unsigned long)hr);
    }
    return SysAllocStringLen(text, length);
}

static HRESULT raise(void *iface, HRESULT hr, EXCEPINFO *exception)
{
    if (exception) {
        WCHAR source[128];
        int length = com_wide_format(source, sizeof(source) / sizeof(source[0]), L"%hs.%hs",
                                     com_object_of(iface)->class->name, dispatch_of(iface)->name);

        memset(exception, 0, sizeof(*exception));
        exception->scode = hr;
        exception->bstrSource = length > 0 ? SysAllocString(source) : NULL;
        exception->bstrDescription = words_of(hr);
    }
    return DISP_E_EXCEPTION;
}

/* obj.Things(1): the arguments belong to the default member of what the getter answers. */
static HRESULT invoke_default_of(VARIANT *object, LCID lcid, DISPPARAMS *params, VARIANT *result,
                                 EXCEPINFO *exception, UINT *arg_error)
{
    HRESULT hr = DISP_E_BADPARAMCOUNT;

    if (V_VT(object) == VT_DISPATCH && V_DISPATCH(object)) {
        hr = IDispatch_Invoke(V_DISPATCH(object), DISPID_VALUE, &IID_NULL, lcid,
                              DISPATCH_METHOD | DISPATCH_PROPERTYGET, params, result, exception,
                              arg_error);
    }
    VariantClear(object);
    return hr;
}

HRESULT STDMETHODCALLTYPE com_Invoke(void *iface, DISPID id, REFIID iid, LCID lcid, WORD flags,
                                     DISPPARAMS *params, VARIANT *result, EXCEPINFO *exception,
                                     UINT *arg_error)
{
    const struct com_member *member;
    void *other;
    HRESULT hr, returned;
    UINT error_index = 0;

    if (!IsEqualIID(iid, &IID_NULL)) {
        return DISP_E_UNKNOWNINTERFACE;
    }
    if (!params) {
        return E_POINTER;
    }
    if (result) {
        V_VT(result) = VT_EMPTY; /* VariantInit, without a call into another module */
    }
    member = find_member(dispatch_of(iface), id, flags);
    for (size_t at = 0; !member && (other = next_merged(iface, &at)) != NULL;) {
        member = find_member(dispatch_of(other), id, flags);
        if (member) {
            iface = other;
        }
    }
    if (!member) {
        return DISP_E_MEMBERNOTFOUND;
    }
    if (member->kind == INVOKE_PROPERTYGET && member->arg_count == 1 && params->cArgs) {
        DISPPARAMS none = {NULL, NULL, 0, 0};
        VARIANT object;

        VariantInit(&object);
        hr = com_invoke_member(iface, member, lcid, &none, &object, &error_index, &returned);
        if (SUCCEEDED(hr) && SUCCEEDED(returned)) {
            return invoke_default_of(&object, lcid, params, result, exception, arg_error);
        }
    } else {
        hr = com_invoke_member(iface, member, lcid, params, result, &error_index, &returned);
    }
    if (FAILED(hr)) {
        if (arg_error && (hr == DISP_E_TYPEMISMATCH || hr == DISP_E_PARAMNOTFOUND ||
                          hr == DISP_E_OVERFLOW || hr == DISP_E_PARAMNOTOPTIONAL)) {
            *arg_error = error_index;
        }
        return hr;
    }
    return FAILED(returned) ? raise(iface, returned, exception) : S_OK;
}

/* ---- self-check ----------------------------------------------------------------------------- */

static const char *member_check(const struct com_member *member, unsigned slots)
{
    if (!member->name || wcslen(member->name) != member->name_length) {
        return "a member without a name";
    }
    if (member->kind != INVOKE_FUNC && member->kind != INVOKE_PROPERTYGET &&
        member->kind != INVOKE_PROPERTYPUT) {
        return "a member of no kind";
    }
    if (member->slot < 7 || member->slot >= slots) {
        return "a member outside of its vtable";
    }
    if (member->arg_count > COM_MAX_ARGS || com_invoke_words(member) > COM_MAX_WORDS) {
        return "a member with too many arguments";
    }
    if (member->kind == INVOKE_PROPERTYPUT &&
        (!member->arg_count || member->args[member->arg_count - 1].direction != COM_IN)) {
        return "a setter without a value";
    }
    if (member->kind == INVOKE_PROPERTYGET &&
        (!member->arg_count || member->args[member->arg_count - 1].direction != COM_RETVAL)) {
        return "a getter without a retval";
    }
    for (unsigned i = 0; i < member->arg_count; i++) {
        const struct com_arg *arg = &member->args[i];

        if (arg->type < COM_TYPE_LONG || arg->type > COM_TYPE_FOREIGN) {
            return "an argument of no type";
        }
        if (arg->direction == COM_RETVAL ? i + 1 != member->arg_count : !arg->name) {
            return "an argument without a name, or a retval that is not the last";
        }
        if (arg->direction == COM_IN && !arg->iid &&
            (arg->type == COM_TYPE_DISPATCH || arg->type == COM_TYPE_UNKNOWN)) {
            return "an interface argument without an IID";
        }
        if (arg->direction == COM_IN && arg->type == COM_TYPE_DOUBLE) {
            return "a floating-point argument";
        }
        if (arg->direction != COM_IN && arg->type == COM_TYPE_FOREIGN) {
            return "an [out] argument of no Automation type";
        }
    }
    return NULL;
}

const char *com_dispatch_check(const struct com_dispatch *dispatch, unsigned slots)
{
    if (!dispatch->name || !dispatch->members || !dispatch->count) {
        return "an empty dispatch table";
    }
    for (unsigned i = 0; i < dispatch->count; i++) {
        const struct com_member *member = &dispatch->members[i];
        const char *problem = member_check(member, slots);

        if (problem) {
            return problem;
        }
        if (i && member->id < member[-1].id) {
            return "a dispatch table is not sorted";
        }
        if (i && member->id == member[-1].id &&
            !(member[-1].kind == INVOKE_PROPERTYGET && member->kind == INVOKE_PROPERTYPUT)) {
            return "a DISPID is used twice";
        }
    }
    return NULL;
}
