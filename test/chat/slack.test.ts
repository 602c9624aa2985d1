import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Person } from "../../src/approval/approval.ts";
import { createCommands } from "../../src/chat/commands.ts";
import type { Projector } from "../../src/chat/projector.ts";
import { createProjector } from "../../src/chat/projector.ts";
import type { Slack } from "../../src/chat/slack.ts";
import { createSlack } from "../../src/chat/slack.ts";
import { slackRejection } from "../../src/chat/slack-api.ts";
import type { ChatPorts } from "../fakes/chat-ports.ts";
import { createChatPorts, newToken } from "../fakes/chat-ports.ts";
import { aRequest, aView } from "../fakes/incidents.ts";
import type { FakeSlack, OpenView, SlackFakeMessage } from "../fakes/slack.ts";
import { startFakeSlack, wordsOf } from "../fakes/slack.ts";

let fake: FakeSlack;
let ports: ChatPorts;
let slack: Slack;
let projector: Projector;
let people: Record<string, Person>;
let ana: string;
let eve: string;

beforeEach(async () => {
  fake = await startFakeSlack();
  [ana, eve] = [fake.user("ana"), fake.user("eve")];
  people = {
    [fake.account("ana")]: { name: "ana", roles: ["viewer", "operator", "approver"] },
    [fake.account("ben")]: { name: "ben", roles: ["viewer"] },
    // Whoever looked somebody up by their name would find this.
    [`${fake.team}:ana`]: { name: "ana", roles: ["viewer", "operator", "approver"] },
  };
  ports = createChatPorts();
  ports.rule(({ decision }) => ({
    outcome: decision === "approve" ? "approved" : "rejected",
    request: aRequest(),
  }));
  slack = connect();
  projector = createProjector({
    channel: "slack",
    chat: slack.chat,
    store: ports.store,
    adapter: slack.cards,
    context: async () => ({
      now: new Date("2025-10-24T10:35:00Z"),
      publicUrl: "https://c.example",
      autohealing: true,
    }),
    log: ports.log,
    observe: ports.observe,
    settings: { machineDebounceMs: 50, pollMs: 200, firstBackoffMs: 50 },
  });
});

afterEach(async () => {
  await projector.stop();
  await slack.stop();
  await fake.stop();
});

function connect(over: Partial<Parameters<typeof createSlack>[0]> = {}): Slack {
  return createSlack({
    token: fake.token,
    channel: fake.channel,
    apiUrl: fake.url,
    connection: { kind: "socket", appToken: fake.appToken },
    desk: ports.desk,
    registry: createCommands({ desk: ports.desk, publicUrl: "https://c.example" }),
    resolvePerson: (account) => people[account] ?? null,
    useToken: ports.useToken,
    incidentOn: ports.incidentOn,
    memory: ports.memory,
    publicUrl: "https://c.example",
    log: ports.log,
    observe: ports.observe,
    onForged: () => undefined,
    limits: { minGapMs: 0 },
    settings: { firstBackoffMs: 30, longestBackoffMs: 200 },
    ...over,
  });
}

async function connected(): Promise<void> {
  slack.start();
  await fake.waitFor(() => fake.connections() === 1);
}

async function showCard(over: Parameters<typeof aRequest>[0] = {}): Promise<SlackFakeMessage> {
  ports.put(aView({ requests: [aRequest(over)] }));
  await connected();
  projector.start();
  const card = await fake.waitFor(() => fake.cards()[0]);
  // The store has to know the message too.
  await fake.waitFor(() =>
    [...ports.cards.values()].some(({ messageId }) => messageId === card.ts),
  );
  return card;
}

function changedView(request: ReturnType<typeof aRequest>) {
  const view = aView({ requests: [request] });
  return { ...view, incident: { ...view.incident, version: view.incident.version + 1 } };
}

const whisper = (at = 0) => fake.waitFor(() => fake.whispers[at]);
const refusedFor = (reason: string) => ports.refusals.filter((each) => each.reason === reason);

