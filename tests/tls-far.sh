#!/usr/bin/env bash
# A private CA, certificates good and bad, and the servers of tests/tools/tls_far.c with them: CTest's
# fixture for test_tls, test_tls_send, test_fork_tls, test_fork_told, test_http, test_media_wss and
# test_process_end.
# All of it is made anew each time, in the folder; no key is kept anywhere else.
#   tls-far.sh up FOLDER [SECONDS]      for so long at most (1800)
#   tls-far.sh down FOLDER
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${2?usage: tls-far.sh up FOLDER [SECONDS]|down FOLDER} seconds=${3:-1800}

down() {
    local pid
    pid=$(cat "$folder/pid" 2>/dev/null) || return 0
    # Only if it is ours still: numbers are used again.
    [ "$(readlink "/proc/$pid/exe")" != "$folder/tls_far" ] || kill "$pid"
    rm -f "$folder/pid"
}

# RSA: under Wine 8 every handshake with one set of ECDSA certificates failed, for as long as that set
# was there; other sets were taken. Why is not known.
key() { openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key"; }

# authority NAME: a CA. No two have the same name, for a store may still know one of an earlier run.
authority() {
    key "$1" && openssl req -x509 -new -key "$1.key" -sha256 -days 30 \
        -subj "/CN=OpenMSP test $1 $(openssl rand -hex 8)" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
        -out "$1.pem"
}

# signed NAME CA HOST START END: a server's certificate; the times as openssl ca wants them.
signed() {
    key "$1" && openssl req -new -key "$1.key" -subj "/CN=$3" -out "$1.csr" || return 1
    : >"$2.index"
    openssl rand -hex 8 >"$2.serial"
    cat >"$1.cnf" <<CNF
[ca]
default_ca = it
[it]
database = $2.index
serial = $2.serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
x509_extensions = server
[any]
commonName = supplied
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:$3
CNF
    openssl ca -batch -notext -config "$1.cnf" -cert "$2.pem" -keyfile "$2.key" -in "$1.csr" \
        -out "$1.pem" -startdate "$4" -enddate "$5"
}

certificates() {
    local past long_past future
    long_past=$(date -u -d '-20 days' +%Y%m%d%H%M%SZ) past=$(date -u -d '-2 days' +%Y%m%d%H%M%SZ)
    future=$(date -u -d '+20 days' +%Y%m%d%H%M%SZ)
    authority ca && authority other &&
        signed good ca localhost "$past" "$future" &&
        signed wronghost ca elsewhere.example "$past" "$future" &&
        signed expired ca localhost "$long_past" "$past" &&
        signed untrusted other localhost "$past" "$future" &&
        signed otherhost other elsewhere.example "$past" "$future" &&
        signed otherold other localhost "$long_past" "$past" &&
        key selfsigned &&
        openssl req -x509 -new -key selfsigned.key -sha256 -days 30 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost -out selfsigned.pem
}

up() {
    down
    rm -rf "$folder"
    mkdir -p "$folder" && cd "$folder" && folder=$PWD || return 1
    certificates >openssl.log 2>&1 || {
        cat openssl.log
        return 1
    }
    cc -O1 -Wall -Wextra -Werror -D_GNU_SOURCE "$here/tools/tls_far.c" -o tls_far -lssl -lcrypto -lpthread ||
        return 1
    setsid ./tls_far . "$seconds" </dev/null >far.log 2>&1 &
    echo $! >pid
    for _ in $(seq 100); do
        [ ! -e ports ] || return 0
        sleep 0.1
    done
    cat far.log
    return 1
}

mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1
case $1 in
up) up ;;
down) down ;;
*) exit 2 ;;
esac
