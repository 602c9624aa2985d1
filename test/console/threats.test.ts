import { describe, expect, it } from "vitest";
import type { Lab } from "./lab.ts";
import { createLab } from "./lab.ts";
import { PAGES } from "./readings.ts";
import { anAlert, anExecution, aRequest, aView } from "./stories.ts";

const PATH = "/incidents/inc_nginx";

function labWithRequest(): { lab: Lab; form: Record<string, string> } {
  const lab = createLab();
  const request = aRequest(lab.now);
  lab.views = [aView(lab.now, { requests: [request] })];
  return {
    lab,
    form: { decision: "approve", plan_code: request.planCode, digest: request.digest },
  };
}

it.each<[string, Record<string, string>]>([
  ["a form on another site", { "sec-fetch-site": "cross-site" }],
  ["a form on a sister site", { "sec-fetch-site": "same-site" }],
  ["another origin", { "sec-fetch-site": "", origin: "https://evil.example" }],
  ["another origin that claims our site", { origin: "https://evil.example" }],
  ["a sandboxed frame", { origin: "null" }],
])("T13 refuses a decision from %s", async (_what, headers) => {
  const { lab, form } = labWithRequest();

  const response = await lab.post(`${PATH}/decisions`, form, headers);

  expect(response.status).toBe(403);
  expect(lab.decisions).toEqual([]);
});

it("T13 refuses a POST that says nothing of where it comes from", async () => {
  const { lab, form } = labWithRequest();

  const response = await lab.console.app.request(`${PATH}/decisions`, {
    method: "POST",
    body: new URLSearchParams({ csrf: "csrf-of-ana", ...form }).toString(),
    headers: {
      cookie: "countersign_session=session-of-ana-0000",
      "content-type": "application/x-www-form-urlencoded",
    },
  });

  expect(response.status).toBe(403);
  expect(lab.decisions).toEqual([]);
});

it("T13 takes the origin alone where the browser sends no Sec-Fetch-Site, as on plain http in a LAN", async () => {
  const { lab, form } = labWithRequest();
  form.decision = "reject";

  const response = await lab.console.app.request(`http://pve.lan:9095${PATH}/decisions`, {
    method: "POST",
    body: new URLSearchParams({ csrf: "csrf-of-ana", ...form }).toString(),
    headers: {
      cookie: "countersign_session=session-of-ana-0000",
      "content-type": "application/x-www-form-urlencoded",
      origin: "http://pve.lan:9095",
      host: "pve.lan:9095",
    },
  });

  expect(response.status).toBe(303);
});