describe("a card", () => {
  it("shows what is wrong, the exact command and two buttons, and unfurls nothing", async () => {
    const card = await showCard();

    expect(wordsOf(card.blocks)).toContain("9f3a1c22");
    expect(card.text.length).toBeGreaterThan(20);
    expect(fake.buttons(card.blocks).map(({ label, style }) => [label, style])).toEqual([
      [expect.stringContaining("Approve"), "primary"],
      [expect.stringContaining("Reject"), "danger"],
    ]);
    expect(card).toMatchObject({ mentions: [], unfurls: false });
  });

  it("that was deleted by hand is posted once more, and that is all", async () => {
    const card = await showCard();
    fake.deleteByHand(card.ts);
    ports.put(changedView(aRequest({ state: "rejected" })));
    projector.nudge();

    const again = await fake.waitFor(() => fake.cards()[0]);

    expect(again.ts).not.toBe(card.ts);
    expect(fake.calls.find(({ outcome }) => outcome === "message_not_found")).toBeDefined();
  });

  it("whose posting was lost on the way back stands there once", async () => {
    fake.inject({ method: "chat.postMessage", isLost: true });

    await showCard();

    const posts = fake.calls.filter(({ method }) => method === "chat.postMessage");
    expect(posts).toHaveLength(2);
    expect(posts[0]?.args.client_msg_id).toBe(posts[1]?.args.client_msg_id);
    expect(fake.cards()).toHaveLength(1);
  });

  it("whose posting was lost says what is so by the second try", async () => {
    fake.inject({ method: "chat.postMessage", isLost: true });
    await expect(post("as it was")).rejects.toMatchObject({ kind: "unreachable" });

    const ts = await post("as it is");

    expect(fake.cards()).toMatchObject([{ ts, text: expect.stringContaining("as it is") }]);
  });

  it("that was posted before a crash and not stored is found again afterwards, and brought up to date", async () => {
    const before = await post("as it was");
    slack = connect();
    fake.passTime(60_000);
    const later = Date.now() + 60_000;
    vi.spyOn(Date, "now").mockReturnValue(later);

    const after = await post("as it is");

    expect(after).toBe(before);
    expect(fake.cards()).toMatchObject([{ text: expect.stringContaining("as it is") }]);
  });

  it("is another for another incident, and again one where the first was deleted", async () => {
    const first = await post("one");
    const other = await post("two", "inc_bbbbbbbbbbbb");
    fake.deleteByHand(first);
    await expect(post("one")).rejects.toMatchObject({ kind: "unreachable" });

    const again = await post("one");

    expect(new Set([first, other, again]).size).toBe(3);
    expect(fake.cards().map(({ ts, edits }) => [ts, edits])).toEqual([
      [other, 0],
      [again, 0],
    ]);
  });

  async function post(headline: string, incidentId = "inc_aaaaaaaaaaaa"): Promise<string> {
    const card = { incidentId, version: 1, state: "open", sections: [], buttons: [] } as const;
    return await slack.cards.post({ ...card, headline }, {});
  }

  it("of which a copy was left behind decides only where it counts, and the copy loses its buttons", async () => {
    const card = await showCard();
    const { blocks } = card;
    const args = { channel: fake.channel, text: "x", blocks: JSON.stringify(blocks) };
    await fetch(`${fake.url}chat.postMessage`, {
      method: "POST",
      headers: { authorization: `Bearer ${fake.token}` },
      body: new URLSearchParams(args),
    });
    const copy = await fake.waitFor(() => fake.cards()[1]);

    await fake.press(copy, "Approve", ana);

    const retired = await fake.waitFor(() => fake.cards().find(({ edits }) => edits === 1));
    expect(retired).toMatchObject({ ts: copy.ts, blocks: [] });
    expect((await whisper()).text).toContain("This button is old");
    expect(ports.attempts).toEqual([]);
  });

  it("T61 is there as text where Slack refuses its blocks, and then without buttons", async () => {
    fake.inject({ method: "chat.postMessage", error: "invalid_blocks" });

    const card = await showCard();

    expect(card.blocks).toEqual([]);
    expect(card.text).toContain("9f3a1c22");
  });

  it.each([
    ["ratelimited", { retryAfter: 3 }, "paused", 3000],
    ["500", { status: 500 }, "unreachable", 0],
    ["an answer that is lost", { isLost: true }, "unreachable", 0],
    ["channel_not_found", { error: "channel_not_found" }, "refused", 0],
    ["not_in_channel", { error: "not_in_channel" }, "refused", 0],
    ["invalid_auth", { error: "invalid_auth" }, "refused", 0],
    ["message_not_found", { error: "message_not_found" }, "gone", 0],
    ["internal_error", { error: "internal_error" }, "unreachable", 0],
  ])("that meets %s says so in one kind", async (_, injection, kind, retryAfterMs) => {
    fake.inject({ method: "chat.postMessage", ...injection });

    const rejected = await slack.cards.reply("1.1", "x").catch((error: unknown) => error);

    expect(rejected).toMatchObject({ name: "ChatRejected", kind, retryAfterMs });
  });
});

