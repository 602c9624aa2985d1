import type { PropsWithChildren } from "hono/jsx";
import { assetPaths } from "./assets.ts";
import { CsrfField, Text, When } from "./parts.tsx";
import type { ConsoleStatus, Problem, Session } from "./ports.ts";
import { visible } from "./visible.ts";
import type { Flash } from "./words.ts";
import { flashes, relative } from "./words.ts";

const PLACES = {
  inbox: ["/", "Inbox"],
  history: ["/history", "History"],
  runbooks: ["/runbooks", "Runbooks"],
  targets: ["/targets", "Targets"],
  policy: ["/policy", "Policy"],
  statistics: ["/statistics", "Statistics"],
  record: ["/record", "Record"],
  settings: ["/settings", "Settings"],
  command: ["/command", "Command"],
} as const;
type Place = keyof typeof PLACES;

/** What every page has around it. `status` and `session` are there for people who are signed in. */
export interface Frame {
  readonly title: string;
  readonly nonce: string;
  readonly version: string;
  readonly now: Date;
  readonly session?: Session;
  readonly status?: ConsoleStatus;
  readonly flash?: Flash | null;
  readonly here?: Place;
  /** Off where the page is an answer that fetching it again would not give. */
  readonly isLive?: boolean;
  /** Where a form of the page takes a passkey. */
  readonly usesPasskeys?: boolean;
  /** For the one page that has to be asked for a second time; see `needsSignIn`. */
  readonly refresh?: string;
}

export function Page({ frame, children }: PropsWithChildren<{ frame: Frame }>) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${visible(frame.title)} · Countersign`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        {frame.refresh === undefined ? null : (
          <meta http-equiv="refresh" content={`0; url=${frame.refresh}`} />
        )}
        <link rel="icon" type="image/svg+xml" href={assetPaths.favicon} />
        <link rel="manifest" href={assetPaths.manifest} />
        <link rel="stylesheet" href={assetPaths.style} nonce={frame.nonce} />
        {frame.session === undefined ? null : (
          <script src={assetPaths.script} nonce={frame.nonce} defer />
        )}
        {frame.usesPasskeys ? (
          <script src={assetPaths.passkeyScript} nonce={frame.nonce} defer />
        ) : null}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Header frame={frame} />
        <p id="live" role="status" aria-live="polite" hidden />
        <main id="main" tabindex={-1} data-live={frame.isLive === false ? "off" : "on"}>
          {frame.flash ? <FlashLine flash={frame.flash} /> : null}
          {frame.status?.problems.map((problem) => (
            <ProblemLine problem={problem} />
          ))}
          {frame.status?.notices.map((notice) => (
            <p class="flash tone-wait">
              <When at={notice.at} now={frame.now} />: <Text of={notice.text} />
            </p>
          ))}
          {children}
        </main>
        <footer>
          <span>Countersign {frame.version}</span>
          {frame.session === undefined ? null : <SignOut session={frame.session} />}
        </footer>
      </body>
    </html>
  );
}

function Header({ frame }: { frame: Frame }) {
  return (
    <header>
      <a class="brand" href="/">
        <img src={assetPaths.favicon} width="22" height="22" alt="" />
        Countersign
      </a>
      {frame.session === undefined ? null : (
        <nav aria-label="Pages">
          {Object.entries(PLACES).map(([place, [path, name]]) => (
            <a href={path} aria-current={frame.here === place ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
      )}
      {frame.status === undefined ? null : <Autohealing status={frame.status} now={frame.now} />}
    </header>
  );
}

function Autohealing({ status, now }: { status: ConsoleStatus; now: Date }) {
  const { isOn, until } = status.autohealing;
  const tail = until === null ? "" : `, back ${relative(until, now)}`;
  return (
    <a class={`switch ${isOn ? "switch-on" : "switch-off"}`} href="/#health">
      <span class="knob" aria-hidden="true" />
      <span>
        <span class="wide">Auto-healing </span>
        <span class="narrow">Auto </span>
        {isOn ? "on" : `off${tail}`}
      </span>
    </a>
  );
}

function FlashLine({ flash }: { flash: Flash }) {
  const { text, tone } = flashes[flash];
  return (
    <p class={`flash tone-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {text}
    </p>
  );
}

function ProblemLine({ problem }: { problem: Problem }) {
  const line = problem.line === null ? "" : `:${problem.line}`;
  return (
    <p class="problem" role="alert">
      {problem.file === null ? null : (
        <code>
          <Text of={`${problem.file}${line}`} />
        </code>
      )}{" "}
      <Text of={problem.text} />
    </p>
  );
}

function SignOut({ session }: { session: Session }) {
  return (
    <form method="post" action="/sign-out">
      <CsrfField csrf={session.csrf} />
      <span>
        Signed in as{" "}
        <a href="/sessions">
          <Text of={session.person.name} />
        </a>
      </span>
      <button type="submit" class="plain">
        Sign out
      </button>
    </form>
  );
}
