import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { duties, onCall } from "./on-call.ts";
import type { Rota } from "./policy.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** This machine's time, as the policy's times are. */
const at = (month: number, day: number, hour = 9, minute = 0) =>
  new Date(2026, month - 1, day, hour, minute);

// The second of November 2026 is a Monday.
const rota: Rota = {
  people: ["ana", "ben", "cleo"],
  starts: at(11, 2),
  overrides: [{ person: "cleo", from: at(11, 4, 18), to: at(11, 5, 6) }],
};

describe("a week each, in turn", () => {
  it.each([
    ["the first from the start on", at(11, 2), "ana"],
    ["to the last moment of the week", new Date(at(11, 9).getTime() - 1), "ana"],
    ["the second from the same time of the next week on", at(11, 9), "ben"],
    ["the third", at(11, 18), "cleo"],
    ["the first again", at(11, 23), "ana"],
    ["before the start, who would have been", new Date(at(11, 2).getTime() - 1), "cleo"],
    ["half a year later", at(5, 3), "ana"],
    ["until an override begins", new Date(at(11, 4, 18).getTime() - 1), "ana"],
    ["who takes over for a night", at(11, 4, 18), "cleo"],
    ["and gives it back", at(11, 5, 6), "ana"],
  ])("%s", (_, now, person) => {
    expect(onCall(rota, now).person).toBe(person);
  });

  it("a duty that an override cuts ends and begins there", () => {
    expect(duties(rota, at(11, 3), 4)).toEqual([
      { person: "ana", from: at(11, 2), to: at(11, 4, 18) },
      { person: "cleo", from: at(11, 4, 18), to: at(11, 5, 6) },
      { person: "ana", from: at(11, 5, 6), to: at(11, 9) },
      { person: "ben", from: at(11, 9), to: at(11, 16) },
    ]);
  });
});

interface Given {
  readonly people: string[];
  readonly starts: { readonly day: number; readonly hour: number };
  readonly gaps: readonly { readonly after: number; readonly long: number }[];
}

describe.each(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])(
  "in %s",
  (zone) => {
    afterEach(() => vi.unstubAllEnvs());

    const Rotas = fc.record({
      people: fc.array(fc.constantFrom("ana", "ben", "cleo"), { minLength: 1, maxLength: 5 }),
      // Handovers by day: an hour that spring leaves out has no place in a policy.
      starts: fc.record({
        day: fc.integer({ min: 1, max: 700 }),
        hour: fc.constantFrom(0, 5, 9, 22),
      }),
      gaps: fc.array(
        fc.record({
          after: fc.integer({ max: 20 * DAY, min: 0 }),
          long: fc.integer({ min: 1, max: 20 * DAY }),
        }),
        {
          maxLength: 4,
        },
      ),
    });
    const made = ({ people, starts: { day, hour }, gaps }: Given): Rota => {
      const starts = new Date(2026, 0, day, hour);
      let last = starts.getTime() - 30 * DAY;
      const overrides = gaps.map(({ after, long }) => {
        const from = new Date(last + after);
        last = from.getTime() + long;
        return { person: "dan", from, to: new Date(last) };
      });
      return { people, starts, overrides };
    };
    const Moments = fc.integer({ min: -400 * DAY, max: 800 * DAY });

    it("exactly one is on call at any moment, until the very moment at which the next takes over", () => {
      vi.stubEnv("TZ", zone);
      fc.assert(
        fc.property(Rotas, Moments, (given, offset) => {
          const one = made(given);
          const now = new Date(one.starts.getTime() + offset);

          const duty = onCall(one, now);

          expect(duty.from.getTime()).toBeLessThanOrEqual(now.getTime());
          expect(duty.to.getTime()).toBeGreaterThan(now.getTime());
          expect(onCall(one, duty.from)).toEqual(duty);
          expect(onCall(one, new Date(duty.to.getTime() - 1))).toEqual(duty);
          expect(onCall(one, duty.to).from).toEqual(duty.to);
        }),
      );
    });

    it("an override wins, and without one the clock shows the hour of the handover, summer or winter", () => {
      vi.stubEnv("TZ", zone);
      fc.assert(
        fc.property(Rotas, Moments, (given, offset) => {
          const one = made(given);
          const { people, starts, overrides } = one;
          const now = new Date(starts.getTime() + offset);
          const isOverridden = overrides.some(({ from, to }) => from <= now && now < to);
          const bare = onCall({ ...one, overrides: [] }, now);

          expect(onCall(one, now).person).toBe(isOverridden ? "dan" : bare.person);
          expect([bare.from.getDay(), bare.from.getHours()]).toEqual([
            starts.getDay(),
            starts.getHours(),
          ]);
          expect([bare.to.getDay(), bare.to.getHours()]).toEqual([
            starts.getDay(),
            starts.getHours(),
          ]);
          const next = onCall({ ...one, overrides: [] }, bare.to).person;
          expect(
            people.some(
              (who, turn) => who === bare.person && people[(turn + 1) % people.length] === next,
            ),
          ).toBe(true);
        }),
      );
    });
  },
);

it("the zones above are really told apart", () => {
  const offsets = ["Europe/Berlin", "America/New_York"].map((zone) => {
    vi.stubEnv("TZ", zone);
    return new Date(2026, 6, 1).getTimezoneOffset();
  });
  vi.unstubAllEnvs();
  expect(offsets).toEqual([-120, 240]);
});
