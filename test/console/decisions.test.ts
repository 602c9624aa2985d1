import { describe, expect, it } from "vitest";
import type { PlannedRequest, Ruling } from "../../src/approval/approval.ts";
import type { Lab } from "./lab.ts";
import { ana, createLab, vera } from "./lab.ts";
import { aDeniedRequest, anExecution, aRequest, aView } from "./stories.ts";

const PATH = "/incidents/inc_nginx";

function labWith(request: (lab: Lab) => PlannedRequest): { lab: Lab; request: PlannedRequest } {
  const lab = createLab();
  const planned = request(lab);
  lab.views = [aView(lab.now, { requests: [planned] })];
  return { lab, request: planned };
}

function formOf(request: PlannedRequest, decision = "approve"): Record<string, string> {
  return { decision, plan_code: request.planCode, digest: request.digest };
}

it("approves by one button and goes back to the page with a fixed word", async () => {
  const { lab, request } = labWith(({ now }) => aRequest(now));

  const response = await lab.post(`${PATH}/decisions`, formOf(request));

  expect(response.status).toBe(303);
  expect(response.headers.get("location")).toBe(`${PATH}?flash=approved`);
  expect(lab.decisions).toEqual([
    {
      planCode: request.planCode,
      digest: request.digest,
      decision: "approve",
      person: ana,
      reason: null,
      via: "tap",
      signedIn: "link",
    },
  ]);
});

it("rejects with a reason", async () => {
  const { lab, request } = labWith(({ now }) => aRequest(now));

  await lab.post(`${PATH}/decisions`, { ...formOf(request, "reject"), reason: " not now " });

  expect(lab.decisions[0]).toMatchObject({ decision: "reject", reason: "not now", via: "tap" });
  expect(await (await lab.get(PATH)).text()).toContain("Rejected");
});

it("approves high risk by the typed plan code with a reason", async () => {
  const { lab, request } = labWith(({ now }) => aRequest(now, { risk: "high" }));
  const typed = `${request.planCode.slice(0, 4).toUpperCase()} ${request.planCode.slice(4)}`;

  await lab.post(`${PATH}/decisions`, { ...formOf(request), typed_code: typed, reason: "seen it" });

  expect(lab.decisions[0]).toMatchObject({ via: "typed", planCode: request.planCode });
});

it("T64 refuses a typed code that is not the one of the page", async () => {
  const { lab, request } = labWith(({ now }) => aRequest(now, { risk: "high" }));

  const response = await lab.post(`${PATH}/decisions`, {
    ...formOf(request),
    typed_code: "00000000",
  });

  expect(response.headers.get("location")).toBe(`${PATH}?flash=wrong_code`);
  expect(lab.decisions).toEqual([]);
});

it.each<[string, (request: PlannedRequest) => Ruling, string]>([
  ["expired", (request) => ({ outcome: "expired", request }), "has expired"],
  ["counted", (request) => ({ outcome: "counted", request, missing: 1 }), "Another person"],
  ["already_voted", (request) => ({ outcome: "already_voted", request }), "decided on this before"],
  ["already_decided", (request) => ({ outcome: "already_decided", request }), "before you"],
  ["not_allowed", () => ({ outcome: "not_allowed", why: "<b>no</b>" }), "You may not decide"],
  ["not_found", () => ({ outcome: "not_found" }), "nothing was decided"],
  [
    "must_type",
    (request) => ({ outcome: "must_type", request, needsReason: false }),
    "has to be typed",
  ],
  [
    "must_type_reason",
    (request) => ({ outcome: "must_type", request, needsReason: true }),
    "and a reason",
  ],
])("words the ruling %s", async (flash, ruling, words) => {
  const { lab, request } = labWith(({ now }) => aRequest(now));
  lab.ruling = () => ruling(request);

  const response = await lab.post(`${PATH}/decisions`, formOf(request));
  const page = await (await lab.get(response.headers.get("location") ?? "")).text();

  expect(response.headers.get("location")).toBe(`${PATH}?flash=${flash}`);
  expect(page).toContain(words);
});

it("asks for the typed code after a ruling said so", async () => {
  const { lab } = labWith(({ now }) => aRequest(now));

  expect(await (await lab.get(PATH)).text()).not.toContain("typed_code");
  expect(await (await lab.get(`${PATH}?flash=must_type`)).text()).toContain("typed_code");
});

it("T07 offers no one-tap approval for high risk or for one's own request", async () => {
  const high = labWith(({ now }) => aRequest(now, { risk: "high" }));
  const own = labWith(({ now }) => aRequest(now, { requester: "ana" }));

  for (const { lab } of [high, own]) {
    const page = await (await lab.get(PATH)).text();
    expect(page).toContain('name="typed_code"');
    expect(page.match(/value="approve"/g)).toHaveLength(1);
  }
});

