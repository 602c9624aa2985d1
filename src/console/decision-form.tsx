import type { Person, PlannedRequest } from "../approval/approval.ts";
import { decidersOf } from "../approval/approval.ts";
import { CsrfField, Text } from "./parts.tsx";
import { PasskeyField } from "./passkeys.tsx";
import type { Session } from "./ports.ts";
import { incidentPath } from "./words.ts";

/** T14 */
export const NOT_OVER_PLAIN_HTTP =
  "Over plain http anybody in the network can read the sign-in, so this page approves nothing. Open it over https (COUNTERSIGN_PUBLIC_URL), or through a tunnel: ssh -L 9095:127.0.0.1:9095 <host>, then http://127.0.0.1:9095. Rejecting works here, and approving in a chat.";

/** T07 */
const NO_PASSKEY = {
  elsewhere:
    "Approving this takes your passkey, and that works only where the console has its own name (COUNTERSIGN_PUBLIC_URL). Open it there. Rejecting works here.",
  missing:
    "Approving this takes a passkey here, because this browser was not signed in by a link from the machine itself. Sign in by the one that npx countersign sign-in prints; there you can also add a passkey. Rejecting works here.",
} as const;

interface DecisionProps {
  readonly request: PlannedRequest;
  readonly session: Session;
  /** After a ruling said so: every approval on this page is typed. */
  readonly mustType: boolean;
}

/**
 * Only what could be allowed is offered; the ruling is the desk's. Every form carries the digest of
 * what stands beside it, so that a plan that changed meanwhile is never approved by an old page.
 */
export function DecisionForms({ request, session, mustType }: DecisionProps) {
  const { person } = session;
  if (request.state !== "pending" && request.state !== "approved") return null;
  if (!mayDecide(request, person)) {
    return (
      <p class="under">
        You can't decide this: it takes <Text of={whoDecides(request)} />.
      </p>
    );
  }
  const isTyped = mustType || request.risk === "high" || request.requester === person.name;
  const canApprove = request.state === "pending" && !hasApproved(request, person);
  const mayApprove = canApprove && session.isPrivate !== false;
  return (
    <div class="decide" data-digest={request.digest}>
      {canApprove && session.isPrivate === false ? <NotOverPlainHttp /> : null}
      {mayApprove && isTyped ? <TypedApproval request={request} session={session} /> : null}
      {mayApprove && !isTyped ? (
        <form method="post" action={actionOf(request)}>
          <Bound request={request} session={session} decision="approve" />
          <button type="submit" class="approve" id={`approve-${request.planCode}`}>
            Approve
          </button>
        </form>
      ) : null}
      <Rejection request={request} session={session} />
      <Edit request={request} session={session} />
    </div>
  );
}

function NotOverPlainHttp() {
  return <p class="warn">{NOT_OVER_PLAIN_HTTP}</p>;
}

function TypedApproval({ request, session }: { request: PlannedRequest; session: Session }) {
  const code = `code-${request.planCode}`;
  const reason = `reason-${request.planCode}`;
  const owed = request.risk === "high" ? (session.owed ?? "nothing") : "nothing";
  if (owed === "elsewhere" || owed === "missing") return <p class="warn">{NO_PASSKEY[owed]}</p>;
  const takesPasskey = owed === "passkey";
  return (
    <form
      method="post"
      action={actionOf(request)}
      class="typed"
      autocomplete="off"
      data-passkey={takesPasskey ? `${incidentPath(request.incidentId)}/challenge` : undefined}
    >
      <Bound request={request} session={session} decision="approve" />
      {request.requester === session.person.name ? (
        <p>You asked for this yourself. Approving it takes the plan code, typed.</p>
      ) : null}
      <label for={code}>
        Plan code <span class="hint">type {request.planCode}</span>
      </label>
      <input
        id={code}
        name="typed_code"
        required
        minlength={8}
        maxlength={16}
        spellcheck={false}
        autocapitalize="off"
        autocorrect="off"
        class="mono"
      />
      <label for={reason}>
        Reason{" "}
        <span class="hint">{request.risk === "high" ? "goes into the record" : "optional"}</span>
      </label>
      <textarea
        id={reason}
        name="reason"
        rows={2}
        maxlength={500}
        required={request.risk === "high"}
      />
      {takesPasskey ? <PasskeyField /> : null}
      <button type="submit" class={`approve ${request.risk === "high" ? "danger" : ""}`}>
        Approve {request.risk === "high" ? "this high-risk action" : ""}
        {takesPasskey ? " with your passkey" : ""}
      </button>
    </form>
  );
}

function Rejection({ request, session }: { request: PlannedRequest; session: Session }) {
  const id = `why-${request.planCode}`;
  return (
    <form method="post" action={actionOf(request)} class="rejection">
      <Bound request={request} session={session} decision="reject" />
      <label for={id} class="hidden">
        Why not (optional)
      </label>
      <input id={id} name="reason" maxlength={500} placeholder="Why not (optional)" />
      <button type="submit" class="reject" id={`reject-${request.planCode}`}>
        Reject
      </button>
    </form>
  );
}

/** Other values make another plan, which others then decide; the patterns are the desk's to check. */
function Edit({ request, session }: { request: PlannedRequest; session: Session }) {
  const params = Object.entries(request.proposal.params);
  if (request.state !== "pending" || params.length === 0) return null;
  const code = request.planCode;
  return (
    <details class="edit" id={`edit-${code}`}>
      <summary>Edit before approving</summary>
      <form
        method="post"
        action={`${incidentPath(request.incidentId)}/edits`}
        class="typed"
        autocomplete="off"
      >
        <CsrfField csrf={session.csrf} />
        <input type="hidden" name="plan_code" value={code} />
        <input type="hidden" name="digest" value={request.digest} />
        {params.map(([name, value]) => (
          <>
            <label for={`param-${code}-${name}`}>
              <Text of={name} />
            </label>
            <input
              id={`param-${code}-${name}`}
              name={`param.${name}`}
              value={value}
              required
              maxlength={256}
              spellcheck={false}
              autocapitalize="off"
              autocorrect="off"
              class="mono"
            />
          </>
        ))}
        <p class="hint">
          This makes a new request, by you, in the place of this one. Votes for this one do not
          count for it, and somebody else approves it.
        </p>
        <button type="submit">Replace this request</button>
      </form>
    </details>
  );
}

function Bound(props: {
  request: PlannedRequest;
  session: Session;
  decision: "approve" | "reject";
}) {
  return (
    <>
      <CsrfField csrf={props.session.csrf} />
      <input type="hidden" name="decision" value={props.decision} />
      <input type="hidden" name="plan_code" value={props.request.planCode} />
      <input type="hidden" name="digest" value={props.request.digest} />
    </>
  );
}

function actionOf(request: PlannedRequest): string {
  return `${incidentPath(request.incidentId)}/decisions`;
}

function mayDecide(request: PlannedRequest, person: Person): boolean {
  const roles: readonly string[] = person.roles;
  return decidersOf(request).some((who) => roles.includes(who) || person.name === who);
}

export function whoDecides(request: PlannedRequest): string {
  const isRole = ["viewer", "operator", "approver", "admin"].includes(request.approvers);
  if (!isRole) return request.approvers;
  const role = request.approvers;
  if (request.quorum === 1) return `${/^[aeiou]/.test(role) ? "an" : "a"} ${role}`;
  return `${request.quorum} different people with the role ${role}`;
}

function hasApproved(request: PlannedRequest, person: Person): boolean {
  return request.votes.some((vote) => vote.person === person.name && vote.decision === "approve");
}
