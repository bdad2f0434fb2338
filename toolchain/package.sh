#!/usr/bin/env bash
# What a person downloads: for each bitness a ZIP file (DLL, program, headers, interface definitions,
# samples, documents) and a Windows installer of the same files that also registers the DLL.
#
#   package.sh [--x64] [--x86] [--bin FOLDER] [--out FOLDER]
#
# Without a choice both. Everything lands in --out (build/package), with SHA256SUMS. From one commit the ZIP
# files are the same to the byte: no dates but the commit's, no order but the names'. --bin FOLDER takes
# what lies there (of the one bitness that is named) instead of building.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/debian.sh"

arches=() bin='' out=build/package named=''
while [ $# -gt 0 ]; do
    case $1 in
    --x64 | --x86) arches+=("${1#--}") ;;
    --bin)
        bin=${2?--bin wants a folder}
        shift
        ;;
    --out)
        out=${2?--out wants a folder} named=1
        shift
        ;;
    *) die "unknown option $1" ;;
    esac
    shift
done
[ -z "$bin" ] || [ ${#arches[@]} = 1 ] || die "--bin wants one of --x64 and --x86"
[ ${#arches[@]} -gt 0 ] || arches=(x64 x86)
[ -z "$bin" ] || bin=$(cd "$bin" && pwd)
# A folder that was named is where the caller stands, the other one is the tree's.
[ -z "$named" ] || out=$(mkdir -p "$out" && cd "$out" && pwd)

cd "$OMSP_TOP"
[ -n "$bin" ] || bash "$here/bootstrap.sh"
use_compiler_cache
# Installers; and the licence of the one library of which no development package is needed here.
packages_ensure wixl zip libsrtp2-1
version=$(sed -nE 's/^project\(OpenMSP VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
epoch=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CMakeLists.txt)
mkdir -p "$out"

# The licences of what is linked into the DLL, as Debian keeps them.
THIRD_PARTY=(cjson:libcjson1 curl:libcurl4-openssl-dev expat:libexpat1-dev libmicrohttpd:libmicrohttpd-dev
    libsrtp2:libsrtp2-1 mingw-w64:mingw-w64-common opus:libopus-dev speexdsp:libspeexdsp-dev
    "GCC runtime:gcc-mingw-w64-base")

third_party() {
    local entry file
    cat <<'END'
openmsp.dll and openmsp.exe contain the libraries named below, built from Debian's source packages
(toolchain/pe-libs.sh says how and with what changed). Their licences follow, as Debian states them.
libmicrohttpd is under the GNU LGPL 2.1 or later: OpenMSP's complete source and build scripts, under the
MIT licence, let anybody link it with another version of that library.
END
    for entry in "${THIRD_PARTY[@]}"; do
        file=/usr/share/doc/${entry#*:}/copyright
        [ -r "$file" ] || die "the licence of ${entry%%:*} is not at $file"
        printf '\n\n======== %s ========\n\n' "${entry%%:*}"
        cat "$file"
    done
}

for arch in "${arches[@]}"; do
    built=$bin
    if [ -z "$built" ]; then
        step "building $arch"
        mkdir -p build
        { cmake --preset "mingw-$arch" && cmake --build "build/mingw-$arch" --target openmsp_dll openmsp_exe; } \
            >"build/package-$arch.log" 2>&1 || {
            tail -n 40 "build/package-$arch.log"
            die "building $arch failed"
        }
        built=build/mingw-$arch/bin
    fi
    case $arch in
    x64) strip=x86_64-w64-mingw32-strip ;;
    x86) strip=i686-w64-mingw32-strip ;;
    esac
    name=openmsp-$version-$arch stage=$out/openmsp-$version-$arch
    rm -rf "$stage"
    mkdir -p "$stage/include" "$stage/docs"
    for file in openmsp.dll openmsp.exe; do
        "$strip" -p -o "$stage/$file" "$built/$file"
    done
    cp "$built/openmsp.dll.manifest" "$built/openmsp-client.manifest" "$built/openmsp.tlb" "$stage/"
    cp -r include/openmsp "$stage/include/"
    cp -r idl samples "$stage/"
    cp docs/guide.md docs/install.md docs/choices.md docs/conformance.md docs/reliability.md "$stage/docs/"
    cp SECURITY.md CHANGELOG.md "$stage/"
    cp LICENSE "$stage/LICENSE.txt"
    printf 'OpenMSP %s (%s)\r\n\r\ndocs/install.md: installing it\r\ndocs/guide.md: using it\r\n' "$version" "$arch" \
        >"$stage/README.txt"
    third_party >"$stage/THIRD-PARTY.txt"
    find "$stage" -exec touch -h -d "@$epoch" {} +
    find "$stage" -type d -exec chmod 755 {} +
    find "$stage" -type f -exec chmod 644 {} +
    rm -f "$out/$name.zip" "$out/$name.msi"
    (cd "$out" && find "$name" -type f | LC_ALL=C sort | TZ=UTC zip -q -X -9 "$name.zip" -@)
    # wixl takes relative names alone.
    (cd "$out" && python3 "$here/package/msi.py" --stage "$name" --idl "$OMSP_TOP/idl/openmsp.idl" \
        --version "$version" --bits "$arch" >"$name.wxs" &&
        wixl --arch "$arch" -o "$name.msi" "$name.wxs") || die "no installer for $arch"
    rm -rf "$stage" "$out/$name.wxs"
done
(cd "$out" && sha256sum openmsp-*.zip openmsp-*.msi >SHA256SUMS)
ls -l "$out"
