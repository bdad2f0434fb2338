# shellcheck shell=bash
# node and the npm packages of the interop suites, in the cache and never in the tree. To be sourced
# after common.sh and debian.sh.

# Whatever node there is is taken; Debian's else.
node_ensure() {
    { command -v node && command -v npm; } >/dev/null || packages_ensure nodejs npm
}

# node_folder DIR: where the modules of DIR's lock file belong.
node_folder() {
    local sum
    sum=$(cat "$1/package.json" "$1/package-lock.json" | sha256sum) || return 1
    printf '%s/node/%s' "$OMSP_CACHE" "${sum:0:16}"
}

node_install_once() {
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2)
}

# node_modules_ensure DIR: exactly what the lock file says, once; no install script of a package is run.
node_modules_ensure() {
    local folder scratch
    folder=$(node_folder "$1") || return 1
    [ -e "$folder/node_modules" ] && return 0
    node_ensure || return 1
    mkdir -p "$OMSP_CACHE/node" || return 1
    scratch=$(mktemp -d "$OMSP_CACHE/node/new.XXXXXX") || return 1
    step "installing the npm packages of ${1#"$OMSP_TOP"/}"
    if cp "$1/package.json" "$1/package-lock.json" "$scratch" && retry 3 node_install_once "$scratch"; then
        mv -T "$scratch" "$folder" 2>/dev/null || rm -rf "$scratch" # another run was first
        return 0
    fi
    rm -rf "$scratch"
    return 1
}
