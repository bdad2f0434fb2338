/*
 * File Playback and File Recording terminals: the multitrack parents (mspi.md 4.3-4.5). Their
 * tracks are terminal_track.c. They translate; the files, their states and the events are the
 * engine's. Free-threaded; the one lock is a leaf around the names as the client wrote them.
 *
 * For scripts the slot of ITTerminal is longer than ITTerminal: behind its methods follow those of
 * the other dual interfaces, so that the IDispatch which CreateTerminal answers knows Start,
 * PlayList and all the others by TAPI's own DISPIDs (which are disjoint), and no ITDispatchMapper
 * is needed.
 */
#include "msp/terminal.h"

#include "base/alloc.h"
#include "com/collection.h"
#include "com/dispatch.h"
#include "com/enumerator.h"
#include "core/terminal.h"

/* ITTerminal, and all that a script may say to a file terminal. A player has the play list, a
 * recorder the file name; the other's slot is in the vtable but in no table of members. */
typedef struct IFileTerminal IFileTerminal;
typedef struct IFileTerminalVtbl {
    HRESULT(STDMETHODCALLTYPE *QueryInterface)(IFileTerminal *, REFIID, void **);
    ULONG(STDMETHODCALLTYPE *AddRef)(IFileTerminal *);
    ULONG(STDMETHODCALLTYPE *Release)(IFileTerminal *);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfoCount)(IFileTerminal *, UINT *);
    HRESULT(STDMETHODCALLTYPE *GetTypeInfo)(IFileTerminal *, UINT, LCID, ITypeInfo **);
    HRESULT(STDMETHODCALLTYPE *GetIDsOfNames)
    (IFileTerminal *, REFIID, LPOLESTR *, UINT, LCID, DISPID *);
    HRESULT(STDMETHODCALLTYPE *Invoke)
    (IFileTerminal *, DISPID, REFIID, LCID, WORD, DISPPARAMS *, VARIANT *, EXCEPINFO *, UINT *);
    HRESULT(STDMETHODCALLTYPE *get_Name)(void *, BSTR *);
    HRESULT(STDMETHODCALLTYPE *get_State)(void *, TERMINAL_STATE *);
    HRESULT(STDMETHODCALLTYPE *get_TerminalType)(void *, TERMINAL_TYPE *);
    HRESULT(STDMETHODCALLTYPE *get_TerminalClass)(void *, BSTR *);
    HRESULT(STDMETHODCALLTYPE *get_MediaType)(void *, LONG *);
    HRESULT(STDMETHODCALLTYPE *get_Direction)(void *, TERMINAL_DIRECTION *);
    HRESULT(STDMETHODCALLTYPE *get_TrackTerminals)(void *, VARIANT *);
    HRESULT(STDMETHODCALLTYPE *EnumerateTrackTerminals)(void *, IEnumTerminal **);
    HRESULT(STDMETHODCALLTYPE *CreateTrackTerminal)
    (void *, LONG, TERMINAL_DIRECTION, ITTerminal **);
    HRESULT(STDMETHODCALLTYPE *get_MediaTypesInUse)(void *, LONG *);
    HRESULT(STDMETHODCALLTYPE *get_DirectionsInUse)(void *, TERMINAL_DIRECTION *);
    HRESULT(STDMETHODCALLTYPE *RemoveTrackTerminal)(void *, ITTerminal *);
    HRESULT(STDMETHODCALLTYPE *Start)(void *);
    HRESULT(STDMETHODCALLTYPE *Stop)(void *);
    HRESULT(STDMETHODCALLTYPE *Pause)(void *);
    HRESULT(STDMETHODCALLTYPE *get_MediaState)(void *, TERMINAL_MEDIA_STATE *);
    HRESULT(STDMETHODCALLTYPE *put_FileName)(void *, BSTR);
    HRESULT(STDMETHODCALLTYPE *get_FileName)(void *, BSTR *);
    HRESULT(STDMETHODCALLTYPE *put_PlayList)(void *, VARIANTARG);
    HRESULT(STDMETHODCALLTYPE *get_PlayList)(void *, VARIANTARG *);
} IFileTerminalVtbl;
struct IFileTerminal {
    const IFileTerminalVtbl *lpVtbl;
};

