# shellcheck shell=bash
# The table of libraries that Debian has no PE builds of, built from Debian's source packages.
# To be sourced after common.sh and debian.sh. A recipe pe_build_NAME is called in the unpacked source
# (a private copy), with $host (GNU triple; empty: this machine), $stage (DESTDIR), $prefix and
# $toolchain set. The architecture "native" is for libraries of which Debian's own build will not do.

# Debian source package of each library.
declare -A PE_SOURCE=([check]=check [cjson]=cjson [microhttpd]=libmicrohttpd [curl]=curl
    [speexdsp]=speexdsp [expat]=expat [opus]=opus [srtp2]=libsrtp2)

# Debian's libsrtp2 calls NSS, which makes and destroys a context for every packet. Its libspeexdsp does
# not look whether it gets memory.
# shellcheck disable=SC2034 # for who sources this
NATIVE_LIBS=(srtp2 speexdsp)

# Small: each function in a section of its own, so that the linker leaves out what nobody calls; and
# the system's printf and scanf, for mingw's own would come into the module beside them.
PE_SMALL='-Os -g -ffunction-sections -fdata-sections -D__USE_MINGW_ANSI_STDIO=0'

pe_cmake() {
    cmake -S . -B pe-build -G Ninja -Wno-dev -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE="${pe_cflags:-$PE_SMALL} -DNDEBUG" \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
        -DBUILD_SHARED_LIBS=OFF "$@" &&
        cmake --build pe-build &&
        DESTDIR=$stage cmake --install pe-build
}

pe_autotools() {
    ./configure --host="$host" --prefix="$prefix" --disable-shared --enable-static \
        --disable-dependency-tracking CFLAGS="${pe_cflags:-$PE_SMALL}" "$@" &&
        make -j"$(nproc)" && make install DESTDIR="$stage"
}

