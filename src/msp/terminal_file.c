/*
 * File Playback and File Recording terminals: the multitrack parents (mspi.md 4.3-4.5). Their
 * tracks are terminal_track.c. They translate; the files, their states and the events are the
 * engine's. Free-threaded; no lock.
 *
 * The IDispatch of each of their interfaces knows the members of all (COM_MERGED): the DISPIDs are
 * disjoint, so a script can say Start and PlayList to what CreateTerminal answers.
 */
#include "msp/terminal.h"

#include "base/alloc.h"
#include "com/collection.h"
#include "com/dispatch.h"
#include "com/enumerator.h"
#include "core/terminal.h"

struct msp_file {
    struct msp_terminal base;
    ITTerminal terminal;
    ITMultiTrackTerminal tracks;
    ITMediaControl media;
    ITMediaPlayback playback; /* answered by the player's class */
    ITMediaRecord record;     /* by the recorder's */
};

static struct msp_file *of(void *iface)
{
    return (struct msp_file *)com_object_of(iface);
}

/* ---- ITMultiTrackTerminal ------------------------------------------------------------------- */

static unsigned engine_tracks(struct msp_file *self, struct omsp_terminal **out)
{
    unsigned count = omsp_file_tracks(self->base.engine, out, OMSP_FILE_MAX_TRACKS);

    return count < OMSP_FILE_MAX_TRACKS ? count : OMSP_FILE_MAX_TRACKS;
}

static HRESULT wrapped_tracks(struct msp_file *self, ITTerminal **out, unsigned *count)
{
    struct omsp_terminal *engines[OMSP_FILE_MAX_TRACKS];

    *count = engine_tracks(self, engines);
    return msp_terminals_wrap(self->base.token, engines, *count, out);
}

