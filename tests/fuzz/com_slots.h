/*
 * Calls of vtables without IDispatch in between, each choice from a play (support/com_calls.h):
 * dual interfaces by the signatures in their own tables, the others by those below. Pointers to
 * results are NULL now and then, objects are of the pool or foreign, numbers and sizes whatever the
 * play chooses. What comes back goes into the pool. Laws: documented HRESULTs alone, results
 * cleared by what fails, a foreign object's references given back.
 *
 * On the native stand-in alone, where methods have x64's convention: every argument is one word,
 * and structures by value are pointers to copies.
 */
#ifndef OMSP_TESTS_FUZZ_COM_SLOTS_H
#define OMSP_TESTS_FUZZ_COM_SLOTS_H

#include "com/dispatch.h"
#include "com/object.h"
#include "support/com_calls.h"

/* Letters of a signature: an argument each.
 *   n number   y flags of an asynchronous update   z size, of the buffer beside it   h event or
 * none s BSTR     v VARIANT    g GUID                 u object (of what u_iid says)     0 nothing
 *   b buffer that stays     d two times            f WAVEFORMATEX   m AM_MEDIA_TYPE
 *   a ALLOCATOR_PROPERTIES
 *   e enumerator's Next: number, array, how many came (three words)
 * and results: N 32 bits, D 64 bits, S BSTR, V VARIANT, O object, G GUID, M AM_MEDIA_TYPE *,
 *   W WAVEFORMATEX, A ALLOCATOR_PROPERTIES, C TAPI_STREAM_CONFIG_CAPS, P pointer that is not ours
 */
struct com_slots {
    const IID *iid;
    const IID *u_iid; /* of objects given to it; NULL: IUnknown */
    const char *methods[12];
    unsigned first; /* slot; 0: behind IUnknown */
};

#define SLOTS_QUALITY(iid)                                                                         \
    {                                                                                              \
        &(iid), NULL, {"nNNNNN", "nNN", "nnn"}, 0                                                  \
    }
#define SLOTS_ENUM(iid) /* of TAPI */                                                              \
    {                                                                                              \
        &(iid), NULL, {"e", "", "n", "O"}, 0                                                       \
    }

/* "-" is left out: it ends the address, or wants what only its maker has. */
static const struct com_slots com_slots[] = {
    {&IID_ITMSPAddress, NULL, {"h", "-", "-", "u", "ubz", "-"}, 0},
    SLOTS_ENUM(IID_IEnumStream),
    SLOTS_ENUM(IID_IEnumSubStream),
    SLOTS_ENUM(IID_IEnumTerminal),
    SLOTS_ENUM(IID_IEnumTerminalClass),
    SLOTS_ENUM(IID_IEnumPluggableSuperclassInfo),
    SLOTS_ENUM(IID_IEnumPluggableTerminalClassInfo),
    {&IID_IConnectionPointContainer, NULL, {"O", "gO"}, 0},
    {&IID_IConnectionPoint, NULL, {"G", "O", "-", "n", "O"}, 0},
    {&IID_IEnumConnectionPoints, NULL, {"e", "n", "", "O"}, 0},
    {&IID_IEnumConnections, NULL, {"e", "n", "", "O"}, 0},
    {&IID_IEnumVARIANT, NULL, {"e", "n", "", "O"}, 0},
    SLOTS_QUALITY(IID_ITStreamQualityControl),
    SLOTS_QUALITY(IID_ITCallQualityControl),
    SLOTS_QUALITY(IID_ITAudioSettings),
    SLOTS_QUALITY(IID_ITAudioDeviceControl),
    {&IID_ITFormatControl, NULL, {"M", "-", "N", "nMCN", "bbbz"}, 0},
    {&IID_ITAMMediaFormat, NULL, {"M", "m"}, 0},
    {&IID_ITAllocatorProperties, NULL, {"a", "A", "n", "N", "n", "N"}, 0},
    {&IID_IAudioMediaStream,
     &IID_IMediaStream,
     {"O", "GN", "un", "nO", "-", "n", "W", "f", "-"},
     0},
    {&IID_IAudioMediaStream,
     &IID_IStreamSample,
     {"O", "GN", "-", "nO", "unO", "n", "W", "f", "-"},
     0},
    {&IID_IAudioMediaStream, &IID_IAudioData, {"-", "-", "-", "-", "-", "-", "-", "-", "unO"}, 0},
    {&IID_IAMMediaStream, NULL, {"O", "GN", "-", "nO", "-", "n", "ungn", "n", "u", "u", "u"}, 0},
    {&IID_IAudioStreamSample, NULL, {"O", "DDD", "dd", "yh00", "nz", "O"}, 0},
    {&IID_IAudioData, NULL, {"zbn", "NPN", "n", "W", "f"}, 0},
    {&IID_IOpenMSPSampleBytes, NULL, {"bzN", "bzN"}, 0},
    {&IID_ITFileTrack, &IID_ITScriptableAudioFormat, {"M", "m", "O", "O", "u"}, 7},
    {&IID_IObjectSafety, NULL, {"gNN", "gnn"}, 0},
    {&IID_ISupportErrorInfo, NULL, {"g"}, 0},
};

