import type { IncidentSummary, IncidentView } from "../chat/card.ts";
import { pendingOf } from "../chat/card.ts";
import { placeOf } from "../incident/alert.ts";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import {
  Block,
  CheckList,
  CsrfField,
  RiskMark,
  SeverityMark,
  State,
  Text,
  When,
} from "./parts.tsx";
import type { ConsoleStatus, Inbox, Session } from "./ports.ts";
import { RequestBlock } from "./request.tsx";
import { incidentPath, incidentWords, plural, requestWords } from "./words.ts";

interface Props {
  readonly frame: Frame & { session: Session; status: ConsoleStatus };
  readonly inbox: Inbox;
  readonly publicUrl: string;
}

export function InboxPage({ frame, inbox, publicUrl }: Props) {
  const { waiting, open, recent } = inbox;
  const isEmpty = waiting.length + open.length + recent.length === 0;
  const title = waiting.length === 0 ? "Inbox" : `${waiting.length} waiting`;
  return (
    <Page frame={{ ...frame, title, here: "inbox" }}>
      <h1>
        {waiting.length === 0 ? "Nothing waits for you" : `${waiting.length} waiting for you`}
      </h1>
      {isEmpty ? <Empty publicUrl={publicUrl} /> : null}
      {waiting.map((view) => (
        <Waiting view={view} session={frame.session} now={frame.now} />
      ))}
      {open.length === 0 ? null : (
        <Block id="open" title="Open" note={plural(open.length, "incident")}>
          <IncidentList items={open} now={frame.now} />
        </Block>
      )}
      {recent.length === 0 ? null : (
        <Block id="recent" title="Recently resolved">
          <IncidentList items={recent} now={frame.now} />
          <p class="under">
            <a href="/history">All incidents</a>
          </p>
        </Block>
      )}
      <Health status={frame.status} session={frame.session} />
    </Page>
  );
}

function Waiting(props: { view: IncidentView; session: Session; now: Date }) {
  const { incident, evidence, isInvestigating } = props.view;
  const found = evidence.filter((item) => item.status === "found").slice(0, 3);
  return (
    <section class="waiting" id={`waiting-${incident.id}`}>
      <h2>
        <SeverityMark severity={incident.severity} short />
        <a href={incidentPath(incident.id)}>
          <Text of={incident.title} />
        </a>
        <Places alerts={incident.alerts} />
        <small>
          {" "}
          since <When at={incident.openedAt} now={props.now} />
        </small>
      </h2>
      <Summary alerts={incident.alerts} />
      {found.length === 0 ? null : (
        <ul class="glance">
          {found.map((item) => (
            <li>
              <span class="eid">{item.id}</span>{" "}
              <Text of={`${item.title}: ${oneLineOf(item.text)}`} />
            </li>
          ))}
        </ul>
      )}
      {isInvestigating ? <p class="under">Evidence is still being collected.</p> : null}
      {pendingOf(props.view).map((request) => (
        <RequestBlock request={request} {...props} mustType={false} />
      ))}
    </section>
  );
}

/** What is wrong stands before what would be done about it. */
function Summary({ alerts }: { alerts: IncidentView["incident"]["alerts"] }) {
  const firing = alerts.find(({ status }) => status === "firing") ?? alerts[0];
  const { summary, description } = firing?.annotations ?? {};
  const words = summary ?? description ?? "";
  return words === "" ? null : (
    <p>
      <Text of={words.slice(0, 300)} />
    </p>
  );
}

/** Which one it is: several alerts of one name stand side by side at night. */
function Places({ alerts }: { alerts: IncidentView["incident"]["alerts"] }) {
  const [first = "", ...more] = new Set(alerts.map(({ labels }) => placeOf(labels)));
  if (first === "") return null;
  return (
    <small>
      {" "}
      <Text of={first} as="exact" />
      {more.length > 0 ? ` and ${more.length} more` : ""}
    </small>
  );
}

export function IncidentList({ items, now }: { items: readonly IncidentSummary[]; now: Date }) {
  return (
    <ul class="incidents">
      {items.map((item) => (
        <li>
          <a href={incidentPath(item.id)}>
            <SeverityMark severity={item.severity} short />
            <span class="name">
              <Text of={item.title} />
              {item.where === "" ? null : (
                <small>
                  {" "}
                  <Text of={item.where} as="exact" />
                </small>
              )}
              {item.alertCount > 1 ? <small> {plural(item.alertCount, "alert")}</small> : null}
            </span>
            <span class="outcome">
              {item.request === null ? (
                <State {...incidentWords[item.state]} />
              ) : (
                <>
                  {item.request.state === "pending" ? <RiskMark risk={item.request.risk} /> : null}
                  <State {...requestWords[item.request.state]} />
                </>
              )}
            </span>
            <When at={item.resolvedAt ?? item.openedAt} now={now} />
          </a>
        </li>
      ))}
    </ul>
  );
}

function Empty({ publicUrl }: { publicUrl: string }) {
  const body =
    '{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"TestAlert","severity":"warning","instance":"test-instance"}}]}';
  return (
    <section class="empty">
      <p>No alert has arrived yet. Send a first one; it can only touch the sandbox:</p>
      <pre tabindex={0}>
        <code>{`curl -X POST ${publicUrl.replace(/\/$/, "")}/webhook \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`}</code>
      </pre>
      <p class="under">
        With <code>PROMETHEUS_API_KEY</code> set, add <code>-H 'X-API-Key: …'</code>. Or run{" "}
        <code>npx countersign send-test</code>, or <a href="/test-alert">send it from here</a>. Then
        point a webhook receiver of Alertmanager at the same address.
      </p>
    </section>
  );
}

function Health({ status, session }: { status: ConsoleStatus; session: Session }) {
  const { isOn } = status.autohealing;
  return (
    <Block id="health" title="Health">
      <form method="post" action="/command" class="healing">
        <CsrfField csrf={session.csrf} />
        <input
          type="hidden"
          name="text"
          value={isOn ? "/disable_autohealing" : "/enable_autohealing"}
        />
        <p>
          {isOn
            ? "Auto-healing is on: low-risk actions run unasked."
            : "Auto-healing is off: every action waits for a person."}
        </p>
        <button type="submit">{isOn ? "Turn off now" : "Turn on…"}</button>
      </form>
      <CheckList checks={status.checks} />
    </Block>
  );
}

/** A table's last line says more than its head, and a tab is a space here. */
function oneLineOf(text: string): string {
  return (text.trim().split("\n").at(-1) ?? "").replaceAll("\t", " ");
}
