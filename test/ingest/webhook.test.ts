import { describe, expect, it } from "vitest";
import { aBody, startReceiver } from "./receiver.ts";

const incident = expect.stringMatching(/^inc_[0-9a-f]{12}$/);

describe("a webhook", () => {
  it("is answered with what became of it, on both paths", async () => {
    const { post } = await startReceiver();

    const first = await post(aBody());
    const second = await post(aBody(), {}, "/prometheus/webhook");
    const end = await post(aBody({}, { status: "resolved", endsAt: "2026-03-01T03:10:00Z" }));

    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      status: "accepted",
      received: 1,
      new: 1,
      updated: 0,
      deduplicated: 0,
      incidents: [incident],
    });
    expect(second.body).toEqual({ ...first.body, new: 0, deduplicated: 1 });
    expect(end.body).toEqual({ ...first.body, new: 0, updated: 1 });
  });

  it("P10 is on disk when it is answered", async () => {
    const { post, count } = await startReceiver();

    const { status } = await post(aBody());

    expect([status, count("alerts")]).toEqual([200, 1]);
  });

  it.each<[string, string, string]>([
    ["no JSON", "{", "the body is not JSON"],
    ["a list", "[]", "body: "],
    ["nothing", "", "the body is not JSON"],
    ["no alerts", '{"version":"4"}', "alerts: "],
    [
      "another version",
      aBody({ version: "1" }),
      'version: this endpoint takes Alertmanager\'s webhook version "4", not "1"',
    ],
    [
      "a label that is no text",
      aBody({}, { labels: { severity: 3 } }),
      "alerts[0].labels.severity: ",
    ],
    ["an alert without labels", aBody({}, { labels: null }), "alerts[0].labels: "],
    [
      "a wrong time",
      aBody({}, { startsAt: "yesterday" }),
      "alerts[0].startsAt: must be a time such as",
    ],
    ["a wrong status", aBody({}, { status: "burning" }), "alerts[0].status: "],
    [
      "more alerts than anybody has",
      JSON.stringify({ alerts: Array.from({ length: 20_001 }, () => ({ labels: {} })) }),
      "alerts: must be at most 20000",
    ],
    ["a wrong count", aBody({ truncatedAlerts: -1 }), "truncatedAlerts: "],
  ])("T22 with %s is 400 and says where", async (_, body, error) => {
    const { post, count, refusals } = await startReceiver();

    const answer = await post(body);

    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(error);
    expect(count("alerts")).toBe(0);
    expect(refusals).toEqual(["body"]);
  });

  it("T19 nested a million deep is 400, says where, and leaves the others alone", async () => {
    const { post } = await startReceiver();
    const deep = `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`;

    const [bad, good] = await Promise.all([
      post(aBody().replace('"truncatedAlerts":0', `"truncatedAlerts":0,"deep":${deep}`)),
      post(aBody()),
    ]);

    expect(bad.status).toBe(400);
    expect(bad.body.error).toMatch(/^deep\[0\]\[0\].*: nests deeper than 32 levels$/);
    expect(good.status).toBe(200);
  });

  it.each([
    ["with a length", (text: string) => text],
    ["in chunks", (text: string) => [text.slice(0, 1000), text.slice(1000)]],
  ])("T19 over 4 MiB %s is 413", async (_, send) => {
    const { post, refusals } = await startReceiver();

    const answer = await post(send(aBody({ padding: "x".repeat(4 * 1024 * 1024) })));

    expect(answer.status).toBe(413);
    expect(answer.body.error).toContain("max_alerts");
    expect(refusals).toEqual(["size"]);
  });

  it("in chunks is read like any other", async () => {
    const { post } = await startReceiver();
    const text = aBody();

    expect((await post([text.slice(0, 10), text.slice(10)])).body).toMatchObject({ new: 1 });
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])(
    "of the type %j is 415",
    async (type) => {
      const { post } = await startReceiver();

      expect((await post(aBody(), { "content-type": type })).status).toBe(415);
    },
  );

  it.each(["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.x+json"])(
    "of the type %s is read",
    async (type) => {
      const { post } = await startReceiver();

      expect((await post(aBody(), { "content-type": type })).status).toBe(200);
    },
  );

  it("P12 T22 that can't be stored is 503 with the time to come again, and is stored then", async () => {
    const lab = await startReceiver();
    lab.raw.exec(
      "CREATE TRIGGER full BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    const during = await lab.post(aBody());
    lab.raw.exec("DROP TRIGGER full");
    const after = await lab.post(aBody());

    expect(during.status).toBe(503);
    expect(Number(during.headers["retry-after"])).toBeGreaterThan(0);
    expect(after.body).toMatchObject({ new: 1 });
  });

  it("T22 that finds too many waiting is 503, and nothing is lost of those that waited", async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const lab = await startReceiver();
    const slow = await startReceiver({
      maxWaiting: 2,
      accept: async (groups) => {
        await gate;
        return await lab.store.intake.accept(groups);
      },
    });
    const sent = Array.from({ length: 8 }, (_, i) =>
      slow.post(aBody({}, { fingerprint: `f${i}` })),
    );
    setTimeout(release, 200);
    const statuses = (await Promise.all(sent)).map(({ status }) => status);

    expect(statuses).toContain(503);
    expect(lab.count("alerts")).toBe(statuses.filter((status) => status === 200).length);
  });

  it("for a Host that is not ours is 421", async () => {
    const { post } = await startReceiver();
    const hosts = [
      "evil.example",
      "localhost",
      "countersign.lan:80",
      "COUNTERSIGN.LAN",
      "[::1]:9095",
      "127.0.0.1.evil.example",
    ];

    const answers = await Promise.all(hosts.map((host) => post(aBody(), { host })));

    expect(answers.map(({ status }) => status)).toEqual([421, 200, 200, 200, 200, 421]);
    expect(answers[0]?.body.error).toContain("COUNTERSIGN_PUBLIC_URL");
  });
});