it("offers nothing to people who may not decide, and only rejection to who has approved", async () => {
  const viewer = labWith(({ now }) => aRequest(now)).lab;
  viewer.person = vera;
  const voted = labWith(({ now }) =>
    aRequest(now, {
      quorum: 2,
      votes: [{ person: "ana", decision: "approve", channel: "slack", reason: null, at: now }],
    }),
  ).lab;

  const forViewer = await (await viewer.get(PATH)).text();
  const forVoter = await (await voted.get(PATH)).text();

  expect(forViewer).toContain("decide this: it takes");
  expect(forViewer).not.toContain("/decisions");
  expect(forVoter).not.toContain('value="approve"');
  expect(forVoter).toContain('value="reject"');
});

it("lets an approved request still be rejected until it starts, and nothing after", async () => {
  const approved = labWith(({ now }) => aRequest(now, { state: "approved" })).lab;
  const running = labWith(({ now }) => aRequest(now, { state: "executing" })).lab;

  expect(await (await approved.get(PATH)).text()).toContain('value="reject"');
  expect(await (await running.get(PATH)).text()).not.toContain("/decisions");
});

it("says what to add and where when nobody can approve", async () => {
  const lab = createLab();
  lab.views = [aView(lab.now, { requests: [aDeniedRequest(lab.now)] })];

  const page = await (await lab.get(PATH)).text();

  expect(page).toContain("add it under targets");
  expect(page).toContain("policy.yaml");
  expect(page).toContain("service-down.md");
  expect(page).not.toContain("/decisions");
});

it("marks a run with unknown outcome as looked at", async () => {
  const lab = createLab();
  const execution = anExecution(lab.now, { state: "unknown", exitCode: null });
  lab.views = [
    aView(lab.now, {
      requests: [aRequest(lab.now, { state: "unknown" })],
      executions: [execution],
    }),
  ];

  const page = await (await lab.get(PATH)).text();
  const response = await lab.post("/executions/exe_1/reviewed", { incident: "inc_nginx" });

  expect(page).toContain("Mark as looked at");
  expect(response.headers.get("location")).toBe(`${PATH}?flash=reviewed`);
  expect(lab.reviews).toEqual(["exe_1"]);
});

it("lists what has earned to run unasked, and takes back one of them", async () => {
  const lab = createLab();
  const restart = { runbook: "container-down", action: "restart" };

  const page = await (await lab.get("/autonomy")).text();
  const taken = await lab.post("/autonomy/revoke", { ...restart, target: "nginx" });
  const again = await lab.post("/autonomy/revoke", { ...restart, target: "db" });
  const odd = await lab.post("/autonomy/revoke", restart);

  for (const part of ["11 approved, 10 verified", "3 of 10 approved", "declare them low"]) {
    expect(page).toContain(part);
  }
  expect(page.match(/action="\/autonomy\/revoke"/g)).toHaveLength(1);
  expect(taken.headers.get("location")).toBe("/autonomy?flash=taken_back");
  expect(again.headers.get("location")).toBe("/autonomy?flash=take_back_not_found");
  expect(odd.status).toBe(400);
  expect(lab.takenBack.map(({ target }) => target)).toEqual(["nginx", "db"]);
});

describe("the button that asks to undo a run", () => {
  function labWithRun(rollback: string | null = "start", over: { startedAt?: null } = {}) {
    const lab = createLab();
    const request = aRequest(lab.now, { state: "succeeded" });
    lab.views = [
      aView(lab.now, {
        requests: [{ ...request, proposal: { ...request.proposal, rollback } }],
        executions: [anExecution(lab.now, { requestId: request.id, finishedAt: lab.now, ...over })],
      }),
    ];
    return lab;
  }

  it("asks, and leads to where the answer is waited for", async () => {
    const lab = labWithRun();

    const page = await (await lab.get(PATH)).text();
    const response = await lab.post("/executions/exe_1/undo", { incident: "inc_nginx" });

    expect(page).toContain('action="/executions/exe_1/undo"');
    expect(response.headers.get("location")).toBe(`${PATH}?flash=undo_asked`);
    expect(lab.undone).toEqual(["exe_1"]);
  });

  it("says why not", async () => {
    const lab = labWithRun();
    lab.undoing = {
      outcome: "refused",
      reasons: [{ rule: "no_role", text: "This takes the role operator." }],
    };

    const response = await lab.post("/executions/exe_1/undo", { incident: "inc_nginx" });

    expect(await response.text()).toContain("This takes the role operator.");
  });

  it("says that somebody was faster", async () => {
    const lab = labWithRun();
    lab.undoing = { outcome: "duplicate" };

    const response = await lab.post("/executions/exe_1/undo", { incident: "inc_nginx" });

    expect(response.headers.get("location")).toBe(`${PATH}?flash=undo_duplicate`);
  });

  it("is not there where nothing undoes the run, or where it never ran", async () => {
    const pages = await Promise.all(
      [labWithRun(null), labWithRun("start", { startedAt: null })].map(async (lab) =>
        (await lab.get(PATH)).text(),
      ),
    );

    for (const page of pages) expect(page).not.toContain("/undo");
  });
});

