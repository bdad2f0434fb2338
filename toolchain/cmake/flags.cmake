# Warnings, hardening and sanitizers, the same for everything that is compiled here.
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

function(omsp_flags target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
        -Wpointer-arith -Wwrite-strings -fno-strict-aliasing -fstack-protector-strong
        # No path of the building machine in a binary, and the same bytes from any folder.
        -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)
    if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT OMSP_SANITIZE)
        target_compile_definitions(${target} PRIVATE _FORTIFY_SOURCE=2)
    endif()
    if(WIN32)
        target_compile_definitions(${target} PRIVATE
            UNICODE _UNICODE WIN32_LEAN_AND_MEAN _WIN32_WINNT=0x0A00 COBJMACROS CINTERFACE
            __USE_MINGW_ANSI_STDIO=1)
        # A section for each function, and what nobody calls is left out.
        target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections -gdwarf-4
            -fdebug-prefix-map=${CMAKE_SOURCE_DIR}=. -fdebug-prefix-map=${CMAKE_BINARY_DIR}=build)
        # -static: libgcc, libssp and winpthread inside, so that only the system's DLLs are imported.
        target_link_options(${target} PRIVATE -static -fstack-protector-strong
            -Wl,--dynamicbase,--nxcompat,--no-insert-timestamp,--gc-sections)
        if(OMSP_BITS EQUAL 64)
            target_link_options(${target} PRIVATE -Wl,--high-entropy-va)
        else()
            # Callers built by other compilers keep the stack aligned to 4 only; SSE wants 16.
            target_compile_options(${target} PRIVATE -march=i686 -msse2 -mfpmath=sse -mstackrealign)
        endif()
    else()
        target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
        target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now)
    endif()
    if(OMSP_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${OMSP_SANITIZE}
            -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${target} PUBLIC -fsanitize=${OMSP_SANITIZE})
    endif()
    if(OMSP_COVERAGE)
        target_compile_options(${target} PRIVATE --coverage)
        target_link_options(${target} PUBLIC --coverage)
    endif()
    if(OMSP_FUZZ)
        # Coverage feedback in every room; only the fuzz programs link libFuzzer's main.
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
        target_link_options(${target} PUBLIC -fsanitize=fuzzer-no-link)
    endif()
endfunction()
