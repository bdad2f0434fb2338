/*
 * Calls of COM on the native stand-in, each choice a byte of the input: objects that came back,
 * methods by IDispatch with VARIANTs of every type (support/com_calls.h), methods by the vtables of
 * all interfaces with results that are NULL, sizes that are wrong and objects that are foreign
 * (com_slots.h), terminals made, given files and selected, calls connected (com_life.h), TSP data,
 * GetEvent, time that passes in a simulation, allocations that fail, the
 * end at any moment. An address lives as TAPI makes it or as an application does. Laws, beside
 * those of com_calls.h: ACTIVE and INACTIVE of a stream alternate, GetEvent answers what is
 * documented, out pointers are cleared by what fails, and in the end no object, no memory and no
 * handle is left.
 */
#include "com_life.h"

#include "engine/engine.h"
#include "sim/sim.h"

#define STEPS 400

static struct omsp_sim *sim;

static const struct omsp_ports *ports(void)
{
    return omsp_sim_ports(sim);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void step(struct life *life)
{
    static const DWORD rooms[] = {0, 4, sizeof(MSP_EVENT_INFO), sizeof(MSP_EVENT_INFO) + 8192};
    unsigned what = fuzz_u8(&life->input) % 32;

    switch (what) {
    case 0:
    case 1:
        omsp_engine_pump(life->engine, omsp_sim_now(sim) + fuzz_u8(&life->input) * 2000u);
        break;
    case 2:
    case 3:
        take_event(life, rooms[fuzz_u8(&life->input) % 4]);
        break;
    case 4:
        tsp_data(life);
        break;
    case 5:
        life->memory.left = fuzz_u8(&life->input) % 64;
        break;
    case 6:
        if (fuzz_u8(&life->input) % 64 == 0)
            MSP(Shutdown, life->msp);
        break;
    case 7:
        fill_buffer(life);
        break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
        with_purpose(&life->play);
        break;
    default:
        if (what % 2)
            one_call(&life->play);
        else
            one_slot(&life->play);
    }
}

/* ---- a life ---------------------------------------------------------------------------------- */

static void begin(struct life *life)
{
    static const uint8_t wav[44 + 400] = {'R', 'I', 'F',  'F', 0xb4, 1,   0,    0,    'W', 'A', 'V',
                                          'E', 'f', 'm',  't', ' ',  16,  0,    0,    0,   1,   0,
                                          1,   0,   0x40, 31,  0,    0,   0x80, 62,   0,   0,   2,
                                          0,   16,  0,    'd', 'a',  't', 'a',  0x90, 1,   0,   0};

    (void)life;
    FUZZ_CHECK(omsp_sim_create(1, &sim) == OMSP_OK);
    FUZZ_CHECK(omsp_sim_file_put(sim, "com_calls.wav", wav, sizeof(wav)) == OMSP_OK);
}

static void settle(struct life *life)
{
    omsp_engine_pump(life->engine, omsp_sim_now(sim) + 100000);
}

static void end(struct life *life)
{
    (void)life;
    omsp_sim_destroy(sim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct omsp_engine_config config = {.manual = true};
    static const struct life_world world = {ports, &config, begin, step, settle, end};
    struct life life = {.input = {data, size}};

    life_run(&life, &world, STEPS);
    FUZZ_CHECK(standin_handles() == 0);
    return 0;
}