describe("the form for other values", () => {
  it("stands beside an undecided request with the values as they are", async () => {
    const { lab, request } = labWith(({ now }) => aRequest(now));

    const page = await (await lab.get(PATH)).text();

    expect(page).toContain(`action="${PATH}/edits"`);
    expect(page).toMatch(/name="param\.unit" value="nginx\.service"/);
    expect(page).toContain(`name="digest" value="${request.digest}"`);
  });

  it("is not there for who may not decide, nor once it is approved", async () => {
    const viewer = labWith(({ now }) => aRequest(now)).lab;
    viewer.person = vera;
    const approved = labWith(({ now }) => aRequest(now, { state: "approved" })).lab;

    expect(await (await viewer.get(PATH)).text()).not.toContain("/edits");
    expect(await (await approved.get(PATH)).text()).not.toContain("/edits");
  });

  it("P2 hands on the values with the digest of the page they stood on", async () => {
    const { lab, request } = labWith(({ now }) => aRequest(now));
    const { decision: _, ...bound } = formOf(request);

    const response = await lab.post(`${PATH}/edits`, { ...bound, "param.unit": "nginx@2.service" });

    expect(response.headers.get("location")).toBe(`${PATH}?flash=edited`);
    expect(lab.edits).toEqual([
      {
        planCode: request.planCode,
        digest: request.digest,
        params: { unit: "nginx@2.service" },
        person: ana,
      },
    ]);
  });

  it("shows why nothing has changed", async () => {
    const { lab, request } = labWith(({ now }) => aRequest(now));
    lab.edited = { outcome: "refused", text: 'Parameter "unit" is "x": it does not match <y>.' };
    const { decision: _, ...bound } = formOf(request);

    const response = await lab.post(`${PATH}/edits`, { ...bound, "param.unit": "x" });

    expect(response.status).toBe(200);
    expect(await response.text()).toContain("does not match &lt;y&gt;");
  });

  it.each([
    ["no values", {}],
    ["a digest that is none", { digest: "0", "param.unit": "x" }],
    ["a plan code that is none", { plan_code: "0", "param.unit": "x" }],
  ])("refuses an edit with %s", async (_, wrong) => {
    const { lab, request } = labWith(({ now }) => aRequest(now));
    const { decision: __, ...bound } = formOf(request);

    const response = await lab.post(`${PATH}/edits`, { ...bound, ...wrong });

    expect(response.status).toBe(400);
    expect(lab.edits).toEqual([]);
  });

  it("T13 refuses an edit from another session", async () => {
    const { lab, request } = labWith(({ now }) => aRequest(now));
    const { decision: _, ...bound } = formOf(request);

    const form = { ...bound, "param.unit": "x", csrf: "csrf-of-eve" };
    const response = await lab.post(`${PATH}/edits`, form);

    expect(response.status).toBe(403);
    expect(lab.edits).toEqual([]);
  });
});

describe("what ended with its alert", () => {
  const over = ({ now }: Lab) =>
    aRequest(now, { state: "cancelled", endReason: "the alert resolved" });

  it("T52 is offered to operators as a request of their own, by the command they could type", async () => {
    const { lab } = labWith(over);

    const page = await (await lab.get(PATH)).text();
    const command = /name="text" value="(\/run [^"]+)"/.exec(page)?.[1] ?? "";
    await lab.post("/command", { text: command });

    expect(lab.commands).toEqual([
      "/run service-down restart unit=nginx.service target=web-01 --incident inc_nginx",
    ]);
  });

  it("is not offered to others, nor after any other end", async () => {
    const viewer = labWith(over).lab;
    viewer.person = vera;
    const rejected = labWith((lab) => ({ ...over(lab), endReason: "stopped by ana" })).lab;

    expect(await (await viewer.get(PATH)).text()).not.toContain('id="anyway-');
    expect(await (await rejected.get(PATH)).text()).not.toContain('id="anyway-');
  });
});
