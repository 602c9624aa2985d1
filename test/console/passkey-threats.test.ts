import { describe, expect, it } from "vitest";
import type { Authenticator } from "../fakes/authenticator.ts";
import { createAuthenticator } from "../fakes/authenticator.ts";
import { ANA_COOKIE, ana, CSRF, createLab } from "./lab.ts";
import { aRequest, aView } from "./stories.ts";

const ORIGIN = "http://localhost:9095";
const SITE = { origin: ORIGIN, host: "localhost" };
const HERE = { origin: ORIGIN, host: "localhost:9095" };
const SIGNED_OUT = { ...HERE, cookie: "" };
const PATH = "/incidents/inc_nginx";
const CODE_OF = (digest: string) => digest.slice(0, 8);

/** A console at a name of its own, with two high-risk plans that wait. */
function openConsole() {
  const lab = createLab({ publicUrl: ORIGIN });
  const plan = aRequest(lab.now, { risk: "high" });
  const other = aRequest(lab.now, { id: "req_2", risk: "high", argv: ["/sbin/reboot"] });
  lab.views = [aView(lab.now, { requests: [plan, other] })];
  const device = createAuthenticator(SITE);

  const post = (path: string, form: Record<string, string>, headers = {}) =>
    lab.post(path, form, { ...HERE, ...headers });

  async function asked(path: string, form: Record<string, string> = {}, headers = {}) {
    return (await (await post(path, form, headers)).json()) as {
      challenge: string;
      user: { id: string };
    };
  }

  async function add(by: Authenticator = device, odd = {}): Promise<string | null> {
    const passkey = by.create(await asked("/passkeys/challenge"), odd);
    const answer = await post("/passkeys", { passkey, name: "phone" });
    return answer.headers.get("location");
  }

  /** Sends the form of the plan with this answer of a device. */
  async function approve(passkey: string, digest = plan.digest): Promise<string | null> {
    const form = { decision: "approve", plan_code: CODE_OF(digest), digest, reason: "seen" };
    const typed = { ...form, typed_code: CODE_OF(digest), passkey };
    return (await post(`${PATH}/decisions`, typed)).headers.get("location");
  }

  const askedFor = (digest: string) => asked(`${PATH}/challenge`, { digest });
  return { lab, plan, other, device, post, asked, askedFor, add, approve };
}

const WRONG = `${PATH}?flash=passkey_wrong`;

it("T07 adds a passkey, and approves by it the plan that it was asked for", async () => {
  const { lab, plan, device, askedFor, add, approve } = openConsole();

  expect(await add()).toBe("/sessions?flash=passkey_added");
  expect(lab.passkeys).toMatchObject([{ id: device.id, person: "ana", site: "localhost" }]);
  const answer = device.get(await askedFor(plan.digest));

  expect(await approve(answer)).toBe(`${PATH}?flash=approved`);
  expect(lab.decisions).toMatchObject([
    { passkey: device.id, digest: plan.digest, via: "typed", signedIn: "link" },
  ]);
  expect(lab.passkeys).toMatchObject([{ counter: 1 }]);
});

