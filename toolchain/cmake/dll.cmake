# What only a Windows build has: COM runtime, MSP classes, the DLL, the application.
omsp_room(com base)
if(TARGET omsp_com)
    target_link_libraries(omsp_com PUBLIC ole32 oleaut32 uuid advapi32)
endif()
omsp_room(msp com engine base)
if(TARGET omsp_msp)
    target_compile_definitions(omsp_msp PUBLIC OMSP_VERSION="${PROJECT_VERSION}")
    target_link_libraries(omsp_msp PUBLIC omsp_wire ole32 oleaut32 uuid crypt32)
endif()

# ---- type library ------------------------------------------------------------------------------
# widl gets Wine's .idl files and stdole2.tlb; gcc never sees that folder.
find_program(OMSP_WIDL NAMES x86_64-w64-mingw32-widl i686-w64-mingw32-widl widl REQUIRED)
find_path(OMSP_WINE_IDL oaidl.idl PATHS /usr/include/wine/wine/windows /usr/include/wine/windows
          /usr/include/wine-development/wine/windows /usr/local/include/wine/windows
          NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
file(GLOB OMSP_STDOLE_FILES /usr/lib/*/wine/*-windows/stdole2.tlb /usr/lib/wine/*-windows/stdole2.tlb
     /usr/local/lib*/wine/*-windows/stdole2.tlb)
if(NOT OMSP_STDOLE_FILES)
    message(FATAL_ERROR "stdole2.tlb not found: install Wine's libraries (toolchain/bootstrap.sh)")
endif()
list(GET OMSP_STDOLE_FILES 0 OMSP_STDOLE)
get_filename_component(OMSP_STDOLE_DIR ${OMSP_STDOLE} DIRECTORY)

set(OMSP_TLB ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/openmsp.tlb)
file(MAKE_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
add_custom_command(OUTPUT ${OMSP_TLB}
    COMMAND ${OMSP_WIDL} -m${OMSP_BITS} -t -I${OMSP_WINE_IDL} -L${OMSP_STDOLE_DIR} -o ${OMSP_TLB}
            ${CMAKE_SOURCE_DIR}/idl/openmsp.idl
    COMMAND perl ${CMAKE_SOURCE_DIR}/toolchain/cmake/undate-tlb.pl ${OMSP_TLB}
    DEPENDS ${CMAKE_SOURCE_DIR}/idl/openmsp.idl COMMENT "Type library openmsp.tlb" VERBATIM)
add_custom_target(openmsp_tlb ALL DEPENDS ${OMSP_TLB})

# ---- manifests: use without registration --------------------------------------------------------
set(OMSP_ARCHITECTURE amd64)
if(OMSP_BITS EQUAL 32)
    set(OMSP_ARCHITECTURE x86)
endif()
configure_file(src/dll/openmsp.dll.manifest.in ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/openmsp.dll.manifest @ONLY)
configure_file(src/dll/openmsp-client.manifest.in
               ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/openmsp-client.manifest @ONLY)

# Embeds openmsp-client.manifest in a program that lies beside openmsp.dll.
function(omsp_uses_dll target)
    set(rc ${CMAKE_BINARY_DIR}/${target}_manifest.rc)
    file(WRITE ${rc} "1 24 \"${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/openmsp-client.manifest\"\n")
    target_sources(${target} PRIVATE ${rc})
endfunction()

# ---- openmsp.dll --------------------------------------------------------------------------------
if(TARGET omsp_msp AND TARGET omsp_com AND TARGET omsp_win AND EXISTS ${CMAKE_SOURCE_DIR}/src/dll)
    enable_language(RC)
    file(GLOB dll_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/dll/*.c)
    configure_file(src/dll/openmsp.rc.in ${CMAKE_BINARY_DIR}/openmsp.rc @ONLY)
    set_source_files_properties(${CMAKE_BINARY_DIR}/openmsp.rc PROPERTIES
        OBJECT_DEPENDS ${OMSP_TLB}
        COMPILE_OPTIONS "-I${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    add_library(openmsp_dll SHARED ${dll_sources} src/dll/openmsp.def ${CMAKE_BINARY_DIR}/openmsp.rc)
    add_dependencies(openmsp_dll openmsp_tlb)
    set_target_properties(openmsp_dll PROPERTIES OUTPUT_NAME openmsp PREFIX "")
    target_link_libraries(openmsp_dll PRIVATE omsp_msp omsp_com omsp_rest omsp_engine omsp_win
                          omsp_base)
    target_link_options(openmsp_dll PRIVATE -static -Wl,--no-insert-timestamp)
    if(OMSP_BITS EQUAL 32)
        target_link_options(openmsp_dll PRIVATE -Wl,--kill-at,--enable-stdcall-fixup)
    endif()
    omsp_flags(openmsp_dll)
    if(OMSP_BITS EQUAL 64)
        # ld's own script keeps the unwind entry of every function, and with it every function of each
        # object that is linked. Without that the entries of those left out become zeros, which come
        # first in the sorted table and are never found.
        execute_process(COMMAND ${CMAKE_LINKER} --verbose OUTPUT_VARIABLE script)
        string(REGEX REPLACE ".*\n=====+\n(.*)\n=====+.*" "\\1" script "${script}")
        string(REGEX REPLACE "KEEP *\\((\\*\\(\\.[px]data\\*\\))\\)" "\\1" script "${script}")
        if(script MATCHES "\n *\\*\\(\\.pdata\\*\\)")
            file(WRITE ${CMAKE_BINARY_DIR}/openmsp.lds "${script}\n")
            target_link_options(openmsp_dll PRIVATE -Wl,-T,${CMAKE_BINARY_DIR}/openmsp.lds)
        endif()
    endif()
endif()

# ---- openmsp.exe: on the public headers only; the GUIDs of TAPI are compiled from their one home ---
find_path(CJSON_INCLUDE cjson/cJSON.h REQUIRED)
find_library(CJSON_LIBRARY NAMES cjson REQUIRED)
file(GLOB app_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/app/*.c)
add_executable(openmsp_exe ${app_sources} src/msp/guids.c src/msp/openmsp_guids.c)
set_target_properties(openmsp_exe PROPERTIES OUTPUT_NAME openmsp)
target_include_directories(openmsp_exe PRIVATE src include ${CJSON_INCLUDE})
target_compile_definitions(openmsp_exe PRIVATE OMSP_VERSION="${PROJECT_VERSION}")
target_link_libraries(openmsp_exe PRIVATE ${CJSON_LIBRARY} ole32 oleaut32 uuid shell32 crypt32)
target_link_options(openmsp_exe PRIVATE -static -Wl,--no-insert-timestamp)
omsp_flags(openmsp_exe)

# ---- samples: what clients of the DLL look like, run by the tests --------------------------------
foreach(sample receive echo_media_stream echo_samples)
    add_executable(sample_${sample} samples/${sample}.c)
    target_include_directories(sample_${sample} PRIVATE include)
    target_link_libraries(sample_${sample} PRIVATE ole32 oleaut32 strmiids uuid)
    omsp_flags(sample_${sample})
    omsp_uses_dll(sample_${sample})
    if(TARGET openmsp_dll)
        add_dependencies(sample_${sample} openmsp_dll)
    endif()
endforeach()
