import { expect, it } from "vitest";
import { badge } from "./badge.ts";

const CALM = { status: "ok", autohealing: true, openIncidents: 2, waitingRequests: 0 } as const;

it("says in words what its colour says", () => {
  const waits = badge({ ...CALM, waitingRequests: 1 });
  const failing = badge({ ...CALM, status: "failing" });

  expect(badge(CALM)).toContain('aria-label="countersign: 2 open, 0 waiting"');
  expect(waits).toContain("2 open, 1 waiting");
  expect(failing).toContain("failing, 0 waiting");
  const colours = [badge(CALM), waits, failing].map(
    (svg) => /width="\d+" height="20" fill="(#\w+)"\/><\/g>/.exec(svg)?.[1],
  );
  expect(new Set(colours).size).toBe(3);
});
