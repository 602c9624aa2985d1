import { expect, it } from "vitest";
import { ANA_COOKIE, CSRF, createLab, LINK } from "./lab.ts";
import { aRequest, aView } from "./stories.ts";

const SIGNED_OUT = { cookie: "" };

it.each(["/", "/incidents/inc_nginx", "/history", "/command", "/no-such-page"])(
  "T14 a link to %s carries no authority: without a session it is a page that says how to sign in",
  async (path) => {
    const lab = createLab();
    lab.views = [aView(lab.now, { requests: [aRequest(lab.now)] })];

    const response = await lab.get(path, SIGNED_OUT);

    const page = await response.text();
    expect(response.status).toBe(401);
    expect(page).toContain("npx countersign sign-in");
    expect(page).not.toContain("NginxDown");
  },
);

it("T14 a made-up cookie is no session", async () => {
  const lab = createLab();

  const response = await lab.get("/", { cookie: "countersign_session=aaaaaaaaaaaaaaaaaaaaaaaa" });

  expect(response.status).toBe(401);
});

it("T14 opening a sign-in link, as previews do, uses nothing up", async () => {
  const lab = createLab();

  await lab.get(`/sign-in/${LINK}`, SIGNED_OUT);
  await lab.console.app.request(`/sign-in/${LINK}`, { method: "HEAD" });
  const page = await lab.get(`/sign-in/${LINK}`, SIGNED_OUT);

  expect(page.status).toBe(200);
  expect(page.headers.get("set-cookie")).toBeNull();
  expect(await page.text()).toContain("signs this browser in as");
});

it("signs in by the button, once", async () => {
  const lab = createLab();

  const first = await lab.post(`/sign-in/${LINK}`, {}, SIGNED_OUT);
  const second = await lab.post(`/sign-in/${LINK}`, {}, SIGNED_OUT);

  expect(first.status).toBe(303);
  expect(first.headers.get("location")).toBe("/?flash=signed_in");
  expect(first.headers.get("set-cookie")).toBe(
    "countersign_session=session-by-link-0000; Max-Age=43200; Path=/; HttpOnly; SameSite=Strict",
  );
  expect(second.status).toBe(404);
  expect(second.headers.get("set-cookie")).toBeNull();
});

it("T14 over https the cookie is Secure and bound to this host", async () => {
  const lab = createLab({ isSecure: true, publicUrl: "https://ops.example.org" });

  const response = await lab.post(`/sign-in/${LINK}`, {}, { origin: "https://ops.example.org" });

  const cookie = response.headers.getSetCookie().find((each) => each.includes("session-by-link"));
  expect(cookie).toMatch(/^__Host-countersign_session=.*Secure/);
});

it("T13 another site can't sign somebody in", async () => {
  const lab = createLab();

  const response = await lab.post(`/sign-in/${LINK}`, {}, { "sec-fetch-site": "cross-site" });

  expect(response.status).toBe(403);
  expect((await lab.get(`/sign-in/${LINK}`)).status).toBe(200);
});

it("T14 sign-in links can't be guessed at speed", async () => {
  const lab = createLab();
  const guess = () => lab.post("/sign-in/aaaaaaaaaaaaaaaaaaaaaa", {}, SIGNED_OUT);

  const statuses: number[] = [];
  for (let turn = 0; turn < 12; turn++) statuses.push((await guess()).status);

  expect(statuses.filter((status) => status === 404)).toHaveLength(10);
  expect(statuses.at(-1)).toBe(429);
  lab.now = new Date(lab.now.getTime() + 60_000);
  expect((await guess()).status).toBe(404);
});

it("asks once more for a page that was reached from another site, where the cookie stays behind", async () => {
  const lab = createLab();

  const fromChat = await lab.get("/incidents/inc_nginx?alerts=all", {
    cookie: "",
    "sec-fetch-site": "cross-site",
  });
  const again = await lab.get("/incidents/inc_nginx", {
    cookie: "",
    "sec-fetch-site": "same-origin",
  });

  expect(await fromChat.text()).toContain('content="0; url=/incidents/inc_nginx?alerts=all"');
  expect(await again.text()).not.toContain("http-equiv");
});

it("T24 never sends anybody to another site", async () => {
  const lab = createLab();

  const response = await lab.console.app.request("http://localhost//evil.example/x", {
    headers: { "sec-fetch-site": "cross-site" },
  });

  expect(await response.text()).not.toContain("evil.example");
});

it("signs out for good", async () => {
  const lab = createLab();

  const response = await lab.post("/sign-out", {});

  expect(response.status).toBe(303);
  expect(response.headers.get("set-cookie")).toContain("Max-Age=0");
  expect((await lab.get("/")).status).toBe(401);
});

it("T13 signs nobody out without the token of the form", async () => {
  const lab = createLab();

  const response = await lab.post("/sign-out", { csrf: `${CSRF}x` });

  expect(response.status).toBe(403);
  expect((await lab.get("/", { cookie: ANA_COOKIE })).status).toBe(200);
});

it("shows a person without any role nothing", async () => {
  const lab = createLab();
  lab.person = { name: "ana", roles: [] };

  expect((await lab.get("/")).status).toBe(403);
});

it("lists the sessions of a person, ends any of them, and nobody else's", async () => {
  const lab = createLab();
  await lab.post(`/sign-in/${LINK}`, {}, SIGNED_OUT);
  const page = await (await lab.get("/sessions")).text();
  const ids = [...page.matchAll(/name="session" value="([0-9a-f]{16})"/g)].map(
    ([, id]) => id ?? "",
  );

  expect(ids).toHaveLength(2);
  expect(page).toContain("Firefox on Linux");
  expect(page).not.toContain("ben");
  const foreign = await lab.post("/sessions/revoke", { session: "0".repeat(16) });
  expect(foreign.headers.get("location")).toBe("/sessions?flash=not_revoked");
  await lab.post("/sessions/revoke", { session: "others" });
  expect((await lab.get("/", { cookie: "countersign_session=session-by-link-0000" })).status).toBe(
    401,
  );
  expect((await lab.get("/")).status).toBe(200);
});

it("T13 ends no session without the token of the form, nor by GET", async () => {
  const lab = createLab();

  const forged = await lab.post("/sessions/revoke", { session: "others", csrf: "x" });
  const byGet = await lab.get("/sessions/revoke?session=others");

  expect([forged.status, byGet.status]).toEqual([403, 404]);
});
