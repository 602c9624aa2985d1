import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Channel, Person } from "../../src/approval/approval.ts";
import { createCommands } from "../../src/chat/commands.ts";
import type { Slack } from "../../src/chat/slack.ts";
import { createSlack } from "../../src/chat/slack.ts";
import type { Telegram } from "../../src/chat/telegram.ts";
import { createTelegram } from "../../src/chat/telegram.ts";
import type { RunCommand } from "../../src/console/ports.ts";
import { consoleCommands } from "../../src/console-commands.ts";
import type { ChatPorts } from "../fakes/chat-ports.ts";
import { createChatPorts } from "../fakes/chat-ports.ts";
import { aRequest, aView, NOW } from "../fakes/incidents.ts";
import type { FakeSlack } from "../fakes/slack.ts";
import { startFakeSlack, wordsOf } from "../fakes/slack.ts";
import type { FakeTelegram } from "../fakes/telegram.ts";
import { startFakeTelegram } from "../fakes/telegram.ts";

const GROUP = -100;
const ANA: Person = { name: "ana", roles: ["viewer", "operator", "approver"] };
const BEN: Person = { name: "ben", roles: ["viewer", "operator", "approver"] };
const CHANNELS = ["telegram", "slack", "console"] as const;
const CODE = "9f3a1c22";
const publicUrl = "https://c.example";

let telegramFake: FakeTelegram;
let slackFake: FakeSlack;
let ports: ChatPorts;
let telegram: Telegram;
let slack: Slack;
let runCommand: RunCommand;
let names: string[];
let clock = NOW;

beforeAll(async () => {
  telegramFake = await startFakeTelegram({ chats: [{ id: GROUP }] });
  slackFake = await startFakeSlack();
  ports = createChatPorts();
  ports.put(aView({ requests: [aRequest()] }));
  ports.put(aView({}, { id: "inc_1a2b99999999" }));
  ports.rule(({ planCode, decision }) =>
    planCode === CODE
      ? { outcome: decision === "approve" ? "approved" : "rejected", request: aRequest() }
      : { outcome: "not_found" },
  );
  const now = () => clock;
  const { desk, useToken, log, observe } = ports;
  const registry = createCommands({ desk, publicUrl });
  names = registry.list.map(({ name }) => name);
  const common = {
    desk,
    registry,
    useToken,
    log,
    observe,
    incidentOn: ports.incidentOn,
    now,
    limits: { minGapMs: 0, sendsPerMinute: 1000 },
  };
  telegram = createTelegram({
    ...common,
    token: telegramFake.token,
    chatId: String(GROUP),
    apiRoot: telegramFake.url,
    resolvePerson: (id) => (id === "7" ? ANA : BEN),
  });
  slack = createSlack({
    ...common,
    token: slackFake.token,
    channel: slackFake.channel,
    apiUrl: slackFake.url,
    connection: { kind: "socket", appToken: slackFake.appToken },
    resolvePerson: (account) => (account === slackFake.account("ana") ? ANA : BEN),
    publicUrl,
    onForged: () => undefined,
  });
  runCommand = consoleCommands({ desk, registry, useToken, now });
  telegram.start();
  slack.start();
  await slackFake.waitFor(() => slackFake.connections() === 1);
});

afterAll(async () => {
  await telegram.stop();
  await slack.stop();
  await telegramFake.stop();
  await slackFake.stop();
});

interface Answer {
  readonly text: string;
  /** Presses its first button, and says what came of that. */
  press(by?: "ana" | "ben"): Promise<string>;
}

const plain = (text: string) => text.replaceAll("\u2060", "").replaceAll("`", "").trim();

