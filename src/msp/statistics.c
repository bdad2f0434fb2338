/*
 * IOpenMSPStatistics: the engine's counters of one call at one moment. Immutable once made; any
 * thread.
 */
#include "msp/call.h"

struct msp_statistics {
    struct com_object object;
    IOpenMSPStatistics iface;
    struct omsp_call_stats stats;
};

static const struct omsp_call_stats *stats_of(IOpenMSPStatistics *iface)
{
    return &COM_SELF(iface, struct msp_statistics, iface)->stats;
}

#define STATISTIC(name, field)                                                                     \
    static HRESULT STDMETHODCALLTYPE statistics_get_##name(IOpenMSPStatistics *iface, double *out) \
    {                                                                                              \
        if (!out)                                                                                  \
            return E_POINTER;                                                                      \
        *out = (double)stats_of(iface)->field;                                                     \
        return S_OK;                                                                               \
    }
STATISTIC(PacketsReceived, packets_received)
STATISTIC(BytesReceived, bytes_received)
STATISTIC(PacketsSent, packets_sent)
STATISTIC(BytesSent, bytes_sent)
STATISTIC(PacketsLost, packets_lost)
STATISTIC(PacketsLate, packets_late)
STATISTIC(PacketsDuplicate, packets_duplicate)
STATISTIC(PacketsReordered, packets_reordered)
STATISTIC(PacketsRejected, packets_rejected)
STATISTIC(PacketsForged, packets_forged)
STATISTIC(PacketsReplayed, packets_replayed)
STATISTIC(ReportsReceived, reports_received)
STATISTIC(ReportsSent, reports_sent)
STATISTIC(JitterMicroseconds, jitter_us)
STATISTIC(RoundTripMicroseconds, round_trip_us)
STATISTIC(RemoteLost, remote_lost)
STATISTIC(FramesRecorded, frames_recorded)
STATISTIC(FramesConcealed, frames_concealed)
STATISTIC(FramesPlayed, frames_played)
#undef STATISTIC

static HRESULT STDMETHODCALLTYPE statistics_get_Codec(IOpenMSPStatistics *iface, BSTR *out)
{
    uint8_t type = stats_of(iface)->codec;

    if (!out)
        return E_POINTER;
    *out = msp_codecs_text(&type, type == 255 ? 0 : 1);
    return *out ? S_OK : E_OUTOFMEMORY;
}

static HRESULT STDMETHODCALLTYPE statistics_get_PayloadType(IOpenMSPStatistics *iface, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = stats_of(iface)->codec;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE statistics_get_PacketTime(IOpenMSPStatistics *iface, LONG *out)
{
    if (!out)
        return E_POINTER;
    *out = (LONG)stats_of(iface)->ptime_ms;
    return S_OK;
}

COM_VTABLE(statistics_vtable, IOpenMSPStatistics, struct msp_statistics, iface,
           &msp_dispatch_IOpenMSPStatistics, COM_DISPATCH_SLOTS(IOpenMSPStatistics),
           .get_PacketsReceived = statistics_get_PacketsReceived,
           .get_BytesReceived = statistics_get_BytesReceived,
           .get_PacketsSent = statistics_get_PacketsSent, .get_BytesSent = statistics_get_BytesSent,
           .get_PacketsLost = statistics_get_PacketsLost,
           .get_PacketsLate = statistics_get_PacketsLate,
           .get_PacketsDuplicate = statistics_get_PacketsDuplicate,
           .get_PacketsReordered = statistics_get_PacketsReordered,
           .get_PacketsRejected = statistics_get_PacketsRejected,
           .get_ReportsReceived = statistics_get_ReportsReceived,
           .get_ReportsSent = statistics_get_ReportsSent,
           .get_JitterMicroseconds = statistics_get_JitterMicroseconds,
           .get_RoundTripMicroseconds = statistics_get_RoundTripMicroseconds,
           .get_RemoteLost = statistics_get_RemoteLost,
           .get_FramesRecorded = statistics_get_FramesRecorded,
           .get_FramesConcealed = statistics_get_FramesConcealed,
           .get_FramesPlayed = statistics_get_FramesPlayed, .get_Codec = statistics_get_Codec,
           .get_PayloadType = statistics_get_PayloadType,
           .get_PacketTime = statistics_get_PacketTime,
           .get_PacketsForged = statistics_get_PacketsForged,
           .get_PacketsReplayed = statistics_get_PacketsReplayed);

static const struct com_entry statistics_entries[] = {
    COM_ENTRY(IID_IOpenMSPStatistics, statistics_vtable)};

static const struct com_class statistics_class = {
    COM_CLASS("OpenMSP.Statistics", struct msp_statistics, statistics_entries),
    .flags = COM_FTM | COM_SAFE};

HRESULT msp_statistics_create(struct omsp_call *call, IOpenMSPStatistics **out)
{
    struct com_object *object;
    HRESULT hr = com_object_create(&statistics_class, NULL, &object);

    if (FAILED(hr))
        return hr;
    omsp_call_get_stats(call, &((struct msp_statistics *)object)->stats);
    return com_object_finish(object, S_OK, &IID_IOpenMSPStatistics, (void **)out);
}
