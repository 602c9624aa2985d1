import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createPagerDuty } from "../src/chat/pagerduty.ts";
import { redact } from "../src/evidence/redact.ts";
import type { Episode } from "../src/incident/alert.ts";
import type { Incident } from "../src/incident/incident.ts";
import { createOutgoing } from "../src/outgoing.ts";
import { createCatalogue } from "../src/remediation/catalogue.ts";
import type { Telling } from "../src/responder/ports.ts";
import { anAlert } from "./fakes/incidents.ts";
import { startPagerDuty } from "./fakes/pagerduty.ts";
import { startPush } from "./fakes/push.ts";
import { createFolder } from "./store/lab.ts";

const SECRET = "xoxb-1234567890-abcdefghijklmnop";

function anIncident(over: Partial<Incident> = {}): Incident {
  return {
    ...{ id: "inc_1", source: "alertmanager", groupKey: "g", state: "open", title: "HighCPU" },
    ...{ severity: "critical", openedAt: new Date("2026-03-01T03:00:00Z"), acknowledgedBy: null },
    ...{ resolvedAt: null, truncatedAlerts: 0, trust: "key", version: 1 },
    ...over,
  };
}

function aTelling(place: string, event: Telling["event"] = "firing", over: Partial<Episode> = {}) {
  return { place, event, incident: anIncident(), alerts: [{ ...anAlert(), ...over }] };
}

function open(policy: string, pagerDuty: Parameters<typeof createPagerDuty>[0] | null = null) {
  const dir = createFolder();
  writeFileSync(join(dir, "policy.yaml"), policy);
  const catalogue = createCatalogue({
    ...{ dir, dataDir: dir, executors: new Map() },
    adminIds: { telegram: [], slack: [] },
  });
  const logged: object[] = [];
  const tell = createOutgoing({
    ...{ catalogue, redact, publicUrl: "https://c.example" },
    pagerDuty: pagerDuty && createPagerDuty(pagerDuty),
    log: { warn: (fields: object) => void logged.push(fields) },
  });
  return { tell, logged, problems: catalogue.read().problems };
}

