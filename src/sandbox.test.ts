import { expect, it } from "vitest";
import { checkSandbox, gapsIn, lookAround, whyBelowFloor } from "./sandbox.ts";

const closed = {
  status: "Name:\tnode\nUid:\t997\t997\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n",
  canWriteUsr: false,
  canUseDocker: false,
};

it("finds nothing where all is closed", () => {
  expect(gapsIn(closed)).toEqual([]);
  expect(checkSandbox(true, closed)).toMatch(/^no rights/);
});

it.each([
  ["root", { status: closed.status.replace("Uid:\t997", "Uid:\t0") }, /runs as root/],
  ["new rights", { status: closed.status.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0") }, /nesting/],
  ["no filter", { status: closed.status.replace("Seccomp:\t2", "Seccomp:\t0") }, /system calls/],
  [
    "a capability",
    { status: closed.status.replace("0000000000000000", "0000000000000020") },
    /capabilities \(0000000000000020\)/,
  ],
  ["a writable /usr", { canWriteUsr: true }, /\/usr can be written/],
  ["the engine's socket", { canUseDocker: true }, /docker\.sock, which is as good as root/],
])("names %s where it is a service", (_, over, why) => {
  expect(() => checkSandbox(true, { ...closed, ...over })).toThrow(why);
  expect(checkSandbox(false, { ...closed, ...over })).toMatch(why);
});

it("takes a kernel that says nothing for an open one", () => {
  expect(gapsIn({ ...closed, status: "" })).toHaveLength(2);
});

it("reads what the kernel says of this very process", () => {
  expect(lookAround().status).toMatch(/^Name:.*\n[\s\S]*^NoNewPrivs:\t[01]$/m);
});

it.each([
  ["root", { status: closed.status.replace("Uid:\t997", "Uid:\t0") }, /runs as root/],
  ["new rights", { status: closed.status.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0") }, /rights/],
  ["no filter", { status: closed.status.replace("Seccomp:\t2", "Seccomp:\t0") }, /system calls/],
  ["a writable /usr", { canWriteUsr: true }, /\/usr/],
  ["a kernel that says nothing", { status: "" }, /system calls/],
])("is below the floor as a service with %s, and never in a terminal", (_, over, why) => {
  expect(whyBelowFloor(true, { ...closed, ...over })).toMatch(why);
  expect(whyBelowFloor(false, { ...closed, ...over })).toBeNull();
  expect(() => checkSandbox(true, { ...closed, ...over })).toThrow(/nothing runs unasked/);
});

it("is not below it with what an owner gives on purpose", () => {
  const status = closed.status.replace("0000000000000000", "0000000000000020");
  expect(whyBelowFloor(true, { ...closed, status, canUseDocker: true })).toBeNull();
});
