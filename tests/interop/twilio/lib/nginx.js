"use strict";
// nginx before a consumer, as people deploy them: it ends TLS, offers HTTP/2 and compression, and
// passes upgrades and callbacks on.
const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");
const { keep, until } = require("./suite");
const { dead_port } = require("./rude");

let count = 0;

class Nginx {
    // folder: has good.pem and good.key; media, web: the ports that paths /stream and /status go to
    async open({ folder, media, web, port }) {
        this.port = port ?? await dead_port();
        this.root = path.join(folder, `nginx-${count++}`);
        this.log = "";
        fs.mkdirSync(this.root);
        fs.writeFileSync(path.join(this.root, "nginx.conf"), `
            daemon off; master_process off; worker_processes 1;
            pid ${this.root}/pid; error_log stderr notice;
            events {}
            http {
                access_log off; gzip on; gzip_types *; gzip_min_length 1;
                ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${this.root}/${name};`).join(" ")}
                map $http_upgrade $connection_upgrade { default upgrade; "" close; }
                server {
                    listen 127.0.0.1:${this.port} ssl http2;
                    server_name localhost;
                    ssl_certificate ${folder}/good.pem; ssl_certificate_key ${folder}/good.key;
                    proxy_http_version 1.1;
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Forwarded-Proto $scheme;
                    location /stream {
                        proxy_pass http://127.0.0.1:${media};
                        proxy_set_header Host $http_host;
                        proxy_set_header X-Forwarded-Proto $scheme;
                        proxy_set_header Upgrade $http_upgrade;
                        proxy_set_header Connection $connection_upgrade;
                    }
                    location /status { proxy_pass http://127.0.0.1:${web}; }
                }
            }`);
        this.child = spawn(process.env.OMSP_NGINX ?? "nginx", ["-p", this.root, "-c", path.join(this.root, "nginx.conf"), "-e", "stderr"],
            { stdio: ["ignore", "ignore", "pipe"] });
        this.child.on("error", (error) => (this.ended = true, this.log += error));
        this.child.on("close", () => (this.ended = true));
        this.child.stderr.on("data", (data) => (this.log += data));
        keep(this);
        await until(() => {
            if (this.ended) throw new Error(`nginx does not run: ${this.log}`);
            return this.log.includes("using the") && fs.existsSync(path.join(this.root, "pid"));
        }, () => `nginx is ready; it said ${this.log}`);
        return this;
    }

    get url() {
        return `wss://localhost:${this.port}/stream`;
    }

    async close() {
        if (!this.ended) this.child.kill("SIGTERM");
        await until(() => this.ended, "the end of nginx", 5000);
    }
}

async function nginx(options) {
    return new Nginx().open(options);
}

module.exports = { nginx };
