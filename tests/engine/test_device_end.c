/*
 * The end of an engine while its control thread is about to look at the list of devices: the audio
 * port is asked nothing any more once it was destroyed. An allocator holds that thread where it
 * has made up its mind.
 */
#include "support/suite.h"

#include "base/alloc.h"
#include "engine/device.h"
#include "engine/engine.h"
#include "port/lock.h"
#include "port/ports.h"

#include <stdlib.h>

#define PATIENCE_US 300000   /* for what must not happen */
#define BOUND_US    20000000 /* for what must */

static struct {
    struct omsp_lock lock; /* the rest */
    struct omsp_cond changed;
    bool hold;    /* the next one that lists devices */
    bool held;    /* it is */
    bool ended;   /* the port */
    unsigned odd; /* lists asked for after that */
    struct omsp_audio_watch watch;
} scene;

static unsigned list(struct omsp_audio *audio, struct omsp_audio_device *out, unsigned room)
{
    (void)audio, (void)out, (void)room;
    omsp_lock_acquire(&scene.lock);
    scene.odd += scene.ended;
    omsp_lock_release(&scene.lock);
    return 0;
}

static void destroy(struct omsp_audio *audio)
{
    (void)audio;
    omsp_lock_acquire(&scene.lock);
    scene.ended = true;
    omsp_cond_broadcast(&scene.changed);
    omsp_lock_release(&scene.lock);
}

static enum omsp_status create(void *ctx, const struct omsp_audio_watch *watch,
                               struct omsp_audio **out)
{
    static struct omsp_audio audio = {.list = list, .destroy = destroy};

    (void)ctx;
    scene.watch = *watch;
    *out = &audio;
    return OMSP_OK;
}

static void *resize(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (!ptr && size == OMSP_ADDRESS_MAX_DEVICES * sizeof(struct omsp_audio_device)) {
        omsp_lock_acquire(&scene.lock);
        if (scene.hold) {
            scene.hold = false;
            scene.held = true;
            omsp_cond_broadcast(&scene.changed);
            while (!scene.ended && omsp_cond_wait(&scene.changed, &scene.lock, PATIENCE_US))
                ;
        }
        omsp_lock_release(&scene.lock);
    }
    return realloc(ptr, size);
}

static void release(void *ctx, void *ptr)
{
    (void)ctx;
    free(ptr);
}

START_TEST(a_list_that_is_about_to_be_asked_for_when_the_engine_ends_is_not)
{
    static const struct omsp_allocator allocator = {resize, release, NULL};
    struct omsp_ports ports = *omsp_system_ports();
    struct omsp_terminal *none[1];
    struct omsp_address *address;
    struct omsp_engine *engine;
    unsigned count;

    omsp_lock_init(&scene.lock);
    omsp_cond_init(&scene.changed);
    omsp_allocator_set(&allocator);
    ports.audio_create = create;
    ck_assert_int_eq(omsp_engine_create(&ports, NULL, &engine), OMSP_OK);
    ck_assert_int_eq(omsp_address_create(engine, &address), OMSP_OK);
    ck_assert_int_eq(omsp_address_devices(address, none, 1, &count), OMSP_OK);
    omsp_address_shutdown(address);
    omsp_address_release(address);
    scene.hold = true;
    scene.watch.on_change(scene.watch.owner);
    omsp_lock_acquire(&scene.lock);
    while (!scene.held)
        ck_assert(omsp_cond_wait(&scene.changed, &scene.lock, BOUND_US));
    omsp_lock_release(&scene.lock);
    omsp_engine_destroy(engine);
    omsp_allocator_set(NULL);
    ck_assert(scene.ended);
    ck_assert_uint_eq(scene.odd, 0);
    omsp_cond_destroy(&scene.changed);
    omsp_lock_destroy(&scene.lock);
}
END_TEST

OMSP_SUITE("device_end", TEST(a_list_that_is_about_to_be_asked_for_when_the_engine_ends_is_not))
