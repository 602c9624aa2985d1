import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanOutput, firstBytes, lastBytes } from "./clean-output.ts";

/** Text rich in the pieces that escapes and bidi tricks are made of. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\u001b",
        "\u001b[31m",
        "\u001b]8;;http://evil\u0007",
        "\u001bP",
        "\u009b",
        "\u009d",
        "\u009c",
        "\u0007",
        "\r",
        "\n",
        "\t",
        "\u0000",
        "\u202e",
        "\u2066",
        "\u{e0041}",
        "[",
        "]",
        "m",
        "\\",
        "é",
        "😀",
        "\ud83d",
      ),
      fc.string({ unit: "binary" }),
    ),
  )
  .map((pieces) => pieces.join(""));

function isForbidden(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (character === "\n" || character === "\t") return false;
  return (
    code < 0x20 ||
    (code >= 0x7f && code <= 0x9f) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069) ||
    (code >= 0xe0000 && code <= 0xe007f) ||
    [0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0xfeff].includes(code)
  );
}

describe("cleaned output", () => {
  it("T43 holds no control, escape or bidi character, whatever went in", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect([...cleanOutput(text)].filter(isForbidden)).toEqual([]);
      }),
    );
  });

  it("does not change when it is cleaned again", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const once = cleanOutput(text);

        expect(cleanOutput(once)).toBe(once);
      }),
    );
  });

  it.each([
    ["colours", "\u001b[1;31mfailed\u001b[0m", "failed"],
    ["a cleared screen", "before\u001b[2J\u001b[Hafter", "beforeafter"],
    ["an 8-bit colour", "\u009b31mred", "red"],
    ["a hidden link", "\u001b]8;;http://evil\u0007here\u001b]8;;\u001b\\", "here"],
    ["a window title", "\u001b]0;owned\u0007ok", "ok"],
    ["an unfinished title", "\u001b]0;rest stays", "0;rest stays"],
    ["a charset switch", "\u001b(Btext", "text"],
    ["a reset", "\u001bctext", "text"],
    ["a reversed name", "exe.\u202egpj", "exe.gpj"],
    ["Windows line ends and a progress bar", "a\r\n10%\r20%\n", "a\n10%\n20%\n"],
    ["ordinary text", "df: /data\t97 % – naïve 😀\n", "df: /data\t97 % – naïve 😀\n"],
  ])("T43 makes plain text of %s", (_what, text, plain) => {
    expect(cleanOutput(text)).toBe(plain);
  });
});

describe("a cut by bytes", () => {
  it("is a beginning or an end of the text, within the limit and at most one character short", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, maxBytes) => {
        const first = firstBytes(text, maxBytes);
        const last = lastBytes(text, maxBytes);

        expect(text.startsWith(first) && text.endsWith(last)).toBe(true);
        for (const cut of [first, last]) {
          expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
          expect(cut === text || Buffer.byteLength(cut) > maxBytes - 4).toBe(true);
        }
      }),
    );
  });
});
