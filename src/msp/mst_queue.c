/*
 * The queue of a media streaming terminal: updates in their order against the engine's ring. Moved
 * by whoever updates, and by the engine's control thread when the ring has room or data. Not here:
 * what a sample is (mst_sample.c).
 */
#include "msp/mst.h"

#include "base/alloc.h"

bool mst_queue_connected(struct mst_queue *queue)
{
    struct omsp_samples_stats stats;

    return !omsp_samples_get_stats(queue->terminal, &stats) && stats.connected;
}

ULONGLONG mst_until(DWORD milliseconds)
{
    return milliseconds == INFINITE ? UINT64_MAX : GetTickCount64() + milliseconds;
}

bool mst_queue_wait(struct mst_queue *queue, ULONGLONG until)
{
    ULONGLONG now = GetTickCount64();

    if (until != UINT64_MAX && now >= until)
        return false;
    SleepConditionVariableSRW(&queue->changed, &queue->lock,
                              until == UINT64_MAX ? INFINITE : (DWORD)(until - now), 0);
    return true;
}

/* ---- updates --------------------------------------------------------------------------------- */

static void tell(struct mst_sample *sample)
{
    if (sample->event)
        SetEvent(sample->event);
    if (sample->apc && sample->thread)
        QueueUserAPC(sample->apc, sample->thread, sample->apc_data);
}

void mst_queue_end(struct mst_queue *queue, struct mst_update *update, HRESULT result)
{
    struct mst_sample *sample = update->sample;

    omsp_list_remove(&update->link);
    WakeAllConditionVariable(&queue->changed);
    if (!sample) {
        queue->left--;
        omsp_free(update->memory);
        omsp_free(update);
        return;
    }
    if (!mst_queue_writes(queue)) {
        struct omsp_audio_format format;

        mst_sample_set_actual(sample, update->moved);
        if (!omsp_samples_get_format(queue->terminal, &format) && format.rate)
            sample->end = sample->start + (STREAM_TIME)update->moved * 10000000 /
                                              (format.channels * format.bits / 8u) / format.rate;
    }
    sample->result = result;
    sample->lent = false;
    tell(sample);
    if (result == S_OK && (sample->flags & SSUPDATE_CONTINUOUS)) {
        update->moved = 0;
        sample->lent = true;
        omsp_list_insert(&queue->updates, &update->link);
    }
}

/* One step of the first update; false: it has to wait. */
static bool send_step(struct mst_queue *queue, struct mst_update *update, bool connected)
{
    size_t used = 0;
    enum omsp_status status;

    if (!connected) {
        mst_queue_end(queue, update, E_ABORT);
        return true;
    }
    status = omsp_samples_write(queue->terminal, update->bytes + update->moved,
                                update->size - update->moved, &used);
    update->moved += (DWORD)used;
    if (update->moved == update->size)
        mst_queue_end(queue, update, S_OK);
    else if (status == OMSP_FULL)
        return false;
    else
        mst_queue_end(queue, update, status == OMSP_EOF ? MS_S_ENDOFSTREAM : E_ABORT);
    return true;
}

static bool receive_step(struct mst_queue *queue, struct mst_update *update)
{
    struct omsp_samples_chunk chunk;
    enum omsp_status status = omsp_samples_read(queue->terminal, update->bytes + update->moved,
                                                update->size - update->moved, &chunk);

    if (chunk.bytes && !update->moved)
        update->sample->start = (STREAM_TIME)chunk.at_us * 10;
    update->moved += (DWORD)chunk.bytes;
    if (update->moved == update->size)
        mst_queue_end(queue, update, S_OK);
    else if (status == OMSP_EMPTY)
        return false;
    else if (status) /* the end: what there is, and no more */
        mst_queue_end(queue, update, update->moved ? S_OK : E_ABORT);
    return true;
}

void mst_queue_pump(struct mst_queue *queue)
{
    bool connected = mst_queue_connected(queue), writes = mst_queue_writes(queue), more = true;

    while (more && !omsp_list_empty(&queue->updates)) {
        struct mst_update *first = omsp_container(queue->updates.next, struct mst_update, link);

        more = writes ? send_step(queue, first, connected) : receive_step(queue, first);
    }
    if (queue->end_asked && omsp_list_empty(&queue->updates)) {
        queue->end_asked = false;
        omsp_samples_end(queue->terminal);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_news(void *ctx, unsigned news)
{
    struct mst_queue *queue = ctx;

    AcquireSRWLockExclusive(&queue->lock);
    if (news & OMSP_SAMPLES_CONNECTED)
        queue->was_connected = true;
    if (news & OMSP_SAMPLES_STOPPED)
        queue->end_asked = false;
    mst_queue_pump(queue);
    if (queue->event)
        SetEvent(queue->event);
    WakeAllConditionVariable(&queue->changed);
    ReleaseSRWLockExclusive(&queue->lock);
}

/* At the terminal's end. Updates of samples are none: samples hold the terminal. */
static void queue_free(void *attachment)
{
    struct mst_queue *queue = attachment;

    while (!omsp_list_empty(&queue->updates))
        mst_queue_end(queue, omsp_container(queue->updates.next, struct mst_update, link), E_ABORT);
    omsp_free(queue);
}

HRESULT mst_queue_create(struct omsp_address *address, MSP_HANDLE token,
                         enum omsp_direction direction, struct omsp_terminal **out)
{
    unsigned ring = direction == OMSP_CAPTURE ? MST_CAPTURE_RING : MST_RENDER_RING;
    struct mst_queue *queue = omsp_zalloc(sizeof(*queue));
    enum omsp_status status;

    if (!queue)
        return E_OUTOFMEMORY;
    status = omsp_samples_create(address, direction, ring, out);
    if (status) {
        omsp_free(queue);
        return msp_hresult(status);
    }
    queue->terminal = *out;
    queue->token = token;
    InitializeSRWLock(&queue->lock);
    InitializeConditionVariable(&queue->changed);
    omsp_list_init(&queue->updates);
    omsp_list_init(&queue->pool);
    omsp_samples_attach(*out, queue, queue_free);
    omsp_samples_watch(*out, on_news, queue);
    return S_OK;
}
