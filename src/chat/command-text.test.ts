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