describe("an approval by passkey is refused and noted", () => {
  it("P2 where the device was asked for another plan", async () => {
    const { lab, other, device, askedFor, add, approve } = openConsole();
    await add();

    expect(await approve(device.get(await askedFor(other.digest)))).toBe(WRONG);
    expect([lab.decisions, lab.refusals]).toEqual([[], ["ana"]]);
  });

  it("T14 where its answer comes a second time", async () => {
    const { lab, plan, device, askedFor, add, approve } = openConsole();
    await add();
    // A device that does not count: nothing but the challenge tells the second time from the first.
    const answer = device.get(await askedFor(plan.digest), { counter: 0 });
    expect(await approve(answer)).toBe(`${PATH}?flash=approved`);

    expect(await approve(answer)).toBe(WRONG);
    expect(lab.decisions).toHaveLength(1);
  });

  it("T14 where it comes after two minutes", async () => {
    const { lab, plan, device, askedFor, add, approve } = openConsole();
    await add();
    const answer = device.get(await askedFor(plan.digest));
    lab.now = new Date(lab.now.getTime() + 2 * 60_000);

    expect(await approve(answer)).toBe(WRONG);
    expect(lab.decisions).toEqual([]);
  });

  it("T51 where it is another person's", async () => {
    const { lab, plan, device, askedFor, add, approve } = openConsole();
    await add();
    lab.passkeys = lab.passkeys.map((one) => ({ ...one, person: "ben" }));

    expect(await approve(device.get(await askedFor(plan.digest), { handle: "" }))).toBe(WRONG);
    expect(lab.decisions).toEqual([]);
  });

  it("T14 where another session asked for it", async () => {
    const { lab, plan, device, asked, add, approve } = openConsole();
    await add();
    lab.csrf = "csrf-of-another-session";
    const given = await asked(`${PATH}/challenge`, { csrf: lab.csrf, digest: plan.digest });
    lab.csrf = CSRF;

    expect(await approve(device.get(given))).toBe(WRONG);
    expect(lab.decisions).toEqual([]);
  });

  it("T14 where it was asked for to sign in", async () => {
    const { lab, device, asked, add, approve } = openConsole();
    await add();

    expect(await approve(device.get(await asked("/sign-in/challenge")))).toBe(WRONG);
    expect(lab.decisions).toEqual([]);
  });

  it.each([
    ["on another site", { origin: "https://evil.example" }],
    ["on this machine, at another port", { origin: "http://localhost:9096" }],
    ["for another name", { host: "evil.example" }],
    ["without fingerprint, face or PIN", { isVerified: false }],
    ["by a device of somebody else's name", { handle: "AAAA" }],
    ["by a copy of the device", { counter: 0 }],
  ])("T14 where it was given %s", async (_what, odd) => {
    const { lab, plan, device, askedFor, add, approve } = openConsole();
    await add();
    lab.passkeys = lab.passkeys.map((one) => ({ ...one, counter: 1 }));

    const wrong = await approve(device.get(await askedFor(plan.digest), { counter: 2, ...odd }));
    const right = await approve(device.get(await askedFor(plan.digest), { counter: 2 }));

    expect([wrong, right]).toEqual([WRONG, `${PATH}?flash=approved`]);
    expect(lab.decisions).toHaveLength(1);
  });

  it.each(["{}", "null", "x", '{"id":"AAAA"}', `"${"x".repeat(13_000)}"`])(
    "T05 where it is %.20s",
    async (answer) => {
      const { lab, add, approve } = openConsole();
      await add();

      expect(await approve(answer)).toBe(WRONG);
      expect([lab.decisions, lab.errors]).toEqual([[], []]);
    },
  );

  it("T05 where its signature is not the device's", async () => {
    const { lab, plan, device, askedFor, add, approve } = openConsole();
    await add();
    const answer = JSON.parse(device.get(await askedFor(plan.digest)));
    const { signature } = JSON.parse(device.get(await askedFor(plan.digest))).response;
    answer.response.signature = signature;

    expect(await approve(JSON.stringify(answer))).toBe(WRONG);
    expect(lab.decisions).toEqual([]);
  });
});

describe("T07 whoever took a chat over, or found a browser signed in", () => {
  it.each([
    ["a session that a chat began", { way: "chat", sessionAgeMs: 0 }],
    ["a session of sixteen minutes", { way: "link", sessionAgeMs: 16 * 60_000 }],
  ] as const)("T07 adds and removes no passkey in %s", async (_what, session) => {
    const { lab, device, post, asked, add } = openConsole();
    await add();
    const given = await asked("/passkeys/challenge");
    Object.assign(lab, session);

    const challenge = await post("/passkeys/challenge", {});
    const passkey = createAuthenticator(SITE).create(given);
    const added = await post("/passkeys", { passkey, name: "mine" });
    const removed = await post("/passkeys/removal", { passkey: device.id });

    expect(challenge.status).toBe(403);
    expect(added.headers.get("location")).toBe("/sessions?flash=passkey_refused");
    expect(removed.headers.get("location")).toBe("/sessions?flash=passkey_kept");
    expect(lab.passkeys).toMatchObject([{ id: device.id }]);
    expect(await (await lab.get("/sessions", HERE)).text()).toContain("sign in anew");
  });

  it("T07 is shown no form for high risk there, and told why", async () => {
    const { lab } = openConsole();
    lab.way = "chat";

    const page = await (await lab.get(PATH, HERE)).text();

    expect(page).not.toContain("typed_code");
    expect(page).toContain("npx countersign sign-in");
    expect(page).toContain('value="reject"');
  });
});

it("asks for the passkey of whoever has one, where passkeys work, and elsewhere says where", async () => {
  const { lab, add } = openConsole();
  const before = await (await lab.get(PATH, HERE)).text();
  await add();

  const here = await (await lab.get(PATH, HERE)).text();
  const byAddress = await (await lab.get(PATH, { host: "127.0.0.1:9095" })).text();

  expect(before).toContain("typed_code");
  expect(before).not.toContain("data-passkey");
  expect(here).toContain("with your passkey");
  expect(here).toContain("/assets/passkeys.js");
  expect(byAddress).not.toContain("typed_code");
  expect(byAddress).toContain("COUNTERSIGN_PUBLIC_URL");
});