describe("a press", () => {
  it("is taken at once, decides, and is answered to that person alone", async () => {
    const card = await showCard();

    const ack = await fake.press(card, "Approve", ana);

    expect(ack.afterMs).toBeLessThan(1000);
    expect(await whisper()).toMatchObject({ user: ana, text: expect.stringContaining("Approved") });
    expect(ports.attempts).toMatchObject([
      {
        planCode: "9f3a1c22",
        decision: "approve",
        via: "tap",
        channel: "slack",
        person: { name: "ana" },
      },
    ]);
    expect(fake.messages()).toHaveLength(1);
  });

  it("is taken at once even when the decision takes long or fails", async () => {
    const card = await showCard();
    ports.rule(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1200));
      throw new Error("disk full");
    });

    const ack = await fake.press(card, "Approve", ana);

    expect(ack.afterMs).toBeLessThan(1000);
    expect((await whisper()).text).toContain("nothing has changed");
  });

  it("T01 T02 of somebody without a role changes nothing and is told so privately, whatever their name", async () => {
    const card = await showCard();

    await fake.press(card, "Approve", eve, {
      user: { id: eve, username: "ana", name: "ana", team_id: fake.team },
    });

    expect(await whisper()).toMatchObject({
      user: eve,
      text: expect.stringContaining("You have no role here"),
    });
    expect(ports.attempts).toEqual([]);
    expect(refusedFor("unlisted")).toMatchObject([{ accountId: fake.account("eve") }]);
    expect(fake.messages()).toHaveLength(1);
  });

  it.each([
    ["a bot", "bot", { bot_id: "B666" }],
    ["Slackbot", "bot", { user: { id: "USLACKBOT" } }],
    ["our own bot", "bot", { user: { id: "U0COUNTER" } }],
    ["nobody", "anonymous", { user: {} }],
  ])("T03 of %s changes nothing and is counted", async (_, reason, over) => {
    const card = await showCard();

    await fake.press(card, "Approve", ana, over);

    await fake.waitFor(() => refusedFor(reason).length === 1);
    expect(ports.attempts).toEqual([]);
    expect(fake.whispers).toEqual([]);
  });

  it("T04 of the right token in another channel or on another message changes nothing", async () => {
    const card = await showCard();
    const value = fake.buttons(card.blocks)[0]?.value ?? "";
    const elsewhere = { id: fake.elsewhere, name: "elsewhere" };

    await fake.press(card, { value }, ana, { channel: elsewhere });
    await fake.press(card, { value }, ana, { channel: undefined, container: {} });
    await fake.press({ ts: "1.000001" }, { value }, ana);

    await whisper();
    expect(ports.attempts).toEqual([]);
    expect(ports.refusals.map(({ reason }) => reason)).toEqual([
      "other_chat",
      "other_chat",
      "old_button",
    ]);
    expect(fake.calls.filter(({ args }) => args.channel === fake.elsewhere)).toEqual([]);
  });

  it("T05 of an invented, cut or swapped value changes nothing", async () => {
    const card = await showCard();
    const [approve = "", reject = ""] = fake.buttons(card.blocks).map(({ value }) => value);
    const invented = [
      `a:${reject.slice(2)}`,
      `r:${approve.slice(2)}`,
      `c:${approve.slice(2)}`,
      approve.slice(0, -1),
      `${approve}x`,
      approve.toUpperCase(),
      "a:",
      "a:req_1",
      "",
      "a:9f3a1c22",
      "a:' OR 1=1 --",
      ...Array.from({ length: 100 }, () => `a:${newToken()}`),
      ...Array.from({ length: 30 }, () => randomBytes(30).toString("latin1")),
    ].filter((value) => value !== approve && value !== reject);

    for (const value of invented) await fake.press(card, { value }, ana);

    await fake.waitFor(() => refusedFor("unknown_token").length === invented.length);
    expect(ports.attempts).toEqual([]);
    expect(ports.switched).toEqual([]);
  });

  it.each([
    ["another workspace", { team: { id: "T666" } }],
    ["another workspace, in a shared channel", { user: { id: "SAME", team_id: "T666" } }],
    ["an organisation and no workspace", { team: null, is_enterprise_install: true }],
    ["another organisation", { enterprise: { id: "E666" } }],
  ])("T12 from %s changes nothing and gets no answer", async (_, over) => {
    const card = await showCard();
    const mine = { user: { id: ana, team_id: fake.team } };
    const same = "user" in over ? { user: { ...over.user, id: ana } } : {};

    await fake.press(card, "Approve", ana, { ...mine, ...over, ...same });

    await fake.waitFor(() => refusedFor("other_workspace").length === 1);
    expect(ports.attempts).toEqual([]);
    expect(fake.whispers).toEqual([]);
  });

  it("T24 never posts to an address that came with it", async () => {
    const card = await showCard();
    const asked: string[] = [];
    const { createServer } = await import("node:http");
    const canary = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end();
    });
    await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
    const { port } = canary.address() as { port: number };
    const response_url = `http://127.0.0.1:${port}/steal`;

    await fake.press(card, "Approve", ana, { response_url });
    await fake.say("status", ana, { response_url });
    await whisper();
    canary.close();

    expect(asked).toEqual([]);
  });

  it("T66 is answered while the channel has to wait", async () => {
    const card = await showCard();
    fake.inject({ method: "chat.update", retryAfter: 30 });
    ports.put(changedView(aRequest({ state: "approved" })));
    projector.nudge();
    await fake.waitFor(() => fake.calls.some(({ outcome }) => outcome === "429"));

    await fake.press(card, "Reject", ana);

    expect((await whisper()).text).toContain("Rejected");
  });
});

