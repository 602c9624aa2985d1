import type { Policy, Surroundings } from "./policy.ts";
import { effectivePolicy, namesOf, peopleWho } from "./policy.ts";
import { CHANNELS, PolicyFile, ROLES } from "./policy-file.ts";
import type { Path, Problem } from "./yaml.ts";
import { parseYaml } from "./yaml.ts";

export type ParsedPolicy =
  | { readonly ok: true; readonly policy: Policy }
  | { readonly ok: false; readonly problems: readonly Problem[] };

interface Flaw {
  readonly path: Path;
  readonly message: string;
}

export function parsePolicy(file: string, bytes: Uint8Array, around: Surroundings): ParsedPolicy {
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === "") {
    // That is what a write that was cut short leaves behind: the defaults may not stand in for rules that were lost.
    const message = "is empty; for the built-in policy remove the file, or write {} into it";
    return { ok: false, problems: [{ file, line: 1, message }] };
  }
  const parsed = parseYaml(file, text, PolicyFile);
  if (!parsed.ok) return parsed;

  const policy = effectivePolicy(parsed.value, bytes, around);
  const problems = [
    ...peopleFlaws(parsed.value),
    ...approverFlaws(policy),
    ...rotaFlaws(policy),
    ...maintenanceFlaws(parsed.value, policy),
    ...targetFlaws(parsed.value),
    ...routeFlaws(parsed.value),
  ].map(({ path, message }) => ({ file, line: parsed.lineOf(path), message }));
  return problems.length === 0 ? { ok: true, policy } : { ok: false, problems };
}

/** Two people with one account would be two votes of one human; so would a key under a person's name. */
function peopleFlaws({ people, api_keys: keys }: PolicyFile): Flaw[] {
  const owners = new Map<string, string>();
  const claim = (
    what: string,
    value: string | number | undefined,
    by: string,
    path: Path,
  ): Flaw[] => {
    if (value === undefined) return [];
    const owner = owners.get(`${what} ${value}`);
    owners.set(`${what} ${value}`, owner ?? by);
    return owner === undefined
      ? []
      : [{ path, message: `${what} ${value} already belongs to ${owner}` }];
  };
  return [
    ...people.flatMap(({ name, telegram, slack }, at) => [
      ...claim("the name", name, `person ${at + 1}`, ["people", at, "name"]),
      ...claim("telegram", telegram, name, ["people", at, "telegram"]),
      ...claim("slack", slack, name, ["people", at, "slack"]),
    ]),
    ...keys.flatMap(({ name, sha256 }, at) => [
      ...claim("the name", name, `api key ${at + 1}`, ["api_keys", at, "name"]),
      ...claim("the key", sha256, name, ["api_keys", at, "sha256"]),
    ]),
  ];
}

function approverFlaws(policy: Policy): Flaw[] {
  const { medium, high } = policy.approval;
  const { to } = policy.escalation;
  const words = [
    { path: ["approval", "medium", "approvers"], who: medium.approvers },
    { path: ["approval", "high", "approvers"], who: high.approvers },
    ...(to === null ? [] : [{ path: ["escalation", "to"], who: to }]),
  ];
  const names = policy.people.map(({ name }) => name);
  const known: readonly string[] = [...ROLES, ...names];
  const strangers = words
    .filter(({ who }) => !known.includes(who))
    .map(({ path, who }) => ({
      path,
      message: `nobody is called "${who}"; roles are ${ROLES.join(", ")}, people are ${names.join(", ")}`,
    }));

  const canApprove = peopleWho(policy, high.approvers).length;
  const quorumPath = ["approval", "high", "quorum"];
  const tooFew = `${canApprove} people can approve high risk, so its quorum must be at least 2`;
  const tooMany = `only ${canApprove} people can approve high risk, so a quorum of ${high.quorum} could never be met`;
  return [
    ...strangers,
    ...(canApprove >= 2 && high.quorum < 2 ? [{ path: quorumPath, message: tooFew }] : []),
    ...(canApprove >= 2 && high.quorum > canApprove
      ? [{ path: quorumPath, message: tooMany }]
      : []),
  ];
}

/** Being on call gives nobody a right, so whoever is on it has to have it anyway. */
function rotaFlaws(policy: Policy): Flaw[] {
  const { rota, escalation, approval } = policy;
  if (rota === null) {
    if (escalation.to !== null) return [];
    const message = "on_call needs a rota that says who that is";
    return [{ path: ["escalation", "to"], message }];
  }
  const { approvers } = approval.medium;
  const mayApprove = peopleWho(policy, approvers).map(({ name }) => name);
  const named = [
    ...rota.people.map((name, at) => ({ name, path: ["rota", "people", at] })),
    ...rota.overrides.map(({ person: name }, at) => ({
      name,
      path: ["rota", "overrides", at, "person"],
    })),
  ];
  const strangers = named.flatMap(({ name, path }) => {
    if (mayApprove.includes(name)) return [];
    const message = policy.people.some((person) => person.name === name)
      ? `${name} can't approve medium risk (that takes ${approvers}), and being on call gives nobody a right`
      : `nobody is called "${name}" in people`;
    return [{ path, message }];
  });
  const overlaps = rota.overrides.flatMap(({ from, to }, at) => {
    const other = rota.overrides.slice(0, at).findIndex((one) => from < one.to && one.from < to);
    const message = `overlaps override ${other + 1}, so that two would be on call`;
    return other === -1 ? [] : [{ path: ["rota", "overrides", at], message }];
  });
  return [...strangers, ...overlaps];
}

function maintenanceFlaws({ maintenance }: PolicyFile, policy: Policy): Flaw[] {
  return maintenance.flatMap(({ targets }, at) =>
    targets.flatMap((called, index) => {
      if (namesOf(policy.targets, called).length > 0) return [];
      const message = `no target is called "${called}"; there are ${policy.targets.map(({ name }) => name).join(", ")}`;
      return [{ path: ["maintenance", at, "targets", index], message }];
    }),
  );
}

/** An alias may stand for one target of each executor, so that it never stands for two. */
function targetFlaws({ targets }: PolicyFile): Flaw[] {
  const entries = Object.entries(targets);
  return entries.flatMap(([name, { executor, aliases }], at) =>
    aliases.flatMap((alias, index) => {
      const path = ["targets", name, "aliases", index];
      if (alias === name || aliases.indexOf(alias) !== index) {
        return [{ path, message: `alias ${alias} is there twice` }];
      }
      const owner = entries.find(
        ([other, entry], place) =>
          place !== at &&
          entry.executor === executor &&
          (other === alias || (place < at && entry.aliases.includes(alias))),
      );
      if (owner === undefined) return [];
      return [
        { path, message: `alias ${alias} already belongs to the ${executor} target ${owner[0]}` },
      ];
    }),
  );
}

function routeFlaws({ alerts, outgoing }: PolicyFile): Flaw[] {
  const known: readonly string[] = [...CHANNELS, ...Object.keys(outgoing)];
  return alerts.route.flatMap(({ to }, at) =>
    to.flatMap((name, index) => {
      if (known.includes(name)) return [];
      const message = `nothing is called "${name}"; there are ${known.join(", ")}`;
      return [{ path: ["alerts", "route", at, "to", index], message }];
    }),
  );
}
