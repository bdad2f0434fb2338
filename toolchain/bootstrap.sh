#!/usr/bin/env bash
# Everything a fresh Debian 12 needs before OpenMSP can be built and tested: Debian packages, and the
# libraries that Debian has no PE builds of, cross-built from Debian's source packages into the cache
# ($OMSP_CACHE, else ~/.cache/openmsp). Run it as often as you like: what is there is left alone, and
# then no network is needed.
#
# --x86-wine: 32-bit Wine too, where it can be had. --bench: the benchmarks' peers. --demo: speech and
# an independent sender. --fuzz: clang.
#
#   bootstrap.sh [--native-only] [--x86-wine] [--bench] [--demo] [--fuzz] [--libs "check cjson …"]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/debian.sh"
. "$here/pe-libs.sh"
. "$here/wine-i386.sh"
. "$here/node.sh"
. "$here/peers.sh"

NATIVE_PACKAGES=(build-essential ccache cmake ninja-build pkg-config check libsubunit-dev clang-format-14
    libcjson-dev libcurl4-openssl-dev libexpat1-dev libmicrohttpd-dev libopus-dev libssl-dev openssl
    libspandsp-dev libspeexdsp-dev liburing-dev shellcheck util-linux curl ffmpeg
    python3 python3-twilio python3-websockets)
PE_PACKAGES=(gcc-mingw-w64-x86-64-win32 gcc-mingw-w64-i686-win32 g++-mingw-w64-x86-64-win32
    g++-mingw-w64-i686-win32 mingw-w64-tools wine wine64 libwine libwine-dev dpkg-dev)
BENCH_PACKAGES=(gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-tools libre-dev libspandsp-dev
    libspeexdsp-dev libwebsockets-dev libwebsockets-evlib-ev)
BENCH_DAEMONS=(janus rtpengine-daemon) # unpacked, not installed: peers.sh
# What the programs under test talk to.
INTEROP_PACKAGES=(bsdutils ffmpeg gir1.2-gstreamer-1.0 gstreamer1.0-plugins-base
    gstreamer1.0-plugins-bad gstreamer1.0-plugins-good gstreamer1.0-tools libmediastreamer-tools pulseaudio pulseaudio-utils
    python3 python3-gi sox unzip zip wixl
    libsrtp2-1)
DEMO_PACKAGES=(espeak-ng ffmpeg sox)
FUZZ_PACKAGES=(clang-14 llvm-14 libclang-rt-14-dev)

packages=("${NATIVE_PACKAGES[@]}")
pe=1 x86_wine=0 bench=0
libs="check cjson curl expat microhttpd opus speexdsp srtp2"
while [ $# -gt 0 ]; do
    case $1 in
    --native-only) pe=0 ;;
    --x86-wine)
        x86_wine=1
        packages+=(patchelf)
        ;;
    --bench)
        bench=1
        packages+=("${BENCH_PACKAGES[@]}")
        ;;
    --demo) packages+=("${DEMO_PACKAGES[@]}") ;;
    --fuzz) packages+=("${FUZZ_PACKAGES[@]}") ;;
    --libs)
        libs=${2?--libs wants a list}
        shift
        ;;
    *) die "unknown option $1" ;;
    esac
    shift
done
[ $pe = 0 ] || packages+=("${PE_PACKAGES[@]}" "${INTEROP_PACKAGES[@]}")
for lib in $libs; do
    [ -n "${PE_SOURCE[$lib]:-}" ] || die "no recipe for $lib"
done

mkdir -p "$OMSP_CACHE"
exec 9>"$OMSP_CACHE/bootstrap.lock"
flock 9

packages_ensure "${packages[@]}"
# Links the native tests in a third of the time; where it is not, the compiler's own linker does.
packages_wish lld
# Without them the interop suite fails by itself and says so; the rest is tested all the same.
node_modules_ensure "$OMSP_TOP/tests/interop/twilio" || warn "the npm packages could not be installed"
peer_ensure nginx || warn "nginx could not be unpacked"
[ $bench = 0 ] || for package in "${BENCH_DAEMONS[@]}"; do
    peer_ensure "$package" || warn "no $package: the benchmarks will call it missing"
done
[ $x86_wine = 0 ] || wine_i386_ensure

wanted=()
for lib in "${NATIVE_LIBS[@]}"; do
    pe_is_built "$lib" native || wanted+=("$lib:native")
done
[ $pe = 1 ] && arches="x64 x86" || arches=''
for arch in $arches; do
    for lib in $libs; do
        pe_is_built "$lib" "$arch" || wanted+=("$lib:$arch")
    done
done
[ ${#wanted[@]} -gt 0 ] || exit 0

scratch=$(mktemp -d "$OMSP_CACHE/build.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
for one in "${wanted[@]}"; do
    pe_build "${one%:*}" "${one#*:}" "$scratch" || die "building ${one/:/ for } failed"
done
