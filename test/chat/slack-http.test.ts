import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Person } from "../../src/approval/approval.ts";
import { createCommands } from "../../src/chat/commands.ts";
import type { Slack } from "../../src/chat/slack.ts";
import { createSlack } from "../../src/chat/slack.ts";
import { createSignatures, isSigned } from "../../src/chat/slack-signature.ts";
import { withoutSecrets } from "../../src/chat/slack-socket.ts";
import type { ChatPorts } from "../fakes/chat-ports.ts";
import { createChatPorts } from "../fakes/chat-ports.ts";
import { aView } from "../fakes/incidents.ts";
import type { FakeSlack } from "../fakes/slack.ts";
import { SIGNING_SECRET, sign, startFakeSlack } from "../fakes/slack.ts";

/** The vector that Slack publishes. */
const PUBLISHED = {
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  timestamp: "1531420618",
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
  body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
};

describe("a signature", () => {
  it("T10 is Slack's by the published example, and by nothing that differs from it", () => {
    const { secret, ...signed } = PUBLISHED;

    expect(isSigned(secret, signed)).toBe(true);
    const wrong = [
      { ...signed, body: signed.body.replace("roadrunner", "roadrunneR") },
      { ...signed, timestamp: "1531420619" },
      { ...signed, signature: signed.signature.replace("v0=", "v1=") },
      { ...signed, signature: signed.signature.slice(0, -1) },
      { ...signed, signature: signed.signature.replace("3", "4") },
      { ...signed, signature: undefined },
      { ...signed, timestamp: undefined },
      { ...signed, timestamp: "1531420618.0" },
    ];
    expect(wrong.map((each) => isSigned(secret, each))).toEqual(wrong.map(() => false));
    expect(isSigned("", { ...signed, signature: sign(signed.body, 1531420618, "") })).toBe(false);
    expect(isSigned("another", signed)).toBe(false);
  });

  it.each([
    [-301, "stale"],
    [-299, "genuine"],
    [299, "genuine"],
    [301, "stale"],
    [86_400, "stale"],
  ])("T11 made %d seconds from now is %s", (seconds, expected) => {
    const now = new Date("2025-10-24T10:35:00Z");
    const timestamp = now.getTime() / 1000 + seconds;
    const authenticate = createSignatures(SIGNING_SECRET, () => now);

    const signature = sign("x", timestamp);
    expect(authenticate({ timestamp: String(timestamp), signature, body: "x" })).toBe(expected);
  });

  it("T11 counts once for as long as it could still be taken", () => {
    let at = Date.parse("2025-10-24T10:35:00Z");
    const authenticate = createSignatures(SIGNING_SECRET, () => new Date(at));
    const timestamp = at / 1000 + 290;
    const signed = {
      timestamp: String(timestamp),
      signature: sign("x", timestamp),
      body: "x",
    };

    const answers = [authenticate(signed), authenticate(signed)];
    at += 589_000;
    answers.push(authenticate(signed));
    at += 60_000;
    answers.push(authenticate(signed));

    expect(answers).toEqual(["genuine", "replayed", "replayed", "stale"]);
  });
});

it("T78 takes tokens and the ticket of a socket out of what the library says", () => {
  const said = "wss://x.slack.com/link/?ticket=ab-12&app_id=A xoxb-1-a xapp-1-b xoxe.xoxp-1";

  expect(withoutSecrets(said)).toBe(
    "wss://x.slack.com/link/?ticket=[removed]&app_id=A [token] [token] xoxe.[token]",
  );
});