describe("a key", () => {
  it.each<[string, Record<string, string>, number]>([
    ["none", {}, 401],
    ["a wrong one", { "x-api-key": "new-key-x" }, 401],
    ["an empty one", { "x-api-key": "" }, 401],
    ["both glued together", { "x-api-key": "new-key,old-key" }, 401],
    ["the new one", { "x-api-key": "new-key" }, 200],
    ["the old one", { "x-api-key": "old-key" }, 200],
    ["the new one as bearer", { authorization: "Bearer new-key" }, 200],
    ["in small letters", { authorization: "bearer old-key" }, 200],
    ["as basic", { authorization: "Basic new-key" }, 401],
    [
      "the right one beside a proxy's own",
      { "x-api-key": "proxy", authorization: "Bearer new-key" },
      200,
    ],
  ])("T15 T16 during a rotation: %s", async (_, headers, status) => {
    const { post, count } = await startReceiver({ keys: ["new-key", "old-key"] });

    const answer = await post(aBody(), headers);

    expect(answer.status).toBe(status);
    expect(count("alerts")).toBe(status === 200 ? 1 : 0);
    expect(JSON.stringify(answer.body)).not.toMatch(/new-key|old-key/);
  });

  it("is asked for before the body is looked at", async () => {
    const { post } = await startReceiver({ keys: ["new-key"] });

    expect((await post("{", { "content-type": "text/plain" })).status).toBe(401);
  });
});

describe("T16 how far a sender is believed", () => {
  it.each<[string, Record<string, string>, string]>([
    ["from this machine", {}, "loopback"],
    ["by its name", { host: "localhost:9095" }, "loopback"],
    ["through another name of ours", { host: "countersign.lan" }, "none"],
    ...[
      "Forwarded",
      "Via",
      "X-Forwarded-For",
      "X-Forwarded-Host",
      "X-Forwarded-Proto",
      "X-Forwarded-Server",
      "X-Real-IP",
      "CF-Connecting-IP",
    ].map((name): [string, Record<string, string>, string] => [
      `through a proxy that says ${name}`,
      { [name]: "127.0.0.1" },
      "none",
    ]),
  ])("without a key, %s", async (_, headers, trust) => {
    const { post, raw } = await startReceiver();

    await post(aBody(), headers);

    expect(raw.prepare("SELECT trust FROM incidents").pluck().all()).toEqual([trust]);
  });

  it("with a key, also behind a proxy", async () => {
    const { post, raw } = await startReceiver({ keys: ["k"] });

    await post(aBody(), { "x-api-key": "k", "x-forwarded-for": "10.0.0.1" });

    expect(raw.prepare("SELECT trust FROM incidents").pluck().all()).toEqual(["key"]);
  });
});

describe("a body of another make", () => {
  it("keeps the keys that nobody knows, whatever they are called", async () => {
    const { post, raw } = await startReceiver();
    const alert = { extra: { a: [1] }, constructor: "c", toString: "t" };

    await post(aBody({ orgId: 1, notification_reason: "x", hasOwnProperty: 2 }, alert));

    expect(JSON.parse(raw.prepare("SELECT extra FROM alerts").pluck().get() as string)).toEqual(
      alert,
    );
    expect(JSON.parse(raw.prepare("SELECT extra FROM incidents").pluck().get() as string)).toEqual({
      orgId: 1,
      notification_reason: "x",
      hasOwnProperty: 2,
    });
  });

  it("T19 leaves every prototype as it was", async () => {
    const { post } = await startReceiver();
    const evil = '"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}';
    const alert = `{"labels":{"alertname":"A","__proto__":"x"},"annotations":{"__proto__":"x"},${evil}}`;

    const { status } = await post(`{"alerts":[${alert}],${evil}}`);

    expect(status).toBe(200);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["no version", { version: undefined }, {}],
    ["no fingerprint", {}, { fingerprint: undefined }],
    ["an empty fingerprint", {}, { fingerprint: "" }],
    ["no startsAt", {}, { startsAt: undefined }],
    ["no groupKey", { groupKey: undefined }, {}],
    [
      "null for everything that may be missing",
      {
        version: null,
        groupKey: null,
        truncatedAlerts: null,
        groupLabels: null,
        externalURL: null,
      },
      { annotations: null, endsAt: null, generatorURL: null, fingerprint: null, startsAt: null },
    ],
    ["no status of its own", {}, { status: undefined }],
    ["a time with an offset", {}, { startsAt: "2026-03-01T04:59:00.5+02:00" }],
  ])("is taken with %s, and deduplicated the second time", async (_, over, alert) => {
    const { post, pass } = await startReceiver();

    const first = await post(aBody(over, alert));
    pass(1000);
    const second = await post(aBody(over, alert));

    expect(first.body).toMatchObject({ received: 1, new: 1 });
    expect(second.body).toMatchObject({ deduplicated: 1, incidents: first.body.incidents });
  });

  it("of ten thousand alerts is stored without stopping the others for long", async () => {
    const { post, count } = await startReceiver();
    const alerts = Array.from({ length: 10_000 }, (_, i) => ({
      labels: { alertname: "Storm", n: String(i) },
    }));

    const { body } = await post(JSON.stringify({ groupKey: "storm", alerts }));

    expect(body).toMatchObject({ received: 10_000, new: 10_000 });
    expect(body.incidents).toHaveLength(1);
    expect(count("alerts")).toBe(10_000);
  });
});
