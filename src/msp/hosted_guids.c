/*
 * DirectShow's GUIDs, from its own headers: its library would bring those of other rooms along a
 * second time. Constants only.
 */
#include <windows.h>

#include <ole2.h>
#include <oleauto.h>

#include <initguid.h>

#include <control.h>
#include <strmif.h>
#include <uuids.h>
