import type { Severity } from "../incident/alert.ts";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import {
  Block,
  CheckList,
  Countdown,
  Fact,
  OutcomeMark,
  RiskMark,
  RunsLine,
  SeverityMark,
  State,
  Table,
  Text,
  When,
} from "./parts.tsx";
import { incidentWords, requestWords, verificationWords } from "./words.ts";

const SEVERITIES: readonly (Severity | null)[] = ["critical", "warning", "info", null];

/** Every part once, for whoever changes how they look. */
export function ComponentsPage({ frame }: { frame: Frame }) {
  const { now } = frame;
  const later = new Date(now.getTime() + 754_000);
  return (
    <Page frame={{ ...frame, title: "Components" }}>
      <h1>Components</h1>
      <p class="under">Word and shape say it; colour only repeats it.</p>
      <Block id="marks" title="Marks">
        <p class="over">
          {SEVERITIES.map((severity) => (
            <SeverityMark severity={severity} />
          ))}
        </p>
        <p class="over">
          {(["low", "medium", "high"] as const).map((risk) => (
            <RiskMark risk={risk} />
          ))}
          {(["auto_run", "ask", "deny"] as const).map((verdict) => (
            <OutcomeMark verdict={verdict} />
          ))}
        </p>
      </Block>
      <Block id="states" title="States">
        <p class="over">
          {[incidentWords, requestWords, verificationWords].flatMap((words) =>
            Object.values(words).map((state) => <State {...state} />),
          )}
        </p>
      </Block>
      <Block id="texts" title="Text from outside">
        <p>
          <Text of={"plain, and \u202ereversed\u202c, and a \u200bhidden one"} />
        </p>
        <pre class="argv" tabindex={0}>
          <code>
            <Text of={"/usr/bin/systemctl restart ngin\u0445.service"} as="exact" />
          </code>
        </pre>
        <p class="over">
          <When at={now} now={now} /> <Countdown until={later} now={now} />
        </p>
      </Block>
      <Block id="lines" title="Lines">
        <p class="flash tone-good">Something went as it should.</p>
        <p class="flash tone-wait">Something waits.</p>
        <p class="problem">Something keeps it from acting, and where.</p>
        <p class="empty">Nothing here yet, and what to do next.</p>
      </Block>
      <Block id="lists" title="Lists">
        <CheckList
          checks={[
            { name: "database", status: "ok", detail: "writes are durable" },
            { name: "prometheus", status: "degraded", detail: "no answer for 40 s" },
            { name: "executor", status: "failing", detail: "not there" },
          ]}
        />
        <dl class="facts">
          <Fact name="Name">What it is</Fact>
        </dl>
        <Table label="A table" head={["Name", "Record"]}>
          <tr>
            <th scope="row">One</th>
            <td>
              <RunsLine runs={{ runs: 12, verified: 9, stillFailing: 2, unknown: 1 }} />
            </td>
          </tr>
        </Table>
      </Block>
      <Block id="forms" title="Forms">
        <form method="get" action="/components" class="command">
          <span>
            <label for="words">A field</label>
            <input id="words" name="words" placeholder="What goes here" />
          </span>
          <button type="submit" class="approve">
            The one that matters
          </button>
          <button type="submit">Another</button>
          <button type="submit" class="reject">
            Reject
          </button>
          <button type="submit" class="danger">
            High risk
          </button>
          <button type="submit" disabled>
            Not now
          </button>
        </form>
      </Block>
    </Page>
  );
}