/* Those that have IDispatch's table; video's have the same. */
static const IID *const com_duals[] = {&IID_ITStreamControl,
                                       &IID_ITStream,
                                       &IID_ITSubStreamControl,
                                       &IID_ITSubStream,
                                       &IID_ITTerminalSupport,
                                       &IID_ITTerminalSupport2,
                                       &IID_ITTerminal,
                                       &IID_ITBasicAudioTerminal,
                                       &IID_ITMultiTrackTerminal,
                                       &IID_ITFileTrack,
                                       &IID_ITMediaControl,
                                       &IID_ITMediaPlayback,
                                       &IID_ITMediaRecord,
                                       &IID_ITScriptableAudioFormat,
                                       &IID_ITPluggableTerminalClassInfo,
                                       &IID_ITPluggableTerminalSuperclassInfo,
                                       &IID_ITStaticAudioTerminal,
                                       &IID_ITLegacyWaveSupport,
                                       &IID_ITCallInfo,
                                       &IID_ITCollection,
                                       &IID_ITCallMediaEvent,
                                       &IID_ITFileTerminalEvent,
                                       &IID_ITPrivateEvent,
                                       &IID_ITAddressEvent,
                                       &IID_ITDigitDetectionEvent,
                                       &IID_IOpenMSPAddress,
                                       &IID_IOpenMSPCall,
                                       &IID_IOpenMSPMediaStream,
                                       &IID_IOpenMSPStatistics,
                                       &IID_IOpenMSPWebSocketTerminal,
                                       &IID_IOpenMSPSamples};

/* ---- documented ------------------------------------------------------------------------------ */

static inline bool com_is_documented(const IID *iid, HRESULT hr)
{
    if (IsEqualIID(iid, &IID_IObjectSafety) && hr == E_FAIL) /* options that it has not */
        return true;
    switch ((DWORD)hr) {
    case (DWORD)S_OK:
    case (DWORD)S_FALSE:
    case (DWORD)E_NOTIMPL:
    case (DWORD)E_NOINTERFACE:
    case (DWORD)E_POINTER:
    case (DWORD)E_ABORT:
    case (DWORD)E_UNEXPECTED:
    case (DWORD)E_ACCESSDENIED:
    case (DWORD)E_OUTOFMEMORY:
    case (DWORD)E_INVALIDARG:
        return true;
    default:
        break;
    }
    return HRESULT_FACILITY(hr) == FACILITY_ITF || HRESULT_FACILITY(hr) == FACILITY_WIN32 ||
           HRESULT_FACILITY(hr) == FACILITY_DISPATCH;
}

/* ---- a foreign object ------------------------------------------------------------------------ */

/* Answers to every IID that it is asked for, and refuses all else. */
struct com_foreign {
    const void *const *vtable;
    LONG refs; /* 1 when nobody holds it */
};