describe("T14 over plain http beyond this machine", () => {
  const LAN = { incoming: { socket: { remoteAddress: "192.168.1.50" } } };

  async function send(
    lab: Lab,
    path: string,
    form: Record<string, string>,
    host: string,
    env = LAN,
  ) {
    return await lab.console.app.request(
      `http://${host}${path}`,
      {
        method: "POST",
        body: new URLSearchParams({ csrf: "csrf-of-ana", ...form }).toString(),
        headers: {
          cookie: "countersign_session=session-of-ana-0000",
          "content-type": "application/x-www-form-urlencoded",
          origin: `http://${host}`,
          host,
        },
      },
      env,
    );
  }

  it.each([
    ["by name", "pve.lan:9095", "192.168.1.50"],
    ["by a loopback name that somebody else claims", "127.0.0.1:9095", "192.168.1.50"],
    ["through a proxy of this machine", "pve.lan:9095", "127.0.0.1"],
    ["from nobody knows where", "localhost:9095", ""],
  ])("T14 nothing is approved %s", async (_what, host, remoteAddress) => {
    const { lab, form } = labWithRequest();
    const env = { incoming: { socket: { remoteAddress } } };

    const response = await send(lab, `${PATH}/decisions`, form, host, env);
    const typed = { ...form, typed_code: form.plan_code ?? "" };
    const again = await send(lab, `${PATH}/decisions`, typed, host, env);

    expect([response.status, again.status]).toEqual([403, 403]);
    expect(await response.text()).toContain("ssh -L");
    expect(lab.decisions).toEqual([]);
  });

  it.each([
    "/approve 12345678",
    "approve x",
    "/enable_autohealing",
    "/run x",
    "c:confirm-7f",
    "\u2060/approve x",
    "/ap\u2060prove x",
    "maintenance web 0",
  ])("T14 the command box refuses %s", async (text) => {
    const { lab } = labWithRequest();

    expect((await send(lab, "/command", { text }, "pve.lan:9095")).status).toBe(403);
    expect(lab.commands).toEqual([]);
  });

  it.each([`${PATH}/edits`, "/executions/exe_1/reviewed", "/executions/exe_1/undo"])(
    "T14 %s is refused",
    async (path) => {
      const { lab, form } = labWithRequest();
      const fields = { ...form, incident: "inc_nginx", "param.unit": "other" };

      expect((await send(lab, path, fields, "pve.lan:9095")).status).toBe(403);
      expect([lab.edits, lab.reviews, lab.undone]).toEqual([[], [], []]);
    },
  );

  it("T14 rejects, disables and reads, and says why it offers no Approve", async () => {
    const { lab, form } = labWithRequest();
    const page = await lab.console.app.request(
      `http://pve.lan:9095${PATH}`,
      { headers: { cookie: "countersign_session=session-of-ana-0000", host: "pve.lan:9095" } },
      LAN,
    );
    const text = await page.text();

    expect(text).toContain("this page approves nothing");
    expect(text).not.toContain('value="approve"');
    await send(lab, "/command", { text: "/disable_autohealing" }, "pve.lan:9095");
    await send(lab, `${PATH}/decisions`, { ...form, decision: "reject" }, "pve.lan:9095");
    expect(lab.commands).toEqual(["/disable_autohealing"]);
    expect(lab.decisions).toMatchObject([{ decision: "reject" }]);
  });

  it.each(["127.0.0.1:9095", "localhost:9095", "[::1]:9095"])(
    "on this machine, by %s, it approves",
    async (host) => {
      const { lab, form } = labWithRequest();
      const env = { incoming: { socket: { remoteAddress: "::ffff:127.0.0.1" } } };

      expect((await send(lab, `${PATH}/decisions`, form, host, env)).status).toBe(303);
      expect(lab.decisions).toHaveLength(1);
    },
  );
});

it.each(["", "csrf-of-ben", "csrf-of-an"])(
  "T13 refuses a decision with the form token '%s'",
  async (csrf) => {
    const { lab, form } = labWithRequest();

    const response = await lab.post(`${PATH}/decisions`, { ...form, csrf });

    expect(response.status).toBe(403);
    expect(lab.decisions).toEqual([]);
  },
);

it.each(["application/json", "text/plain", "multipart/form-data; boundary=x", ""])(
  "T13 refuses a decision sent as '%s'",
  async (type) => {
    const { lab, form } = labWithRequest();

    const response = await lab.post(`${PATH}/decisions`, form, { "content-type": type });

    expect(response.status).toBe(415);
    expect(lab.decisions).toEqual([]);
  },
);

it("T13 never changes anything by GET", async () => {
  const { lab, form } = labWithRequest();
  const query = new URLSearchParams({ csrf: "csrf-of-ana", ...form });

  for (const path of [
    `${PATH}/decisions`,
    "/executions/exe_1/reviewed",
    "/executions/exe_1/undo",
    "/sign-out",
  ]) {
    expect((await lab.get(`${path}?${query}`)).status).toBe(404);
  }
  await lab.get("/command?text=/disable_autohealing");

  expect([lab.decisions, lab.reviews, lab.undone, lab.commands]).toEqual([[], [], [], []]);
  expect((await lab.get("/")).status).toBe(200);
});

it("T13 every form that posts carries the token, and every page the strict headers", async () => {
  const { lab } = labWithRequest();

  for (const path of PAGES) {
    const response = await lab.get(path);
    const page = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";

    const forms = page.match(/<form method="post".*?<\/form>/gs) ?? [];
    expect(forms.every((form) => form.includes('name="csrf"'))).toBe(true);
    expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(policy).not.toContain("unsafe");
    expect(page).toContain(`nonce="${policy.match(/script-src 'nonce-([^']+)'/)?.[1]}"`);
    expect(page).not.toMatch(/<[^>]* style="| on[a-z]+="|<style|<script>/);
    expect(response.headers.get("x-frame-options")).toBe("DENY");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("referrer-policy")).toBe("same-origin");
    expect(response.headers.get("cache-control")).toBe("no-store");
  }
});

