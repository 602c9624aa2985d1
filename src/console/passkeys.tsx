import type { Frame } from "./layout.tsx";
import { Block, CsrfField, Table, Text, When } from "./parts.tsx";
import type { Passkey } from "./passkey.ts";
import type { Site } from "./passkey-site.ts";
import type { Session } from "./ports.ts";

const SURE_FOR_MS = 15 * 60_000;

/** Whoever finds a browser signed in, or took over somebody's chat, must not make a passkey of their own there. */
export function isSure({ way, createdAt }: Session, now: Date): boolean {
  return way !== "chat" && now.getTime() - createdAt.getTime() < SURE_FOR_MS;
}

/** In a form with `data-passkey`: the answer of the device, and what went wrong with it. */
export function PasskeyField() {
  return (
    <>
      <input type="hidden" name="passkey" value="" />
      <p class="warn passkey-problem" role="alert" hidden />
      <noscript>
        <p class="warn">A passkey takes JavaScript.</p>
      </noscript>
    </>
  );
}

export interface PasskeysProps {
  readonly frame: Frame & { session: Session };
  readonly passkeys: readonly Passkey[];
  readonly site: Site | null;
  readonly publicUrl: string;
  /** Whether this page was opened where passkeys are used. */
  readonly isAtHome: boolean;
  /** What to call the next one. */
  readonly suggestion: string;
}

/** A person's own, on the page of their sessions. */
export function Passkeys({
  frame,
  passkeys,
  site,
  publicUrl,
  isAtHome,
  suggestion,
}: PasskeysProps) {
  const isAllowed = isSure(frame.session, frame.now);
  return (
    <Block id="passkeys" title="Passkeys">
      <p class="under">
        A passkey signs you in by your device's fingerprint, face or PIN. Once you have one,
        approving high risk in this console takes it, beside the plan code.
      </p>
      {passkeys.length === 0 ? null : (
        <Table label="Passkeys" head={["Name", "Used", ...(isAllowed ? ["Remove"] : [])]}>
          {passkeys.map((one) => (
            <Row passkey={one} frame={frame} isAllowed={isAllowed} />
          ))}
        </Table>
      )}
      {site === null ? (
        <p class="warn">
          Browsers make passkeys for a name, over https or at http://localhost. This console is at{" "}
          <code>{publicUrl}</code>: COUNTERSIGN_PUBLIC_URL changes that.
        </p>
      ) : null}
      {site !== null && !isAtHome ? (
        <p class="warn">
          Passkeys are made and used at <a href={`${site.origin}/sessions`}>{site.origin}</a> only.
        </p>
      ) : null}
      {isAllowed || (site === null && passkeys.length === 0) ? null : (
        <p class="warn">
          To add or remove a passkey, sign in anew: with a passkey, or by the link that{" "}
          <code>npx countersign sign-in</code> prints. It works for 15 minutes.
        </p>
      )}
      {isAllowed && isAtHome ? <Adding session={frame.session} suggestion={suggestion} /> : null}
    </Block>
  );
}

function Row(props: { passkey: Passkey; frame: Frame & { session: Session }; isAllowed: boolean }) {
  const { passkey, frame, isAllowed } = props;
  return (
    <tr>
      <th scope="row">
        <Text of={passkey.name} />{" "}
        <small>
          made <When at={passkey.createdAt} now={frame.now} />
        </small>
      </th>
      <td>{passkey.usedAt === null ? "never" : <When at={passkey.usedAt} now={frame.now} />}</td>
      {isAllowed ? <Removal passkey={passkey} session={frame.session} /> : null}
    </tr>
  );
}

function Removal({ passkey, session }: { passkey: Passkey; session: Session }) {
  return (
    <td>
      <form method="post" action="/passkeys/removal">
        <CsrfField csrf={session.csrf} />
        <input type="hidden" name="passkey" value={passkey.id} />
        <button type="submit" class="plain">
          Remove<span class="hidden"> the passkey {passkey.name}</span>
        </button>
      </form>
    </td>
  );
}

function Adding({ session, suggestion }: { session: Session; suggestion: string }) {
  return (
    <form method="post" action="/passkeys" class="typed" data-passkey="/passkeys/challenge">
      <CsrfField csrf={session.csrf} />
      <label for="passkey-name">
        Name <span class="hint">so that you know it apart</span>
      </label>
      <input id="passkey-name" name="name" value={suggestion} required maxlength={60} />
      <PasskeyField />
      <button type="submit" class="approve">
        Add a passkey
      </button>
    </form>
  );
}

/** For pages of people who are not signed in. */
export function PasskeySignIn({ to }: { to: string }) {
  return (
    <form method="post" action="/sign-in" data-passkey="/sign-in/challenge">
      <input type="hidden" name="to" value={to} />
      <PasskeyField />
      <button type="submit" class="approve">
        Sign in with a passkey
      </button>
    </form>
  );
}