static HRESULT STDMETHODCALLTYPE foreign_query(struct com_foreign *self, REFIID iid, void **out)
{
    (void)iid;
    InterlockedIncrement(&self->refs);
    *out = self;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE foreign_add(struct com_foreign *self)
{
    return (ULONG)InterlockedIncrement(&self->refs);
}

static ULONG STDMETHODCALLTYPE foreign_release(struct com_foreign *self)
{
    return (ULONG)InterlockedDecrement(&self->refs);
}

static HRESULT STDMETHODCALLTYPE foreign_refuse(struct com_foreign *self)
{
    (void)self;
    return TAPI_E_RESOURCEUNAVAIL;
}

static const void *foreign_vtable[64];

static inline void com_foreign_init(struct com_foreign *foreign)
{
    foreign_vtable[0] = (const void *)foreign_query;
    foreign_vtable[1] = (const void *)foreign_add;
    foreign_vtable[2] = (const void *)foreign_release;
    for (unsigned i = 3; i < 64; i++)
        foreign_vtable[i] = (const void *)foreign_refuse;
    foreign->vtable = foreign_vtable;
    foreign->refs = 1;
}

/* ---- one call -------------------------------------------------------------------------------- */

#define SLOT_WORDS    10
#define SLOT_ELEMENTS 6

/* What an argument or a result lies in. */
union slot_cell {
    LONG number;
    LONGLONG wide;
    double real;
    BSTR text;
    VARIANT variant;
    GUID guid;
    IUnknown *object;
    AM_MEDIA_TYPE *type_out;
    AM_MEDIA_TYPE type;
    WAVEFORMATEX wave;
    ALLOCATOR_PROPERTIES allocator;
    TAPI_STREAM_CONFIG_CAPS caps;
    BYTE bytes[1024];
};

struct slot_frame {
    UINT_PTR words[SLOT_WORDS];
    union slot_cell cells[SLOT_WORDS];
    union slot_cell behind[SLOT_WORDS];
    char kinds[SLOT_WORDS + 1];
    unsigned count;
    bool absent; /* a pointer to a result is NULL */
};

/* Of the process: what was given as a buffer may be written into until the end of the life. */
static BYTE slot_buffer[65536];
static HANDLE slot_event;
static struct com_foreign slot_foreign;

static const GUID *any_guid(struct play *play)
{
    static const GUID *const others[] = {&IID_IUnknown,
                                         &IID_IDispatch,
                                         &IID_ITTAPIEventNotification,
                                         &DIID_ITTAPIDispatchEventNotification,
                                         &CLSID_msp_file_playback,
                                         &CLSID_msp_file_recording,
                                         &CLSID_msp_media_streaming,
                                         &MSPID_PrimaryAudio,
                                         &IID_ITAddress};
    unsigned count = sizeof(others) / sizeof(others[0]);
    unsigned which = any(play, count + 1);

    return which < count ? others[which]
                         : com_duals[any(play, sizeof(com_duals) / sizeof(com_duals[0]))];
}

static IUnknown *any_given(struct play *play, const IID *iid)
{
    IUnknown *object = NULL, *out = NULL;
    unsigned what = any(play, 8);

    if (what == 0)
        return NULL;
    if (what > 1)
        object = any_object(play);
    if (object && FAILED(IUnknown_QueryInterface(object, iid ? iid : &IID_IUnknown, (void **)&out)))
        out = NULL;
    if (object)
        kit_release(object);
    if (!out) {
        out = (IUnknown *)&slot_foreign;
        IUnknown_AddRef(out);
    }
    return out;
}

static void any_wave(struct play *play, WAVEFORMATEX *wave)
{
    static const WORD tags[] = {WAVE_FORMAT_PCM, WAVE_FORMAT_PCM, 6, 7, 0xfffe, 0};

    wave->wFormatTag = tags[any(play, 6)];
    wave->nChannels = (WORD)any(play, 4);
    wave->nSamplesPerSec = (DWORD)numbers[any(play, NUMBERS)];
    wave->wBitsPerSample = (WORD)(any(play, 5) * 8);
    wave->nBlockAlign = (WORD)(wave->nChannels * wave->wBitsPerSample / 8 + !any(play, 8));
    wave->nAvgBytesPerSec = wave->nSamplesPerSec * wave->nBlockAlign + !any(play, 8);
    wave->cbSize = any(play, 8) ? 0 : (WORD)any(play, 64);
}

/* The WAVEFORMATEX behind it has room for whatever its cbSize says. */
static void any_type(struct play *play, AM_MEDIA_TYPE *type, union slot_cell *behind)
{
    static const GUID audio = {0x73647561, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};
    static const GUID pcm = {1, 0, 0x10, {0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}};
    static const GUID wave = {0x05589f81, 0xc356, 0x11ce, {0xbf, 1, 0, 0xaa, 0, 0x55, 0x59, 0x5a}};

    type->majortype = any(play, 8) ? audio : *any_guid(play);
    type->subtype = any(play, 4) ? pcm : *any_guid(play);
    type->formattype = any(play, 8) ? wave : *any_guid(play);
    any_wave(play, &behind->wave);
    type->cbFormat = any(play, 4) ? sizeof(WAVEFORMATEX) : (ULONG)any(play, 128);
    type->pbFormat = any(play, 8) ? behind->bytes : NULL;
}

static void put_word(struct slot_frame *frame, char kind, UINT_PTR word)
{
    frame->kinds[frame->count] = kind;
    frame->words[frame->count++] = word;
}

/* A result's pointer: what it points to is not what a cleared one is. */
static void put_result(struct play *play, struct slot_frame *frame, char kind)
{
    union slot_cell *cell = &frame->cells[frame->count];
    bool null = !any(play, 12);

    memset(cell, 0x5a, sizeof(*cell));
    frame->absent |= null;
    put_word(frame, null ? '0' : kind, null ? 0 : (UINT_PTR)cell);
}

static void put_argument(struct play *play, struct slot_frame *frame, char kind, const IID *iid)
{
    union slot_cell *cell = &frame->cells[frame->count], *behind = &frame->behind[frame->count];

    memset(cell, 0, sizeof(*cell));
    memset(behind, 0, sizeof(*behind));
    switch (kind) {
    case '0':
        put_word(frame, kind, 0);
        break;
    case 'n':
        put_word(frame, kind, (UINT_PTR)(LONG_PTR)numbers[any(play, NUMBERS)]);
        break;
    case 'y':
        put_word(frame, kind, any(play, 4) ? 1 : 3 | any(play, 2) << 4);
        break;
    case 'z':
        put_word(frame, kind, any(play, 4) ? any(play, 256) : any(play, sizeof(slot_buffer)));
        break;
    case 'h':
        put_word(frame, kind, any(play, 2) ? (UINT_PTR)slot_event : 0);
        break;
    case 's':
        cell->text = any_text(play);
        put_word(frame, kind, (UINT_PTR)cell->text);
        break;
    case 'v':
        any_argument(play, &cell->variant, &behind->variant);
        put_word(frame, kind, (UINT_PTR)&cell->variant);
        break;
    case 'g':
        cell->guid = *any_guid(play);
        put_word(frame, kind, (UINT_PTR)cell);
        break;
    case 'u':
        cell->object = any_given(play, iid);
        put_word(frame, kind, (UINT_PTR)cell->object);
        break;
    case 'b':
        put_word(frame, kind, any(play, 8) ? (UINT_PTR)slot_buffer : 0);
        break;
    case 'd':
        cell->wide = numbers[any(play, NUMBERS)];
        put_word(frame, kind, any(play, 8) ? (UINT_PTR)cell : 0);
        break;
    case 'f':
        any_wave(play, &cell->wave);
        put_word(frame, kind, any(play, 8) ? (UINT_PTR)cell : 0);
        break;
    case 'm':
        any_type(play, &cell->type, behind);
        put_word(frame, kind, any(play, 8) ? (UINT_PTR)cell : 0);
        break;
    case 'a':
        cell->allocator.cBuffers = numbers[any(play, NUMBERS)];
        cell->allocator.cbBuffer = numbers[any(play, NUMBERS)];
        cell->allocator.cbAlign = numbers[any(play, NUMBERS)];
        put_word(frame, kind, any(play, 8) ? (UINT_PTR)cell : 0);
        break;
    case 'e':
        put_word(frame, 'n', any(play, SLOT_ELEMENTS + 1));
        put_word(frame, 'e', any(play, 8) ? (UINT_PTR)frame->cells[frame->count].bytes : 0);
        memset(frame->cells[frame->count - 1].bytes, 0, sizeof(cell->bytes));
        put_result(play, frame, 'N');
        break;
    default:
        put_result(play, frame, kind);
    }
}

/* What an enumerator gave: as many as it says, or one. */
static void take_elements(struct play *play, const IID *iid, const struct slot_frame *frame,
                          unsigned place)
{
    const BYTE *at = frame->cells[place].bytes;
    ULONG count = frame->kinds[place + 1] == 'N' ? (ULONG)frame->cells[place + 1].number : 1;

    if (!frame->words[place] || IsEqualIID(iid, &IID_IEnumTerminalClass))
        return;
    for (ULONG i = 0; i < count; i++) {
        if (IsEqualIID(iid, &IID_IEnumVARIANT)) {
            keep_variant(play, (const VARIANT *)at + i);
            VariantClear((VARIANT *)at + i);
        } else {
            IUnknown *object = IsEqualIID(iid, &IID_IEnumConnections)
                                   ? ((const CONNECTDATA *)at)[i].pUnk
                                   : ((IUnknown *const *)at)[i];

            if (object && !IsEqualIID(iid, &IID_IEnumConnections))
                keep(play, object);
            if (object)
                kit_release(object);
        }
    }
}

static void drop_type(AM_MEDIA_TYPE *type)
{
    if (!type)
        return;
    CoTaskMemFree(type->pbFormat);
    if (type->pUnk)
        kit_release(type->pUnk);
    CoTaskMemFree(type);
}

static void take_back(struct play *play, const IID *iid, struct slot_frame *frame, HRESULT hr)
{
    bool cleared = FAILED(hr) && !frame->absent;

    for (unsigned i = 0; i < frame->count; i++) {
        union slot_cell *cell = &frame->cells[i];

        switch (frame->kinds[i]) {
        case 's':
            SysFreeString(cell->text);
            break;
        case 'v':
            clear(play, &cell->variant, &frame->behind[i].variant);
            break;
        case 'u':
            if (cell->object)
                kit_release(cell->object);
            break;
        case 'e':
            if (SUCCEEDED(hr))
                take_elements(play, iid, frame, i);
            break;
        case 'V':
            ck_assert(!cleared || cell->variant.vt == VT_EMPTY);
            if (SUCCEEDED(hr)) {
                keep_variant(play, &cell->variant);
                VariantClear(&cell->variant);
            }
            break;
        case 'S':
            ck_assert(!cleared || !cell->text);
            if (SUCCEEDED(hr))
                SysFreeString(cell->text);
            break;
        case 'M':
            ck_assert(!cleared || !cell->type_out);
            if (SUCCEEDED(hr))
                drop_type(cell->type_out);
            break;
        case 'O':
            ck_assert(!cleared || !cell->object);
            if (SUCCEEDED(hr) && cell->object) {
                if (cell->object != (IUnknown *)&slot_foreign)
                    keep(play, cell->object);
                kit_release(cell->object);
            }
            break;
        default:
            break;
        }
    }
}

static void call_slot(struct play *play, void *iface, const IID *iid, unsigned slot,
                      struct slot_frame *frame)
{
    typedef HRESULT(STDMETHODCALLTYPE * method_fn)(void *, UINT_PTR, UINT_PTR, UINT_PTR, UINT_PTR,
                                                   UINT_PTR, UINT_PTR, UINT_PTR, UINT_PTR);
    const UINT_PTR *words = frame->words;
    method_fn method = (*(method_fn **)iface)[slot];
    HRESULT hr;

    play->invoked++;
    hr = method(iface, words[0], words[1], words[2], words[3], words[4], words[5], words[6],
                words[7]);
    ck_assert_msg(com_is_documented(iid, hr), "slot %u of %08x answered %08x", slot,
                  (unsigned)iid->Data1, (unsigned)hr);
    take_back(play, iid, frame, hr);
}

/* Those that wait as long as they are told to, or take a handle of the process. */
static bool is_left_out(const WCHAR *name)
{
    return !wcscmp(name, L"Wait") || !wcscmp(name, L"SetNotificationEvent");
}

static char letter_of(const struct com_arg *arg)
{
    static const char in[] = "?nnsvuu?g", out[] = "?NNSVOOD0";

    return arg->direction == COM_IN ? in[arg->type] : out[arg->type];
}

static void call_dual(struct play *play, void *iface, const IID *iid)
{
    const struct com_vtable_head *head = *(const struct com_vtable_head *const *)iface;
    const struct com_dispatch *table = head[-1].dispatch;
    const struct com_member *member;
    struct slot_frame *frame;

    if (!table || !table->count)
        return;
    member = &table->members[any(play, table->count)];
    if (!member->name || is_left_out(member->name) ||
        (!wcscmp(member->name, L"Close") && any(play, 20)))
        return;
    frame = calloc(1, sizeof(*frame));
    ck_assert_ptr_nonnull(frame);
    for (unsigned i = 0; i < member->arg_count; i++)
        put_argument(play, frame, letter_of(&member->args[i]), member->args[i].iid);
    call_slot(play, iface, iid, member->slot, frame);
    free(frame);
}

static void call_plain(struct play *play, void *iface, const struct com_slots *slots)
{
    unsigned count = 0, which;
    struct slot_frame *frame;

    while (count < 12 && slots->methods[count])
        count++;
    which = any(play, count);
    if (slots->methods[which][0] == '-')
        return;
    frame = calloc(1, sizeof(*frame));
    ck_assert_ptr_nonnull(frame);
    for (const char *at = slots->methods[which]; *at; at++)
        put_argument(play, frame, *at, slots->u_iid);
    call_slot(play, iface, slots->iid, (slots->first ? slots->first : 3) + which, frame);
    free(frame);
}

/* An object of the pool, an interface of those that it has, and a method of that. */
static void one_slot(struct play *play)
{
    enum {
        PLAIN = sizeof(com_slots) / sizeof(com_slots[0]),
        DUALS = sizeof(com_duals) / sizeof(com_duals[0])
    };
    IUnknown *object = any_object(play);
    unsigned have[PLAIN + DUALS], count = 0, which;
    void *iface = NULL;

    for (unsigned i = 0; i < PLAIN + DUALS; i++) {
        const IID *iid = i < PLAIN ? com_slots[i].iid : com_duals[i - PLAIN];

        if (SUCCEEDED(IUnknown_QueryInterface(object, iid, &iface))) {
            have[count++] = i;
            kit_release(iface);
        } else {
            ck_assert_ptr_null(iface);
        }
    }
    if (count) {
        const struct com_slots *slots = NULL;
        const IID *iid;

        which = have[any(play, count)];
        if (which < PLAIN)
            slots = &com_slots[which];
        iid = slots ? slots->iid : com_duals[which - PLAIN];
        /* Memory may be out by now. */
        if (SUCCEEDED(IUnknown_QueryInterface(object, iid, &iface))) {
            same_object(object, iface);
            if (slots)
                call_plain(play, iface, slots);
            else
                call_dual(play, iface, iid);
            kit_release(iface);
        }
    }
    kit_release(object);
}

#endif
