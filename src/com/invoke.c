/*
 * Arguments of a call by IDispatch: VARIANTs to words, the call through the vtable, and outs back
 * to VARIANTs. Every Automation type used here is one machine word on x64 and on x86, but a VARIANT
 * by value (four words on x86, a pointer to a copy on x64); so a call needs only the number of
 * words. Floating point and 64-bit arguments, for which that does not hold, have no com_type.
 * No state; any thread.
 */
#include "com/invoke.h"

#include <stdbool.h>
#include <string.h>

/* VBScript nests one level; more than a few is a loop. */
enum { MAX_NESTING = 4 };

struct frame {
    UINT_PTR words[COM_MAX_WORDS];
    unsigned word_count;
    unsigned owned;                /* bit i: temps[i] is to be cleared */
    VARIANT temps[COM_MAX_ARGS];   /* a converted [in], or what an [out] is written to */
    VARIANT *given[COM_MAX_ARGS];  /* the caller's, in the method's order */
    VARIANT *target[COM_MAX_ARGS]; /* where an [out] goes */
};

static unsigned words_of(const struct com_arg *arg)
{
#ifdef _WIN64
    (void)arg;
    return 1;
#else
    return arg->type == COM_TYPE_VARIANT && arg->direction == COM_IN
               ? sizeof(VARIANT) / sizeof(UINT_PTR)
               : 1;
#endif
}

unsigned com_invoke_words(const struct com_member *member)
{
    unsigned words = 1;

    for (unsigned i = 0; i < member->arg_count; i++) {
        words += words_of(&member->args[i]);
    }
    return words;
}

/* ---- the call ------------------------------------------------------------------------------- */

#define W UINT_PTR
static HRESULT call(void *method, const UINT_PTR *w, unsigned count)
{
    switch (count) {
    case 1:
        return ((HRESULT(STDMETHODCALLTYPE *)(W))method)(w[0]);
    case 2:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W))method)(w[0], w[1]);
    case 3:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W))method)(w[0], w[1], w[2]);
    case 4:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W))method)(w[0], w[1], w[2], w[3]);
    case 5:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W, W))method)(w[0], w[1], w[2], w[3], w[4]);
    case 6:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W, W, W))method)(w[0], w[1], w[2], w[3],
                                                                        w[4], w[5]);
    case 7:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W, W, W, W))method)(w[0], w[1], w[2], w[3],
                                                                           w[4], w[5], w[6]);
    case 8:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W, W, W, W, W))method)(
            w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]);
    case 9:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W, W, W, W, W, W))method)(
            w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]);
    case 10:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W, W, W, W, W, W, W))method)(
            w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9]);
    case 11:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W, W, W, W, W, W, W, W))method)(
            w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10]);
    case 12:
        return ((HRESULT(STDMETHODCALLTYPE *)(W, W, W, W, W, W, W, W, W, W, W, W))method)(
            w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11]);
    default: /* com_dispatch_check refuses such tables */
        return E_UNEXPECTED;
    }
}
#undef W

/* ---- arguments in --------------------------------------------------------------------------- */

/* Behind VT_BYREF|VT_VARIANT. NULL when that leads nowhere. */
static VARIANT *unwrap(VARIANT *given)
{
    for (unsigned i = 0; i < MAX_NESTING; i++) {
        if (V_VT(given) != (VT_BYREF | VT_VARIANT)) {
            return given;
        }
        given = V_VARIANTREF(given);
        if (!given) {
            return NULL;
        }
    }
    return NULL;
}

static void push(struct frame *frame, UINT_PTR word)
{
    frame->words[frame->word_count++] = word;
}

static HRESULT coerce(struct frame *frame, unsigned i, VARIANT *given, LCID lcid, VARTYPE vt)
{
    HRESULT hr;

    VariantInit(&frame->temps[i]);
    hr = VariantChangeTypeEx(&frame->temps[i], given, lcid, 0, vt);
    if (SUCCEEDED(hr)) {
        frame->owned |= 1u << i;
    }
    /* VariantChangeType says these of types it does not know. */
    return hr == DISP_E_BADVARTYPE || hr == E_INVALIDARG ? DISP_E_TYPEMISMATCH : hr;
}

static HRESULT in_long(struct frame *frame, unsigned i, VARIANT *given, LCID lcid)
{
    LONG value;

    switch (V_VT(given)) {
    case VT_I4:
        value = V_I4(given);
        break;
    case VT_I2:
        value = V_I2(given);
        break;
    default: {
        HRESULT hr = coerce(frame, i, given, lcid, VT_I4);

        if (FAILED(hr)) {
            return hr;
        }
        value = V_I4(&frame->temps[i]);
    }
    }
    push(frame, (UINT_PTR)(LONG_PTR)value);
    return S_OK;
}

static HRESULT in_bool(struct frame *frame, unsigned i, VARIANT *given, LCID lcid)
{
    if (V_VT(given) != VT_BOOL) {
        HRESULT hr = coerce(frame, i, given, lcid, VT_BOOL);

        if (FAILED(hr)) {
            return hr;
        }
        given = &frame->temps[i];
    }
    push(frame, (UINT_PTR)(LONG_PTR)V_BOOL(given));
    return S_OK;
}

