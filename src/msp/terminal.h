/*
 * What the files of the terminals share: the base of their eight classes (terminal.c lists them),
 * the list of files as Automation writes it, and audio formats as DirectShow and scripts write
 * them. For this room alone. Any thread; no lock.
 */
#ifndef OMSP_MSP_TERMINAL_H
#define OMSP_MSP_TERMINAL_H

#include "com/dispatch.h"
#include "com/object.h"
#include "msp/msp.h"
#include "openmsp/openmsp.h"

/* First member of every terminal class. A wrapper holds no state of the terminal's: when the client
 * lets go of it and finds the terminal again, there is another one. */
struct msp_terminal {
    struct com_object object;
    ITTerminalControl control;    /* slot */
    struct omsp_terminal *engine; /* reference */
    MSP_HANDLE token;             /* of the address; identity only */
};

/* ---- terminal.c ---------------------------------------------------------------------------- */

/* ITTerminal's methods for every class; they find the object by the vtable's head. */
HRESULT STDMETHODCALLTYPE msp_terminal_get_name(ITTerminal *iface, BSTR *out);
HRESULT STDMETHODCALLTYPE msp_terminal_get_state(ITTerminal *iface, TERMINAL_STATE *out);
HRESULT STDMETHODCALLTYPE msp_terminal_get_type(ITTerminal *iface, TERMINAL_TYPE *out);
HRESULT STDMETHODCALLTYPE msp_terminal_get_class(ITTerminal *iface, BSTR *out);
HRESULT STDMETHODCALLTYPE msp_terminal_get_media_type(ITTerminal *iface, LONG *out);
HRESULT STDMETHODCALLTYPE msp_terminal_get_direction(ITTerminal *iface, TERMINAL_DIRECTION *out);
extern const struct com_dispatch msp_terminal_dispatch;

/* ITTerminalControl's vtable, the same in every class. */
struct msp_control_vtable {
    struct com_vtable_head head;
    ITTerminalControlVtbl vtbl;
};
extern const struct msp_control_vtable msp_terminal_control;

/* Makes the wrapper of one class, with a reference on making->engine. *out: one reference, set on
 * S_OK alone. E_OUTOFMEMORY. */
struct msp_terminal_making {
    MSP_HANDLE token;
    struct omsp_terminal *engine;
};
HRESULT msp_terminal_make(const struct com_class *class, const struct msp_terminal_making *making,
                          struct com_object **out);
/* For destroy: off the identity map, and gives the engine's reference back. */
void msp_terminal_fini(struct com_object *object);

/* Wraps count engine terminals, whose references it takes in any case. out: room for count; filled
 * only on S_OK, dropped by msp_terminals_drop. E_OUTOFMEMORY. */
HRESULT msp_terminals_wrap(MSP_HANDLE token, struct omsp_terminal **engines, unsigned count,
                           ITTerminal **out);
void msp_terminals_drop(ITTerminal **terminals, unsigned count);

/* ---- terminal_file.c, terminal_track.c ------------------------------------------------------ */

extern const struct com_class msp_player_class, msp_recorder_class, msp_track_class,
    msp_device_class;
/* The ITTerminal slot of an object of these classes. */
ITTerminal *msp_file_terminal(struct com_object *object);
ITTerminal *msp_track_terminal(struct com_object *object);
/* A new wrapper takes hold of the track's file terminal. */
void msp_track_bind(struct com_object *object);
ITTerminal *msp_device_terminal(struct com_object *object); /* terminal_device.c */

/* ---- terminal_bridge.c ----------------------------------------------------------------------- */

extern const struct com_class msp_bridge_class, msp_bridge_end_class;
ITTerminal *msp_bridge_terminal(struct com_object *object);
/* terminal_file.c */
extern const struct com_dispatch msp_multitrack_dispatch;

/* ---- terminal_websocket.c -------------------------------------------------------------------- */

extern const struct com_class msp_websocket_class;
extern const struct com_dispatch msp_dispatch_IOpenMSPWebSocketTerminal;
ITTerminal *msp_websocket_terminal(struct com_object *object);

/* ---- terminal_mst.c ------------------------------------------------------------------------- */

extern const struct com_class mst_class;
ITTerminal *mst_terminal_of(struct com_object *object);
/* A new wrapper finds the queue that its engine's terminal carries. */
void mst_bind(struct com_object *object);
/* A new media streaming terminal; *out as it was on failure. TAPI_E_INVALIDDIRECTION,
 * E_OUTOFMEMORY, E_UNEXPECTED (the address was shut down). */
HRESULT mst_create(struct omsp_address *address, MSP_HANDLE token, TERMINAL_DIRECTION direction,
                   ITTerminal **out);

/* ---- terminal_playlist.c -------------------------------------------------------------------- */

struct msp_playlist {
    char **paths; /* UTF-8 */
    unsigned count;
};

/* Reads put_PlayList's argument: VT_BSTR, VT_ARRAY|VT_BSTR, VT_ARRAY|VT_VARIANT of VT_BSTR, each of
 * them also by reference; at most MSP_PLAYLIST_MAX names, none empty. TAPI_E_NOTSUPPORTED: an
 * element is VT_STORAGE, VT_STREAM or an object; E_INVALIDARG: anything else; E_OUTOFMEMORY; what
 * SafeArrayAccessData answers. On failure *out is empty. */
HRESULT msp_playlist_read(const VARIANT *list, struct msp_playlist *out);
void msp_playlist_clear(struct msp_playlist *list);
/* What get_PlayList answers: VT_ARRAY|VT_VARIANT of VT_BSTR. *out is VT_EMPTY on failure.
 * E_OUTOFMEMORY. */
HRESULT msp_playlist_write(const struct omsp_file_names *names, VARIANT *out);
#define MSP_PLAYLIST_MAX 4096

/* UTF-8 of a file name that a client gave: not NULL, not empty, without NUL inside. E_INVALIDARG,
 * E_OUTOFMEMORY; freed with omsp_free. */
HRESULT msp_file_name(BSTR name, char **out);

/* ---- audio_format.c ------------------------------------------------------------------------- */

/* An AM_MEDIA_TYPE of FORMAT_WaveFormatEx, both blocks by CoTaskMemAlloc. E_OUTOFMEMORY. */
HRESULT msp_media_type_create(const struct omsp_audio_format *format, AM_MEDIA_TYPE **out);
/* E_INVALIDARG: not audio with a whole WAVEFORMATEX whose numbers agree with one another. */
HRESULT msp_media_type_read(const AM_MEDIA_TYPE *type, struct omsp_audio_format *out);
/* A new ITScriptableAudioFormat; format NULL: all zero. */
HRESULT msp_scriptable_format_create(const struct omsp_audio_format *format,
                                     ITScriptableAudioFormat **out);
/* Reads anybody's. AvgBytesPerSec and BlockAlign may be 0: derived then. E_INVALIDARG when the
 * numbers do not agree; what the getters answer. */
HRESULT msp_scriptable_format_read(ITScriptableAudioFormat *from, struct omsp_audio_format *out);

#endif
