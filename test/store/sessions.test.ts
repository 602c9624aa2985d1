import { describe, expect, it } from "vitest";
import { createLab, HOUR, MINUTE } from "./lab.ts";

describe("a sign-in link", () => {
  it("signs in once, within ten minutes, and looking at it changes nothing", async () => {
    const { store, pass } = createLab();
    const { sessions } = store;
    const token = await sessions.createLink("ana");
    const before = [
      await sessions.hasAnyoneSignedIn(),
      await sessions.peekLink(token),
      await sessions.peekLink(token),
    ];
    const [one, two] = await Promise.all([
      sessions.consumeLink(token),
      sessions.consumeLink(token),
    ]);
    const late = await sessions.createLink("ben");
    pass(10 * MINUTE);

    expect(before).toEqual([false, "ana", "ana"]);
    expect([one?.person, two]).toEqual(["ana", null]);
    expect(await sessions.hasAnyoneSignedIn()).toBe(true);
    expect([await sessions.peekLink(token), await sessions.peekLink(late)]).toEqual([null, null]);
    expect(await sessions.consumeLink(late)).toBeNull();
  });

  it("can't be made from what is stored", async () => {
    const { store, raw, kinds } = createLab();
    const token = await store.sessions.createLink("ana");
    const session = await store.sessions.consumeLink(token);
    const stored = JSON.stringify([
      raw.prepare("SELECT * FROM sign_in_links").all(),
      raw.prepare("SELECT * FROM sessions").all(),
      raw.prepare("SELECT * FROM record").all(),
    ]);

    expect(stored).not.toContain(token);
    expect(stored).not.toContain(session?.secret);
    expect(kinds()).toContain("person.signed_in");
  });
});

describe("a session", () => {
  async function signedIn() {
    const lab = createLab();
    const token = await lab.store.sessions.createLink("ana");
    const secret = (await lab.store.sessions.consumeLink(token))?.secret ?? "";
    return { ...lab, sessions: lab.store.sessions, secret };
  }

  it("ends after twelve hours", async () => {
    const { sessions, secret, pass } = await signedIn();
    const found = await sessions.findSession(secret);
    pass(12 * HOUR - 1);
    const last = await sessions.findSession(secret);
    pass(1);

    expect(found).toMatchObject({ person: "ana", csrf: expect.stringMatching(/^[\w-]{22}$/) });
    expect(last).toEqual(found);
    expect(await sessions.findSession(secret)).toBeNull();
  });

  it("is listed without what signs in, and can be revoked from elsewhere", async () => {
    const { sessions, secret, kinds } = await signedIn();
    await sessions.consumeLink(await sessions.createLink("ben"), "Firefox");
    const listed = await sessions.list();
    const id = await sessions.idOf(secret);

    expect(listed).toMatchObject([
      { person: "ben", agent: "Firefox" },
      { person: "ana", id },
    ]);
    expect(await sessions.findSession(id)).toBeNull();
    expect(await sessions.revoke([id, id], "ben")).toBe(1);
    expect(await sessions.findSession(secret)).toBeNull();
    expect(kinds().at(-1)).toBe("session.revoked");
  });

  it("ends when it is ended, and no other does", async () => {
    const { sessions, secret } = await signedIn();
    const other = await sessions.consumeLink(await sessions.createLink("ana"));
    await sessions.endSession(secret);

    expect(await sessions.findSession(secret)).toBeNull();
    expect(await sessions.findSession(other?.secret ?? "")).toMatchObject({ person: "ana" });
    expect(await sessions.findSession("")).toBeNull();
  });
});
