# shellcheck shell=bash
# Daemons that benchmarks and the interop tests run: unpacked into the cache from their Debian packages, not installed,
# so that no service of theirs is set up, started or left behind; the libraries that they need are
# installed. To be sourced after common.sh and debian.sh.

# peer_folder PACKAGE: where its files are, once it was unpacked.
peer_folder() { printf "%s/peers/%s" "$OMSP_CACHE" "$1"; }

# The libraries that installing the package would install now, one a line.
peer_libraries() {
    apt-get "${APT_OPTIONS[@]}" install -s --no-install-recommends "$1" </dev/null 2>/dev/null |
        sed -nE 's/^Inst (lib[^ ]+|mysql-common|mariadb-common) .*/\1/p'
}

peer_unpack_once() {
    (cd "$1" && apt-get "${APT_OPTIONS[@]}" -o APT::Sandbox::User= download -qq "$2" </dev/null >/dev/null)
}

# peer_ensure PACKAGE: once; without network, root or the package it fails, and who needs the peer says
# that it is missing.
peer_ensure() {
    local package=$1 folder scratch libraries
    folder=$(peer_folder "$package")
    [ -e "$folder" ] && return 0
    is_root_able || return 1
    step "fetching $package"
    as_root apt-get "${APT_OPTIONS[@]}" update -qq </dev/null || warn "apt-get update complained"
    mapfile -t libraries < <(peer_libraries "$package")
    [ ${#libraries[@]} = 0 ] || packages_ensure "${libraries[@]}" || return 1
    mkdir -p "${folder%/*}" || return 1
    scratch=$(mktemp -d "${folder%/*}/new.XXXXXX") || return 1
    if retry 3 peer_unpack_once "$scratch" "$package" && dpkg-deb -x "$scratch"/*.deb "$scratch/files"; then
        mv -T "$scratch/files" "$folder" 2>/dev/null || true # another run was first
    fi
    rm -rf "$scratch"
    [ -e "$folder" ]
}
