import type { Person } from "../approval/approval.ts";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Text } from "./parts.tsx";
import { PasskeySignIn } from "./passkeys.tsx";

/** `to` is where a passkey leads. */
export type GateFrame = Frame & { readonly to: string };

/** One button: opening the link, as previews and scanners do, signs nobody in. */
export function SignInPage(props: { frame: Frame; token: string; person: Person }) {
  return (
    <Page frame={{ ...props.frame, title: "Sign in" }}>
      <section class="gate">
        <h1>Sign in</h1>
        <p>
          This link signs this browser in as{" "}
          <b>
            <Text of={props.person.name} />
          </b>
          , once, for 12 hours.
        </p>
        <form method="post" action={`/sign-in/${props.token}`}>
          <button type="submit" class="approve">
            Sign in
          </button>
        </form>
      </section>
    </Page>
  );
}

export function LinkOverPage({ frame }: { frame: GateFrame }) {
  return (
    <Page frame={{ ...frame, title: "Link not valid" }}>
      <section class="gate">
        <h1>This link is not valid any more</h1>
        <p>Sign-in links work once, for 10 minutes.</p>
        <HowToSignIn frame={frame} />
      </section>
    </Page>
  );
}

/** Says nothing about what is behind it. */
export function SignInNeededPage({ frame, path }: { frame: GateFrame; path: string | null }) {
  return (
    <Page frame={{ ...frame, title: "Sign in", ...(path === null ? {} : { refresh: path }) }}>
      <section class="gate">
        <h1>Please sign in</h1>
        {path === null ? null : (
          <p>
            Signed in already? <a href={path}>Continue</a>
          </p>
        )}
        <HowToSignIn frame={frame} />
      </section>
    </Page>
  );
}

export function SignedOutPage({ frame, title }: { frame: GateFrame; title: string }) {
  return (
    <Page frame={{ ...frame, title }}>
      <section class="gate">
        <h1>{title}</h1>
        <HowToSignIn frame={frame} />
      </section>
    </Page>
  );
}

export function PlainPage(props: { frame: Frame; text: string }) {
  return (
    <Page frame={props.frame}>
      <section class="gate">
        <h1>{props.frame.title}</h1>
        <p>{props.text}</p>
        <p>
          <a href="/">To the inbox</a>
        </p>
      </section>
    </Page>
  );
}

function HowToSignIn({ frame: { usesPasskeys, to } }: { frame: GateFrame }) {
  return (
    <>
      {usesPasskeys ? <PasskeySignIn to={to} /> : null}
      <p>To get a one-time link, run this where Countersign runs:</p>
      <pre tabindex={0}>
        <code>npx countersign sign-in</code>
      </pre>
    </>
  );
}
