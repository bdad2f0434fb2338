# shellcheck shell=bash
# 32-bit Wine for an amd64 system without touching its package configuration: Debian's i386 packages
# of wine32 and all they need, unpacked (not installed) into the cache, with Wine's two programs
# patched to use the loader and the libraries from there. No root, no chroot, no second dpkg
# architecture. To be sourced after common.sh and debian.sh; needs patchelf and dpkg-dev.

# The deb entries of the system's own Debian suites; $1 not empty: without the security suites.
wine_i386_list() {
    debian_source_list | awk -v RS= -v ORS='\n\n' -v plain="$1" '
        { sub(/^Types: deb-src/, "Types: deb"); if (plain) gsub(/ [a-z]+-security/, "") }
        !/\nSuites:[ \t]*\n/'
}

# wine_i386_make STATE ROOT FINAL: unpacks into ROOT what will stand in FINAL.
wine_i386_make() {
    local state=$1 root=$2 final=$3 deb program
    local apt=(apt_private "$state" -o APT::Architecture=i386 -o APT::Architectures::=i386
        -o Dir::State::status="$state/status" -o Debug::NoLocking=1 --no-install-recommends -y -qq)
    mkdir -p "$state/parts" "$state/lists/partial" "$state/cache/archives/partial" "$root"
    : >"$state/status"
    wine_i386_list "" >"$state/parts/debian.sources"
    if ! "${apt[@]}" update; then
        # One index that does not read (a mirror's security suite for i386) must not be the end.
        wine_i386_list plain >"$state/parts/debian.sources"
        retry 3 "${apt[@]}" update || return 1
    fi
    retry 3 "${apt[@]}" install --download-only wine32 || return 1
    for deb in "$state"/cache/archives/*.deb; do
        dpkg-deb -x "$deb" "$root" || return 1
    done
    for program in wine wineserver32; do
        patchelf --set-interpreter "$final/lib/ld-linux.so.2" --force-rpath \
            --set-rpath "$final/lib/i386-linux-gnu:$final/usr/lib/i386-linux-gnu" \
            "$root/usr/lib/wine/$program" || return 1
    done
    # Debian's wrapper names programs by their installed place.
    ln -sf wineserver32 "$root/usr/lib/wine/wineserver" || return 1
    wine_i386_zlib "$root/usr/i686-w64-mingw32/lib/zlib1.dll" \
        "$root/usr/lib/i386-linux-gnu/wine/i386-windows/zlib1.dll"
}

# What libwine's postinst does: the mingw zlib, marked as one of Wine's own DLLs (bytes 64 to 95).
wine_i386_zlib() {
    {
        head -c 64 "$1"
        printf 'Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
        tail -c +97 "$1"
    } >"$2"
}

# The PulseAudio library in ROOT looks for its other half at the installed place, and its own path
# hides the program's: it gets one from where it lies. What is right already is left alone.
wine_i386_sound() {
    local file
    for file in "$1"/usr/lib/i386-linux-gnu/libpulse*.so.?; do
        [ -e "$file" ] || continue
        file=$(readlink -f "$file")
        # shellcheck disable=SC2016 # the loader's word
        [ "$(patchelf --print-rpath "$file")" = '$ORIGIN/pulseaudio' ] ||
            patchelf --force-rpath --set-rpath '$ORIGIN/pulseaudio' "$file" ||
            warn "32-bit Wine will have no sound"
    done
}

# 32-bit Wine is there, or a line says why it is not; never a failure.
wine_i386_ensure() {
    local final=$OMSP_CACHE/wine-i386
    [ ! -x /usr/lib/wine/wine ] || return 0
    wine_i386_unpack "$final"
    wine_i386_sound "$final"
}

# wine_i386_unpack FINAL: unless what is there was made like this.
wine_i386_unpack() {
    local final=$1 scratch hash
    hash=$(declare -f wine_i386_list wine_i386_make wine_i386_zlib | sha256sum | cut -c1-32)
    [ "$(cat "$final/recipe" 2>/dev/null)" != "$hash" ] || return 0
    step "unpacking 32-bit Wine into the cache"
    scratch=$(mktemp -d "$OMSP_CACHE/build.XXXXXX")
    if wine_i386_make "$scratch/apt" "$scratch/root" "$final" >"$scratch/log" 2>&1; then
        echo "$hash" >"$scratch/root/recipe"
        rm -rf "$final" && mv "$scratch/root" "$final"
        # A kernel without 32-bit programs: keep the note, so that nobody tries again and again.
        "$final/usr/lib/wine/wineserver32" -v >/dev/null 2>&1 || {
            warn "this kernel runs no 32-bit programs: 32-bit tests will be skipped"
            rm -rf "${final:?}/usr" "${final:?}/lib"
        }
    else
        tail -n 5 "$scratch/log" >&2
        warn "32-bit Wine cannot be had here: 32-bit tests will be skipped"
    fi
    rm -rf "$scratch"
}