pe_build_check() {
    local pe_cflags='-O2 -g'
    pe_cmake -DCHECK_ENABLE_TESTS=OFF -DBUILD_TESTING=OFF || return 1
    # Its CMake always builds the DLL too, and a linker would prefer that one's import library.
    rm -f "$stage$prefix"/bin/*.dll "$stage$prefix"/lib/*.dll.a
    # mingw's own stdio is used here (__USE_MINGW_ANSI_STDIO): formats are GNU's.
    sed -i -E "s/(FORMAT|format) *\\(printf,/\\1(gnu_printf,/" "$stage$prefix/include/check.h"
}

pe_build_cjson() {
    # Hidden, or every DLL that it is linked into would export its functions. The system's strtod does for
    # JSON's numbers (mingw's own knows hexadecimal ones and is 14 KB).
    pe_cmake -DENABLE_CJSON_TEST=OFF -DBUILD_SHARED_AND_STATIC_LIBS=OFF -DENABLE_CUSTOM_COMPILER_FLAGS=OFF \
        -DENABLE_PUBLIC_SYMBOLS=OFF -DCMAKE_C_FLAGS='-DCJSON_HIDE_SYMBOLS -D__strtod=strtod'
}

pe_build_microhttpd() {
    pe_autotools --disable-https --disable-dauth --disable-httpupgrade --disable-doc \
        --disable-examples --disable-curl --disable-messages || return 1
    # Its functions are marked for export also in the static library: every DLL would export them.
    "$host-objcopy" -R .drectve "$stage$prefix/lib/libmicrohttpd.a"
}

pe_build_curl() {
    # Of what curl has, what dials, speaks TLS and posts a form: no proxy is ever asked for, no cookie kept.
    local off=(ALTSVC COOKIES CRYPTO_AUTH DOH GETOPTIONS HSTS MIME NETRC NTLM PARSEDATE PROGRESS_METER
        PROXY VERBOSE_STRINGS)
    off=("${off[@]/#/-DCURL_DISABLE_}")
    pe_cmake "${off[@]/%/=ON}" -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DCURL_USE_SCHANNEL=ON \
        -DHTTP_ONLY=ON -DENABLE_UNICODE=ON -DENABLE_MANUAL=OFF -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF \
        -DCURL_ZSTD=OFF -DUSE_NGHTTP2=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBPSL=OFF \
        -DUSE_WIN32_LDAP=OFF -DENABLE_UNIX_SOCKETS=OFF
}

pe_build_expat() {
    # Without DTDs: they are refused anyway, and Debian's patches to them build by autotools only. Without
    # namespaces: TwiML has none, and a prefix is a part of the name.
    # Its smaller form takes `inline` away before mingw's x86 headers are read, and each file has a copy.
    local small=ON
    [[ $host != i686* ]] || small=OFF
    cd expat && pe_cmake -DEXPAT_SHARED_LIBS=OFF -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_EXAMPLES=OFF \
        -DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_DOCS=OFF -DEXPAT_DTD=OFF \
        -DEXPAT_NS=OFF -DEXPAT_MIN_SIZE="$small"
}

pe_build_speexdsp() {
    # By -O2 an echo canceller and a noise filter take 32 µs for 20 ms instead of 36, and 12 KB.
    local pe_cflags=$PE_SMALL
    [ -n "$host" ] || pe_cflags='-O2 -g -fPIC'
    # These do not look whether they get memory: theirs comes from src/media/speex_memory.c.
    (cd libspeexdsp && sed -i '1i #define calloc omsp_speex_calloc\n#define free omsp_speex_free' \
        mdf.c preprocess.c filterbank.c fftwrap.c smallft.c) && pe_autotools --disable-examples
}

pe_build_opus() {
    # Integers only: smaller, and half the memory of a stream. Its fortified calls are not in mingw. What
    # SMALL_FOOTPRINT leaves out is tables of what can be computed.
    pe_autotools --enable-fixed-point --disable-float-api --disable-rtcd --disable-intrinsics \
        --disable-extra-programs --disable-doc --disable-stack-protector \
        CPPFLAGS='-D_FORTIFY_SOURCE=0 -DSMALL_FOOTPRINT' || return 1
    # Its functions are marked for export also in the static library: every DLL would export them.
    "$host-objcopy" -R .drectve "$stage$prefix/lib/libopus.a"
}

pe_build_srtp2() {
    # Without memory for its list of streams srtp_create would walk that list (2.5.0).
    sed -i '/stat = srtp_stream_list_alloc(&ctx->stream_list)/,/return stat/s/srtp_dealloc(\*session)/srtp_crypto_free(ctx)/' \
        srtp/srtp.c || return 1
    # Its own ciphers, and memory from src/media/srtp.c.
    pe_cmake -DTEST_APPS=OFF -DBUILD_WITH_WARNINGS=OFF \
        -DCMAKE_C_FLAGS='-Dcalloc=omsp_srtp_calloc -Dfree=omsp_srtp_free'
}

# What a build depends on besides the Debian version: the recipe, the helpers, the compiler.
pe_recipe_hash() {
    local lib=$1 arch=$2
    {
        echo "$lib $arch"
        declare -f "pe_build_$lib" pe_cmake pe_autotools
        echo "$PE_SMALL"
        dpkg-query -W -f '${Package} ${Version}\n' "$(pe_compiler "$arch")" 2>/dev/null
    } | sha256sum | cut -c1-32
}

pe_compiler() {
    case $1 in
    x64) echo gcc-mingw-w64-x86-64-win32 ;;
    x86) echo gcc-mingw-w64-i686-win32 ;;
    native) echo gcc ;;
    esac
}

pe_prefix() {
    case $1 in
    native) echo "$OMSP_CACHE/native" ;;
    *) echo "$OMSP_CACHE/pe-$1" ;;
    esac
}

pe_stamp() { echo "$(pe_prefix "$2")/stamps/$1"; }

pe_is_built() {
    local stamp have
    stamp=$(pe_stamp "$1" "$2")
    [ -r "$stamp" ] || return 1
    read -r have _ <"$stamp"
    [ "$have" = "$(pe_recipe_hash "$1" "$2")" ]
}

# pe_build LIB ARCH SCRATCH: fetches (once per scratch folder), builds, installs file by file with
# renames so that a reader sees an old file or a new one, never half of one; the stamp comes last.
pe_build() {
    local lib=$1 arch=$2 scratch=$3 source=$3/src/$1 work=$3/$1-$2 log file version
    local host stage prefix toolchain
    case $arch in
    x64) host=x86_64-w64-mingw32 ;;
    x86) host=i686-w64-mingw32 ;;
    native) host='' ;;
    *) return 2 ;;
    esac
    prefix=$(pe_prefix "$arch") stage=$work/stage
    toolchain=${host:+$OMSP_TOP/toolchain/cmake/mingw-$arch.cmake}
    mkdir -p "$work" "$scratch/src" "$prefix/stamps"
    log=$work/build.log
    if [ ! -d "$source" ]; then
        debian_source "$scratch/apt" "${PE_SOURCE[$lib]}" "$source" >"$log" 2>&1 ||
            { tail -n 20 "$log" >&2; return 1; }
    fi
    version=$(dpkg-parsechangelog -l "$source/debian/changelog" -S Version 2>/dev/null || echo unknown)
    step "building $lib $version for $arch"
    cp -a "$source" "$work/src" || return 1
    (cd "$work/src" && "pe_build_$lib") >"$log" 2>&1 || { tail -n 40 "$log" >&2; return 1; }
    (cd "$stage$prefix" && find . \( -type f -o -type l \) -print0) |
        while IFS= read -r -d '' file; do
            mkdir -p "$prefix/$(dirname "$file")" &&
                cp -a "$stage$prefix/$file" "$prefix/$file.new" &&
                mv -f "$prefix/$file.new" "$prefix/$file" || exit 1
        done || return 1
    printf '%s %s\n' "$(pe_recipe_hash "$lib" "$arch")" "$version" >"$(pe_stamp "$lib" "$arch").new"
    mv -f "$(pe_stamp "$lib" "$arch").new" "$(pe_stamp "$lib" "$arch")"
}
