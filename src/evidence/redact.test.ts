import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact } from "./redact.ts";

const S = "s3cretValue0123456789abcdefABCDEF";

describe("T33 a secret is gone", () => {
  it.each([
    ["a Telegram token", `bot 123456789:${S}`],
    ["T78 a Telegram token in its URL", `https://api.telegram.org/bot123456789:${S}/sendMessage`],
    ["a Slack token", `xoxb-1234-${S}`],
    ["a Slack app token", `xapp-1-${S}`],
    ["a Slack webhook", `https://hooks.slack.com/services/T0/B0/${S}`],
    ["an OpenAI key", `sk-proj-${S}`],
    ["a Stripe key", `sk_live_${S}`],
    ["a GitHub token", `ghp_${S}`],
    ["a GitHub PAT", `github_pat_${S}`],
    ["a GitLab token", `glpat-${S}`],
    ["a Google key", `AIza${S.padEnd(35, "x")}`],
    ["an npm token", `npm_${S}`],
    ["a Hugging Face token", `hf_${S}`],
    ["a DigitalOcean token", `dop_v1_${S}`],
    ["a Stripe key that may only read", `rk_live_${S}`],
    ["a GitHub token of an app", `ghs_${S}`],
    ["a passphrase", `passphrase: ${S}`],
    ["a passwd", `passwd=${S}`],
    ["a private key by name", `PRIVATE_KEY=${S}`],
    ["an access key by name", `accessKey=${S}`],
    ["credentials", `credentials=${S}`],
    ["a Grafana token", `glsa_${S}`],
    ["a JWT", `eyJhbGciOiJIUzI1NiJ9.${S}.${S}`],
    ["a bearer header", `Authorization: Bearer ${S}`],
    ["a header in JSON", `{"authorization":"Bearer ${S}"}`],
    ["a lone bearer", `curl -H 'Bearer ${S}'`],
    ["basic auth", `Authorization: Basic ${S}==`],
    ["a Proxmox token", `Authorization: PVEAPIToken=root@pam!x=${S}`],
    ["a password in a URL", `postgres://user:${S}@db/x`],
    ["a password in a URL without a user", `redis://:${S}@cache`],
    ["an environment variable", `DB_PASSWORD=${S}`],
    ["a long name", `${"X_".repeat(60)}TOKEN=${S}`],
    ["JSON", `{"clientSecret": "${S}"}`],
    ["JSON with a quote in it", `{"password":"a\\"${S}"}`],
    ["YAML", `api_key: ${S}`],
    ["single quotes", `secret='${S} and more'`],
    ["a header key", `X-API-Key: ${S}`],
    ["an option", `mysql --password ${S} --host db`],
    ["an option with =", `mysql --db-password=${S}`],
    ["AWS", `AWS_SECRET_ACCESS_KEY=${S}`],
    ["a private key", `-----BEGIN RSA PRIVATE KEY-----\n${S}\n-----END RSA PRIVATE KEY-----`],
    ["a private key that was cut", `-----BEGIN PRIVATE KEY-----\n${S}`],
  ])("%s", (_, text) => {
    const clean = redact(`before ${text} after`);

    expect(clean).not.toContain("s3cretValue");
    expect(clean).toContain("before ");
    expect(clean).toContain("[redacted]");
    expect(redact(clean)).toBe(clean);
  });

  it.each(["AKIAABCDEFGHIJKLMNOP", "ASIAABCDEFGHIJKLMNOP"])("an AWS key id", (id) => {
    expect(redact(id)).toBe("[redacted]");
  });
});

describe("what is no secret stays", () => {
  it.each([
    "basic connectivity check failed",
    "The bearer of this message is well",
    "Basic authentication is turned off",
    "task-manager-with-a-long-name restarted",
    "https://grafana.lan:3000/d/abc?orgId=1",
    "user@example.com wrote at 12:30:00",
    "max_tokens 500, tokens=7, tokenizer: fast",
    '2026-03-01T03:00:00Z level=info msg="out of memory" pid=1234567:5',
    "sha256:9f3a1c22deadbeef",
    "risk-assessment-of-the-kitchen-sink",
  ])("%s", (text) => {
    expect(redact(text)).toBe(text);
  });

  it("so do ordinary words, whatever their order", () => {
    const word = fc.constantFrom(
      "disk",
      "is",
      "full",
      "on",
      "web-01:9100",
      "at",
      "97.3%",
      "/var/log",
      "(node_exporter)",
      "restart",
      "10.0.0.1",
      '{job="x"}',
      "über",
      "❗",
      "rate(http_total[5m])",
    );
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(redact(words.join(" "))).toBe(words.join(" "));
      }),
    );
  });
});

it("T19 takes time in step with the length of what it reads, however it is made", () => {
  const pieces = [
    "a-",
    "a.",
    "-----BEGIN ",
    "password",
    "bearer ",
    "x://",
    "eyJaaaaaaaa.",
    "--a ",
    "1",
    "sk-",
    'token="\\',
    "authorization:",
  ];
  for (const piece of pieces) {
    const text = piece.repeat(Math.ceil(200_000 / piece.length));
    const start = performance.now();
    redact(text);
    expect(performance.now() - start, piece).toBeLessThan(1_500);
  }
});
