# shellcheck shell=bash
# Wine prefixes for tests: a template made once in the cache, a private copy per build folder, and a
# wineserver that stays warm. To be sourced after common.sh; callers name the bitness, x64 or x86.
#
# What each setting is for:
#  - AeDebug's Debugger is emptied: with Wine's own value a crashed program can exit with 0.
#  - the server is started with -p30 and warmed up with all its stdio on /dev/null: else every
#    program is a cold start, and the services that the first one starts hold its stdout for ever.
#  - HOME is a folder of the prefix, so that nothing of the person's home is linked or written.

WINE_RECIPE=1

# Sets wine_loader, wine_server, wine_arch. Fails when this bitness cannot be run here.
wine_find() {
    local root=$OMSP_CACHE/wine-i386
    wine_arch=win64
    case $1 in
    x64)
        wine_loader=/usr/lib/wine/wine64
        wine_server=/usr/lib/wine/wineserver64
        ;;
    x86)
        if [ -x /usr/lib/wine/wine ]; then
            wine_loader=/usr/lib/wine/wine
            wine_server=/usr/lib/wine/wineserver64
            [ -x "$wine_server" ] || { wine_server=/usr/lib/wine/wineserver32 wine_arch=win32; }
        else
            wine_loader=$root/usr/lib/wine/wine
            wine_server=$root/usr/lib/wine/wineserver32
            wine_arch=win32
        fi
        ;;
    *) return 2 ;;
    esac
    [ -x "$wine_loader" ] && [ -x "$wine_server" ]
}

# The environment of everything that runs under Wine, for the prefix $1.
wine_environment() {
    export WINEPREFIX=$1 WINEARCH=$wine_arch WINELOADER=$wine_loader WINESERVER=$wine_server
    # The locale says how file names are encoded; in the plain C locale only ASCII ones exist.
    export WINEDEBUG=${WINEDEBUG:--all} HOME=$1/home LC_ALL=C.UTF-8
    # Whoever wants sound says so: the devices of the machine that tests run on are nobody's business.
    local off=mscoree,mshtml,winemenubuilder.exe
    [ -n "${OMSP_WINE_SOUND:-}" ] || off+=,winepulse.drv,winealsa.drv,wineoss.drv
    export WINEDLLOVERRIDES="$off=${WINEDLLOVERRIDES:+;$WINEDLLOVERRIDES}"
    unset DISPLAY WAYLAND_DISPLAY XDG_RUNTIME_DIR
}

wine_template_make() {
    local folder=$1
    mkdir -p "$folder/home"
    (
        wine_environment "$folder"
        run() { timeout -k 5 120 "$wine_loader" "$@" </dev/null >/dev/null 2>&1; }
        run wineboot.exe -i || exit 1
        for key in 'HKLM\Software\Microsoft\Windows NT\CurrentVersion\AeDebug' \
            'HKLM\Software\Wow6432Node\Microsoft\Windows NT\CurrentVersion\AeDebug'; do
            run reg.exe add "$key" /v Debugger /t REG_SZ /d "" /f || exit 1
        done
        run reg.exe add 'HKCU\Software\Wine\WineDbg' /v ShowCrashDialog /t REG_DWORD /d 0 /f
        "$wine_server" -k
        timeout 60 "$wine_server" -w
        [ -s "$folder/system.reg" ]
    )
}

# Prints the template's folder, making it when it is not there yet.
wine_template() {
    local version name folder
    version=$(sha256sum "$wine_loader" "$wine_server" | sha256sum | cut -c1-12)
    name=$OMSP_CACHE/wine/template-$wine_arch-$version-$WINE_RECIPE
    if [ ! -d "$name" ]; then
        mkdir -p "$OMSP_CACHE/wine"
        (
            flock 8
            [ -d "$name" ] && exit 0
            folder=$(mktemp -d "$OMSP_CACHE/wine/new.XXXXXX")
            if wine_template_make "$folder" 8>&-; then
                mv "$folder" "$name"
            else
                rm -rf "$folder"
                exit 1
            fi
        ) 8>"$OMSP_CACHE/wine/template.lock" || return 1
    fi
    echo "$name"
}

# wine_prefix_make PREFIX: a private copy of the template. Wine's own files are hard links where the
# file system allows: they are only read, and the registry is written anew by rename.
wine_prefix_make() {
    local prefix=$1 template new=$1.new.$$
    template=$(wine_template) || return 1
    mkdir -p "$(dirname "$prefix")"
    cp -al "$template" "$new" 2>/dev/null || { rm -rf "$new" && cp -a "$template" "$new"; } || return 1
    for file in "$template"/*.reg; do
        cp --remove-destination "$file" "$new/" || return 1
    done
    echo "$template" >"$new/template"
    mv -T "$new" "$prefix"
}

# wine_open PREFIX: the prefix exists, fits this Wine, and its server is up and warm.
wine_open() {
    local prefix=$1
    mkdir -p "$(dirname "$prefix")"
    (
        flock 8
        if [ -d "$prefix" ] && [ "$(cat "$prefix/template" 2>/dev/null)" != "$(wine_template)" ]; then
            rm -rf "$prefix"
        fi
        [ -d "$prefix" ] || wine_prefix_make "$prefix" 8>&- || exit 1
        wine_environment "$prefix"
        # Exits with 2 when a server is up already; it then has been warmed.
        if "$wine_server" -p30 8>&- </dev/null >/dev/null 2>&1; then
            timeout -k 5 120 "$wine_loader" cmd.exe /c exit 8>&- </dev/null >/dev/null 2>&1
        fi
        true
    ) 8>"$prefix.lock"
}

# Ends the server of a prefix and everything that runs in it.
wine_close() {
    [ -d "$1" ] || return 0
    WINEPREFIX=$1 timeout 20 "$wine_server" -k 2>/dev/null || true
}