describe("a place outside the chats", () => {
  it("is PagerDuty: trigger, acknowledge and resolve under one key", async () => {
    const pagerduty = await startPagerDuty();
    const { tell } = open("{}", pagerduty);

    for (const event of ["firing", "acknowledged", "resolved"] as const) {
      expect(await tell(aTelling("pagerduty", event))).toEqual({ outcome: "accepted" });
    }

    expect(pagerduty.accepted.map((event) => [event.event_action, event.dedup_key])).toEqual([
      ["trigger", "countersign/inc_1"],
      ["acknowledge", "countersign/inc_1"],
      ["resolve", "countersign/inc_1"],
    ]);
    expect(pagerduty.accepted[0]).toMatchObject({
      payload: { summary: expect.stringMatching(/^HighCPU on /), severity: "critical" },
      client_url: "https://c.example/incidents/inc_1",
    });
  });

  it("is ntfy or Apprise by a template", async () => {
    const push = await startPush();
    const { tell, problems } = open(`outgoing:
  phone:
    url: ${push.url}/
    body: {topic: lab, title: '{{icon}} {{title}}', message: '{{text}}', priority: 4, click: '{{link}}'}
  apprise:
    url: ${push.url}/notify/lab
    body: {title: '{{event}}: {{title}}', body: '{{text}} {{link}}', type: warning}
`);
    expect(problems).toEqual([]);
    const hostile = '"},"priority":1,"topic":"other\\n{{link}}';

    const told = [
      await tell(aTelling("phone", "firing", { annotations: { summary: hostile } })),
      await tell(aTelling("apprise")),
    ];

    expect(told).toEqual([{ outcome: "accepted" }, { outcome: "accepted" }]);
    expect(push.received[0]?.body).toMatchObject({
      topic: "lab",
      priority: 4,
      title: expect.stringMatching(/^🔴 HighCPU on /),
      message: expect.stringContaining(hostile),
      click: "https://c.example/incidents/inc_1",
    });
  });

  it("is any address, with the whole incident as JSON and a token from a file", async () => {
    const push = await startPush({ token: "s3cret-token" });
    const tokenFile = join(createFolder(), "token");
    writeFileSync(tokenFile, "s3cret-token\n", { mode: 0o600 });
    const { tell } = open(
      `outgoing: {tickets: {url: '${push.url}/hook', method: PUT, headers: {X-Team: lab}, token_file: ${tokenFile}}}\n`,
    );

    const told = await tell(aTelling("tickets", "resolved"));

    expect(told).toEqual({ outcome: "accepted" });
    expect(push.received).toMatchObject([
      {
        method: "PUT",
        headers: { "x-team": "lab", "content-type": "application/json" },
        body: {
          ...{ version: 1, event: "resolved" },
          incident: { id: "inc_1", link: "https://c.example/incidents/inc_1" },
          alerts: [{ status: "firing" }],
        },
      },
    ]);
  });

  it("T77 is told no secret of a label or an annotation, and the log none of an address", async () => {
    const push = await startPush();
    const { tell, logged } = open(`outgoing:
  hook: {url: '${push.url}/hook'}
  phone: {url: '${push.url}/', body: {topic: lab, message: '{{text}} {{title}}'}}
  gone: {url: '${push.url}/very-secret-path'}
`);
    const secrets = {
      annotations: { summary: `login with ${SECRET}` },
      labels: { instance: SECRET },
    };

    await tell(aTelling("hook", "firing", secrets));
    await tell(aTelling("phone", "firing", secrets));
    await tell(aTelling("gone"));

    expect(push.received).toHaveLength(3);
    expect(JSON.stringify(push.received)).not.toContain(SECRET);
    expect(logged).toMatchObject([{ place: "gone", why: expect.stringContaining("404") }]);
    expect(JSON.stringify(logged)).not.toContain("very-secret-path");
  });

  it("T24 is never an address that an alert or an answer names", async () => {
    const [push, canary] = [await startPush(), await startPush()];
    const { tell } = open(`outgoing: {hook: {url: '${push.url}/hook'}}\n`);
    const labels = { instance: canary.url, url: `${canary.url}/{{link}}`, host: "@evil" };
    const annotations = { summary: canary.url, runbook_url: canary.url };
    push.state.location = `${canary.url}/`;
    push.state.status = 307;

    const told = await tell(
      aTelling("hook", "firing", { labels, annotations, generatorUrl: canary.url }),
    );

    expect(told).toMatchObject({ outcome: "refused" });
    expect([push.received.length, canary.received.length]).toEqual([1, 0]);
  });

  it.each([429, 500, 503])("is to be told again later after %i", async (status) => {
    const push = await startPush();
    push.state.status = status;
    const { tell } = open(`outgoing: {hook: {url: '${push.url}/hook'}}\n`);

    expect(await tell(aTelling("hook"))).toMatchObject({ outcome: "later" });
  });

  it("is to be told again later where it can't be reached, or its token can't be read", async () => {
    const { tell } = open(`outgoing:
  away: {url: 'http://127.0.0.1:9/'}
  locked: {url: 'http://127.0.0.1:9/', token_file: /nowhere/token}
`);

    expect(await tell(aTelling("away"))).toMatchObject({ outcome: "later" });
    expect(await tell(aTelling("locked"))).toMatchObject({ outcome: "later" });
  });

  it("hears of the events it wants, and is refused where nothing is called like it", async () => {
    const push = await startPush();
    const { tell } = open(`outgoing: {hook: {url: '${push.url}/hook', events: [resolved]}}\n`);

    expect(await tell(aTelling("hook", "firing"))).toEqual({ outcome: "accepted" });
    expect(await tell(aTelling("hook", "resolved"))).toEqual({ outcome: "accepted" });
    expect(await tell(aTelling("unheard"))).toMatchObject({ outcome: "refused" });
    expect(push.received.map(({ body }) => body.event)).toEqual(["resolved"]);
  });
});

it.each([
  ["outgoing: {hook: {url: 'http://{{host}}/'}}", "url"],
  ["outgoing: {hook: {url: 'ftp://a.lan/'}}", "url"],
  ["outgoing: {hook: {url: 'http://ana:pw@a.lan/'}}", "url"],
  ["outgoing: {hook: {url: 'http://a.lan/', body: {a: '{{labels.x}}'}}}", "unknown placeholder"],
  ["outgoing: {hook: {url: 'http://a.lan/', headers: {'X-A': \"b\\r\\nEvil: 1\"}}}", "one line"],
  ["outgoing: {telegram: {url: 'http://a.lan/'}}", "name of a channel"],
  ["alerts: {route: [{match: {}, to: [phone]}]}", 'nothing is called "phone"'],
])("a policy with %s says what is wrong", (policy, word) => {
  const { problems } = open(`${policy}\n`);

  expect(problems.map(({ message }) => message).join()).toContain(word);
});
