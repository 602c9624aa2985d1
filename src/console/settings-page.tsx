import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Block, CheckList, CsrfField, Table, Text } from "./parts.tsx";
import type { ConsoleStatus, Session } from "./ports.ts";
import type { SettingLine, TestAnswer } from "./reads.ts";
import { incidentPath } from "./words.ts";

interface Props {
  readonly frame: Frame & { session: Session; status: ConsoleStatus };
  readonly settings: readonly SettingLine[];
}

export function SettingsPage({ frame, settings }: Props) {
  const bad = frame.status.checks.filter(({ status }) => status !== "ok").length;
  return (
    <Page frame={{ ...frame, title: "Settings", here: "settings" }}>
      <h1>Settings and health</h1>
      <Block
        id="checks"
        title="Self-check"
        note={bad === 0 ? "all is well" : `${bad} of ${frame.status.checks.length} not well`}
      >
        <CheckList checks={frame.status.checks} />
        <p class="under">
          <a href="/settings">Check again</a> · <a href="/test-alert">Send a test alert</a> ·{" "}
          <code>npx countersign check</code> also looks at runbooks and policy line by line.
        </p>
      </Block>
      <Block id="settings" title="Settings in effect">
        <Table label="Settings" head={["Setting", "Value"]}>
          {settings.map(({ name, value }) => (
            <tr>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td>
                <Text of={value} as="exact" />
              </td>
            </tr>
          ))}
        </Table>
        <p class="under">
          They are read at the start from the environment and <code>.env</code>;{" "}
          <code>.env.example</code> explains each.
        </p>
      </Block>
      <p class="under">
        <a href="/components">All parts these pages are made of</a>
      </p>
    </Page>
  );
}

export function TestAlertPage(props: { frame: Frame & { session: Session }; answer?: TestAnswer }) {
  const { frame, answer } = props;
  return (
    <Page frame={{ ...frame, title: "Test alert", here: "settings", isLive: answer === undefined }}>
      <h1>Send a test alert</h1>
      <p>
        A <code>TestAlert</code> for <code>test-instance</code> takes the way of real ones and can
        only touch the sandbox, a folder beside the database. It shows whether cards arrive, and
        what Approve does.
      </p>
      {answer === undefined ? null : (
        <p
          class={`flash tone-${answer.outcome === "sent" ? "good" : "bad"}`}
          role={answer.outcome === "sent" ? "status" : "alert"}
        >
          <Text of={answer.text} />{" "}
          {answer.outcome === "sent" && answer.incidentId !== null ? (
            <a href={incidentPath(answer.incidentId)}>Open its incident</a>
          ) : null}
        </p>
      )}
      <form method="post" action="/test-alert" class="command">
        <CsrfField csrf={frame.session.csrf} />
        <span>
          <label for="severity">Severity</label>
          <select id="severity" name="severity">
            {["warning", "critical", "info"].map((severity) => (
              <option value={severity}>{severity}</option>
            ))}
          </select>
        </span>
        <button type="submit">Send it</button>
      </form>
      <p class="under">
        It ends by itself, or with <code>npx countersign send-test --resolve</code>.
      </p>
    </Page>
  );
}
