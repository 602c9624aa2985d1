import { beforeEach, describe, expect, it } from "vitest";
import type { Role } from "../../src/approval/approval.ts";
import { parseCommand } from "../../src/chat/command.ts";
import { createCommands } from "../../src/chat/commands.ts";
import { createPresses } from "../../src/chat/press.ts";
import type { ChatPorts } from "../fakes/chat-ports.ts";
import { createChatPorts } from "../fakes/chat-ports.ts";
import { aRequest, aSilence, aView, NOW } from "../fakes/incidents.ts";

let ports: ChatPorts;
beforeEach(() => {
  ports = createChatPorts();
});

function say(text: string, roles: readonly Role[] = ["viewer", "operator", "approver"]) {
  const { handle } = createCommands({ desk: ports.desk, publicUrl: "https://c.example" });
  return handle(
    {
      person: roles.length > 0 ? { name: "ana", roles } : null,
      roles,
      channel: "telegram",
      chatId: "-100",
      accountId: "7",
      now: NOW,
    },
    text,
    { botName: "fake_bot" },
  );
}

describe("what is typed", () => {
  it.each([
    ["/status", "status", [], {}],
    ["status", "status", [], {}],
    ["/Status@Fake_Bot", "status", [], {}],
    ["/history disk full --since 7d", "history", ["disk", "full"], { since: "7d" }],
    ["/history —since=7d disk", "history", ["disk"], { since: "7d" }],
    ["/disable_autohealing --all 2h", "disable_autohealing", ["2h"], { all: true }],
    ["/\u2060approve 9f3a1c22", "approve", ["9f3a1c22"], {}],
  ])("%s is taken apart", (text, name, words, flags) => {
    expect(parseCommand(text, "fake_bot")).toEqual({ name, args: { words, flags } });
  });

  it("is left alone when it is meant for another bot", async () => {
    expect(await say("/status@other_bot")).toBeNull();
  });

  it("gets the nearest command for a typo", async () => {
    expect((await say("/statusx"))?.text).toContain("Did you mean `/status`?");
    expect((await say("/xyzzyxyzzy"))?.text).toContain("`/help` lists the commands");
  });

  it("gets the usage when it does not fit", async () => {
    expect((await say("/approve 9f3a"))?.text).toMatch(/8 digits.*\nUsage: `\/approve <plan code>/);
    expect((await say("/approve"))?.text).toContain("The plan code is missing.");
    expect((await say("/disable_autohealing soon"))?.text).toContain("30m, 2h or 7d");
    expect(ports.switched).toEqual([]);
  });
});

describe("roles", () => {
  it("let anyone ask for help and for the id to put into the policy", async () => {
    expect((await say("/whoami", []))?.text).toContain("Your telegram id: `7`");
    expect((await say("/help", []))?.text).toContain("/enable_autohealing");
    expect((await say("/start", []))?.text).toContain("/pending");
  });

  it("T01 are needed for everything else, and the refusal is private", async () => {
    for (const text of ["/status", "/pending", "/approve 9f3a1c22", "/disable_autohealing", "/x"])
      expect(await say(text, [])).toMatchObject({ isPrivate: true });
    expect(await say("/enable_autohealing", ["viewer", "approver"])).toMatchObject({
      isPrivate: true,
    });
    expect(ports.attempts).toEqual([]);
    expect(ports.switched).toEqual([]);
  });

  it("any role implies viewer, and may stop auto-healing", async () => {
    expect((await say("/status", ["admin"]))?.text).toContain("Open incidents");
    await say("/disable_autohealing 2h --all", ["approver"]);
    expect(ports.switched).toMatchObject([{ isOn: false, forMs: 7_200_000, all: true }]);
  });
});

it("decides by the full plan code, with the reason", async () => {
  ports.rule(() => ({ outcome: "approved", request: aRequest() }));

  const reply = await say("/approve 9F3A1C22 disk is full");

  expect(reply?.text).toContain("✅ Approved");
  expect(ports.attempts).toMatchObject([
    { planCode: "9f3a1c22", decision: "approve", via: "typed", reason: "disk is full" },
  ]);
});

it("disables auto-healing at once and without an end unless one is given", async () => {
  expect((await say("/disable_autohealing"))?.text).toContain("Auto-healing is off");
  expect(ports.switched).toMatchObject([{ isOn: false, forMs: null, all: false }]);
});

describe("enabling auto-healing", () => {
  const confirm = async (name: string, roles: readonly Role[], now = NOW) => {
    const reply = await say("/enable_autohealing");
    const { press } = createPresses(ports);
    return press({
      data: `c:${reply?.buttons?.[0]?.token}`,
      channel: "telegram",
      chat: "-100",
      messageId: "1",
      person: { name, roles },
      now,
    });
  };

  it("lists what would run unasked and changes nothing yet", async () => {
    const reply = await say("/enable_autohealing");

    expect(reply?.text).toContain("container-down / restart: Restart the container (on all)");
    expect(reply?.buttons).toMatchObject([{ verb: "confirm", style: "danger" }]);
    expect(ports.switched).toEqual([]);
  });

  it("takes the same person's confirmation", async () => {
    await confirm("ana", ["operator"]);

    expect(ports.switched).toMatchObject([{ isOn: true }]);
  });

  it("does not take it from somebody else, without the role, or after 60 s", async () => {
    await confirm("ben", ["operator"]);
    await confirm("ana", ["viewer"]);
    await confirm("ana", ["operator"], new Date(NOW.getTime() + 60_000));

    expect(ports.switched).toEqual([]);
  });
});

it("finds an incident by the beginning of its id", async () => {
  ports.put(aView());
  ports.put(aView({}, { id: "inc_1a2b99999999" }));

  expect((await say("/incident 1a2b3"))?.text).toContain("HighCPU");
  expect((await say("/incident 1a2b"))?.text).toContain("Several incidents");
  expect((await say("/incident ffff"))?.text).toContain("No incident");
});

it("lists what is pending with the time left, and pages the history", async () => {
  ports.put(aView({ requests: [aRequest()] }));

  expect((await say("/pending"))?.text).toContain("`9f3a1c22` MEDIUM");
  expect((await say("/pending"))?.text).toContain("10 min left");
  expect((await say("/history cpu --since 7d --page 2"))?.text).toContain(
    "Next: `/history cpu --since 604800s --page 3`",
  );
});

describe("what an operator does", () => {
  it("takes an incident, and tells a second person who has it", async () => {
    const view = aView({ requests: [] });
    ports.put(view);

    expect((await say(`/ack ${view.incident.id}`))?.text).toContain("ana looks after");
    ports.put(aView({ requests: [] }, { state: "acknowledged", acknowledgedBy: "ben" }));
    expect((await say(`/ack ${view.incident.id}`))?.text).toBe("ben has it already.");
    expect((await say("/ack inc_nothing"))?.text).toContain("No incident");
  });

  it("keeps actions off a target for a while, and names the targets there are", async () => {
    expect((await say("/maintenance nginx 2h"))?.text).toContain("Nothing runs on nginx until");
    expect((await say("/maintenance nginx off"))?.text).toContain("out of maintenance");
    expect((await say("/maintenance mail 2h"))?.text).toContain("Its targets: nginx");
    expect((await say("/maintenance nginx soon"))?.text).toContain("off ends it");
  });

  it("has Alertmanager keep quiet about an incident, and ends that", async () => {
    const view = aView({ requests: [] });
    ports.put(view);
    const { id } = view.incident;

    const text = (await say(`/silence ${id} 2h`))?.text;
    expect(text).toMatch(/^🔇 Alertmanager keeps quiet about 1 alert of .* until .* UTC\./);
    expect(ports.quieted).toMatchObject([{ incidentId: id, forMs: 7_200_000 }]);
    ports.put({ ...view, silences: [aSilence(id)] });
    expect((await say(`/unsilence ${id}`))?.text).toMatch(/^🔔 The silence of .* is lifted\.$/);
    ports.put(view);
    expect((await say(`/unsilence ${id}`))?.text).toContain("in Alertmanager.");
  });

  it.each([
    ["/silence", "Name an incident and for how long"],
    ["/silence inc_1", "Name an incident and for how long"],
    ["/maintenance nginx", "Name a target and for how long"],
    ["/silence inc_1 soon", "30m, 2h or 7d"],
    ["/silence inc_1 31d", "30 days at most"],
    ["/silence inc_nothing 2h", "No incident"],
    ["/unsilence", "An incident id is missing"],
  ])("says what is wrong with %s", async (text, problem) => {
    expect((await say(text))?.text).toContain(problem);
    expect(ports.quieted).toEqual([]);
  });

  it("says why Alertmanager keeps nothing quiet", async () => {
    const view = aView({ requests: [] });
    ports.put(view);
    const text = `/silence ${view.incident.id} 2h`;

    ports.answers.silence = { outcome: "failed", why: "Alertmanager at 10.0.0.1:9093: refused" };
    expect((await say(text))?.text).toContain("did not take it: Alertmanager at 10.0.0.1:9093");
    ports.answers.silence = { outcome: "not_configured" };
    expect((await say(text))?.text).toContain("ALERTMANAGER_URL is not set");
    ports.answers.silence = { outcome: "nothing_fires" };
    expect((await say(text))?.text).toMatch(/^No alert of .* fires\.$/);
    ports.answers.silence = { outcome: "too_many", most: 50 };
    expect((await say(text))?.text).toContain("More than 50 alerts");
  });

  it.each([
    "/maintenance nginx 2h",
    "/ack inc_1",
    "/silence inc_1 2h",
    "/unsilence inc_1",
    "/undo exe_1",
  ])("T01 is refused to a viewer: %s", async (text) => {
    expect((await say(text, ["viewer", "approver"]))?.text).toContain("role operator");
    expect([ports.quieted, ports.undone]).toEqual([[], []]);
  });
});

describe("/undo", () => {
  it("asks for what undoes a run", async () => {
    ports.answers.run = {
      outcome: "refused",
      reasons: [{ rule: "too_late", text: "exe_1 ended more than a day ago." }],
    };

    expect((await say("/undo exe_1"))?.text).toContain("exe_1 ended more than a day ago.");
    expect(ports.undone).toEqual(["exe_1"]);
    expect((await say("/undo"))?.text).toContain("The id of a run is missing");
  });
});

describe("the whitelist, for reading", () => {
  it("lists every runbook with the risk of its actions", async () => {
    expect((await say("/runbooks", ["viewer"]))?.text).toBe(
      [
        "2 runbooks",
        "`container-down` A container is down (restart low)",
        "For investigation only, 1: `unknown-alert`",
      ].join("\n"),
    );
  });

  it("shows one with its commands, parameters and record", async () => {
    const text = (await say("/runbook container", ["viewer"]))?.text;

    expect(text).toContain("container from labels.name");
    expect(text).toContain("Ran 9 times: 7 verified, 1 still failing, 1 cut short.");
    expect((await say("/runbook nothing", ["viewer"]))?.text).toContain("/runbooks");
  });
});

describe("/run", () => {
  const values = { service: "web", x: "a=b" };

  it("takes runbook, action, values, target and incident apart", async () => {
    await say("/run web-down restart service=web x=a=b target=web-01 --incident inc_12");

    const { person, channel, ...wish } = ports.wishes[0] ?? {};
    expect(person?.name).toBe("ana");
    expect(channel).toBe("telegram");
    expect(wish).toEqual({
      ...{ runbook: "web-down", action: "restart", params: values },
      ...{ target: "web-01", incident: "inc_12" },
    });
  });

  it.each([
    ["/run", "A runbook is missing"],
    ["/run web-down restart again", "neither the action nor key=value"],
    ["/run web-down service=a service=b", "given twice"],
    ["/run web-down --dry-run=no", "takes no value"],
  ])("says what is wrong with %s", async (text, problem) => {
    expect((await say(text))?.text).toContain(problem);
    expect(ports.wishes).toEqual([]);
  });

  it("T01 takes the role operator", async () => {
    expect((await say("/run web-down", ["viewer", "approver"]))?.text).toContain("operator");
    expect(ports.wishes).toEqual([]);
  });
});

describe("/edit", () => {
  it("takes the plan code and what is to change apart", async () => {
    await say("/edit 9F3A1C22 path=/var/log/app x=a=b");

    expect(ports.edits).toMatchObject([
      { planCode: "9f3a1c22", params: { path: "/var/log/app", x: "a=b" }, channel: "telegram" },
    ]);
  });

  it.each([
    ["/edit", "The plan code is missing"],
    ["/edit 9f3a", "A plan code has 8 digits"],
    ["/edit 9f3a1c22", "Name what is to change"],
    ["/edit 9f3a1c22 path", "is not key=value"],
    ["/edit 9f3a1c22 a=1 a=2", "given twice"],
  ])("says what is wrong with %s", async (text, problem) => {
    expect((await say(text))?.text).toContain(problem);
    expect(ports.edits).toEqual([]);
  });

  it("T01 takes a role", async () => {
    expect((await say("/edit 9f3a1c22 path=/x", []))?.text).toContain("no role");
    expect(ports.edits).toEqual([]);
  });
});
