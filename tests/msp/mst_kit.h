/*
 * Two calls that talk to each other over loopback RTP, with a media streaming terminal at each end:
 * what the suites of that terminal share, on top of media_kit.h.
 */
#ifndef OMSP_TESTS_MSP_MST_KIT_H
#define OMSP_TESTS_MSP_MST_KIT_H

#include "msp/media_kit.h"

#include <math.h>

#define MST_CLASS L"{E2F7AEF7-4971-11D1-A671-006097C9A2E8}"
#define PATIENCE  20000 /* ms that anything may take */

struct mst_pair {
    struct media media;
    IOpenMSPCall *a, *b;
    ITStream *out, *in; /* a's capture stream, b's render stream */
    ITTerminal *writer, *reader;
    IMediaStream *write, *read;
};

static inline void pair_open(struct mst_pair *pair)
{
    media_begin(&pair->media);
    pair->a = media_call(&pair->media, TAPIMEDIATYPE_AUDIO);
    pair->b = media_call(&pair->media, TAPIMEDIATYPE_AUDIO);
    pair->out = media_stream(pair->a, CAPTURE);
    pair->in = media_stream(pair->b, RENDER);
    pair->writer = media_terminal(&pair->media, MST_CLASS, TD_CAPTURE);
    pair->reader = media_terminal(&pair->media, MST_CLASS, TD_RENDER);
    pair->write = kit_query(pair->writer, &IID_IMediaStream);
    pair->read = kit_query(pair->reader, &IID_IMediaStream);
}

static inline void pair_listen(IOpenMSPCall *call)
{
    BSTR any = SysAllocString(L"127.0.0.1:0");

    ck_assert_hr(IOpenMSPCall_Listen(call, any), S_OK);
    SysFreeString(any);
}

static inline void pair_meet(IOpenMSPCall *call, IOpenMSPCall *other)
{
    BSTR at = NULL;

    ck_assert_hr(IOpenMSPCall_get_LocalAddress(other, &at), S_OK);
    ck_assert_hr(IOpenMSPCall_SetPeer(call, at, 0), S_OK);
    SysFreeString(at);
}

static inline void pair_connect(struct mst_pair *pair)
{
    ck_assert_hr(ITStream_SelectTerminal(pair->out, pair->writer), S_OK);
    ck_assert_hr(ITStream_SelectTerminal(pair->in, pair->reader), S_OK);
    pair_listen(pair->a);
    pair_listen(pair->b);
    pair_meet(pair->b, pair->a);
    pair_meet(pair->a, pair->b);
}

static inline void pair_close(struct mst_pair *pair)
{
    kit_release(pair->write);
    kit_release(pair->read);
    kit_release(pair->writer);
    kit_release(pair->reader);
    kit_release(pair->out);
    kit_release(pair->in);
    ck_assert_hr(IOpenMSPCall_Close(pair->a), S_OK);
    ck_assert_hr(IOpenMSPCall_Close(pair->b), S_OK);
    kit_release(pair->a);
    kit_release(pair->b);
    media_end(&pair->media);
}

static inline IStreamSample *pair_sample(IMediaStream *stream)
{
    IStreamSample *sample = NULL;

    ck_assert_hr(IMediaStream_AllocateSample(stream, 0, &sample), S_OK);
    return sample;
}

static inline BYTE *sample_data(IStreamSample *sample, DWORD *size, DWORD *actual)
{
    IMemoryData *memory = kit_query(sample, &IID_IMemoryData);
    BYTE *bytes = NULL;

    ck_assert_hr(IMemoryData_GetInfo(memory, size, &bytes, actual), S_OK);
    kit_release(memory);
    return bytes;
}

static inline void sample_set_actual(IStreamSample *sample, DWORD actual)
{
    IMemoryData *memory = kit_query(sample, &IID_IMemoryData);

    ck_assert_hr(IMemoryData_SetActual(memory, actual), S_OK);
    kit_release(memory);
}

/* A tone of 440 Hz at 8 kHz, from this sample on. */
static inline void tone_fill(BYTE *bytes, DWORD size, DWORD *at)
{
    for (DWORD i = 0; i + 1 < size; i += 2) {
        SHORT value = (SHORT)(9000 * sin(2 * 3.14159265358979 * 440 * (*at)++ / 8000));

        memcpy(bytes + i, &value, 2);
    }
}

/* How much of these samples is that tone, 0 to 1; their level. */
static inline double tone_share(const SHORT *pcm, DWORD count, double *level)
{
    double re = 0, im = 0, all = 1;

    for (DWORD i = 0; i < count; i++) {
        double phase = 2 * 3.14159265358979 * 440 * i / 8000;

        re += pcm[i] * cos(phase);
        im += pcm[i] * sin(phase);
        all += (double)pcm[i] * pcm[i];
    }
    *level = 2 * sqrt(re * re + im * im) / count;
    return *level * *level / 2 * count / all;
}

#endif
