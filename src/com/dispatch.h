/*
 * IDispatch from const tables, for every dual interface: no type library has to be registered.
 *
 *   static const struct com_member members[] = {          // at file scope, sorted by DISPID
 *       COM_GET(ITStream, 1, MediaType, COM_RETVAL_LONG),
 *       COM_METHOD(ITStream, 4, StartStream),
 *       COM_METHOD(ITStream, 7, SelectTerminal, COM_IN_OBJECT("pTerminal", &IID_ITTerminal)),
 *       COM_METHOD(ITStream, 9, EnumerateTerminals, COM_RETVAL_UNKNOWN),
 *       COM_GET(ITStream, 10, Terminals, COM_RETVAL_VARIANT)};
 *   const struct com_dispatch msp_dispatch_ITStream =
 *       COM_DISPATCH_TABLE(&IID_ITStream, "ITStream", members);
 *
 * Invoke: arguments are coerced with VariantChangeTypeEx; VT_BYREF arguments (VBScript passes
 * VT_BYREF|VT_VARIANT) are accepted for [in]; interface arguments are queried for the needed IID;
 * [out] arguments must be VT_BYREF of their own type or of VT_VARIANT; named arguments are known by
 * their position; getters may be called as methods. A failing HRESULT becomes DISP_E_EXCEPTION
 * with EXCEPINFO.scode. Any thread. Source: mspi §7.3, §12.
 */
#ifndef OMSP_COM_DISPATCH_H
#define OMSP_COM_DISPATCH_H

#include <windows.h>
#include <ole2.h>

enum com_type {
    COM_TYPE_LONG = 1, /* long, enums, HRESULT: VT_I4 */
    COM_TYPE_BOOL,     /* VARIANT_BOOL: VT_BOOL */
    COM_TYPE_BSTR,     /* VT_BSTR */
    COM_TYPE_VARIANT,  /* anything */
    COM_TYPE_DISPATCH, /* a dual interface or IDispatch: VT_DISPATCH */
    COM_TYPE_UNKNOWN,  /* any other interface: VT_UNKNOWN */
    COM_TYPE_DOUBLE,   /* VT_R8, [out] and retval only: as an [in] it is no machine word */
    COM_TYPE_FOREIGN   /* no Automation type (a GUID by value, …): the member has its DISPID, and
                          Invoke answers DISP_E_TYPEMISMATCH */
};

enum com_direction { COM_IN = 0, COM_OUT = 1, COM_RETVAL = 2 };

struct com_arg {
    const WCHAR *name; /* NULL for a retval */
    const IID *iid;    /* [in] interfaces: what the argument is queried for */
    UINT8 type;        /* enum com_type */
    UINT8 direction;   /* enum com_direction; a retval is the last argument */
};

/* name is a narrow string literal. */
#define COM_IN_LONG(name)                                                                          \
    {                                                                                              \
        L##name, NULL, COM_TYPE_LONG, COM_IN                                                       \
    }
#define COM_IN_BOOL(name)                                                                          \
    {                                                                                              \
        L##name, NULL, COM_TYPE_BOOL, COM_IN                                                       \
    }
#define COM_IN_BSTR(name)                                                                          \
    {                                                                                              \
        L##name, NULL, COM_TYPE_BSTR, COM_IN                                                       \
    }
#define COM_IN_VARIANT(name)                                                                       \
    {                                                                                              \
        L##name, NULL, COM_TYPE_VARIANT, COM_IN                                                    \
    } /* by value */
#define COM_IN_OBJECT(name, iid)                                                                   \
    {                                                                                              \
        L##name, (iid), COM_TYPE_DISPATCH, COM_IN                                                  \
    }
#define COM_IN_UNKNOWN(name, iid)                                                                  \
    {                                                                                              \
        L##name, (iid), COM_TYPE_UNKNOWN, COM_IN                                                   \
    }
#define COM_IN_FOREIGN(name)                                                                       \
    {                                                                                              \
        L##name, NULL, COM_TYPE_FOREIGN, COM_IN                                                    \
    }
#define COM_OUT_LONG(name)                                                                         \
    {                                                                                              \
        L##name, NULL, COM_TYPE_LONG, COM_OUT                                                      \
    }
#define COM_OUT_BOOL(name)                                                                         \
    {                                                                                              \
        L##name, NULL, COM_TYPE_BOOL, COM_OUT                                                      \
    }
#define COM_OUT_BSTR(name)                                                                         \
    {                                                                                              \
        L##name, NULL, COM_TYPE_BSTR, COM_OUT                                                      \
    }
#define COM_OUT_VARIANT(name)                                                                      \
    {                                                                                              \
        L##name, NULL, COM_TYPE_VARIANT, COM_OUT                                                   \
    }
