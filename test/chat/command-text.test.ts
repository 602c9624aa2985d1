import fc from "fast-check";
import { expect, it } from "vitest";
import { commandText } from "../../src/chat/command-text.ts";
import { hostileText } from "../fakes/hostile.ts";
import { shellWords } from "../fakes/shell-words.ts";

it.each([
  [["/usr/bin/find", "/var/log", "-size", "+1M"], "/usr/bin/find /var/log -size +1M"],
  [["/bin/echo", "two words", ""], "/bin/echo 'two words' ''"],
  [["/bin/echo", "it's"], "/bin/echo 'it'\\''s'"],
  [["/bin/echo", "$(reboot)"], "/bin/echo '$(reboot)'"],
  [["/bin/echo", "a\nb"], "/bin/echo $'a\\u000ab'"],
  [["/bin/echo", "a\u202eb'c\\"], "/bin/echo $'a\\u202eb\\'c\\\\'"],
  [["/bin/echo", "\u05d0/1"], "/bin/echo $'\\u05d0/1'"],
  [["/bin/echo", "x\ufe0f\u3164"], "/bin/echo $'x\\ufe0f\\u3164'"],
  [["/bin/echo", "\u0301\u0301Cafe\u0301"], "/bin/echo $'\\u0301\\u0301Cafe\u0301'"],
  [["/bin/echo", "Käse 🧀"], "/bin/echo 'Käse 🧀'"],
])("spells %j as %s", (argv, text) => {
  expect(commandText({ kind: "argv", argv: argv as [string, ...string[]], directory: "/" })).toBe(
    text,
  );
});

it("shows a request with its body", () => {
  const command = { kind: "http", method: "POST", path: "/api/x", body: { a: 1 } } as const;

  expect(commandText(command)).toBe('POST /api/x\n{"a":1}');
});

it("shows the words that a program on another machine gets, and where that is", () => {
  const peer = { address: "ops@10.0.0.7:22", hostKeys: ["SHA256:x"], settings: "0" };
  const command = { kind: "ssh", host: "web-01", argv: ["/bin/echo", "it's"], peer } as const;

  expect(commandText(command)).toBe("/bin/echo 'it'\\''s'\nover ssh on web-01 (ops@10.0.0.7:22)");
  expect(commandText({ ...command, peer: null })).toBe("/bin/echo 'it'\\''s'\nover ssh on web-01");
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

const anyWords = fc.array(hostileText, { minLength: 1, maxLength: 5 });
const written = (words: string[]) =>
  commandText({ kind: "argv", argv: words as [string, ...string[]], directory: "/" });

it("T63 is read back to exactly the arguments that run", () => {
  fc.assert(
    fc.property(anyWords, (words) => {
      expect(shellWords(written(words))).toEqual(words);
    }),
  );
});

it("T63 has nothing in it that is unseen or turns the writing around", () => {
  fc.assert(
    fc.property(anyWords, (words) => {
      expect(written(words)).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{DI}\p{Script=Hebrew}\p{Script=Arabic}]/u,
      );
    }),
  );
});