it("T13 gives every page its own nonce", async () => {
  const { lab } = labWithRequest();
  const nonce = async () =>
    (await lab.get("/")).headers.get("content-security-policy")?.match(/nonce-[^']+/)?.[0];

  expect(await nonce()).not.toBe(await nonce());
});

it("T24 T34 renders addresses from alerts and evidence as text, never as links", async () => {
  const lab = createLab();
  const view = aView(lab.now);
  lab.views = [
    aView(lab.now, {
      incident: {
        ...view.incident,
        alerts: [
          anAlert({
            startsAt: lab.now,
            generatorUrl: "javascript:alert(1)",
            annotations: { summary: "https://evil.example/?q=1", image: "http://169.254.169.254/" },
          }),
        ],
      },
      diagnosis: {
        by: "rules",
        cause: "![x](https://evil.example/leak)",
        confidence: "low",
        cites: ["javascript:alert(1)"],
      },
    }),
  ];

  const page = await (await lab.get(PATH)).text();
  const targets = [...page.matchAll(/(?:href|src|action)="([^"]*)"/g)].map((match) => match[1]);

  expect(page).toContain("https://evil.example/?q=1");
  expect(targets.filter((target) => !/^(?:\/(?!\/)|#)/.test(target ?? ""))).toEqual([]);
});

it("T61 T62 escapes markup wherever it comes from", async () => {
  const lab = createLab();
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
  const view = aView(lab.now);
  lab.views = [
    aView(lab.now, {
      incident: {
        ...view.incident,
        title: evil,
        alerts: [anAlert({ startsAt: lab.now, labels: { [evil]: evil, alertname: evil } })],
      },
      evidence: view.evidence.map((item) => ({ ...item, title: evil, text: evil })),
      requests: [aRequest(lab.now, { argv: ["/bin/echo", evil], approvers: evil })],
      executions: [anExecution(lab.now, { output: evil, target: evil })],
    }),
  ];
  lab.answer = { text: evil, buttons: [{ label: evil, value: evil }] };

  const pages = await Promise.all([
    lab.get(PATH),
    lab.get("/"),
    lab.get(`/history?words=${encodeURIComponent(evil)}`),
    lab.post("/command", { text: evil }),
  ]);

  for (const response of pages) {
    const page = await response.text();
    expect(page).not.toContain("<script>");
    expect(page).not.toContain("<img src=x");
  }
});

it("T43 T63 shows hidden, reordering and look-alike characters by their code point", async () => {
  const lab = createLab();
  lab.views = [
    aView(lab.now, {
      requests: [
        aRequest(lab.now, {
          argv: ["/bin/rm", "safe\u202etxt.exe", "ngin\u0445", "a\nb"],
          target: { name: "web\u200b-01", host: "10.0.0.1" },
        }),
      ],
    }),
  ];

  const page = await (await lab.get(PATH)).text();

  for (const codePoint of ["U+202E", "U+0445", "U+000A", "U+200B"]) {
    expect(page).toContain(`>${codePoint}</mark>`);
  }
  expect(page).not.toMatch(/[\u202e\u200b]/u);
});

it("T64 shows an argv of any length to its last character", async () => {
  const lab = createLab();
  const long = `${"x".repeat(6_000)}; the end`;
  lab.views = [aView(lab.now, { requests: [aRequest(lab.now, { argv: ["/bin/echo", long] })] })];

  const page = await (await lab.get(PATH)).text();

  expect(page).toContain(`${long}&#39;`);
});

it("carries no free text in a URL back to the page", async () => {
  const lab = createLab();

  const page = await (await lab.get("/?flash=Your+session+was+stolen")).text();

  expect(page).not.toContain("stolen");
});

it("refuses a form longer than any of ours", async () => {
  const { lab, form } = labWithRequest();

  const response = await lab.post(`${PATH}/decisions`, { ...form, reason: "x".repeat(20_000) });

  expect(response.status).toBe(413);
});

it.each([
  ["a digest that is none", { digest: "abc" }],
  ["a decision that is none", { decision: "maybe" }],
  ["a plan code that is none", { plan_code: "../../etc" }],
])("refuses %s before it reaches the desk", async (_what, change) => {
  const { lab, form } = labWithRequest();

  const response = await lab.post(`${PATH}/decisions`, { ...form, ...change });

  expect(response.status).toBe(400);
  expect(lab.decisions).toEqual([]);
});
