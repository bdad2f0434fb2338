# The COM rooms natively, for sanitizers and fuzzing: Windows' headers as Wine's and mingw-w64's
# packages have them, and tests/support/standin for the functions behind them. Nothing of Wine is
# linked, nothing of this is shipped. Left out where the headers are not, or on other processors: the
# vtables' calling convention is x64's.
find_path(OMSP_WINE_HEADERS windows.h PATHS /usr/include/wine/wine/windows
          /usr/include/wine/windows /usr/include/wine-development/wine/windows
          /usr/local/include/wine/windows NO_DEFAULT_PATH)
find_path(OMSP_TAPI_HEADERS tapi3if.h PATHS /usr/share/mingw-w64/include
          /usr/x86_64-w64-mingw32/include NO_DEFAULT_PATH)
if(NOT OMSP_WINE_HEADERS OR NOT OMSP_TAPI_HEADERS
   OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    message(STATUS "COM rooms are not built natively: no Windows headers (toolchain/bootstrap.sh)")
    return()
endif()

# TAPI's headers alone from mingw-w64, whose others need its own C library.
set(OMSP_STANDIN_HEADERS ${CMAKE_BINARY_DIR}/standin)
foreach(header tapi3.h tapi3if.h tapi3cc.h tapi3ds.h tapi3err.h msp.h ipmsp.h dpapi.h)
    configure_file(${OMSP_TAPI_HEADERS}/${header} ${OMSP_STANDIN_HEADERS}/${header} COPYONLY)
endforeach()

# What compiles against Windows' headers: libraries and tests.
function(omsp_standin target)
    set(folder ${CMAKE_SOURCE_DIR}/tests/support/standin)
    target_compile_definitions(${target} PRIVATE OMSP_STANDIN UNICODE WIN32_LEAN_AND_MEAN
                               _WIN32_WINNT=0x0A00 COBJMACROS CINTERFACE)
    target_compile_options(${target} PRIVATE -fshort-wchar -fms-extensions
                           "SHELL:-include \"${folder}/prelude.h\"")
    if(CMAKE_C_COMPILER_ID MATCHES "Clang") # an attribute in the headers that it has no use for
        target_compile_options(${target} PRIVATE -Wno-ignored-attributes)
    endif()
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_include_directories(${target} SYSTEM PRIVATE ${folder}/include ${OMSP_STANDIN_HEADERS}
                                                        ${OMSP_WINE_HEADERS})
endfunction()

file(GLOB standin_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/support/standin/*.c)
add_library(omsp_standin STATIC ${standin_sources})
set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/support/standin/guid.c PROPERTIES
                            COMPILE_DEFINITIONS INITGUID)
target_link_libraries(omsp_standin PUBLIC Threads::Threads m)
omsp_flags(omsp_standin)
omsp_standin(omsp_standin)

omsp_room(com base)
target_link_libraries(omsp_com PUBLIC omsp_standin)
omsp_standin(omsp_com)
omsp_room(msp com engine base)
target_compile_definitions(omsp_msp PUBLIC OMSP_VERSION="${PROJECT_VERSION}")
target_link_libraries(omsp_msp PUBLIC omsp_wire)
omsp_standin(omsp_msp)