static HRESULT in_bstr(struct frame *frame, unsigned i, VARIANT *given, LCID lcid)
{
    BSTR text;

    if (V_VT(given) == VT_BSTR) {
        text = V_BSTR(given); /* lent for the call */
    } else if (V_VT(given) == (VT_BYREF | VT_BSTR) && V_BSTRREF(given)) {
        text = *V_BSTRREF(given);
    } else {
        HRESULT hr = coerce(frame, i, given, lcid, VT_BSTR);

        if (FAILED(hr)) {
            return hr;
        }
        text = V_BSTR(&frame->temps[i]);
    }
    push(frame, (UINT_PTR)text);
    return S_OK;
}

static HRESULT in_interface(struct frame *frame, unsigned i, VARIANT *given, const IID *iid)
{
    IUnknown *iface;
    void *wanted;

    switch (V_VT(given)) {
    case VT_DISPATCH:
    case VT_UNKNOWN:
        iface = V_UNKNOWN(given);
        break;
    case VT_BYREF | VT_DISPATCH:
    case VT_BYREF | VT_UNKNOWN:
        if (!V_UNKNOWNREF(given)) {
            return DISP_E_TYPEMISMATCH;
        }
        iface = *V_UNKNOWNREF(given);
        break;
    default:
        return DISP_E_TYPEMISMATCH;
    }
    if (!iface) { /* Nothing: what NULL means is the method's business */
        push(frame, 0);
        return S_OK;
    }
    if (FAILED(IUnknown_QueryInterface(iface, iid, &wanted))) {
        return DISP_E_TYPEMISMATCH;
    }
    V_VT(&frame->temps[i]) = VT_UNKNOWN;
    V_UNKNOWN(&frame->temps[i]) = wanted;
    frame->owned |= 1u << i;
    push(frame, (UINT_PTR)wanted);
    return S_OK;
}

static HRESULT in_variant(struct frame *frame, unsigned i, const VARIANT *given)
{
    frame->temps[i] = *given; /* lent for the call */
#ifdef _WIN64
    push(frame, (UINT_PTR)&frame->temps[i]);
#else
    memcpy(&frame->words[frame->word_count], &frame->temps[i], sizeof(VARIANT));
    frame->word_count += sizeof(VARIANT) / sizeof(UINT_PTR);
#endif
    return S_OK;
}

static HRESULT bind_in(struct frame *frame, unsigned i, const struct com_arg *arg, LCID lcid)
{
    VARIANT *given = unwrap(frame->given[i]);

    if (!given) {
        return DISP_E_TYPEMISMATCH;
    }
    if (arg->type == COM_TYPE_VARIANT) {
        return in_variant(frame, i, given);
    }
    if (V_VT(given) == VT_ERROR && V_ERROR(given) == DISP_E_PARAMNOTFOUND) {
        return DISP_E_PARAMNOTOPTIONAL;
    }
    switch (arg->type) {
    case COM_TYPE_LONG:
        return in_long(frame, i, given, lcid);
    case COM_TYPE_BOOL:
        return in_bool(frame, i, given, lcid);
    case COM_TYPE_BSTR:
        return in_bstr(frame, i, given, lcid);
    case COM_TYPE_DISPATCH:
    case COM_TYPE_UNKNOWN:
        return in_interface(frame, i, given, arg->iid);
    default:
        return DISP_E_TYPEMISMATCH;
    }
}

/* ---- arguments out -------------------------------------------------------------------------- */

static const VARTYPE vartypes[] = {
    [COM_TYPE_LONG] = VT_I4,           [COM_TYPE_BOOL] = VT_BOOL,
    [COM_TYPE_BSTR] = VT_BSTR,         [COM_TYPE_VARIANT] = VT_EMPTY,
    [COM_TYPE_DISPATCH] = VT_DISPATCH, [COM_TYPE_UNKNOWN] = VT_UNKNOWN,
    [COM_TYPE_DOUBLE] = VT_R8,         [COM_TYPE_FOREIGN] = VT_EMPTY};

/* May a value of that type be stored through a pointer to that VARTYPE? */
static bool storable(UINT8 type, VARTYPE vt)
{
    return vt == vartypes[type] || (type == COM_TYPE_LONG && (vt == VT_INT || vt == VT_UI4)) ||
           (type == COM_TYPE_DISPATCH && vt == VT_UNKNOWN);
}

static void push_out(struct frame *frame, unsigned i, UINT8 type)
{
    VARIANT *temp = &frame->temps[i];

    memset(temp, 0, sizeof(*temp));
    push(frame, type == COM_TYPE_VARIANT ? (UINT_PTR)temp : (UINT_PTR)&V_I4(temp));
}

