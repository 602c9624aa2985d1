import { expect, it } from "vitest";
import { admit } from "./admit.ts";
import type { Admission, Alert } from "./alert.ts";

const at = (minutes: number) => new Date(Date.UTC(2026, 2, 1, 3, minutes));
const firing = (starts: number) => ({ status: "firing" as const, startsAt: at(starts) });
const over = (starts: number) => ({ status: "resolved" as const, startsAt: at(starts) });
type Word = Pick<Alert, "status" | "startsAt" | "endsAt">;
const fires = (starts: number): Word => ({ ...firing(starts), endsAt: null });
const ended = (starts: number, ends: number | null): Word => ({
  ...over(starts),
  endsAt: ends === null ? null : at(ends),
});

it.each<
  [
    string,
    Word,
    ReturnType<typeof firing | typeof over> | null,
    ReturnType<typeof firing> | null,
    Admission,
  ]
>([
  ["one nobody knows", fires(5), null, null, "fresh"],
  ["one that was over before", ended(5, 6), null, null, "fresh"],
  ["the same again", fires(5), firing(5), firing(5), "known"],
  ["the end of what fires", ended(5, 6), firing(5), firing(5), "resolves"],
  ["that end without a time", ended(5, null), firing(5), firing(5), "resolves"],
  ["the same end again", ended(5, 6), over(5), null, "known"],
  ["T17 a replay of what is over", fires(5), over(5), null, "known"],
  ["T17 a replay of the one before", fires(1), over(1), firing(5), "known"],
  ["a new one where the end of the last was lost", fires(7), null, firing(5), "replaces"],
  ["an earlier start of what fires", fires(3), null, firing(5), "renames"],
  ["the end under that earlier start", ended(3, 9), firing(5), firing(5), "resolves"],
  [
    "an end under an earlier start that nobody told us of",
    ended(3, 9),
    null,
    firing(5),
    "resolves",
  ],
  ["an end under a later start", ended(6, 9), null, firing(5), "resolves"],
  ["the late end of an earlier one", ended(1, 2), null, firing(5), "fresh"],
  ["the late end of one that was taken for what fires", ended(1, 2), firing(5), firing(5), "known"],
  ["an earlier end that names no time", ended(1, null), null, firing(5), "fresh"],
])("takes %s for what it is", (_, word, same, known, expected) => {
  expect(admit(word, { same, firing: known })).toBe(expected);
});