/** Types it there as a person does, and takes the answer as a person gets it. */
const say: Record<Channel, (text: string) => Promise<Answer>> = {
  async telegram(text) {
    const id = telegramFake.pushMessage({ id: 7 }, GROUP, `/${text}`);
    const reply = await telegramFake.waitFor(() =>
      telegramFake.messages(GROUP).find(({ replyTo }) => replyTo === id),
    );
    return {
      text: plain(reply.text),
      async press(by = "ana") {
        const before = telegramFake.answers.length;
        const data = reply.buttons[0]?.callback_data ?? "";
        telegramFake.press(reply.messageId, { data }, { id: by === "ana" ? 7 : 8 });
        return (await telegramFake.waitFor(() => telegramFake.answers[before])).text ?? "";
      },
    };
  },
  async slack(text) {
    const { body } = await slackFake.say(text, slackFake.user("ana"));
    const { blocks } = body as { blocks: Record<string, unknown>[] };
    const keyboard = blocks.filter(({ type }) => type === "actions");
    const words = wordsOf(blocks.filter(({ type }) => type !== "actions"));
    return {
      text: plain(words),
      async press(by = "ana") {
        const before = slackFake.whispers.length;
        const value = slackFake.buttons(keyboard)[0]?.value ?? "";
        await slackFake.press({ ts: "5.5", isEphemeral: true }, { value }, slackFake.user(by));
        const whisper = await slackFake.waitFor(() => slackFake.whispers[before]);
        return plain(wordsOf(whisper.blocks));
      },
    };
  },
  async console(text) {
    const { text: said, buttons = [] } = await runCommand(text, { person: ANA, way: "link" });
    return {
      text: plain(said),
      press: async (by = "ana") =>
        plain((await runCommand(buttons[0]?.value ?? "", sessionOf(by))).text),
    };
  },
};

function sessionOf(name: "ana" | "ben") {
  return { person: name === "ana" ? ANA : BEN, way: "link" } as const;
}

/** Every command, as it is typed, and what its answer has in every channel. */
const COMMANDS: readonly [typed: string, answer: RegExp][] = [
  ["start", /disable_autohealing \[duration\]/],
  ["help", /approve <plan code> \[reason\] let it run/],
  ["whoami", /Person: ana\nRoles: viewer, operator, approver/],
  ["sign_in", /No sign-in links by chat: COUNTERSIGN_CHAT_SIGN_IN=on allows them/],
  ["status", /Open incidents: 2.*☎️ On call: ben until/s],
  ["handover", /🤝 Handover: 2 open, 1 to approve.*ana goes off call, ben is on call until/s],
  ["handover", /HighCPU, ana has it, for 3 h.*DiskFull, nobody has it/s],
  ["oncall", /☎️ On call: ben until .*\nFrom .* UTC: ana/],
  ["health", /Health: ok/],
  ["alerts", /No alert is firing/],
  ["incident 1a2b3", /Action Approval Required: HighCPU/],
  ["incident 1a2b", /Several incidents begin like this/],
  ["history", /25 incidents, page 1 of 3.*Next: \/history --page 2/s],
  ["cost", /No model is set \(LLM_PROVIDER\): nothing is spent/],
  ["pending", new RegExp(`1 request waiting:\n${CODE} MEDIUM`)],
  [`approve ${CODE} looks right`, /✅ Approved: .* on web-01 \(9f3a1c22\)/],
  [`reject ${CODE}`, /❌ Rejected: .* will not run/],
  ["approve 00000000", /No request has this plan code now\. \/pending lists/],
  ["reject 00000000 no", /No request has this plan code now\. \/pending lists/],
  ["edit 00000000 a=b", /No request has this plan code now\. \/pending lists/],
  ["approve", /The plan code is missing\.\nUsage: \/approve <plan code>/],
  ["approve 9f3a", /8 digits.*Usage: \/approve <plan code>/s],
  ["enable_autohealing", /With auto-healing on, 1 action would run.*within 60 seconds/s],
  ["disable_autohealing 2h", /Auto-healing is off/],
  ["runbooks", /2 runbooks\ncontainer-down/],
  ["runbook container", /Ran 9 times/],
  ["runbook nothing", /\/runbooks lists them/],
  ["ack nothing", /\/alerts lists what fires/],
  ["maintenance mail 2h", /Its targets: nginx/],
  ["ack inc_1a2b9", /👀/],
  ["note inc_1a2b9 the disk was swapped", /📝 Noted on/],
  ["note inc_1a2b9", /Name an incident and what is to be noted/],
  ["maintenance nginx off", /nginx/],
  ["run container-down", /Not asked for/],
  ["silence inc_1a2b9 2h", /until/],
  ["unsilence inc_1a2b9", /silence/i],
  ["undo exe_1", /Not asked for/],
  ["grants", /🤝 container-down restart nginx unasked since.*\/revoke <runbook>.*🙋.*3 of 10.*💡/s],
  ["revoke container-down restart nginx", /restart of container-down asks again on nginx/],
  ["revoke container-down restart db", /no leave to run unasked on db\. \/grants lists/],
  ["revoke container-down", /Name the runbook, the action and the target/],
  ["audit", /✅ The record is whole: 2 entries.*Head: 2:abab/s],
  ["stats 7d", /📊 Last 7 d: 12 incidents, 7 fixed/],
  ["stats soon", /a duration looks like.*Usage: \/stats \[7d\]/is],
  ["report", /12 \(9\) came, 11 \(9\) are over, 1 \(0\) still open/],
  ["report day", /HighCPU: 6 \(2\)/],
  ["report year", /Name day, week or month/],
  ["enable_reports", /Reports are on, week at 0 8 \* \* 1 /],
  ["disable_reports", /Reports are off/],
  ["statusx", /There is no command statusx\. Did you mean \/status\?/],
  ["xyzzyxyzzy", /\/help lists the commands/],
];

