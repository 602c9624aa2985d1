import type { IncidentView } from "../chat/card.ts";
import type { Episode } from "../incident/alert.ts";
import { nameOf, placeOf } from "../incident/alert.ts";
import { Block, Fact, State, Text, When } from "./parts.tsx";
import { incidentPath, plural } from "./words.ts";

const SHOWN = 20;

/** What is wrong, alert by alert. Addresses from alerts are text here, never links. */
export function Alerts(props: { view: IncidentView; now: Date; showsAll: boolean }) {
  const { incident } = props.view;
  const firing = incident.alerts.filter((alert) => alert.status === "firing");
  const ordered = [...firing, ...incident.alerts.filter((alert) => alert.status === "resolved")];
  const shown = props.showsAll ? ordered : ordered.slice(0, SHOWN);
  return (
    <Block
      id="wrong"
      title="What is wrong"
      note={
        ordered.length > 1 ? `${firing.length} of ${plural(ordered.length, "alert")} firing` : ""
      }
    >
      <ul class="alerts">
        {shown.map((alert) => (
          <Alert alert={alert} now={props.now} />
        ))}
      </ul>
      {shown.length < ordered.length ? (
        <p class="under">
          <a href={`${incidentPath(incident.id)}?alerts=all`}>
            Show {ordered.length - shown.length} more
          </a>
        </p>
      ) : null}
      {incident.truncatedAlerts > 0 ? (
        <p class="warn">
          The sender left out {plural(incident.truncatedAlerts, "more alert")}, so nothing here runs
          unasked.
        </p>
      ) : null}
    </Block>
  );
}

function Alert({ alert, now }: { alert: Episode; now: Date }) {
  const { summary, description, ...otherNotes } = alert.annotations;
  return (
    <li>
      <h3>
        <Text of={nameOf(alert.labels)} />
        {placeOf(alert.labels) ? (
          <>
            {" "}
            <span class="on">on</span>{" "}
            <code>
              <Text of={placeOf(alert.labels)} as="exact" />
            </code>
          </>
        ) : null}
      </h3>
      <p class="over">
        <State
          word={alert.status === "firing" ? "Firing" : "Resolved"}
          tone={alert.status === "firing" ? "bad" : "good"}
        />
        <span>
          since <When at={alert.startsAt} now={now} />
        </span>
      </p>
      {summary ? (
        <p>
          <Text of={summary} as="block" />
        </p>
      ) : null}
      {description && description !== summary ? (
        <p class="finding">
          <Text of={description} as="block" />
        </p>
      ) : null}
      <details id={`labels-${alert.id}`}>
        <summary>Labels and sender's notes</summary>
        <dl class="facts wide-facts">
          {Object.entries({ ...alert.labels, ...otherNotes }).map(([name, value]) => (
            <div>
              <dt>
                <Text of={name} />
              </dt>
              <dd>
                <Text of={value} as="block" />
              </dd>
            </div>
          ))}
          {alert.generatorUrl ? (
            <Fact name="Sent from">
              <Text of={alert.generatorUrl} as="exact" />
            </Fact>
          ) : null}
          <Fact name="Fingerprint">
            <Text of={alert.fingerprint} as="exact" />
          </Fact>
        </dl>
      </details>
    </li>
  );
}