describe("a high risk", () => {
  async function openForm(): Promise<{ card: SlackFakeMessage; form: OpenView }> {
    const card = await showCard({ risk: "high" });
    ports.rule(({ via, reason }) =>
      via === "typed" && reason !== null
        ? { outcome: "approved", request: aRequest({ risk: "high" }) }
        : { outcome: "must_type", request: aRequest({ risk: "high" }), needsReason: true },
    );
    await fake.press(card, "Approve", ana);
    return { card, form: await fake.waitFor(() => fake.views()[0]) };
  }

  it("T07 opens a form in which the plan code and a reason are typed", async () => {
    const { form } = await openForm();
    expect(ports.attempts).toMatchObject([{ via: "tap" }]);

    const typed = { plan_code: "9F3A1C22", reason: "the disk is full" };
    const ack = await fake.submit(form, typed, ana);

    expect(ack.body).toBeNull();
    expect((await whisper()).text).toContain("Approved");
    expect(ports.attempts.at(-1)).toMatchObject({
      planCode: "9f3a1c22",
      reason: "the disk is full",
      via: "typed",
      person: { name: "ana" },
    });
  });

  it("T07 says at the field what is wrong with it, and decides nothing", async () => {
    const { form } = await openForm();

    const wrong = await fake.submit(form, { plan_code: "00000000", reason: "x" }, ana);
    const without = await fake.submit(form, { plan_code: "9f3a1c22", reason: " " }, ana);

    expect(wrong.body).toMatchObject({
      response_action: "errors",
      errors: { plan_code: expect.stringContaining("not the plan code") },
    });
    expect(without.body).toMatchObject({ response_action: "errors" });
    expect(ports.attempts.filter(({ reason }) => reason !== null)).toEqual([]);
    expect(refusedFor("wrong_code")).toHaveLength(1);
  });

  it("T05 takes a form only from whom it was opened for, and only one that it opened", async () => {
    const { form } = await openForm();
    people[fake.account("eve")] = { name: "eve", roles: ["viewer", "approver"] };
    const typed = { plan_code: "9f3a1c22", reason: "x" };
    const before = ports.attempts.length;

    const theirs = await fake.submit(form, typed, eve);
    const forged = { ...form, view: { ...form.view, private_metadata: newToken() } };
    const invented = await fake.submit(forged, typed, ana);
    delete people[fake.account("ana")];
    const removed = await fake.submit(form, typed, ana);

    for (const { body } of [theirs, invented, removed]) {
      expect(body).toMatchObject({ response_action: "errors" });
    }
    expect(ports.attempts).toHaveLength(before);
    expect(refusedFor("unknown_token")).toHaveLength(2);
  });

  it("carries no more than a token out and back", async () => {
    const { form } = await openForm();

    expect(form.view.private_metadata).toMatch(/^[\w-]{22}$/);
  });

  it("says what to send instead where the form came too late", async () => {
    const card = await showCard({ risk: "high" });
    ports.rule(async () => {
      fake.passTime(3500);
      return { outcome: "must_type", request: aRequest({ risk: "high" }), needsReason: true };
    });

    await fake.press(card, "Approve", ana);

    expect(wordsOf((await whisper()).blocks)).toContain("/countersign approve 9f3a1c22");
    expect(fake.calls.at(-2)?.outcome).toBe("expired_trigger_id");
  });
});

