import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { CsrfField, Text } from "./parts.tsx";
import type { CommandAnswer, Session } from "./ports.ts";

interface Props {
  readonly frame: Frame & { session: Session };
  readonly said?: string;
  readonly answer?: CommandAnswer;
}

export function CommandPage({ frame, said, answer }: Props) {
  const { csrf } = frame.session;
  return (
    <Page frame={{ ...frame, title: "Command", here: "command", isLive: false }}>
      <h1>Command</h1>
      <form method="post" action="/command" class="command">
        <CsrfField csrf={csrf} />
        <label for="text" class="hidden">
          Command
        </label>
        <input
          id="text"
          name="text"
          required
          maxlength={1000}
          placeholder="/help"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          class="mono"
        />
        <button type="submit">Send</button>
      </form>
      {answer === undefined ? (
        <p class="under">
          The same commands as in a chat: <code>/status</code>, <code>/pending</code>,{" "}
          <code>/alerts</code>, <code>/run</code>, … <code>/help</code> lists them all.
        </p>
      ) : (
        <section class="answer" aria-label="Answer" aria-live="polite">
          <p class="said">
            <code>
              <Text of={said?.startsWith("c:") ? "Confirmed" : (said ?? "")} />
            </code>
          </p>
          <pre tabindex={0}>
            <Text of={answer.text.replaceAll("`", "")} as="block" />
          </pre>
          {answer.buttons?.map((button) => (
            <form method="post" action="/command">
              <CsrfField csrf={csrf} />
              <input type="hidden" name="text" value={button.value} />
              <button type="submit">
                <Text of={button.label} />
              </button>
            </form>
          ))}
        </section>
      )}
    </Page>
  );
}
