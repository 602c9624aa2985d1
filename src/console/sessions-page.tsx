import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { CsrfField, Table, Text, When } from "./parts.tsx";
import type { PasskeysProps } from "./passkeys.tsx";
import { Passkeys } from "./passkeys.tsx";
import type { Session, SessionLine } from "./ports.ts";

interface Props {
  readonly frame: Frame & { session: Session };
  readonly sessions: readonly SessionLine[];
  /** The one that this page was opened with. */
  readonly current: string;
  readonly about: Omit<PasskeysProps, "frame">;
}

const WAYS = { link: "a link", chat: "a link from a chat", passkey: "a passkey" } as const;

export function SessionsPage({ frame, sessions, current, about }: Props) {
  const { csrf, person } = frame.session;
  const hasOthers = sessions.some((one) => one.person === person.name && one.id !== current);
  return (
    <Page frame={{ ...frame, title: "Sessions and passkeys" }}>
      <h1>Sessions and passkeys</h1>
      <p class="under">
        Browsers that are signed in, for 12 hours at most. <code>npx countersign sign-in</code>{" "}
        prints a link for another one.
      </p>
      <Table label="Sessions" head={["Person", "Browser", "Signed in", "Ends", "End it now"]}>
        {sessions.map((session) => (
          <tr>
            <th scope="row">
              <Text of={session.person} />
              {session.id === current ? <small> this browser</small> : null}
            </th>
            <td>
              <Text of={browserOf(session.agent)} />
            </td>
            <td>
              <When at={session.createdAt} now={frame.now} /> <small>by {WAYS[session.way]}</small>
            </td>
            <td>
              <When at={session.expiresAt} now={frame.now} />
            </td>
            <td>
              <form method="post" action="/sessions/revoke">
                <CsrfField csrf={csrf} />
                <input type="hidden" name="session" value={session.id} />
                <button type="submit" class="plain">
                  End
                  <span class="hidden">
                    {" "}
                    the session of {session.person}, {browserOf(session.agent)}
                  </span>
                </button>
              </form>
            </td>
          </tr>
        ))}
      </Table>
      {hasOthers ? (
        <form method="post" action="/sessions/revoke">
          <CsrfField csrf={csrf} />
          <input type="hidden" name="session" value="others" />
          <button type="submit">End all my others</button>
        </form>
      ) : null}
      <Passkeys frame={frame} {...about} />
    </Page>
  );
}

/** The two words that tell a person's browsers apart; the rest of the text is noise. */
export function browserOf(agent: string | null): string {
  if (agent === null) return "unknown";
  const name = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1];
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(agent)?.[1];
  const names: Record<string, string> = { Edg: "Edge", OPR: "Opera", "Mac OS X": "macOS" };
  const words = [name, system].flatMap((word) => (word === undefined ? [] : (names[word] ?? word)));
  return words.length > 0 ? words.join(" on ") : agent.slice(0, 60);
}
