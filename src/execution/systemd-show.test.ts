import { describe, expect, it } from "vitest";
import { factsOf, parseUnit, parseVersion, refusalOf } from "./systemd-show.ts";

const lines = {
  MainPID: "4242",
  Result: "exit-code",
  NRestarts: "3",
  Id: "nginx.service",
  LoadState: "loaded",
  ActiveState: "failed",
  SubState: "auto-restart",
};

function shown(changes: Readonly<Record<string, string | null>> = {}): string {
  return Object.entries({ ...lines, ...changes })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function unit(changes: Readonly<Record<string, string | null>> = {}) {
  const parsed = parseUnit(shown(changes));
  if (parsed === null) throw new Error("not readable");
  return parsed;
}

describe("what systemctl shows of a unit", () => {
  it("becomes facts, in whatever order it comes", () => {
    expect(factsOf(unit())).toEqual({
      active_state: "failed",
      sub_state: "auto-restart",
      load_state: "loaded",
      result: "exit-code",
      n_restarts: "3",
      main_pid: "4242",
    });
  });

  it("has no restarts and no process where the unit is no service", () => {
    const timer = unit({ Id: "backup.timer", NRestarts: null, MainPID: null });

    expect(Object.keys(factsOf(timer))).toEqual([
      "active_state",
      "sub_state",
      "load_state",
      "result",
    ]);
  });

  it.each([
    ["nothing", ""],
    ["a message", "Failed to get properties: Connection timed out\n"],
    ["a message before the properties", `Warning: something\n${shown()}`],
    ["a property that was not asked for", `${shown()}Description=x\n`],
    ["the properties of two units", `${shown()}\n${shown({ Id: "ssh.service" })}`],
    ["a property twice", `${shown()}ActiveState=active\n`],
    ["a property that objects inherit", `${shown()}constructor=x\n`],
    ["no state", shown({ ActiveState: null })],
    ["an empty state", shown({ ActiveState: "" })],
    ["a state with markup", shown({ ActiveState: "<b>active</b>" })],
    ["a state with a space", shown({ ActiveState: "active failed" })],
    ["a state with a line of its own", shown({ SubState: "dead\r" })],
    ["a state without an end", shown({ SubState: "d".repeat(41) })],
    ["an id with spaces", shown({ Id: "nginx.service ssh.service" })],
    ["an id in other letters", shown({ Id: "nginх.service" })],
    ["a process that is no number", shown({ MainPID: "1; reboot" })],
    ["a negative number", shown({ NRestarts: "-1" })],
    ["a number without an end", shown({ NRestarts: "1".repeat(11) })],
  ])("is not read when it is %s", (_what, text) => {
    expect(parseUnit(text)).toBeNull();
  });
});

describe("a unit that was found", () => {
  it("is the one asked for when it is loaded under that name", () => {
    expect(refusalOf(unit(), "nginx.service")).toBeNull();
  });

  it.each([
    ["T41 has another name", { Id: "ssh.service" }, "sshd.service is another name of ssh.service"],
    ["is not there", { LoadState: "not-found" }, "There is no unit sshd.service here"],
    ["is masked", { LoadState: "masked" }, "`systemctl unmask sshd.service`"],
    ["is wrong", { LoadState: "bad-setting" }, "sshd.service is not loaded (bad-setting)"],
    ["is in a state nobody knows", { LoadState: "merged" }, "`systemctl status sshd.service`"],
  ])("is refused when it %s", (_what, changes, why) => {
    expect(refusalOf(unit({ Id: "sshd.service", ...changes }), "sshd.service")).toContain(why);
  });
});

it.each([
  ["Version=252.39-1~deb12u2\n", "252.39-1~deb12u2"],
  ["Version=257 (257.6-1.fc42)\n", null],
  ["Version=\n", null],
  ["Version=252\nVersion=253\n", null],
  ["systemd 252\n", null],
])("reads the version in %j as %j", (text, version) => {
  expect(parseVersion(text)).toBe(version);
});