it("the table below has every command", () => {
  const typed = new Set(COMMANDS.map(([text]) => text.split(" ")[0]));
  expect(names.filter((name) => !typed.has(name))).toEqual([]);
});

describe.each(CHANNELS)("in %s", (channel) => {
  it.each(COMMANDS)(
    "%s is answered, with commands as they are typed there",
    async (typed, answer) => {
      const { text } = await say[channel](typed);

      const named = text.match(new RegExp(`(?<![\\w/])/(?:${names.join("|")})\\b`, "g")) ?? [];
      const slashed = text.match(/\/countersign \w+/g) ?? [];
      if (channel === "slack") expect(named).toEqual([]);
      else expect(slashed).toEqual([]);
      expect(text.replaceAll("/countersign ", "/")).toMatch(answer);
    },
  );

  it("a decision says who made it, where and why", async () => {
    const before = ports.attempts.length;

    await say[channel](`approve ${CODE} looks right`);
    await say[channel](`reject ${CODE}`);

    const typed = { planCode: CODE, requestId: null, via: "typed", channel };
    expect(ports.attempts.slice(before)).toMatchObject([
      { ...typed, decision: "approve", reason: "looks right", person: { name: "ana" } },
      { ...typed, decision: "reject", reason: null, person: { name: "ana" } },
    ]);
  });

  it("auto-healing is turned on by the same person's press within 60 s, once", async () => {
    const [first, late] = [
      await say[channel]("enable_autohealing"),
      await say[channel]("enable_autohealing"),
    ];
    const before = ports.switched.length;

    clock = new Date(NOW.getTime() + 59_999);
    const byBen = await first.press("ben");
    const untilThen = ports.switched.length;
    const byAna = await first.press();
    const again = await first.press();
    clock = new Date(NOW.getTime() + 60_000);
    const tooLate = await late.press();
    clock = NOW;

    expect(byBen).toContain("Only the person who asked");
    expect(untilThen).toBe(before);
    expect(byAna).toContain("Auto-healing is on");
    expect(again).toContain("not valid here or any more");
    expect(tooLate).toContain("Too late");
    expect(ports.switched.slice(before)).toMatchObject([{ isOn: true, channel }]);
  });
});
