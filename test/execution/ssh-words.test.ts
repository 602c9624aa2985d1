import fc from "fast-check";
import { expect, it } from "vitest";
import { remoteLine } from "../../src/execution/ssh-words.ts";
import { shellWords } from "../fakes/shell-words.ts";

it("leaves plain words bare, for a forced command to compare", () => {
  expect(remoteLine(["/usr/bin/systemctl", "show", "--property=Id,LoadState", "--", "a@b"])).toBe(
    "/usr/bin/systemctl show --property=Id,LoadState -- a@b",
  );
});

it("T36 is read back by a shell to exactly the same words", () => {
  const words = fc.array(fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")));
  fc.assert(
    fc.property(words, (list) => {
      expect(shellWords(remoteLine(["/bin/x", ...list]))).toEqual(["/bin/x", ...list]);
    }),
  );
});