describe("signing in with a passkey", () => {
  async function signIn(to = "/incidents/inc_nginx?alerts=all") {
    const console = openConsole();
    await console.add();
    const send = async (odd = {}) => {
      const given = await console.asked("/sign-in/challenge", {}, SIGNED_OUT);
      const passkey = console.device.get(given, odd);
      return await console.post("/sign-in", { passkey, to }, SIGNED_OUT);
    };
    return { ...console, send };
  }

  it("begins a session, and goes on where the person was", async () => {
    const { send } = await signIn();

    const response = await send();

    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/incidents/inc_nginx?alerts=all");
    expect(response.headers.get("set-cookie")).toContain("session-by-passkey-0000");
  });

  it.each(["https://evil.example/", "//evil.example", "/\\evil.example", ""])(
    "T24 never goes on to '%s'",
    async (to) => {
      const { send } = await signIn(to);

      expect((await send()).headers.get("location")).toBe("/");
    },
  );

  it.each([
    ["for another site", { origin: "https://evil.example" }],
    ["by a device of somebody else's name", { handle: "AAAA" }],
    ["without fingerprint, face or PIN", { isVerified: false }],
  ])("T14 signs nobody in %s", async (_what, odd) => {
    const { send } = await signIn();

    const response = await send(odd);

    expect(response.status).toBe(403);
    expect(response.headers.get("set-cookie")).toBeNull();
  });

  it("T14 signs nobody in whom the policy does not know any more", async () => {
    const { lab, send } = await signIn();
    lab.person = { name: "vera", roles: ["viewer"] };

    expect((await send()).status).toBe(403);
  });

  it("T13 is not done by another site, nor T14 at speed", async () => {
    const { post } = openConsole();
    const away = { "sec-fetch-site": "cross-site" };
    const statuses: number[] = [];
    for (let turn = 0; turn < 12; turn++) {
      statuses.push((await post("/sign-in", { passkey: "x" }, SIGNED_OUT)).status);
    }

    expect((await post("/sign-in/challenge", {}, { ...SIGNED_OUT, ...away })).status).toBe(403);
    expect(statuses.filter((status) => status === 403)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
  });

  it("is offered only where browsers have passkeys", async () => {
    const { lab } = openConsole();
    const plain = createLab({ publicUrl: "http://192.168.1.5:9095" });

    const here = await (await lab.get("/", SIGNED_OUT)).text();
    const byAddress = await (await lab.get("/", { cookie: "", host: "127.0.0.1:9095" })).text();
    const never = await (await plain.get("/", { cookie: "", host: "192.168.1.5:9095" })).text();

    expect(here).toContain("Sign in with a passkey");
    expect([byAddress, never].join()).not.toContain("Sign in with a passkey");
    const there = { origin: "http://192.168.1.5:9095" };
    expect((await plain.post("/sign-in/challenge", {}, there)).status).toBe(404);
    expect((await plain.post("/passkeys/challenge", {}, there)).status).toBe(404);
    expect((await plain.post("/passkeys", { passkey: "x", name: "x" }, there)).status).toBe(303);
  });
});

it("removes one's own passkey, and ends the sessions that one began elsewhere", async () => {
  const { lab, device, post, asked, add } = openConsole();
  await add();
  const passkey = device.get(await asked("/sign-in/challenge", {}, SIGNED_OUT));
  await post("/sign-in", { passkey, to: "/" }, SIGNED_OUT);
  const theirs = { ...HERE, cookie: "countersign_session=session-by-passkey-0000" };
  const before = (await lab.get("/", theirs)).status;

  const foreign = await post("/passkeys/removal", { passkey: "AAAA" });
  const removed = await post("/passkeys/removal", { passkey: device.id });

  expect(foreign.headers.get("location")).toBe("/sessions?flash=passkey_kept");
  expect(removed.headers.get("location")).toBe("/sessions?flash=passkey_removed");
  expect(lab.passkeys).toEqual([]);
  expect([before, (await lab.get("/", theirs)).status]).toEqual([200, 401]);
  expect((await lab.get("/", { ...HERE, cookie: ANA_COOKIE })).status).toBe(200);
});

it.each([
  ["/passkeys/challenge", {}],
  [`${PATH}/challenge`, { digest: "a".repeat(64) }],
  ["/passkeys", { passkey: "{}", name: "x" }],
  ["/passkeys/removal", { passkey: "AAAA" }],
])("T13 %s takes the token of the form, and no GET", async (path, form) => {
  const { lab, post } = openConsole();

  expect((await post(path, { ...form, csrf: "x" })).status).toBe(403);
  expect((await lab.get(`${path}?csrf=${CSRF}`, HERE)).status).toBe(404);
});

it("T14 gives nobody challenges at speed", async () => {
  const { post } = openConsole();
  const statuses: number[] = [];
  for (let turn = 0; turn < 12; turn++) {
    statuses.push((await post("/passkeys/challenge", {})).status);
  }

  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(200));
  expect(statuses.at(-1)).toBe(429);
});

it("keeps the passkeys of others out of a person's page", async () => {
  const { lab, add } = openConsole();
  await add();
  lab.person = { name: "ben", roles: ana.roles };

  expect(await (await lab.get("/sessions", HERE)).text()).not.toContain("phone");
});