struct msp_file {
    struct msp_terminal base;
    IFileTerminal terminal;
    ITMultiTrackTerminal tracks;
    ITMediaControl media;
    ITMediaPlayback playback; /* answered by the player's class */
    ITMediaRecord record;     /* by the recorder's */
    SRWLOCK lock;             /* leaf; guards shown */
    VARIANT shown;            /* play list, or file name as VT_BSTR; VT_EMPTY: none yet */
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

static HRESULT STDMETHODCALLTYPE get_tracks(void *iface, VARIANT *out)
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

static HRESULT STDMETHODCALLTYPE enumerate_tracks(void *iface, IEnumTerminal **out)
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

static HRESULT STDMETHODCALLTYPE create_track(void *iface, LONG media, TERMINAL_DIRECTION direction,
                                              ITTerminal **out)
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

static HRESULT STDMETHODCALLTYPE get_media_in_use(void *iface, LONG *out)
{
    TERMINAL_DIRECTION direction;

    if (!out)
        return E_POINTER;
    in_use(of(iface), out, &direction);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_directions_in_use(void *iface, TERMINAL_DIRECTION *out)
{
    LONG media;

    if (!out)
        return E_POINTER;
    in_use(of(iface), &media, out);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE remove_track(void *iface, ITTerminal *terminal)
{
    struct msp_file *self = of(iface);
    struct omsp_terminal *track;
    HRESULT hr;

    if (!terminal)
        return E_POINTER;
    if (self->base.object.class == &msp_player_class)
        return TAPI_E_NOTSUPPORTED;
    if (FAILED(msp_terminal_from_interface((IUnknown *)terminal, &track)))
        return E_INVALIDARG;
    hr = omsp_terminal_get_kind(track) != OMSP_TERMINAL_TRACK
             ? E_INVALIDARG
             : msp_hresult(omsp_file_remove_track(self->base.engine, track));
    omsp_terminal_release(track);
    return hr;
}

/* ---- ITTerminal: a parent is in use when one of its tracks is -------------------------------- */

static HRESULT STDMETHODCALLTYPE get_state(void *iface, TERMINAL_STATE *out)
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

static HRESULT STDMETHODCALLTYPE start(void *iface)
{
    return msp_hresult(omsp_file_start(of(iface)->base.engine));
}

static HRESULT STDMETHODCALLTYPE stop(void *iface)
{
    return msp_hresult(omsp_file_stop(of(iface)->base.engine));
}

static HRESULT STDMETHODCALLTYPE pause_file(void *iface)
{
    return msp_hresult(omsp_file_pause(of(iface)->base.engine));
}

static HRESULT STDMETHODCALLTYPE get_media_state(void *iface, TERMINAL_MEDIA_STATE *out)
{
    if (!out)
        return E_POINTER;
    *out = (TERMINAL_MEDIA_STATE)omsp_file_state(of(iface)->base.engine);
    return S_OK;
}

/* ---- ITMediaPlayback, ITMediaRecord ---------------------------------------------------------- */

/* Takes over *value, which is initialised afterwards. */
static void remember(struct msp_file *self, VARIANT *value)
{
    VARIANT old;

    AcquireSRWLockExclusive(&self->lock);
    old = self->shown;
    self->shown = *value;
    ReleaseSRWLockExclusive(&self->lock);
    VariantInit(value);
    VariantClear(&old);
}

static HRESULT STDMETHODCALLTYPE put_play_list(void *iface, VARIANTARG value)
{
    struct msp_file *self = of(iface);
    struct msp_playlist list;
    HRESULT hr = msp_playlist_read(&value, &list);

    if (FAILED(hr))
        return hr;
    hr = msp_hresult(
        omsp_file_player_set_list(self->base.engine, (const char *const *)list.paths, list.count));
    if (SUCCEEDED(hr))
        remember(self, &list.shown);
    msp_playlist_clear(&list);
    return hr;
}

static HRESULT STDMETHODCALLTYPE get_play_list(void *iface, VARIANTARG *out)
{
    struct msp_file *self = of(iface);
    HRESULT hr;

    if (!out)
        return E_POINTER;
    VariantInit(out);
    AcquireSRWLockShared(&self->lock);
    hr = VariantCopy(out, &self->shown);
    ReleaseSRWLockShared(&self->lock);
    return hr;
}

static HRESULT STDMETHODCALLTYPE put_file_name(void *iface, BSTR name)
{
    struct msp_file *self = of(iface);
    VARIANT shown;
    char *path;
    HRESULT hr = msp_file_name(name, &path);

    if (FAILED(hr))
        return hr;
    VariantInit(&shown);
    shown.vt = VT_BSTR;
    shown.bstrVal = SysAllocString(name);
    hr = !shown.bstrVal ? E_OUTOFMEMORY
                        : msp_hresult(omsp_file_recorder_set_name(self->base.engine, path));
    if (SUCCEEDED(hr))
        remember(self, &shown);
    VariantClear(&shown);
    omsp_free(path);
    return hr;
}

static HRESULT STDMETHODCALLTYPE get_file_name(void *iface, BSTR *out)
{
    struct msp_file *self = of(iface);

    if (!out)
        return E_POINTER;
    AcquireSRWLockShared(&self->lock);
    *out = SysAllocString(self->shown.vt == VT_BSTR ? self->shown.bstrVal : L"");
    ReleaseSRWLockShared(&self->lock);
    return *out ? S_OK : E_OUTOFMEMORY;
}

/* ---- tables --------------------------------------------------------------------------------- */

#define TERMINAL_MEMBERS(I)                                                                        \
    COM_GET(I, 1, Name, COM_RETVAL_BSTR), COM_GET(I, 2, State, COM_RETVAL_LONG),                   \
        COM_GET(I, 3, TerminalType, COM_RETVAL_LONG),                                              \
        COM_GET(I, 4, TerminalClass, COM_RETVAL_BSTR), COM_GET(I, 5, MediaType, COM_RETVAL_LONG),  \
        COM_GET(I, 6, Direction, COM_RETVAL_LONG)
#define MULTITRACK_MEMBERS(I)                                                                      \
    COM_GET(I, 0x10001, TrackTerminals, COM_RETVAL_VARIANT),                                       \
        COM_METHOD(I, 0x10002, EnumerateTrackTerminals, COM_RETVAL_UNKNOWN),                       \
        COM_METHOD(I, 0x10003, CreateTrackTerminal, COM_IN_LONG("MediaType"),                      \
                   COM_IN_LONG("TerminalDirection"), COM_RETVAL_OBJECT),                           \
        COM_GET(I, 0x10004, MediaTypesInUse, COM_RETVAL_LONG),                                     \
        COM_GET(I, 0x10005, DirectionsInUse, COM_RETVAL_LONG),                                     \
        COM_METHOD(I, 0x10006, RemoveTrackTerminal,                                                \
                   COM_IN_OBJECT("pTrackTerminalToRemove", &IID_ITTerminal))
#define CONTROL_MEMBERS(I)                                                                         \
    COM_METHOD(I, 0x20001, Start), COM_METHOD(I, 0x20002, Stop), COM_METHOD(I, 0x20003, Pause),    \
        COM_GET(I, 0x20004, MediaState, COM_RETVAL_LONG)
#define RECORD_MEMBERS(I)                                                                          \
    COM_GET(I, 0x30001, FileName, COM_RETVAL_BSTR),                                                \
        COM_PUT(I, 0x30001, FileName, COM_IN_BSTR("bstrFileName"))
#define PLAYBACK_MEMBERS(I)                                                                        \
    COM_GET(I, 0x40001, PlayList, COM_RETVAL_VARIANT),                                             \
        COM_PUT(I, 0x40001, PlayList, COM_IN_VARIANT("PlayListVariant"))

static const struct com_member player_members[] = {
    TERMINAL_MEMBERS(IFileTerminal), MULTITRACK_MEMBERS(IFileTerminal),
    CONTROL_MEMBERS(IFileTerminal), PLAYBACK_MEMBERS(IFileTerminal)};
static const struct com_member recorder_members[] = {
    TERMINAL_MEMBERS(IFileTerminal), MULTITRACK_MEMBERS(IFileTerminal),
    CONTROL_MEMBERS(IFileTerminal), RECORD_MEMBERS(IFileTerminal)};
static const struct com_member multitrack_members[] = {MULTITRACK_MEMBERS(ITMultiTrackTerminal)};
static const struct com_member control_members[] = {CONTROL_MEMBERS(ITMediaControl)};
static const struct com_member record_members[] = {RECORD_MEMBERS(ITMediaRecord)};
static const struct com_member playback_members[] = {PLAYBACK_MEMBERS(ITMediaPlayback)};

static const struct com_dispatch player_dispatch =
    COM_DISPATCH_TABLE(&IID_ITTerminal, "ITTerminal", player_members);
static const struct com_dispatch recorder_dispatch =
    COM_DISPATCH_TABLE(&IID_ITTerminal, "ITTerminal", recorder_members);
static const struct com_dispatch multitrack_dispatch =
    COM_DISPATCH_TABLE(&IID_ITMultiTrackTerminal, "ITMultiTrackTerminal", multitrack_members);
static const struct com_dispatch control_dispatch =
    COM_DISPATCH_TABLE(&IID_ITMediaControl, "ITMediaControl", control_members);
static const struct com_dispatch record_dispatch =
    COM_DISPATCH_TABLE(&IID_ITMediaRecord, "ITMediaRecord", record_members);
static const struct com_dispatch playback_dispatch =
    COM_DISPATCH_TABLE(&IID_ITMediaPlayback, "ITMediaPlayback", playback_members);

#define FILE_TERMINAL_SLOTS                                                                        \
    COM_DISPATCH_SLOTS(IFileTerminal),                                                             \
        .get_Name = msp_terminal_get_name, .get_State = get_state,                                 \
        .get_TerminalType = msp_terminal_get_type, .get_TerminalClass = msp_terminal_get_class,    \
        .get_MediaType = msp_terminal_get_media_type, .get_Direction = msp_terminal_get_direction, \
        .get_TrackTerminals = get_tracks, .EnumerateTrackTerminals = enumerate_tracks,             \
        .CreateTrackTerminal = create_track, .get_MediaTypesInUse = get_media_in_use,              \
        .get_DirectionsInUse = get_directions_in_use, .RemoveTrackTerminal = remove_track,         \
        .Start = start, .Stop = stop, .Pause = pause_file, .get_MediaState = get_media_state,      \
        .put_FileName = put_file_name, .get_FileName = get_file_name,                              \
        .put_PlayList = put_play_list, .get_PlayList = get_play_list

COM_VTABLE(player_vtable, IFileTerminal, struct msp_file, terminal, &player_dispatch,
           FILE_TERMINAL_SLOTS);
COM_VTABLE(recorder_vtable, IFileTerminal, struct msp_file, terminal, &recorder_dispatch,
           FILE_TERMINAL_SLOTS);

/* The same functions behind the interfaces of their own: they find the object by com_object_of, so
 * it does not matter through which slot they are called. */
#define AS(function, ...) ((HRESULT(STDMETHODCALLTYPE *)(__VA_ARGS__))(void (*)(void))(function))

COM_VTABLE(multitrack_vtable, ITMultiTrackTerminal, struct msp_file, tracks, &multitrack_dispatch,
           COM_DISPATCH_SLOTS(ITMultiTrackTerminal),
           .get_TrackTerminals = AS(get_tracks, ITMultiTrackTerminal *, VARIANT *),
           .EnumerateTrackTerminals = AS(enumerate_tracks, ITMultiTrackTerminal *,
                                         IEnumTerminal **),
           .CreateTrackTerminal = AS(create_track, ITMultiTrackTerminal *, LONG, TERMINAL_DIRECTION,
                                     ITTerminal **),
           .get_MediaTypesInUse = AS(get_media_in_use, ITMultiTrackTerminal *, LONG *),
           .get_DirectionsInUse = AS(get_directions_in_use, ITMultiTrackTerminal *,
                                     TERMINAL_DIRECTION *),
           .RemoveTrackTerminal = AS(remove_track, ITMultiTrackTerminal *, ITTerminal *));
COM_VTABLE(media_vtable, ITMediaControl, struct msp_file, media, &control_dispatch,
           COM_DISPATCH_SLOTS(ITMediaControl), .Start = AS(start, ITMediaControl *),
           .Stop = AS(stop, ITMediaControl *), .Pause = AS(pause_file, ITMediaControl *),
           .get_MediaState = AS(get_media_state, ITMediaControl *, TERMINAL_MEDIA_STATE *));
COM_VTABLE(record_vtable, ITMediaRecord, struct msp_file, record, &record_dispatch,
           COM_DISPATCH_SLOTS(ITMediaRecord),
           .put_FileName = AS(put_file_name, ITMediaRecord *, BSTR),
           .get_FileName = AS(get_file_name, ITMediaRecord *, BSTR *));
COM_VTABLE(playback_vtable, ITMediaPlayback, struct msp_file, playback, &playback_dispatch,
           COM_DISPATCH_SLOTS(ITMediaPlayback),
           .put_PlayList = AS(put_play_list, ITMediaPlayback *, VARIANTARG),
           .get_PlayList = AS(get_play_list, ITMediaPlayback *, VARIANTARG *));

static const struct com_entry player_entries[] = {
    COM_ENTRY(IID_ITTerminal, player_vtable),
    COM_ENTRY(IID_ITMultiTrackTerminal, multitrack_vtable),
    COM_ENTRY(IID_ITMediaControl, media_vtable),
    COM_ENTRY(IID_ITMediaPlayback, playback_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};
static const struct com_entry recorder_entries[] = {
    COM_ENTRY(IID_ITTerminal, recorder_vtable),
    COM_ENTRY(IID_ITMultiTrackTerminal, multitrack_vtable),
    COM_ENTRY(IID_ITMediaControl, media_vtable),
    COM_ENTRY(IID_ITMediaRecord, record_vtable),
    COM_ENTRY(IID_ITTerminalControl, msp_terminal_control),
};

static void destroy(struct com_object *object)
{
    struct msp_file *self = (struct msp_file *)object;

    VariantClear(&self->shown); /* zeroed memory is VT_EMPTY */
    msp_terminal_fini(object);
}

const struct com_class msp_player_class = {COM_CLASS("ITTerminal", struct msp_file, player_entries),
                                           .flags = COM_FTM | COM_SAFE, .destroy = destroy};
const struct com_class msp_recorder_class = {
    COM_CLASS("ITTerminal", struct msp_file, recorder_entries), .flags = COM_FTM | COM_SAFE,
    .destroy = destroy};

ITTerminal *msp_file_terminal(struct com_object *object)
{
    return (ITTerminal *)&((struct msp_file *)object)->terminal;
}
