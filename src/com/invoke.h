/*
 * One call of one member: the part of IDispatch::Invoke that turns VARIANTs into machine words and
 * back. Used by com/dispatch.c only.
 */
#ifndef OMSP_COM_INVOKE_H
#define OMSP_COM_INVOKE_H

#include "com/dispatch.h"

/* Words a call may take, `this` included: a VARIANT by value is four on x86, one elsewhere. */
enum { COM_MAX_WORDS = 12 };
unsigned com_invoke_words(const struct com_member *member);

/* Calls iface's method and answers what Automation says about the arguments (DISP_E_BADPARAMCOUNT,
 * DISP_E_PARAMNOTFOUND, DISP_E_PARAMNOTOPTIONAL, DISP_E_TYPEMISMATCH, DISP_E_OVERFLOW; *arg_error
 * is the index in params->rgvarg) or S_OK when the method was called; *returned is the method's own
 * HRESULT then. *result was initialised by the caller, is set only when the method succeeded, and
 * may be NULL; arg_error may not. */
HRESULT com_invoke_member(void *iface, const struct com_member *member, LCID lcid,
                          DISPPARAMS *params, VARIANT *result, UINT *arg_error, HRESULT *returned);

#endif