describe("what Slack posts", () => {
  let fake: FakeSlack;
  let ports: ChatPorts;
  let slack: Slack;
  let url: string;
  let refused: string[];
  const server = { close: () => undefined as unknown };

  beforeEach(async () => {
    fake = await startFakeSlack();
    ports = createChatPorts();
    refused = [];
    const people: Record<string, Person> = {
      [fake.account("ana")]: { name: "ana", roles: ["viewer", "operator", "approver"] },
    };
    slack = createSlack({
      token: fake.token,
      channel: fake.channel,
      apiUrl: fake.url,
      connection: { kind: "http", signingSecret: SIGNING_SECRET },
      desk: ports.desk,
      registry: createCommands({ desk: ports.desk, publicUrl: "https://c.example" }),
      resolvePerson: (account) => people[account] ?? null,
      useToken: ports.useToken,
      incidentOn: ports.incidentOn,
      publicUrl: "https://c.example",
      log: ports.log,
      observe: ports.observe,
      onForged: (reason) => void refused.push(reason),
      limits: { minGapMs: 0 },
    });
    url = await serve(slack);
    fake.setRequestUrl(url);
  });

  afterEach(async () => {
    server.close();
    await slack.stop();
    await fake.stop();
  });

  /** A port for it, as the program gives it one. */
  async function serve({ handle }: Slack): Promise<string> {
    const http = createServer(async (incoming, outgoing) => {
      const request = new Request("http://127.0.0.1/slack/events", {
        method: "POST",
        headers: incoming.headers as Record<string, string>,
        body: Readable.toWeb(incoming) as ReadableStream,
        duplex: "half",
      } as RequestInit);
      const response = (await handle?.(request)) ?? new Response("", { status: 404 });
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(await response.text());
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    server.close = () => http.close();
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}/slack/events`;
  }

  async function started(): Promise<void> {
    slack.start();
    await fake.waitFor(() => ports.logged.some(({ message }) => message.includes("Slack by HTTP")));
  }

  const disable = () =>
    new URLSearchParams({
      command: "/countersign",
      text: "disable_autohealing",
      team_id: fake.team,
      user_id: fake.user("ana"),
      channel_id: fake.channel,
    }).toString();

  it("hears a mention under a card", async () => {
    const view = aView();
    const [incidentId, ts] = [view.incident.id, "1.000001"];
    const place = { channel: "slack", chat: fake.channel, incidentId } as const;
    ports.put(view);
    await ports.store.cardPosted({ ...place, messageId: ts, version: 1, hash: "", state: "open" });
    await started();

    const ack = await fake.mention("it was the backup", fake.user("ana"), { thread_ts: ts });

    await fake.waitFor(() => ports.notes.length === 1);
    expect([ack?.status, refused]).toEqual([200, []]);
  });

  it("is answered in the same breath", async () => {
    await started();

    const ack = await fake.say("status", fake.user("ana"));

    expect(ack).toMatchObject({ status: 200, body: { response_type: "ephemeral" } });
    expect(await slack.check()).toContain(fake.channel);
  });

  it("is not taken before it is known who the bot is", async () => {
    const ack = await fake.say("disable_autohealing", fake.user("ana"));

    expect(ack.status).toBe(503);
    expect(ports.switched).toEqual([]);
  });

  it("T10 T11 changes nothing when it is forged, old or of tomorrow", async () => {
    await started();
    const now = Math.floor(Date.now() / 1000);

    const answers = [
      await fake.send(disable(), { secret: "0123456789abcdef0123456789abcdef" }),
      await fake.send(disable(), { signature: "" }),
      await fake.send(disable(), { timestamp: now - 400 }),
      await fake.send(disable(), { timestamp: now + 400 }),
      await fake.send(disable(), { timestamp: now + 86_400 }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(refused).toEqual(["forged", "forged", "stale", "stale", "stale"]);
    expect(ports.switched).toEqual([]);
  });

  it("T11 has one effect when it comes twice", async () => {
    await started();
    const timestamp = Math.floor(Date.now() / 1000);

    const answers = await Promise.all([
      fake.send(disable(), { timestamp }),
      fake.send(disable(), { timestamp }),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(ports.switched).toHaveLength(1);
    expect(refused).toEqual(["replayed"]);
  });

  it("T19 is refused when it is larger than anything Slack sends, or no payload at all", async () => {
    await started();
    const json = "application/json";

    const large = await fake.send(`payload=${"x".repeat(1024 * 1024)}`);
    const broken = await fake.send("payload={");
    const list = await fake.send("[1]", { contentType: json });

    expect([large.status, broken.status, list.status]).toEqual([413, 400, 400]);
    expect(refused).toEqual(["too_large", "unreadable", "unreadable"]);
  });

  it("T10 answers the question for its address only to Slack", async () => {
    await started();
    const contentType = "application/json";
    const question = JSON.stringify({ type: "url_verification", challenge: "c" });

    const genuine = await fake.send(question, { contentType });
    const forged = await fake.send(question, { contentType, secret: "0123456789abcdef" });

    expect(await genuine.json()).toEqual({ challenge: "c" });
    expect(forged.status).toBe(401);
  });

  it("ends what is under way before it stops", async () => {
    await started();
    let isDone = false;
    ports.desk.status = async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      isDone = true;
      throw new Error("x");
    };
    const asked = fake.say("status", fake.user("ana"));
    await new Promise((resolve) => setTimeout(resolve, 100));

    await slack.stop();

    expect(isDone).toBe(true);
    expect((await asked).status).toBe(200);
    expect((await fake.say("status", fake.user("ana"))).status).toBe(503);
  });
});
