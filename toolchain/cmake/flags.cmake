# Warnings, hardening and sanitizers, the same for everything that is compiled here.
function(omsp_flags target)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
        -Wpointer-arith -Wwrite-strings -fno-strict-aliasing -fstack-protector-strong)
    if(WIN32)
        target_compile_definitions(${target} PRIVATE
            UNICODE _UNICODE WIN32_LEAN_AND_MEAN _WIN32_WINNT=0x0A00 COBJMACROS CINTERFACE
            __USE_MINGW_ANSI_STDIO=1)
        target_compile_options(${target} PRIVATE -gdwarf-4)
    else()
        target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
        if(NOT OMSP_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL "Release")
            target_compile_definitions(${target} PRIVATE _FORTIFY_SOURCE=2)
        endif()
    endif()
    if(OMSP_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${OMSP_SANITIZE}
            -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${target} PUBLIC -fsanitize=${OMSP_SANITIZE})
    endif()
endfunction()
