import { expect, it } from "vitest";
import { commandText } from "./command-text.ts";

it.each([
  [["/usr/bin/find", "/var/log", "-size", "+1M"], "/usr/bin/find /var/log -size +1M"],
  [["/bin/echo", "two words", ""], "/bin/echo 'two words' ''"],
  [["/bin/echo", "it's"], "/bin/echo 'it'\\''s'"],
  [["/bin/echo", "$(reboot)"], "/bin/echo '$(reboot)'"],
  [["/bin/echo", "a\nb"], "/bin/echo $'a\\u000ab'"],
  [["/bin/echo", "a\u202eb'c\\"], "/bin/echo $'a\\u202eb\\'c\\\\'"],
])("spells %j as %s", (argv, text) => {
  expect(commandText({ kind: "argv", argv: argv as [string, ...string[]], directory: "/" })).toBe(
    text,
  );
});

it("shows a request with its body", () => {
  const command = { kind: "http", method: "POST", path: "/api/x", body: { a: 1 } } as const;

  expect(commandText(command)).toBe('POST /api/x\n{"a":1}');
});

it.each([
  [["SIGTERM"], ""],
  [["SIGTERM", "SIGKILL"], "\nSIGKILL if it is still there after 10s"],
] as const)("names the one process that is sent %j", (signals, after) => {
  const process = {
    ...{ pid: 77, name: "ffmpeg", user: "media", uid: 1000 },
    ...{ startTicks: "5231", bootId: "3f2a" },
  };
  const command = {
    kind: "signals",
    signals,
    graceMs: 10_000,
    among: ["ffmpeg"],
    process,
  } as const;

  expect(commandText(command)).toBe(
    `SIGTERM to ffmpeg (pid 77) of media (uid 1000)\nstarted at tick 5231 of boot 3f2a${after}`,
  );
});
