import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProgram } from "../harness.ts";
import { createDirectory, findFreePort, startPeer } from "../lab/peer-process.ts";
import type { Peer } from "../peers.ts";
import { havePeer } from "../peers.ts";

const NAME = "alerts.example";
const KEY = "one-key-of-the-webhook";
const JSON_BODY = { "content-type": "application/json" };
const KEYED = { ...JSON_BODY, "x-api-key": KEY };

interface Places {
  readonly directory: string;
  readonly certificate: string;
  readonly key: string;
  readonly port: number;
  /** Host and port of the program. */
  readonly program: string;
}

const PROXIES: readonly [Peer, (at: Places) => Promise<[string, ...string[]]>][] = [
  ["nginx", nginx],
  ["caddy", caddy],
];

describe.each(PROXIES)("behind %s, set up as the docs say", (peer, setUp) => {
  const isHere = havePeer(peer);

  it.skipIf(!isHere)("T16 nobody is local: who shows the key is heard", async () => {
    const { ask } = await startBehind(setUp);

    const { statusCode: without } = await ask("POST", "/webhook", alerts("A"), JSON_BODY);
    const { statusCode: withKey } = await ask("POST", "/webhook", alerts("A"), KEYED);
    expect([without, withKey]).toEqual([401, 200]);
  });

  it.skipIf(!isHere)("as large a group is taken as without", async () => {
    const { ask } = await startBehind(setUp);

    const large = alerts("Large", "x".repeat(3 * 2 ** 20));
    expect((await ask("POST", "/webhook", large, KEYED)).statusCode).toBe(200);
  });

  it.skipIf(!isHere)("the console signs in with a cookie of this host, and is live", async () => {
    const { ask, program } = await startBehind(setUp);
    const { stdout } = await program.command(["sign-in"]);
    const [, path = ""] = new RegExp(`https://${NAME}(/sign-in/\\S+)`).exec(stdout) ?? [];
    const signedIn = await ask("POST", path, "", {
      ...{ origin: `https://${NAME}`, "sec-fetch-site": "same-origin" },
      "content-type": "application/x-www-form-urlencoded",
    });
    const [cookie = ""] = signedIn.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^__Host-.*; Secure/);

    const live = await ask("GET", "/api/events", "", { cookie: cookie.split(";")[0] ?? "" });
    const heard = untilIn(live, "data:");
    await ask("POST", "/webhook", alerts("Live"), KEYED);
    expect(await heard).toContain("event:");
  });
});

async function startBehind(setUp: (at: Places) => Promise<[string, ...string[]]>) {
  const program = await createProgram({
    env: { COUNTERSIGN_PUBLIC_URL: `https://${NAME}`, PROMETHEUS_API_KEY: KEY },
  });
  await program.start();
  const directory = await createDirectory("proxy");
  const [certificate, key] = makeCertificate(directory);
  const ca = readFileSync(certificate);
  const port = await findFreePort();

  async function ask(
    method: string,
    path: string,
    body = "",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> {
    const sent = request({
      ...{ host: "127.0.0.1", port, servername: NAME, ca, method, path },
      headers: { host: NAME, ...headers },
    }).end(body);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return answer;
  }

  const peer = await startPeer({
    directory,
    argv: await setUp({ directory, certificate, key, port, program: new URL(program.url).host }),
    isReady: () =>
      ask("GET", "/health").then(
        ({ statusCode }) => statusCode === 200,
        () => false,
      ),
  });
  onTestFinished(() => peer.stop());
  return { program, ask };
}

function makeCertificate(directory: string): [certificate: string, key: string] {
  const [certificate, key] = [join(directory, "certificate.pem"), join(directory, "key.pem")];
  execFileSync(
    "/usr/bin/openssl",
    [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${NAME}`],
      ...["-addext", `subjectAltName=DNS:${NAME}`, "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  return [certificate, key];
}

async function nginx({ directory, certificate, key, port, program }: Places) {
  const server = fromDocs("nginx")
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace("/etc/ssl/alerts.example.pem", certificate)
    .replace("/etc/ssl/alerts.example.key", key)
    .replace("127.0.0.1:9095", program);
  const config = join(directory, "nginx.conf");
  await writeFile(
    config,
    `daemon off; user root; pid ${directory}/nginx.pid; error_log stderr;
     events {} http { access_log off; client_body_temp_path ${directory}; ${server} }`,
  );
  return ["/usr/sbin/nginx", "-p", directory, "-c", config] satisfies [string, ...string[]];
}

async function caddy({ directory, certificate, key, port, program }: Places) {
  const site = fromDocs("caddyfile")
    .replace(`${NAME} {`, `https://${NAME}:${port} {\n\ttls ${certificate} ${key}`)
    .replace("127.0.0.1:9095", program);
  const config = join(directory, "Caddyfile");
  await writeFile(
    config,
    `{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system ${directory}\n}\n${site}`,
  );
  return ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", config] satisfies [
    string,
    ...string[],
  ];
}

/** What a person copies. */
function fromDocs(language: string): string {
  const docs = readFileSync("docs/proxy.md", "utf8");
  const [, block = ""] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(docs) ?? [];
  return block;
}

function alerts(alertname: string, description = ""): string {
  const startsAt = new Date().toISOString();
  const alert = { labels: { alertname }, annotations: { description }, startsAt };
  return JSON.stringify({ version: "4", status: "firing", alerts: [alert] });
}

async function untilIn(answer: IncomingMessage, wanted: string): Promise<string> {
  let heard = "";
  for await (const part of answer.setEncoding("utf8")) {
    heard += String(part);
    if (heard.includes(wanted)) break;
  }
  return heard;
}
