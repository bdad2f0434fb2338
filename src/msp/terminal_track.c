/*
 * A track of a file terminal: what is selected on a stream (mspi.md 4.3, 4.5). ITTerminal,
 * ITFileTrack, ITTerminalControl; the IDispatch of each dual interface knows the members of both
 * (COM_MERGED). Stateless: everything is the engine's. It keeps its file terminal, which a client
 * may have let go of. Free-threaded; no lock.
 */
#include "msp/terminal.h"

#include "com/dispatch.h"

struct msp_track {
    struct msp_terminal base;
    ITTerminal terminal;
    ITFileTrack track;
    struct omsp_terminal *parent; /* reference; NULL: it was removed from it before */
};

static struct omsp_terminal *engine_of(void *iface)
{
    return ((struct msp_track *)com_object_of(iface))->base.engine;
}

static HRESULT STDMETHODCALLTYPE get_format(ITFileTrack *iface, AM_MEDIA_TYPE **out)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_hresult(omsp_track_get_format(engine_of(iface), &format));
    return FAILED(hr) ? hr : msp_media_type_create(&format, out);
}

static HRESULT STDMETHODCALLTYPE put_format(ITFileTrack *iface, const AM_MEDIA_TYPE *type)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!type)
        return E_POINTER;
    hr = msp_media_type_read(type, &format);
    return FAILED(hr) ? hr : msp_hresult(omsp_track_set_format(engine_of(iface), &format));
}

static HRESULT STDMETHODCALLTYPE get_controlling(ITFileTrack *iface, ITTerminal **out)
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

static HRESULT STDMETHODCALLTYPE get_script_format(ITFileTrack *iface,
                                                   ITScriptableAudioFormat **out)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = msp_hresult(omsp_track_get_format(engine_of(iface), &format));
    return FAILED(hr) ? hr : msp_scriptable_format_create(&format, out);
}

static HRESULT STDMETHODCALLTYPE put_script_format(ITFileTrack *iface,
                                                   ITScriptableAudioFormat *from)
{
    struct omsp_audio_format format;
    HRESULT hr;

    if (!from)
        return E_POINTER;
    hr = msp_scriptable_format_read(from, &format);
    return FAILED(hr) ? hr : msp_hresult(omsp_track_set_format(engine_of(iface), &format));
}

static HRESULT STDMETHODCALLTYPE get_empty_format(ITFileTrack *iface, ITScriptableAudioFormat **out)
{
    (void)iface;
    if (!out)
        return E_POINTER;
    return msp_scriptable_format_create(NULL, out);
}

/* ---- tables --------------------------------------------------------------------------------- */

static const struct com_member members[] = {
    /* AM_MEDIA_TYPE is no Automation type: the name and its DISPID are known, a value is refused,
     * and reading it is left to AudioFormatForScripting. */
    COM_PUT(ITFileTrack, 0x10001, Format, COM_IN_FOREIGN("pmt")),
    COM_GET(ITFileTrack, 0x10002, ControllingTerminal, COM_RETVAL_OBJECT),
    COM_GET(ITFileTrack, 0x10003, AudioFormatForScripting, COM_RETVAL_OBJECT),
    COM_PUT(ITFileTrack, 0x10003, AudioFormatForScripting,
            COM_IN_OBJECT("pAudioFormat", &IID_ITScriptableAudioFormat)),
    COM_GET(ITFileTrack, 0x10005, EmptyAudioFormatForScripting, COM_RETVAL_OBJECT),
};
static const struct com_dispatch dispatch =
    COM_DISPATCH_TABLE(&IID_ITFileTrack, "ITFileTrack", members);

COM_VTABLE(terminal_vtable, ITTerminal, struct msp_track, terminal, &msp_terminal_dispatch,
           COM_DISPATCH_SLOTS(ITTerminal), .get_Name = msp_terminal_get_name,
           .get_State = msp_terminal_get_state, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = msp_terminal_get_class,
           .get_MediaType = msp_terminal_get_media_type,
           .get_Direction = msp_terminal_get_direction);
COM_VTABLE(track_vtable, ITFileTrack, struct msp_track, track, &dispatch,
           COM_DISPATCH_SLOTS(ITFileTrack), .get_Format = get_format, .put_Format = put_format,
           .get_ControllingTerminal = get_controlling,
           .get_AudioFormatForScripting = get_script_format,
           .put_AudioFormatForScripting = put_script_format,
           .get_EmptyAudioFormatForScripting = get_empty_format);

static const struct com_entry entries[] = {
    COM_ENTRY(IID_ITTerminal, terminal_vtable),
    COM_ENTRY(IID_ITFileTrack, track_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

static void destroy(struct com_object *object)
{
    struct msp_track *self = (struct msp_track *)object;

    omsp_terminal_release(self->parent);
    msp_terminal_fini(object);
}

const struct com_class msp_track_class = {COM_CLASS("ITTerminal", struct msp_track, entries),
                                          .flags = COM_FTM | COM_SAFE | COM_MERGED,
                                          .destroy = destroy};

void msp_track_bind(struct com_object *object)
{
    struct msp_track *self = (struct msp_track *)object;

    self->parent = omsp_track_parent(self->base.engine);
}

ITTerminal *msp_track_terminal(struct com_object *object)
{
    return &((struct msp_track *)object)->terminal;
}