describe("an edit", () => {
  const values = { unit: "batch-job", lines: "200" };
  const replaced = () =>
    aRequest({ id: "req_2", planCode: "00c0ffee", requester: "ana", risk: "medium" });

  async function openEdit(): Promise<OpenView> {
    const { proposal } = aRequest();
    const card = await showCard({ proposal: { ...proposal, params: values } });
    await fake.press(card, "Edit", ana);
    return await fake.waitFor(() => fake.views()[0]);
  }

  it("is offered only where the plan has values", async () => {
    const card = await showCard();

    expect(fake.buttons(card.blocks).map(({ label }) => label)).not.toContain(
      expect.stringContaining("Edit"),
    );
  });

  it("opens a form with the plan and its values, and decides nothing", async () => {
    const form = await openEdit();

    const inputs = (form.view.blocks as Record<string, unknown>[]).filter(
      ({ type }) => type === "input",
    );
    expect(inputs.map(({ block_id, element }) => [block_id, element])).toMatchObject([
      ["param.unit", { initial_value: "batch-job" }],
      ["param.lines", { initial_value: "200" }],
    ]);
    expect(wordsOf(form.view.blocks as Record<string, unknown>[])).toContain("9f3a1c22");
    expect(form.view.private_metadata).toMatch(/^[\w-]{22}$/);
    expect([ports.attempts, ports.edits]).toEqual([[], []]);
  });

  it("puts another plan in the place of the one shown, as a request of whoever sent it", async () => {
    const form = await openEdit();
    ports.answers.edit = { outcome: "edited", request: replaced(), isSolo: false };

    const sent = { "param.unit": "batch-job", "param.lines": " 50 " };
    const ack = await fake.submit(form, sent, ana);

    expect(ack.body).toBeNull();
    const { text } = await whisper();
    expect(text).toContain("00c0ffee");
    expect(text).toContain("nobody approves what they edited");
    expect(ports.edits).toMatchObject([
      {
        planCode: "9f3a1c22",
        requestId: "req_1",
        params: { unit: "batch-job", lines: "50" },
        person: { name: "ana" },
        channel: "slack",
      },
    ]);
    expect(ports.attempts).toEqual([]);
  });

  it("says at a field what is wrong with it, and the form stays to be mended", async () => {
    const form = await openEdit();
    const text = "lines must match [0-9]{1,3}";
    ports.answers.edit = { outcome: "refused", reasons: [{ rule: "pattern", text }] };

    const ack = await fake.submit(form, { "param.unit": "a", "param.lines": "1000" }, ana);

    expect(ack.body).toMatchObject({
      response_action: "errors",
      errors: { "param.unit": expect.stringContaining(text) },
    });
    expect(fake.views()).toHaveLength(1);
  });

  it("T01 T05 is taken only from whom the form was opened for, while they have a role", async () => {
    const form = await openEdit();
    people[fake.account("eve")] = { name: "eve", roles: ["viewer", "approver"] };
    const sent = { "param.unit": "a", "param.lines": "1" };

    const theirs = await fake.submit(form, sent, eve);
    const forged = { ...form, view: { ...form.view, private_metadata: newToken() } };
    const invented = await fake.submit(forged, sent, ana);
    delete people[fake.account("ana")];
    const removed = await fake.submit(form, sent, ana);

    for (const { body } of [theirs, invented, removed])
      expect(body).toMatchObject({ response_action: "errors" });
    expect(ports.edits).toEqual([]);
    expect(refusedFor("unknown_token")).toHaveLength(2);
    expect(refusedFor("unlisted")).toHaveLength(1);
  });

  it("T04 T05 opens no form for a token of another message, one cut, or one nobody gave out", async () => {
    const { proposal } = aRequest();
    const card = await showCard({ proposal: { ...proposal, params: values } });
    const value = fake.buttons(card.blocks).find(({ label }) => label.includes("Edit"))?.value;
    const token = value?.slice(2) ?? "";

    await fake.press({ ts: "1.1" }, { value: `e:${token}` }, ana);
    await fake.press(card, { value: `e:${token.slice(1)}` }, ana);
    await fake.press(card, { value: `e:${newToken()}` }, ana);
    await whisper(2);

    expect(fake.views()).toEqual([]);
    expect(fake.calls.filter(({ method }) => method === "views.open")).toEqual([]);
    expect(refusedFor("unknown_token")).toHaveLength(2);
    expect(refusedFor("old_button")).toHaveLength(1);
  });

  it("that is over by the press opens no form and says so", async () => {
    const { proposal } = aRequest();
    const card = await showCard({ proposal: { ...proposal, params: values } });
    ports.put(aView({ requests: [aRequest({ state: "approved" })] }));

    await fake.press(card, "Edit", ana);

    expect((await whisper()).text).toContain("No request has this plan code now");
    expect(fake.views()).toEqual([]);
  });
});