static HRESULT STDMETHODCALLTYPE get_tracks(ITMultiTrackTerminal *iface, VARIANT *out)
{
    ITTerminal *tracks[OMSP_FILE_MAX_TRACKS];
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    hr = wrapped_tracks(of(iface), tracks, &count);
    if (FAILED(hr))
        return hr;
    hr = com_collection_variant_of_objects(&IID_ITCollection, (void *const *)tracks, count, out);
    msp_terminals_drop(tracks, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE enumerate_tracks(ITMultiTrackTerminal *iface, IEnumTerminal **out)
{
    ITTerminal *tracks[OMSP_FILE_MAX_TRACKS];
    unsigned count;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    hr = wrapped_tracks(of(iface), tracks, &count);
    if (FAILED(hr))
        return hr;
    hr = com_enum_interfaces(&IID_IEnumTerminal, COM_ENUM_RESET_SKIP, (void *const *)tracks, count,
                             (void **)out);
    msp_terminals_drop(tracks, count);
    return hr;
}

static HRESULT STDMETHODCALLTYPE create_track(ITMultiTrackTerminal *iface, LONG media,
                                              TERMINAL_DIRECTION direction, ITTerminal **out)
{
    struct msp_file *self = of(iface);
    struct omsp_terminal *track = NULL;
    HRESULT hr;

    if (!out)
        return E_POINTER;
    *out = NULL;
    if (self->base.object.class == &msp_player_class)
        return TAPI_E_NOTSUPPORTED; /* a player's tracks come from its files */
    if (media != OMSP_MEDIA_AUDIO || direction > TD_NONE)
        return E_INVALIDARG;
    if (direction != TD_RENDER)
        return TAPI_E_INVALIDDIRECTION;
    hr = msp_hresult(
        omsp_file_create_track(self->base.engine, (uint32_t)media, OMSP_RENDER, &track));
    if (FAILED(hr))
        return hr;
    hr = msp_terminal_wrap(self->base.token, track, out);
    if (FAILED(hr))
        omsp_file_remove_track(self->base.engine, track);
    omsp_terminal_release(track);
    return hr;
}

/* The tracks that are connected now: their media or-ed, their directions joined. */
static void in_use(struct msp_file *self, LONG *media, TERMINAL_DIRECTION *direction)
{
    struct omsp_terminal *tracks[OMSP_FILE_MAX_TRACKS];
    unsigned count = engine_tracks(self, tracks);

    *media = 0;
    *direction = TD_NONE;
    for (unsigned i = 0; i < count; i++) {
        if (omsp_terminal_in_use(tracks[i])) {
            TERMINAL_DIRECTION mine = (TERMINAL_DIRECTION)omsp_terminal_direction(tracks[i]);

            *media |= (LONG)omsp_terminal_media(tracks[i]);
            if (*direction == TD_NONE)
                *direction = mine;
            else if (*direction != mine)
                *direction = TD_MULTITRACK_MIXED;
        }
        omsp_terminal_release(tracks[i]);
    }
}

static HRESULT STDMETHODCALLTYPE get_media_in_use(ITMultiTrackTerminal *iface, LONG *out)
{
    TERMINAL_DIRECTION direction;

    if (!out)
        return E_POINTER;
    in_use(of(iface), out, &direction);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_directions_in_use(ITMultiTrackTerminal *iface,
                                                       TERMINAL_DIRECTION *out)
{
    LONG media;

    if (!out)
        return E_POINTER;
    in_use(of(iface), &media, out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE remove_track(ITMultiTrackTerminal *iface, ITTerminal *terminal)
{
    struct msp_file *self = of(iface);
    struct omsp_terminal *track;
    HRESULT hr;

    if (!terminal)
        return E_POINTER;
    if (self->base.object.class == &msp_player_class)
        return TAPI_E_NOTSUPPORTED;
    if (FAILED(msp_terminal_from_interface(terminal, &track)))
        return E_INVALIDARG;
    hr = omsp_terminal_get_kind(track) != OMSP_TERMINAL_TRACK
             ? E_INVALIDARG
             : msp_hresult(omsp_file_remove_track(self->base.engine, track));
    omsp_terminal_release(track);
    return hr;
}

/* ---- ITTerminal: a parent is in use when one of its tracks is -------------------------------- */

static HRESULT STDMETHODCALLTYPE get_state(ITTerminal *iface, TERMINAL_STATE *out)
{
    TERMINAL_DIRECTION direction;
    LONG media;

    if (!out)
        return E_POINTER;
    in_use(of(iface), &media, &direction);
    *out = media || omsp_terminal_in_use(of(iface)->base.engine) ? TS_INUSE : TS_NOTINUSE;
    return S_OK;
}

/* ---- ITMediaControl ------------------------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE start(ITMediaControl *iface)
{
    return msp_hresult(omsp_file_start(of(iface)->base.engine));
}

static HRESULT STDMETHODCALLTYPE stop(ITMediaControl *iface)
{
    return msp_hresult(omsp_file_stop(of(iface)->base.engine));
}

static HRESULT STDMETHODCALLTYPE pause_file(ITMediaControl *iface)
{
    return msp_hresult(omsp_file_pause(of(iface)->base.engine));
}

static HRESULT STDMETHODCALLTYPE get_media_state(ITMediaControl *iface, TERMINAL_MEDIA_STATE *out)
{
    if (!out)
        return E_POINTER;
    *out = (TERMINAL_MEDIA_STATE)omsp_file_state(of(iface)->base.engine);
    return S_OK;
}

/* ---- ITMediaPlayback, ITMediaRecord ---------------------------------------------------------- */

static HRESULT STDMETHODCALLTYPE put_play_list(ITMediaPlayback *iface, VARIANTARG value)
{
    struct msp_file *self = of(iface);
    struct msp_playlist list;
    HRESULT hr = msp_playlist_read(&value, &list);

    if (FAILED(hr))
        return hr;
    hr = msp_hresult(
        omsp_file_player_set_list(self->base.engine, (const char *const *)list.paths, list.count));
    msp_playlist_clear(&list);
    return hr;
}

static HRESULT STDMETHODCALLTYPE get_play_list(ITMediaPlayback *iface, VARIANTARG *out)
{
    struct omsp_file_names *names;
    HRESULT hr = S_OK;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    names = omsp_file_get_names(of(iface)->base.engine);
    if (names)
        hr = msp_playlist_write(names, out);
    omsp_file_names_release(names);
    return hr;
}

static HRESULT STDMETHODCALLTYPE put_file_name(ITMediaRecord *iface, BSTR name)
{
    char *path;
    HRESULT hr = msp_file_name(name, &path);

    if (FAILED(hr))
        return hr;
    hr = msp_hresult(omsp_file_recorder_set_name(of(iface)->base.engine, path));
    omsp_free(path);
    return hr;
}

static HRESULT STDMETHODCALLTYPE get_file_name(ITMediaRecord *iface, BSTR *out)
{
    struct omsp_file_names *names;

    if (!out)
        return E_POINTER;
    names = omsp_file_get_names(of(iface)->base.engine);
    *out = msp_bstr(names ? names->paths[0] : "");
    omsp_file_names_release(names);
    return *out ? S_OK : E_OUTOFMEMORY;
}

/* ---- tables --------------------------------------------------------------------------------- */

static const struct com_member multitrack_members[] = {
    COM_GET(ITMultiTrackTerminal, 0x10001, TrackTerminals, COM_RETVAL_VARIANT),
    COM_METHOD(ITMultiTrackTerminal, 0x10002, EnumerateTrackTerminals, COM_RETVAL_UNKNOWN),
    COM_METHOD(ITMultiTrackTerminal, 0x10003, CreateTrackTerminal, COM_IN_LONG("MediaType"),
               COM_IN_LONG("TerminalDirection"), COM_RETVAL_OBJECT),
    COM_GET(ITMultiTrackTerminal, 0x10004, MediaTypesInUse, COM_RETVAL_LONG),
    COM_GET(ITMultiTrackTerminal, 0x10005, DirectionsInUse, COM_RETVAL_LONG),
    COM_METHOD(ITMultiTrackTerminal, 0x10006, RemoveTrackTerminal,
               COM_IN_OBJECT("pTrackTerminalToRemove", &IID_ITTerminal)),
};
static const struct com_member control_members[] = {
    COM_METHOD(ITMediaControl, 0x20001, Start),
    COM_METHOD(ITMediaControl, 0x20002, Stop),
    COM_METHOD(ITMediaControl, 0x20003, Pause),
    COM_GET(ITMediaControl, 0x20004, MediaState, COM_RETVAL_LONG),
};
static const struct com_member record_members[] = {
    COM_GET(ITMediaRecord, 0x30001, FileName, COM_RETVAL_BSTR),
    COM_PUT(ITMediaRecord, 0x30001, FileName, COM_IN_BSTR("bstrFileName")),
};
static const struct com_member playback_members[] = {
    COM_GET(ITMediaPlayback, 0x40001, PlayList, COM_RETVAL_VARIANT),
    COM_PUT(ITMediaPlayback, 0x40001, PlayList, COM_IN_VARIANT("PlayListVariant")),
};

const struct com_dispatch msp_multitrack_dispatch =
    COM_DISPATCH_TABLE(&IID_ITMultiTrackTerminal, "ITMultiTrackTerminal", multitrack_members);
static const struct com_dispatch control_dispatch =
    COM_DISPATCH_TABLE(&IID_ITMediaControl, "ITMediaControl", control_members);
static const struct com_dispatch record_dispatch =
    COM_DISPATCH_TABLE(&IID_ITMediaRecord, "ITMediaRecord", record_members);
static const struct com_dispatch playback_dispatch =
    COM_DISPATCH_TABLE(&IID_ITMediaPlayback, "ITMediaPlayback", playback_members);

COM_VTABLE(terminal_vtable, ITTerminal, struct msp_file, terminal, &msp_terminal_dispatch,
           COM_DISPATCH_SLOTS(ITTerminal), .get_Name = msp_terminal_get_name,
           .get_State = get_state, .get_TerminalType = msp_terminal_get_type,
           .get_TerminalClass = msp_terminal_get_class,
           .get_MediaType = msp_terminal_get_media_type,
           .get_Direction = msp_terminal_get_direction);
COM_VTABLE(multitrack_vtable, ITMultiTrackTerminal, struct msp_file, tracks,
           &msp_multitrack_dispatch, COM_DISPATCH_SLOTS(ITMultiTrackTerminal),
           .get_TrackTerminals = get_tracks, .EnumerateTrackTerminals = enumerate_tracks,
           .CreateTrackTerminal = create_track, .get_MediaTypesInUse = get_media_in_use,
           .get_DirectionsInUse = get_directions_in_use, .RemoveTrackTerminal = remove_track);
COM_VTABLE(media_vtable, ITMediaControl, struct msp_file, media, &control_dispatch,
           COM_DISPATCH_SLOTS(ITMediaControl), .Start = start, .Stop = stop, .Pause = pause_file,
           .get_MediaState = get_media_state);
COM_VTABLE(record_vtable, ITMediaRecord, struct msp_file, record, &record_dispatch,
           COM_DISPATCH_SLOTS(ITMediaRecord), .put_FileName = put_file_name,
           .get_FileName = get_file_name);
COM_VTABLE(playback_vtable, ITMediaPlayback, struct msp_file, playback, &playback_dispatch,
           COM_DISPATCH_SLOTS(ITMediaPlayback), .put_PlayList = put_play_list,
           .get_PlayList = get_play_list);

static const struct com_entry player_entries[] = {
    COM_ENTRY(IID_ITTerminal, terminal_vtable),
    COM_ENTRY(IID_ITMultiTrackTerminal, multitrack_vtable),
    COM_ENTRY(IID_ITMediaControl, media_vtable),
    COM_ENTRY(IID_ITMediaPlayback, playback_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};
static const struct com_entry recorder_entries[] = {
    COM_ENTRY(IID_ITTerminal, terminal_vtable),
    COM_ENTRY(IID_ITMultiTrackTerminal, multitrack_vtable),
    COM_ENTRY(IID_ITMediaControl, media_vtable),
    COM_ENTRY(IID_ITMediaRecord, record_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

const struct com_class msp_player_class = {COM_CLASS("ITTerminal", struct msp_file, player_entries),
                                           .flags = COM_FTM | COM_SAFE | COM_MERGED,
                                           .destroy = msp_terminal_fini};
const struct com_class msp_recorder_class = {
    COM_CLASS("ITTerminal", struct msp_file, recorder_entries),
    .flags = COM_FTM | COM_SAFE | COM_MERGED, .destroy = msp_terminal_fini};

ITTerminal *msp_file_terminal(struct com_object *object)
{
    return &((struct msp_file *)object)->terminal;
}
