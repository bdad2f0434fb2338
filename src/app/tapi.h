/* TAPI 3 and OpenMSP for a program in C: the public headers in the order that compiles. */
#ifndef OMSP_APP_TAPI_H
#define OMSP_APP_TAPI_H

#include <windows.h>

#include <ole2.h>
#include <oleauto.h>
#include <ocidl.h>

#include <strmif.h>
#include <tapi3if.h>
#include <tapi3ds.h>
#include <tapi3err.h>

#include <openmsp/openmsp.h>

#endif
