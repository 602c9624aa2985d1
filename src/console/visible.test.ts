import fc from "fast-check";
import { expect, it } from "vitest";
import { piecesOf, visible } from "./visible.ts";

it.each([
  ["a right-to-left override", "evil\u202egnp.exe", "evil⟨U+202E⟩gnp.exe"],
  ["a zero-width space", "web\u200b-01", "web⟨U+200B⟩-01"],
  ["an escape sequence", "\u001b[31mred", "⟨U+001B⟩[31mred"],
  ["a tag character", "a\u{e0041}b", "a⟨U+E0041⟩b"],
  ["a line break where one line is meant", "a\nb", "a⟨U+000A⟩b"],
  ["a lone surrogate", "a\ud800b", "a⟨U+D800⟩b"],
])("T43 shows %s", (_what, text, shown) => {
  expect(visible(text)).toBe(shown);
});

it("T63 points at look-alikes in what will run", () => {
  expect(visible("ngin\u0445", "exact")).toBe("ngin\u0445⟨U+0445⟩");
  expect(visible("a\u00a0b", "exact")).toBe("a⟨U+00A0⟩b");
});

it("leaves ordinary words of any language and line breaks of a block alone", () => {
  expect(visible("Grüße, мир, 你好 ⚠️")).toBe("Grüße, мир, 你好 ⚠️");
  expect(visible("one\n\ttwo", "block")).toBe("one\n\ttwo");
});

it("T64 loses nothing, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const back = piecesOf(text, "exact")
        .map((piece) =>
          piece.kind === "text"
            ? piece.text
            : String.fromCodePoint(Number.parseInt(piece.codePoint.slice(2), 16)),
        )
        .join("");
      expect(back).toBe(text);
    }),
  );
});
