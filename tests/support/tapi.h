/*
 * A stand-in for tapi3.dll, its server and a telephony service provider, for client programs
 * written for TAPI 3: CoCreateInstance(CLSID_TAPI) works in this process and gives a TAPI object
 * with lines behind which OpenMSP carries the media. Each provider is found by the CLSID that the
 * line's TSP names, its address and calls are aggregated, what TSP and MSP say to each other is
 * relayed, and the MSP's events become event objects on the sinks of the TAPI object's connection
 * points, by its event filter. Addresses and calls are listed by enumerators and collections.
 * ITTAPI2, ITAddress, ITMediaSupport, ITBasicCallControl2, ITCallInfo,
 * ITDispatchMapper and the event interfaces; methods that no client here needs answer E_NOTIMPL.
 *
 * The network behind the lines: a call to another line's name rings there; a call to "IP:PORT" is
 * answered at once by whoever sends and hears RTP (PCMU, telephone-events of type 101) at that
 * address; other names do not exist. Sinks are called on a thread of the TAPI object. Windows only;
 * failures inside are Check's.
 */
#ifndef OMSP_TESTS_SUPPORT_TAPI_H
#define OMSP_TESTS_SUPPORT_TAPI_H

#include "support/host_wav.h"
#include "support/outer.h"

#include <tapi3if.h>

/* As tapi3.h declares them; it is for clients and does not go with msp.h. */
EXTERN_C const CLSID CLSID_TAPI;
EXTERN_C const CLSID CLSID_DispatchMapper;
EXTERN_C const IID DIID_ITTAPIDispatchEventNotification;

#define TAPI_WAIT_MS 60000 /* for anything that must happen */

/* The lines, in the order of EnumerateAddresses. */
#define TAPI_LINE_A     L"line-a" /* audio and video */
#define TAPI_LINE_B     L"line-b" /* audio */
#define TAPI_LINE_BARE  L"bare"   /* a line whose TSP names no MSP */
#define TAPI_LINE_COUNT 3

/* This thread joins the multithreaded apartment; the classes exist from here to tapi_remove. */
void tapi_install(void);
/* Waits for what threads of ours still hold; false when the test left objects behind. */
bool tapi_remove(void);
/* Objects that live: the TAPI object, addresses, calls, events. */
LONG tapi_objects(void);
/* Where the MSP of this call hears RTP: its port on 127.0.0.1. */
unsigned tapi_media_port(ITBasicCallControl *call);

#endif
