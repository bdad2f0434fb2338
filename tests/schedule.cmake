# ctest -j: what is long begins first, or it runs alone at the end. A suite takes OMSP_TEST_SLOTS
# processors; toolchain/test.sh says 2 and has two slots a processor, so no more of them run at a time
# than there are processors. One slot is enough for those that do little but wait, for timeouts and for
# others, and do not mind when a neighbour makes them wait longer. What holds sound without gaps, sound
# cards' clocks or the bounds of hanging terminals against real time does mind, and takes all of its slots.
# The numbers are seconds where it takes longest, on two processors.
set(OMSP_TEST_SLOTS 1 CACHE STRING "Processors, as CTest counts them, of a suite that computes")
set(OMSP_LONG interop/devices=46 interop/srtp=45 engine/device=42 tree/walk=33 unit/drift=32 msp/hosted_bound=21
    interop/samples=20 interop/media=18 host/host_files=15 host/process_end=15
    fuzz/engine=14 interop/gstreamer=14 interop/mediastream=13 engine/secure=13 interop/pcm=12
    unit/ring_schedules=11 interop/package=11 unit/queue_storm=10 unit/traces=9 engine/fork_many=9
    engine/fork_many_singly=9 rest/rest_storm=8 unit/media_payload=8 unit/mailbox=8 unit/voice=7
    engine/terminal_websocket_year=7 engine/year=6 engine/fork_tls=6 engine/fork_play=6 engine/hostile=6 unit/tls=6 fuzz/wav=5)
set(OMSP_WAITING interop/twilio=29 interop/twilio-native=28 interop/crash=13 msp/msp_memory=13
    rest/server=12 interop/errors=11 posix/record_kill=10 interop/console=8 rest/server_hostile=8
    msp/device_faults=11 engine/resolver=8 msp/quality=8 interop/script_host=6 msp/msp_memory_media=6 engine/fork_slow=6
    engine/fork_slow_singly=6 posix/dial=4)

# Says so of all tests of the folder that calls it, at its end.
function(omsp_schedule)
    get_property(names DIRECTORY PROPERTY TESTS)
    foreach(name ${names})
        if(";${OMSP_WAITING};${OMSP_LONG};" MATCHES ";${name}=([0-9]+);")
            set_tests_properties(${name} PROPERTIES COST ${CMAKE_MATCH_1})
        endif()
        if(NOT ";${OMSP_WAITING};" MATCHES ";${name}=")
            set_tests_properties(${name} PROPERTIES PROCESSORS ${OMSP_TEST_SLOTS})
        endif()
    endforeach()
endfunction()