#define COM_OUT_OBJECT(name)                                                                       \
    {                                                                                              \
        L##name, NULL, COM_TYPE_DISPATCH, COM_OUT                                                  \
    }
#define COM_OUT_UNKNOWN(name)                                                                      \
    {                                                                                              \
        L##name, NULL, COM_TYPE_UNKNOWN, COM_OUT                                                   \
    }
#define COM_RETVAL_LONG                                                                            \
    {                                                                                              \
        NULL, NULL, COM_TYPE_LONG, COM_RETVAL                                                      \
    }
#define COM_RETVAL_DOUBLE                                                                          \
    {                                                                                              \
        NULL, NULL, COM_TYPE_DOUBLE, COM_RETVAL                                                    \
    }
#define COM_RETVAL_BOOL                                                                            \
    {                                                                                              \
        NULL, NULL, COM_TYPE_BOOL, COM_RETVAL                                                      \
    }
#define COM_RETVAL_BSTR                                                                            \
    {                                                                                              \
        NULL, NULL, COM_TYPE_BSTR, COM_RETVAL                                                      \
    }
#define COM_RETVAL_VARIANT                                                                         \
    {                                                                                              \
        NULL, NULL, COM_TYPE_VARIANT, COM_RETVAL                                                   \
    }
#define COM_RETVAL_OBJECT                                                                          \
    {                                                                                              \
        NULL, NULL, COM_TYPE_DISPATCH, COM_RETVAL                                                  \
    }
#define COM_RETVAL_UNKNOWN                                                                         \
    {                                                                                              \
        NULL, NULL, COM_TYPE_UNKNOWN, COM_RETVAL                                                   \
    }

struct com_member {
    const WCHAR *name;
    const struct com_arg *args;
    DISPID id;
    UINT8 name_length; /* WCHARs */
    UINT8 kind;        /* INVOKE_FUNC, INVOKE_PROPERTYGET, INVOKE_PROPERTYPUT */
    UINT8 slot;        /* in the vtable */
    UINT8 arg_count;   /* retval included, at most COM_MAX_ARGS */
};

enum { COM_MAX_ARGS = 8 };

/* I: interface, id: DISPID, method: its name in the vtable, then the arguments. */
#define COM_MEMBER(I, dispid, member_kind, member_name, method, ...)                               \
    {                                                                                              \
        .name = L"" member_name, .args = (const struct com_arg[]){__VA_ARGS__},                    \
        .id = (DISPID)(dispid), .name_length = sizeof(L"" member_name) / sizeof(WCHAR) - 1,        \
        .kind = (member_kind), .slot = offsetof(I##Vtbl, method) / sizeof(void *),                 \
        .arg_count = sizeof((const struct com_arg[]){__VA_ARGS__}) / sizeof(struct com_arg)        \
    }
#define COM_METHOD(I, dispid, name, ...)                                                           \
    COM_MEMBER(I, dispid, INVOKE_FUNC, #name, name, __VA_ARGS__)
/* name without get_ or put_. A getter's only argument is its retval unless it has parameters; a
 * setter's last argument is the new value. */
#define COM_GET(I, dispid, name, ...)                                                              \
    COM_MEMBER(I, dispid, INVOKE_PROPERTYGET, #name, get_##name, __VA_ARGS__)
#define COM_PUT(I, dispid, name, ...)                                                              \
    COM_MEMBER(I, dispid, INVOKE_PROPERTYPUT, #name, put_##name, __VA_ARGS__)

struct com_dispatch {
    const IID *iid;                   /* of the dual interface; NULL: ask the class's dual_iid */
    const char *name;                 /* of the interface, for EXCEPINFO's source */
    const struct com_member *members; /* by ascending DISPID; a getter before its setter. A table
                                         without large gaps is indexed directly */
    unsigned count;
};
#define COM_DISPATCH_TABLE(iid, name, members)                                                     \
    {                                                                                              \
        (iid), (name), (members), sizeof(members) / sizeof((members)[0])                           \
    }

/* What is wrong with a table, in words, or NULL. slots: of the vtable it describes. */
const char *com_dispatch_check(const struct com_dispatch *dispatch, unsigned slots);

/* Where type information comes from, when the module has any: answers the ITypeInfo of a dual
 * interface (counted), or a failure. Asked at each GetTypeInfo/GetTypeInfoCount, so it keeps what
 * it loads. NULL (the start): GetTypeInfoCount tells 0 and GetTypeInfo E_NOTIMPL. Set while no
 * object exists. */
void com_dispatch_set_typeinfo(HRESULT (*load)(REFIID iid, LCID lcid, ITypeInfo **out));

/* Words for a failing HRESULT in EXCEPINFO.bstrDescription, when the module knows better than the
 * system: static text or NULL. NULL (the start): the system's words only. */
void com_dispatch_set_words(const WCHAR *(*words)(HRESULT hr));

#endif
