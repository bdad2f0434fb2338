# shellcheck shell=bash
# Debian packages: installing those that are missing, and fetching source packages without touching
# the system's configuration. To be sourced after common.sh.

APT_OPTIONS=(-o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=300)

apt_root() { as_root env DEBIAN_FRONTEND=noninteractive apt-get "${APT_OPTIONS[@]}" "$@" </dev/null; }

# Those of the named packages that are not installed, one a line.
packages_missing() {
    local have
    # dpkg-query's status is 1 when it has never heard of one of them: that is the answer, no error.
    have=$({ dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null || true; } |
        sed -n 's/^.i *//p')
    comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$have" | sort -u)
}

packages_install_once() {
    # An index that cannot be read is no failure by itself: the packages decide.
    apt_root update -qq || warn "apt-get update complained; trying to install all the same"
    apt_root install -y -qq --no-install-recommends "$@" >/dev/null
}

# Installs what is missing of the named packages.
packages_ensure() {
    local missing
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} = 0 ] && return 0
    is_root_able || die "these Debian packages are missing and neither root nor sudo is at hand:
    apt-get install ${missing[*]}"
    step "installing ${missing[*]}"
    retry 4 packages_install_once "${missing[@]}" || die "could not install: ${missing[*]}"
}

# Installs what nothing depends on, if it can be had soon; only the fetching is ever broken off.
packages_wish() {
    local missing fetch=(as_root timeout 90 apt-get -qq)
    mapfile -t missing < <(packages_missing "$@")
    [ ${#missing[@]} -gt 0 ] && is_root_able || return 0
    {
        "${fetch[@]}" update || true
        "${fetch[@]}" install -y --no-install-recommends --download-only "${missing[@]}" &&
            apt_root install -y -qq --no-install-recommends --no-download "${missing[@]}"
    } </dev/null >/dev/null 2>&1 || warn "could not install: ${missing[*]}; it is done without"
}

# A deb-src list made of the system's own Debian entries (mirror, suites and key stay the same),
# other vendors' left out; printed as deb822. Both list formats of apt are understood.
debian_source_list() {
    local codename files=()
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
    [ ! -e /etc/apt/sources.list ] || files+=(/etc/apt/sources.list)
    shopt -s nullglob
    files+=(/etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources)
    shopt -u nullglob
    awk -v codename="$codename" '
        function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
        function emit(types, uris, suites, components, key,   n, i, part, kept) {
            if ((" " types " ") !~ / deb /) return
            if ((" " components " ") !~ / main /) return
            if (key != "" ? key !~ /debian-archive/ : uris !~ /debian/) return
            n = split(suites, part, " ")
            for (i = 1; i <= n; i++)
                if (part[i] ~ "^(" codename "|stable)(-updates|-security|/updates)?$")
                    kept = kept " " part[i]
            if (kept == "") return
            if (key == "") key = "/usr/share/keyrings/debian-archive-keyring.gpg"
            printf "Types: deb-src\nURIs: %s\nSuites:%s\nComponents: main\nSigned-By: %s\n\n",
                   uris, kept, key
        }
        function flush_stanza() {
            if (field["enabled"] != "no")
                emit(field["types"], field["uris"], field["suites"], field["components"],
                     field["signed-by"])
            delete field
            last = ""
        }
        FNR == 1 { flush_stanza(); stanzas = FILENAME ~ /\.sources$/ }
        stanzas && /^#/ { next }
        stanzas && /^[ \t]*$/ { flush_stanza(); next }
        stanzas && /^[ \t]/ { field[last] = field[last] " " trim($0); next }
        stanzas {
            at = index($0, ":")
            last = tolower(substr($0, 1, at - 1))
            field[last] = trim(substr($0, at + 1))
            next
        }
        /^[ \t]*deb[ \t]/ {
            line = trim($0); sub(/[ \t]*#.*/, "", line); sub(/^deb[ \t]+/, "", line)
            key = ""
            if (line ~ /^\[/) {
                options = substr(line, 2, index(line, "]") - 2)
                line = trim(substr(line, index(line, "]") + 1))
                if (match(options, /signed-by=[^ ]+/))
                    key = substr(options, RSTART + 10, RLENGTH - 10)
            }
            n = split(line, word, /[ \t]+/)
            components = ""
            for (i = 3; i <= n; i++) components = components " " word[i]
            emit("deb", word[1], word[2], trim(components), key)
        }
        END { flush_stanza() }' "${files[@]}" </dev/null | {
        local text
        text=$(cat)
        [ -n "$text" ] || {
            warn "apt knows no Debian archive with a 'main' section: add one to /etc/apt"
            return 1
        }
        printf '%s\n' "$text"
    }
}

# apt-get (APT_TOOL: or another) over a private state folder $1, with deb-src entries only.
apt_private() {
    local state=$1
    shift
    "${APT_TOOL:-apt-get}" "${APT_OPTIONS[@]}" -o Dir::Etc::sourcelist=/dev/null \
        -o Dir::Etc::sourceparts="$state/parts" -o Dir::State::lists="$state/lists" \
        -o Dir::Cache="$state/cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
        -o APT::Sandbox::User= "$@" </dev/null
}

# Reads the source index into the state folder, once.
debian_sources_open() {
    local state=$1
    [ -e "$state/ready" ] && return 0
    mkdir -p "$state/parts" "$state/lists/partial" "$state/cache/archives/partial"
    debian_source_list >"$state/parts/debian.sources" || return 1
    retry 4 apt_private "$state" update -qq || return 1
    touch "$state/ready"
}

# The versions of a source package that the index names, the newest first.
debian_source_versions() {
    APT_TOOL=apt-cache apt_private "$1" showsrc "$2" |
        awk -v package="$2" '/^Package:/ { ours = $2 == package } /^Version:/ && ours { print $2 }' |
        sort -urV
}

# debian_source STATE PACKAGE FOLDER: the unpacked source, Debian's patches applied, in FOLDER. A
# mirror's index may name a version whose files it does not have: then the next older one, aloud.
debian_source() {
    local state=$1 package=$2 folder=$3 scratch=$1/$2 version newest='' got=''
    debian_sources_open "$state" || return 1
    mkdir -p "$scratch"
    for version in $(debian_source_versions "$state" "$package"); do
        rm -f "$scratch"/*.dsc
        [ -z "$newest" ] || warn "no source of $package $newest at hand; trying $version"
        (cd "$scratch" && retry 3 apt_private "$state" source -qq --download-only \
            "$package=$version") && got=1 && break
        newest=${newest:-$version}
    done
    [ -n "$got" ] || return 1
    dpkg-source --no-check -x "$scratch"/*.dsc "$folder" >/dev/null
}
