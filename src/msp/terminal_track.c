/*
 * A track of a file terminal: what is selected on a stream (mspi.md 4.3, 4.5). ITTerminal,
 * ITFileTrack, ITTerminalControl; for scripts the slot of ITTerminal goes on with ITFileTrack's
 * members, as in terminal_file.c. Stateless: everything is the engine's. Free-threaded; no lock.
 */
#include "msp/terminal.h"

#include "com/dispatch.h"

typedef struct ITrackTerminal ITrackTerminal;
typedef struct ITrackTerminalVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(ITrackTerminal *, REFIID, void **);
    ULONG(STDMETHODCALLTYPE *AddRef)(ITrackTerminal *);
    ULONG(STDMETHODCALLTYPE *Release)(ITrackTerminal *);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfoCount)(ITrackTerminal *, UINT *);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfo)(ITrackTerminal *, UINT, LCID, ITypeInfo **);
    HRESULT(STDMETHODCALLTYPE *GetIDsOfNames)
    (ITrackTerminal *, REFIID, LPOLESTR *, UINT, LCID, DISPID *);
    HRESULT(STDMETHODCALLTYPE *Invoke)
    (ITrackTerminal *, DISPID, REFIID, LCID, WORD, DISPPARAMS *, VARIANT *, EXCEPINFO *, UINT *);
    HRESULT(STDMETHODCALLTYPE *get_Name)(void *, BSTR *);
    HRESULT(STDMETHODCALLTYPE *get_State)(void *, TERMINAL_STATE *);
    HRESULT(STDMETHODCALLTYPE *get_TerminalType)(void *, TERMINAL_TYPE *);
    HRESULT(STDMETHODCALLTYPE *get_TerminalClass)(void *, BSTR *);
    HRESULT(STDMETHODCALLTYPE *get_MediaType)(void *, LONG *);
    HRESULT(STDMETHODCALLTYPE *get_Direction)(void *, TERMINAL_DIRECTION *);
    HRESULT(STDMETHODCALLTYPE *get_Format)(void *, AM_MEDIA_TYPE **);
    HRESULT(STDMETHODCALLTYPE *put_Format)(void *, const AM_MEDIA_TYPE *);
    HRESULT(STDMETHODCALLTYPE *get_ControllingTerminal)(void *, ITTerminal **);
    HRESULT(STDMETHODCALLTYPE *get_AudioFormatForScripting)(void *, ITScriptableAudioFormat **);
    HRESULT(STDMETHODCALLTYPE *put_AudioFormatForScripting)(void *, ITScriptableAudioFormat *);
    HRESULT(STDMETHODCALLTYPE *get_EmptyAudioFormatForScripting)
    (void *, ITScriptableAudioFormat **);
} ITrackTerminalVtbl;
struct ITrackTerminal {
    const ITrackTerminalVtbl *lpVtbl;
};

struct msp_track {
    struct msp_terminal base;
    ITrackTerminal terminal;
    ITFileTrack track;
};

static struct omsp_terminal *engine_of(void *iface)
{
    return ((struct msp_track *)com_object_of(iface))->base.engine;
}

static HRESULT STDMETHODCALLTYPE get_format(void *iface, AM_MEDIA_TYPE **out)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_hresult(omsp_track_get_format(engine_of(iface), &format));
    return FAILED(hr) ? hr : msp_media_type_create(&format, out);
}

static HRESULT STDMETHODCALLTYPE put_format(void *iface, const AM_MEDIA_TYPE *type)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!type)
        return E_POINTER;
    hr = msp_media_type_read(type, &format);
    return FAILED(hr) ? hr : msp_hresult(omsp_track_set_format(engine_of(iface), &format));
}

static HRESULT STDMETHODCALLTYPE get_controlling(void *iface, ITTerminal **out)
{
    struct omsp_terminal *parent;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    parent = omsp_track_parent(engine_of(iface));
    if (!parent)
        return TAPI_E_INVALIDTERMINAL; /* gone, or this track was removed from it */
    hr = msp_terminal_wrap(((struct msp_track *)com_object_of(iface))->base.token, parent, out);
    omsp_terminal_release(parent);
    return hr;
}

static HRESULT STDMETHODCALLTYPE get_script_format(void *iface, ITScriptableAudioFormat **out)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_hresult(omsp_track_get_format(engine_of(iface), &format));
    return FAILED(hr) ? hr : msp_scriptable_format_create(&format, out);
}

static HRESULT STDMETHODCALLTYPE put_script_format(void *iface, ITScriptableAudioFormat *from)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!from)
        return E_POINTER;
    hr = msp_scriptable_format_read(from, &format);
    return FAILED(hr) ? hr : msp_hresult(omsp_track_set_format(engine_of(iface), &format));
}