static HRESULT bind_out(struct frame *frame, unsigned i, const struct com_arg *arg)
{
    VARIANT *given = frame->given[i];
    VARIANT *target = unwrap(given);

    if (!target || arg->type == COM_TYPE_FOREIGN) {
        return DISP_E_TYPEMISMATCH;
    }
    if (V_VT(target) & VT_BYREF) {
        if (arg->type == COM_TYPE_VARIANT || !V_BYREF(target) ||
            !storable(arg->type, V_VT(target) & ~VT_BYREF)) {
            return DISP_E_TYPEMISMATCH;
        }
    } else if (target == given) { /* by value: there is nowhere to write to */
        return DISP_E_TYPEMISMATCH;
    }
    frame->target[i] = target;
    push_out(frame, i, arg->type);
    return S_OK;
}

/* What the method wrote, as a VARIANT that owns it. */
static VARIANT *written(struct frame *frame, unsigned i, UINT8 type)
{
    if (type != COM_TYPE_VARIANT) {
        V_VT(&frame->temps[i]) = vartypes[type];
    }
    return &frame->temps[i];
}

static void store(VARIANT *target, const VARIANT *value)
{
    if (!(V_VT(target) & VT_BYREF)) {
        VariantClear(target); /* a variable of a script, always initialised */
        *target = *value;
        return;
    }
    switch (V_VT(value)) { /* [out]: what was there is not ours to free */
    case VT_I4:
        *V_I4REF(target) = V_I4(value);
        break;
    case VT_BOOL:
        *V_BOOLREF(target) = V_BOOL(value);
        break;
    case VT_R8:
        *V_R8REF(target) = V_R8(value);
        break;
    default: /* BSTR and interfaces are one pointer */
        *V_UNKNOWNREF(target) = V_UNKNOWN(value);
        break;
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Puts the caller's arguments into the method's order. expected: all but the retval. */
static HRESULT arrange(struct frame *frame, const struct com_member *member, unsigned expected,
                       const DISPPARAMS *params, UINT *arg_error)
{
    UINT positional;

    if (params->cArgs != expected || params->cNamedArgs > params->cArgs) {
        return DISP_E_BADPARAMCOUNT;
    }
    if ((params->cArgs && !params->rgvarg) || (params->cNamedArgs && !params->rgdispidNamedArgs)) {
        return E_INVALIDARG;
    }
    positional = params->cArgs - params->cNamedArgs;
    for (UINT i = 0; i < positional; i++) {
        frame->given[i] = &params->rgvarg[params->cArgs - 1 - i];
    }
    for (UINT i = positional; i < expected; i++) {
        frame->given[i] = NULL;
    }
    for (UINT i = 0; i < params->cNamedArgs; i++) {
        DISPID id = params->rgdispidNamedArgs[i];
        ULONG index = id == DISPID_PROPERTYPUT && member->kind == INVOKE_PROPERTYPUT ? expected - 1
                                                                                     : (ULONG)id;

        if (index >= expected || frame->given[index]) {
            *arg_error = i;
            return DISP_E_PARAMNOTFOUND;
        }
        frame->given[index] = &params->rgvarg[i];
    }
    return S_OK;
}

static void release_temps(struct frame *frame)
{
    for (unsigned i = 0; frame->owned; i++) {
        if (frame->owned & (1u << i)) {
            frame->owned &= ~(1u << i);
            VariantClear(&frame->temps[i]);
        }
    }
}

static void deliver(struct frame *frame, const struct com_member *member, VARIANT *result)
{
    for (unsigned i = 0; i < member->arg_count; i++) {
        const struct com_arg *arg = &member->args[i];

        if (arg->direction == COM_OUT) {
            store(frame->target[i], written(frame, i, arg->type));
        } else if (arg->direction == COM_RETVAL) {
            VARIANT *value = written(frame, i, arg->type);

            if (result) {
                *result = *value;
            } else {
                VariantClear(value);
            }
        }
    }
}

HRESULT com_invoke_member(void *iface, const struct com_member *member, LCID lcid,
                          DISPPARAMS *params, VARIANT *result, UINT *arg_error, HRESULT *returned)
{
    struct frame frame;
    unsigned count = member->arg_count;
    unsigned expected =
        count && member->args[count - 1].direction == COM_RETVAL ? count - 1 : count;
    HRESULT hr;

    frame.word_count = frame.owned = 0;
    hr = arrange(&frame, member, expected, params, arg_error);
    push(&frame, (UINT_PTR)iface);
    for (unsigned i = 0; SUCCEEDED(hr) && i < expected; i++) {
        const struct com_arg *arg = &member->args[i];

        hr = arg->direction == COM_IN ? bind_in(&frame, i, arg, lcid) : bind_out(&frame, i, arg);
        if (FAILED(hr)) {
            *arg_error = (UINT)(frame.given[i] - params->rgvarg);
        }
    }
    if (SUCCEEDED(hr)) {
        if (expected < count) {
            push_out(&frame, expected, member->args[expected].type);
        }
        *returned = call((*(void ***)iface)[member->slot], frame.words, frame.word_count);
        if (SUCCEEDED(*returned)) {
            deliver(&frame, member, result);
        }
        hr = S_OK;
    }
    release_temps(&frame);
    return hr;
}
