"use strict";
// A certificate authority of our own, made by openssl for the run, and what it signs: a good
// certificate and one of each kind of bad.
const fs = require("node:fs");
const path = require("node:path");
const { execFileSync } = require("node:child_process");

function openssl(folder, ...args) {
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
}

function authority(folder, name) {
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`, "-out",
        `${name}.pem`, "-days", "30", "-subj", `/CN=OpenMSP interop ${name}`,
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign");
}

// names: "DNS:localhost,IP:127.0.0.1"; from, to: YYYYMMDDHHMMSSZ or none. `openssl ca` is the one
// command of openssl 3.0 that takes dates.
function signed(folder, name, names, { by = "ca", from, to } = {}) {
    const store = path.join(folder, `${name}.store`);

    fs.mkdirSync(store);
    fs.writeFileSync(path.join(store, "index.txt"), "");
    fs.writeFileSync(path.join(store, "serial"), "1000\n");
    fs.writeFileSync(path.join(folder, `${name}.cnf`), [
        "[ca]", "default_ca = it", "[it]", `database = ${name}.store/index.txt`,
        `serial = ${name}.store/serial`, `new_certs_dir = ${name}.store`, `certificate = ${by}.pem`,
        `private_key = ${by}.key`, "default_md = sha256", "default_days = 30", "policy = any",
        "[any]", "commonName = supplied",
        "[leaf]", "basicConstraints = critical,CA:FALSE", "extendedKeyUsage = serverAuth",
        "keyUsage = critical,digitalSignature,keyEncipherment", `subjectAltName = ${names}`, "",
    ].join("\n"));
    openssl(folder, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", `${name}.key`, "-out",
        `${name}.csr`, "-subj", `/CN=${name}`);
    openssl(folder, "ca", "-batch", "-notext", "-config", `${name}.cnf`, "-extensions", "leaf", "-in",
        `${name}.csr`, "-out", `${name}.pem`, ...(from ? ["-startdate", from, "-enddate", to] : []));
}

function read(folder, name) {
    return {
        key: fs.readFileSync(path.join(folder, `${name}.key`)),
        cert: fs.readFileSync(path.join(folder, `${name}.pem`)),
    };
}

// Answers { good, wrong_host, expired, not_yet, stranger, self_signed } of { key, cert }; the file
// "ca.pem" in the folder is what the program is to trust.
function make_certificates(folder) {
    authority(folder, "ca");
    authority(folder, "other");
    signed(folder, "good", "DNS:localhost,IP:127.0.0.1");
    signed(folder, "wrong_host", "DNS:elsewhere.invalid");
    signed(folder, "expired", "DNS:localhost,IP:127.0.0.1", { from: "20200101000000Z", to: "20200201000000Z" });
    signed(folder, "not_yet", "DNS:localhost,IP:127.0.0.1", { from: "20600101000000Z", to: "20600201000000Z" });
    signed(folder, "stranger", "DNS:localhost,IP:127.0.0.1", { by: "other" });
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "self_signed.key", "-out",
        "self_signed.pem", "-days", "30", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1");
    return Object.fromEntries(["good", "wrong_host", "expired", "not_yet", "stranger", "self_signed"]
        .map((name) => [name, read(folder, name)]));
}

module.exports = { make_certificates };