static HRESULT STDMETHODCALLTYPE get_empty_format(void *iface, ITScriptableAudioFormat **out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    return msp_scriptable_format_create(NULL, out);
}

/* ---- tables --------------------------------------------------------------------------------- */

#define TRACK_MEMBERS(I)                                                                           \
    COM_MEMBER(I, 0x10001, INVOKE_PROPERTYGET, "Format", get_Format, COM_IN_FOREIGN("ppmt")),      \
        COM_MEMBER(I, 0x10001, INVOKE_PROPERTYPUT, "Format", put_Format, COM_IN_FOREIGN("pmt")),   \
        COM_GET(I, 0x10002, ControllingTerminal, COM_RETVAL_OBJECT),                               \
        COM_GET(I, 0x10003, AudioFormatForScripting, COM_RETVAL_OBJECT),                           \
        COM_PUT(I, 0x10003, AudioFormatForScripting,                                               \
                COM_IN_OBJECT("pAudioFormat", &IID_ITScriptableAudioFormat)),                      \
        COM_GET(I, 0x10005, EmptyAudioFormatForScripting, COM_RETVAL_OBJECT)

static const struct com_member terminal_members[] = {
    COM_GET(ITrackTerminal, 1, Name, COM_RETVAL_BSTR),
    COM_GET(ITrackTerminal, 2, State, COM_RETVAL_LONG),
    COM_GET(ITrackTerminal, 3, TerminalType, COM_RETVAL_LONG),
    COM_GET(ITrackTerminal, 4, TerminalClass, COM_RETVAL_BSTR),
    COM_GET(ITrackTerminal, 5, MediaType, COM_RETVAL_LONG),
    COM_GET(ITrackTerminal, 6, Direction, COM_RETVAL_LONG),
    TRACK_MEMBERS(ITrackTerminal),
};
static const struct com_member track_members[] = {TRACK_MEMBERS(ITFileTrack)};
static const struct com_dispatch terminal_dispatch =
    COM_DISPATCH_TABLE(&IID_ITTerminal, "ITTerminal", terminal_members);
static const struct com_dispatch track_dispatch =
    COM_DISPATCH_TABLE(&IID_ITFileTrack, "ITFileTrack", track_members);

COM_VTABLE(terminal_vtable, ITrackTerminal, struct msp_track, terminal, &terminal_dispatch,
           COM_DISPATCH_SLOTS(ITrackTerminal), .get_Name = msp_terminal_get_name,
           .get_State = msp_terminal_get_state, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = msp_terminal_get_class,
           .get_MediaType = msp_terminal_get_media_type,
           .get_Direction = msp_terminal_get_direction, .get_Format = get_format,
           .put_Format = put_format, .get_ControllingTerminal = get_controlling,
           .get_AudioFormatForScripting = get_script_format,
           .put_AudioFormatForScripting = put_script_format,
           .get_EmptyAudioFormatForScripting = get_empty_format);

#define AS(function, ...) ((HRESULT(STDMETHODCALLTYPE *)(__VA_ARGS__))(void (*)(void))(function))

COM_VTABLE(
    track_vtable, ITFileTrack, struct msp_track, track, &track_dispatch,
    COM_DISPATCH_SLOTS(ITFileTrack), .get_Format = AS(get_format, ITFileTrack *, AM_MEDIA_TYPE **),
    .put_Format = AS(put_format, ITFileTrack *, const AM_MEDIA_TYPE *),
    .get_ControllingTerminal = AS(get_controlling, ITFileTrack *, ITTerminal **),
    .get_AudioFormatForScripting = AS(get_script_format, ITFileTrack *, ITScriptableAudioFormat **),
    .put_AudioFormatForScripting = AS(put_script_format, ITFileTrack *, ITScriptableAudioFormat *),
    .get_EmptyAudioFormatForScripting = AS(get_empty_format, ITFileTrack *,
                                           ITScriptableAudioFormat **));

static const struct com_entry entries[] = {
    COM_ENTRY(IID_ITTerminal, terminal_vtable),
    COM_ENTRY(IID_ITFileTrack, track_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

const struct com_class msp_track_class = {COM_CLASS("ITTerminal", struct msp_track, entries),
                                          .flags = COM_FTM | COM_SAFE,
                                          .destroy = msp_terminal_fini};

ITTerminal *msp_track_terminal(struct com_object *object)
{
    return (ITTerminal *)&((struct msp_track *)object)->terminal;
}
