import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVeil } from "../../src/diagnosis/veil.ts";

const HOSTS = ["web-01", "https://router.lan:8443", "nas:9100", "db", "fd00::12", "k8s_node.2"];
const KNOWN = ["web-01", "router.lan", "nas", "db", "fd00::12", "k8s_node.2"];
const BY_FORM = [
  ...["10.0.0.7", "192.168.1.101", "fe80::1", "2001:db8::ff00:42:8329", "aa:bb:cc:dd:ee:ff"],
  ...["shop.example", "db.internal", "a.b.svc", "mail.firma.de.local"],
];
const JUNK = [
  ...[" ", "\n", ":", "/", "@", '"', "\\", "{", "=", ",", ".", "-", "_", "x", "1", "HOST_"],
  ...["HOST_1", "HOST_2", "host_1", "XHOST_1", "03:12:07", "node_load1", "E1", "://", "instance="],
];

const anyText = fc
  .array(fc.oneof(fc.constantFrom(...KNOWN, ...BY_FORM, ...JUNK), fc.string({ maxLength: 5 })), {
    maxLength: 40,
  })
  .map((parts) => parts.join(""));

describe("the veil between hosts and a model", () => {
  it("T33 gives back letter by letter what it hid, however often", () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 4 }), (texts) => {
        const veil = createVeil(HOSTS);
        const hidden = texts.map(veil.hide);
        expect(hidden.map(veil.lift)).toEqual(texts);
      }),
      { numRuns: 2_000 },
    );
  });

  it("T33 lets no host and no address through that stands as a word", () => {
    const edge = fc.constantFrom(" ", "\n", '"', "'", "(", ")", "=", ",", ";", "[", "]", "/");
    const name = fc.constantFrom(...KNOWN, ...BY_FORM);
    fc.assert(
      fc.property(fc.array(fc.tuple(edge, name, edge), { minLength: 1 }), (words) => {
        const hidden = createVeil(HOSTS).hide(words.flat().join(""));
        for (const [, one] of words) expect(hidden).not.toContain(one);
      }),
      { numRuns: 2_000 },
    );
  });

  it("calls the same the same, and two things differently", () => {
    const { hide } = createVeil(HOSTS);

    const first = hide("web-01 asks nas at 10.0.0.7");
    const second = hide("10.0.0.7, then web-01:9100 and db");

    expect(first).toBe("HOST_1 asks HOST_2 at HOST_3");
    expect(second).toBe("HOST_3, then HOST_1:9100 and HOST_4");
  });

  it.each([
    ["a series' label", 'up{instance="media-7:9100"} 0, media-7 is silent'],
    ["a line of JSON", '{"host":"media-7","text":"media-7 is silent"}'],
    ["a label within JSON", '{"text":"up{node=\\"media-7\\"} 0; media-7"}'],
    ["a URL", "GET https://ana@media-7.firma.xyz:8443/x"],
  ])("learns a host from %s", (_, text) => {
    expect(createVeil([]).hide(text)).not.toContain("media-7");
  });

  it.each([
    "since 03:12:07 and 2026-03-01T03:12:07.000Z",
    "node_load1 9.5 of container web-01-data",
    'config.toml:31: expected "=" after key',
    "E1, O1 and 99.2 %",
    "worker.service failed",
  ])("leaves alone what is none: %s", (text) => {
    expect(createVeil(["web-01", "7", "a b", 'x"y']).hide(text)).toBe(text);
  });
});
