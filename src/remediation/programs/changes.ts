import type { Finding } from "../verdict.ts";
import type { Table } from "./program.ts";

/** Where a file that goes missing takes the system with it. */
const SYSTEM_PLACE =
  /^\/(?:$|(?:bin|boot|dev|etc|home|lib\w*|opt|proc|root|run|sbin|srv|sys|usr|var)(?:\/?|\/(?:lib|log|www|cache|spool|bin|sbin|local|share)\/?)(?:\*.*)?$|\*|(?:bin|boot|dev|lib\w*|proc|sbin|sys|usr)\/)/;

function removesTheSystem(values: readonly string[]): Finding | null {
  const bad = values.find(
    (value) =>
      SYSTEM_PLACE.test(value) ||
      /^(?:~|\*|\.{1,2})?(?:\/\*?)?$|\.\.|^\.\/\*|^--no-preserve-root/.test(value),
  );
  return bad === undefined
    ? null
    : {
        verdict: "forbidden",
        reason: `rm ${JSON.stringify(bad)} takes away more than anybody can name`,
      };
}

function endsEverything(values: readonly string[]): Finding | null {
  const pids = values.filter((value, at) => at > 0 || !value.startsWith("-"));
  return pids.some((value) => /^-?[01]$/.test(value)) || values.includes("-1")
    ? { verdict: "forbidden", reason: "kill of 0, 1 or -1 ends everything" }
    : null;
}

/** Programs that change something and are known well enough to say how much. */
export const CHANGES: Table = {
  rm: {
    source: "rm(1)",
    verdict: "high",
    does: "deletes files for good",
    flags:
      "-f -i -I -r -R -d -v --force --recursive --dir --verbose --one-file-system --no-preserve-root",
    operands: "any*",
    check: removesTheSystem,
  },
  "rmdir unlink": {
    source: "rmdir(1)",
    verdict: "high",
    does: "deletes",
    flags: "-p -v",
    operands: "any*",
    check: removesTheSystem,
  },
  kill: {
    source: "kill(1)",
    verdict: "medium",
    does: "asks a process to end",
    style: "exact",
    flags: "-TERM -HUP -15 -1 -USR1 -USR2 -s:gentleSignal -l",
    operands: "pid*",
    check: endsEverything,
  },
  "cp mv ln install rsync scp": {
    source: "cp(1), mv(1), ln(1), rsync(1)",
    verdict: "high",
    does: "writes files",
    flags: "-a -r -f -v -p -s -n",
    operands: "any*",
  },
  "touch mkdir truncate tee mkfifo mktemp": {
    source: "touch(1), tee(1), truncate(1)",
    verdict: "high",
    does: "writes files",
    flags: "-a -p -s:any -c -v",
    operands: "any*",
  },
  sync: { source: "sync(1)", verdict: "medium", does: "writes everything out to the disks" },
  "umount swapoff": {
    source: "umount(8)",
    verdict: "high",
    does: "takes a file system away",
    flags: "-l -f -a",
    operands: "any*",
  },
  fstrim: {
    source: "fstrim(8)",
    verdict: "medium",
    does: "tells the disks what is free",
    flags: "-a -v -A",
    operands: "place",
  },
  "update-ca-certificates ldconfig": {
    source: "ldconfig(8)",
    verdict: "medium",
    does: "rebuilds a list of the system",
  },
  modprobe: {
    source: "modprobe(8)",
    verdict: "high",
    does: "loads code into the kernel",
    flags: "-r -v",
    operands: "name*",
  },
};
