type Data = Readonly<Record<string, unknown>>;

/** One entry of the record as a sentence for the timeline. */
export function tell(kind: string, actor: string, data: Data): string {
  const sentence = SENTENCES[kind];
  return sentence === undefined ? `${kind.replace(".", " ")} by ${actor}` : sentence(data, actor);
}

const SENTENCES: Readonly<Record<string, (data: Data, actor: string) => string>> = {
  "incident.opened": ({ title }) => `Opened: ${title}`,
  "incident.missed": ({ title }) => `${title} was over before we heard of it`,
  "incident.reopened": ({ alert }) => `Opened again: ${alert} fires anew`,
  "incident.acknowledged": (_, actor) => `${actor} looks after it`,
  "incident.noted": ({ text }, actor) => `${actor} notes: ${text}`,
  "incident.resolved": ({ why }) =>
    typeof why === "string" ? `Over: ${why}` : "Resolved: no alert of the group fires any more",
  "alert.fired": ({ alert, instance }) => `${alert} fires${on(instance)}`,
  "alert.fired_again": ({ alert }) => `${alert} fires again under its old start`,
  "alert.missed": ({ alert, instance }) => `${alert}${on(instance)} had fired and resolved`,
  "alert.resolved": ({ alert, why }) => `${alert} resolved${because(why)}`,
  "opinion.written": ({ model, costUsd }) => `${model} read the evidence for $${costUsd}`,
  "opinion.recalled": ({ from }) => `The reading of ${from} holds for this one, too`,
  "session.revoked": ({ person }, actor) => `${actor} ended a session of ${person}`,
  "person.invited": ({ way }, actor) =>
    `${actor} was given a sign-in link${way === "chat" ? " in a chat" : ""}`,
  "person.signed_in": ({ way }, actor) => `${actor} signed in${WAYS[String(way)] ?? ""}`,
  "passkey.added": ({ name }, actor) => `${actor} added the passkey ${name}`,
  "passkey.removed": ({ name }, actor) => `${actor} removed the passkey ${name}`,
  "request.proposed": ({ runbook, action, words, undoes }, actor) =>
    `${who(actor)} proposed ${runbook}/${action}${typeof undoes === "string" ? `, to undo ${undoes}` : ""}${because(words)}`,
  "request.pending": ({ risk }) => `Waits for a decision, ${risk} risk`,
  "request.approved": ({ reason, channel, passkey }, actor) =>
    actor === "policy"
      ? "The policy lets it run unasked"
      : `${actor} approved${via(channel)}${withPasskey(passkey)}${because(reason)}`,
  "request.denied": () => "Can't be approved as it is",
  "request.vote_counted": ({ reason, channel, passkey }, actor) =>
    `${actor} approved${via(channel)}${withPasskey(passkey)}${because(reason)}; one more person is needed`,
  "request.reminded": () => "Nobody has decided yet: called again",
  "request.escalated": ({ to, onCall }) =>
    onCall == null
      ? `Nobody has decided yet: ${to} may decide too`
      : `Nobody has decided yet: ${onCall}, who is on call, was called`,
  "request.paged": () => "Whoever is on call was paged",
  "request.rejected": ({ reason, channel }, actor) =>
    `${actor} rejected${via(channel)}${because(reason)}`,
  "request.edited": ({ why }) => `Edited: ${why}`,
  "request.expired": () => "Expired: nobody decided in time, which means no",
  "request.superseded": ({ why }) => `Replaced by a new request: ${why}`,
  "request.cancelled": ({ why }) => `Cancelled: ${why}`,
  "request.succeeded": ({ isGrant }) =>
    isGrant === true ? "What was approved is in force" : "The action finished well",
  "request.failed": () => "The action failed",
  "request.unknown": () => "Nobody can say whether the action took effect",
  "decision.refused": ({ decision, why, channel }, actor) =>
    `${actor} tried to ${decision}${via(channel)}: refused, ${String(why).replaceAll("_", " ")}`,
  "execution.claimed": () => "Taken up for running",
  "execution.released": () => "Given back: it was taken up and never started",
  "execution.started": () => "Started",
  "execution.finished": ({ exitCode, durationMs }) =>
    `Ended${exitCode === null ? "" : ` with exit code ${exitCode}`} after ${durationMs} ms`,
  "execution.timed_out": ({ durationMs }) => `Stopped at its deadline after ${durationMs} ms`,
  "execution.unknown": ({ why }) => `The run was cut short${because(why)}`,
  "execution.reviewed": (_, actor) => `${actor} looked at the run that was cut short`,
  "grant.given": ({ runbook, action, target }) =>
    `${action} of ${runbook} may run unasked on ${target}`,
  "grant.ended": ({ runbook, action, target, why }) =>
    `${action} of ${runbook} asks again on ${target}${because(why)}`,
  "silence.begun": ({ until }, actor) =>
    `${who(actor)} asks Alertmanager to keep quiet until ${until}`,
  "silence.failed": ({ why }) => `Alertmanager did not take the silence${because(why)}`,
  "silence.lifted": (_, actor) => `${who(actor)} lifts the silence`,
  "silence.ended": () => "The silence is over",
  "verification.verified": ({ detail }) => `Verified: ${detail}`,
  "verification.still_failing": ({ detail }) => `Still failing: ${detail}`,
  "verification.inconclusive": ({ detail }) => `Inconclusive: ${detail}`,
};

const WAYS: Readonly<Record<string, string>> = {
  link: " by a link from the machine",
  chat: " by a link from a chat",
  passkey: " with a passkey",
};

function on(instance: unknown): string {
  return typeof instance === "string" ? ` on ${instance}` : "";
}

function via(channel: unknown): string {
  return typeof channel === "string"
    ? ` in ${channel === "console" ? "the console" : channel}`
    : "";
}

function withPasskey(passkey: unknown): string {
  return typeof passkey === "string" ? " with a passkey" : "";
}

function because(reason: unknown): string {
  return typeof reason === "string" ? `: ${reason}` : "";
}

function who(actor: string): string {
  return actor === "countersign" ? "Countersign" : actor;
}