describe("a mention under a card", () => {
  const under = (card: SlackFakeMessage, over: object = {}) => ({ thread_ts: card.ts, ...over });

  it("is a note on its incident, as /note takes it, and is answered there to that person alone", async () => {
    const card = await showCard();

    const words = "it was <@U9|ben>  &amp; the --backup\nsee <https://wiki.example|all is well>";
    const ack = await fake.mention(words, ana, under(card));

    expect(await whisper()).toMatchObject({
      ...{ user: ana, threadTs: card.ts },
      text: expect.stringContaining("📝 Noted on HighCPU"),
    });
    expect(ports.notes).toEqual([
      {
        incidentId: aView().incident.id,
        person: "ana",
        text: "it was @ben & the --backup see https://wiki.example",
      },
    ]);
    expect(ack?.afterMs).toBeLessThan(1000);
  });

  it("that looks like a command, or says nothing, is neither command nor note, and says so", async () => {
    const card = await showCard();

    await fake.mention("/approve 9f3a1c22", ana, under(card));
    await fake.mention("", ana, under(card));

    expect((await whisper(1)).text).toContain("Nothing is noted");
    expect([ports.notes, ports.attempts]).toEqual([[], []]);
  });

  it("T01 by somebody without the role writes nothing, and only they are told", async () => {
    const card = await showCard();

    await fake.mention("all is well", eve, under(card));
    await fake.mention("so it is", fake.user("ben"), under(card));

    await whisper(1);
    expect(ports.notes).toEqual([]);
    expect(ports.refusals.map(({ reason }) => reason)).toEqual(["unlisted", "no_role"]);
    expect(fake.messages()).toHaveLength(1);
  });

  it.each([
    ["T03", "bot", { bot_id: "B666" }],
    ["T03", "bot", { user: "USLACKBOT" }],
    ["T03", "anonymous", { user: undefined }],
    ["T06", "other_chat", { channel: "C0OTHER" }],
    ["T12", "other_workspace", { user_team: "T666" }],
  ])("%s writes nothing and is counted as %s: %j", async (_, reason, over) => {
    const card = await showCard();

    await fake.mention("a note", ana, under(card, over));

    await fake.waitFor(() => refusedFor(reason).length === 1);
    expect([ports.notes, fake.whispers]).toEqual([[], []]);
  });

  it("T03 edited, or under what is no card, is talk", async () => {
    const card = await showCard();

    await fake.mention("a note", ana, under(card, { edited: { user: ana, ts: "1.2" } }));
    await fake.mention("hello", ana);
    await fake.mention("hello", ana, { thread_ts: "1.000001" });
    await fake.mention("a note", ana, under(card));

    await whisper();
    expect([ports.notes.length, ports.refusals, fake.whispers.length]).toEqual([1, [], 1]);
  });

  it("T50 that Slack delivers again, also after a restart, is noted once", async () => {
    const card = await showCard();
    const again = under(card, { ts: "1761301000.000100" });

    await fake.mention("a note", ana, again);
    await whisper();
    await fake.mention("a note", ana, again);
    await slack.stop();
    await fake.waitFor(() => fake.connections() === 0);
    slack = connect();
    await connected();
    await fake.mention("a note", ana, again);
    await fake.mention("another", ana, under(card));

    await whisper(1);
    expect(ports.notes.map(({ text }) => text)).toEqual(["a note", "another"]);
  });
});

describe("what is typed", () => {
  const textOf = ({ body }: { body: unknown }) =>
    String((body as { text?: string } | null)?.text).replaceAll("\u2060", "");

  it("is answered to the person, in Slack's own words", async () => {
    await connected();

    const status = await fake.say("status", ana);
    const help = await fake.say("", ana);
    const slip = await fake.say("/statuss", ana);

    expect(status.body).toMatchObject({ response_type: "ephemeral" });
    expect(textOf(status)).toContain("Open incidents: 0");
    expect(textOf(help)).toContain("/countersign approve");
    expect(textOf(slip)).toContain("/countersign status");
    expect(fake.messages()).toEqual([]);
  });

  it("is answered in the channel where it asks for a report, with its picture in the thread", async () => {
    const { desk } = ports;
    const png = Buffer.from("png");
    slack = connect({
      registry: createCommands({
        ...{ desk, publicUrl: "https://c.example" },
        drawReport: async () => ({ title: "Incidents a day", alt: "12 in a week", png }),
      }),
    });
    await connected();

    const report = await fake.say("report", ana);
    const stats = await fake.say("stats", ana);

    const [file] = await fake.waitFor(() => fake.files().length > 0 && fake.files());
    const [shown] = fake.cards();
    expect(textOf(report)).toBe("It is in the channel, for all to see.");
    expect(shown?.text).toContain("Last 7 d: 12 incidents");
    expect(file).toMatchObject({ threadTs: shown?.ts, alt: "12 in a week", bytes: png });
    expect(textOf(stats)).toContain("Last 7 d: 12 incidents");
    expect(fake.cards()).toHaveLength(1);
  });

  it("shows by whoami what belongs into the policy", async () => {
    await connected();

    expect(textOf(await fake.say("whoami", eve))).toContain(fake.account("eve"));
  });

  it("T01 by somebody without the role changes nothing", async () => {
    await connected();

    const unlisted = await fake.say("approve 9f3a1c22", eve);
    const viewer = await fake.say("enable_autohealing", fake.user("ben"));

    expect(textOf(unlisted)).toContain("You have no role here");
    expect(textOf(viewer)).toContain("This takes the role operator");
    expect(ports.attempts).toEqual([]);
    expect(ports.refusals.map(({ reason }) => reason)).toEqual(["unlisted", "no_role"]);
  });

  it("T06 T12 in another channel or workspace gets no data", async () => {
    await connected();

    const channel = await fake.say("status", ana, { channel_id: fake.elsewhere });
    const workspace = await fake.say("status", ana, { team_id: "T666" });

    expect([textOf(channel), textOf(workspace)]).toEqual(["Not here.", "Not here."]);
    expect(ports.refusals.map(({ reason }) => reason)).toEqual(["other_chat", "other_workspace"]);
  });

  it("turns auto-healing on only by a second press of the same person, once", async () => {
    await connected();
    people[fake.account("eve")] = { name: "eve", roles: ["viewer", "operator"] };
    const { body } = await fake.say("enable_autohealing", ana);
    const [button] = fake.buttons((body as { blocks: Record<string, unknown>[] }).blocks);
    const place = { ts: "5.5", isEphemeral: true };
    const before = ports.switched.length;

    await fake.press(place, { value: button?.value ?? "" }, ana);
    await fake.press(place, { value: button?.value ?? "" }, ana);

    await whisper(1);
    expect(before).toBe(0);
    expect(ports.switched).toMatchObject([{ isOn: true, channel: "slack" }]);
  });

  it("is whispered afterwards where it takes longer than Slack waits", async () => {
    await connected();
    ports.desk.status = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2300));
      return {
        openIncidents: 7,
        pendingRequests: 0,
        autohealing: { isOn: false, offUntil: null },
        problems: [],
      };
    };

    const ack = await fake.say("status", ana);

    expect(ack.afterMs).toBeLessThan(3000);
    expect((await whisper()).text).toContain("Open incidents: 7");
  });
});

describe("a message shortcut", () => {
  it("explains the card, also from its thread", async () => {
    const card = await showCard();

    await fake.shortcut("explain_this", card, ana);
    await fake.shortcut("explain_this", { ts: "9.9", thread_ts: card.ts }, ana);

    expect(wordsOf((await whisper()).blocks)).toContain("9f3a1c22");
    expect((await whisper(1)).user).toBe(ana);
  });

  it("names the command that silences exactly this", async () => {
    const card = await showCard();

    await fake.shortcut("silence_this", card, ana);

    const said = wordsOf((await whisper()).blocks);
    expect(said).toMatch(/\/countersign silence inc_\w+ 2h/);
    expect(said).toMatch(
      /amtool silence add --duration=2h --author='ana' --comment='inc_\w+' 'alertname="/,
    );
  });

  it("T01 tells somebody without a role nothing", async () => {
    const card = await showCard();

    await fake.shortcut("explain_this", card, eve);

    expect((await whisper()).text).toContain("You have no role here");
    expect(refusedFor("unlisted")).toHaveLength(1);
  });
});

describe("the connection", () => {
  it("T67 that another program holds too is named in the log, and a press that reaches that one decides nothing", async () => {
    const theirs = createChatPorts();
    const { desk, useToken, log, observe } = theirs;
    const other = connect({ desk, useToken, log, observe });
    other.start();
    await fake.waitFor(() => fake.connections() === 1);
    const before = theirs.logged.map(({ message }) => message);
    ports.put(aView({ requests: [aRequest()] }));
    slack.start();
    projector.start();
    await fake.waitFor(() => fake.connections() === 2);
    const card = await fake.waitFor(() => fake.cards()[0]);

    await fake.press(card, "Approve", ana);
    const said = (await whisper()).text;
    await other.stop();

    expect(before.join()).not.toContain("Another program");
    expect(ports.logged).toContainEqual({
      level: "warn",
      fields: { channel: "slack", connections: 2 },
      message: expect.stringMatching(/Another program holds this Slack app.*SLACK_APP_TOKEN/),
    });
    expect(said).toContain("not valid here");
    expect([...theirs.attempts, ...ports.attempts]).toEqual([]);
  });

  it("T68 that was away loses no press unseen: Slack refuses it to whoever pressed, and the button counts afterwards", async () => {
    const card = await showCard();
    await slack.stop();
    await fake.waitFor(() => fake.connections() === 0);
    const lost = fake.press(card, "Approve", ana);
    await expect(lost).rejects.toThrow("nobody is connected");
    fake.passTime(3_600_000);

    slack = connect();
    await connected();
    await fake.press(card, "Approve", ana);

    expect((await whisper()).text).toContain("Approved");
    expect(ports.attempts).toHaveLength(1);
  });

  it("is made anew at once when Slack asks for it", async () => {
    await connected();

    fake.refreshConnections();

    await fake.waitFor(() => fake.connectionsMade() === 2 && fake.connections() === 1, 3000);
    expect((await fake.say("status", ana)).status).toBe(200);
  });

  it("comes back after it was cut, and after Slack could not be asked for a while", async () => {
    await connected();
    fake.inject({ method: "apps.connections.open", status: 500, times: 3 });

    fake.dropConnections();

    await fake.waitFor(() => fake.connectionsMade() === 2);
    expect(fake.calls.filter(({ method }) => method === "apps.connections.open")).toHaveLength(5);
    expect(await slack.check()).toContain(fake.channel);
  });

  it("T74 moves as long as Slack is heard, and in vain where it can't be reached", async () => {
    await connected();
    const connectedAt = slack.beats?.() ?? 0;
    const isHeard = () => (slack.beats?.() ?? 0) > connectedAt;
    await expect.poll(isHeard, { timeout: 20_000 }).toBe(true);

    fake.inject({ method: "apps.connections.open", status: 500, times: 1000 });
    fake.dropConnections();
    await fake.waitFor(() => fake.connections() === 0);
    const cutAt = slack.beats?.() ?? 0;

    await expect.poll(() => slack.beats?.() ?? 0, { timeout: 20_000 }).toBeGreaterThan(cutAt + 3);
    expect(connect({ connection: { kind: "http", signingSecret: "s" } }).beats).toBeUndefined();
  }, 60_000);

  it("T74 that is dead, though nobody has closed it, is made anew", async () => {
    await connected();
    fake.freezeConnections();

    await fake.waitFor(() => fake.connectionsMade() === 2, 50_000);

    await expect.poll(() => slack.check(), { timeout: 20_000 }).toContain(fake.channel);
  }, 60_000);

  it("that is down shows in the check", async () => {
    await connected();
    expect(await slack.check()).toBe(`@countersign in Emulate, channel ${fake.channel}`);
    fake.inject({ method: "apps.connections.open", error: "invalid_auth", times: 1000 });

    fake.dropConnections();

    await fake.waitFor(() => ports.logged.some(({ level }) => level === "error"));
    await expect(slack.check()).rejects.toThrow(/SLACK_APP_TOKEN is not accepted/);
  });

  it("ends when it is told to, and takes nothing in afterwards", async () => {
    await connected();

    await slack.stop();

    await fake.waitFor(() => fake.connections() === 0);
    await expect(fake.say("status", ana)).rejects.toThrow("nobody is connected");
  });

  it("T78 names the setting and the way out for a wrong token, and never the token", async () => {
    const wrong = connect({ token: "xoxb-not-the-right-one" });
    wrong.start();
    await fake.waitFor(() => ports.logged.length > 0);

    await expect(wrong.check()).rejects.toThrow(/SLACK_BOT_TOKEN is not accepted.*OAuth/);
    await wrong.stop();
    expect(JSON.stringify(ports.logged)).not.toContain("not-the-right-one");
  });

  it("T78 keeps the tokens out of what a broken network says", async () => {
    const nowhere = connect({ apiUrl: "http://127.0.0.1:1/api/" });
    nowhere.start();
    const failure = await nowhere.check().catch((error: unknown) => error);
    const posted = await nowhere.cards.reply("1", "x").catch((error: unknown) => error);
    await nowhere.stop();

    for (const error of [failure, posted]) {
      expect(error).toBeInstanceOf(Error);
      const whole = `${(error as Error).stack} ${JSON.stringify(error)} ${JSON.stringify(ports.logged)}`;
      expect(whole).not.toContain(fake.token);
      expect(whole).not.toContain(fake.appToken);
    }
  });

  it("T78 tells an error that holds the request in our own words", () => {
    const headers = { authorization: `Bearer ${fake.token}` };
    for (const error of [
      Object.assign(new Error(`connect ${fake.token}`), { original: { config: { headers } } }),
      Object.assign(new Error("x"), { statusCode: 502, body: fake.token, headers }),
      Object.assign(new Error(fake.token), { retryAfter: 3, headers }),
      Object.assign(new Error(fake.token), { data: { error: "invalid_auth", token: fake.token } }),
    ]) {
      const told = slackRejection(error);
      expect(`${told.stack} ${JSON.stringify(told)} ${told.cause}`).not.toContain(fake.token);
    }
  });

  it("says when the app is not in the channel, and when others read along", async () => {
    fake.shareChannel();
    expect(await slack.check()).toContain("shared with another workspace");
    fake.removeFromChannel();
    await expect(slack.check()).rejects.toThrow(/not in SLACK_CHANNEL=.*\/invite/);
  });
});
