import type { IncidentView } from "../chat/card.ts";
import { cardOf } from "../chat/card.ts";
import { longestOf } from "../evidence/silence.ts";
import type { TimelineEntry } from "../incident/incident.ts";
import { Alerts } from "./alerts.tsx";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Cites, ModelOpinion } from "./opinion.tsx";
import { Block, SeverityMark, State, Text, When } from "./parts.tsx";
import type { ConsoleStatus, GraphLink, Session } from "./ports.ts";
import { RequestBlock } from "./request.tsx";
import { Runs } from "./runs.tsx";
import { incidentPath, incidentWords, isLive, plural } from "./words.ts";

interface Props {
  readonly frame: Frame & { session: Session; status: ConsoleStatus };
  readonly view: IncidentView;
  readonly timeline: readonly TimelineEntry[];
  readonly graphs: readonly GraphLink[];
  readonly showsAllAlerts: boolean;
  readonly publicUrl: string;
}

export function IncidentPage({ frame, view, timeline, graphs, showsAllAlerts, publicUrl }: Props) {
  const { incident } = view;
  const silence = longestOf(view.silences, frame.now);
  const mustType = frame.flash === "must_type" || frame.flash === "must_type_reason";
  const [newest] = view.requests;
  const live = view.requests.filter((request) => request === newest || isLive(request));
  const past = view.requests.filter((request) => !live.includes(request));
  const blockProps = { session: frame.session, now: frame.now, mustType, view };
  const autohealing = frame.status.autohealing.isOn;
  const { headline } = cardOf(view, { now: frame.now, publicUrl, autohealing });
  return (
    <Page frame={{ ...frame, title: headline }}>
      <div class="title">
        <p class="over">
          <State {...incidentWords[incident.state]} />
          <SeverityMark severity={incident.severity} />
          <span>
            since <When at={incident.openedAt} now={frame.now} />
          </span>
          {incident.resolvedAt === null ? null : (
            <span>
              resolved <When at={incident.resolvedAt} now={frame.now} />
            </span>
          )}
          {incident.acknowledgedBy === null ? null : (
            <span>
              acknowledged by <Text of={incident.acknowledgedBy} />
            </span>
          )}
          {silence === null ? null : (
            <span>
              silenced in Alertmanager until <When at={silence.liftAt} now={frame.now} />
            </span>
          )}
          <code class="id">{incident.id}</code>
        </p>
        <h1>
          <Text of={incident.title} />
        </h1>
      </div>
      <div class="columns">
        <div class="story">
          <Alerts view={view} now={frame.now} showsAll={showsAllAlerts} />
          {live.length === 0 ? (
            <NoProposal view={view} />
          ) : (
            <Block
              id="proposal"
              title={newest?.state === "succeeded" ? "The action" : "Proposed action"}
            >
              {live.map((request) => (
                <RequestBlock request={request} {...blockProps} />
              ))}
            </Block>
          )}
          <Runs view={view} session={frame.session} now={frame.now} />
          <Evidence view={view} graphs={graphs} now={frame.now} />
          <Opinions view={view} now={frame.now} />
          {past.length === 0 ? null : (
            <Block id="past" title="Earlier requests" note={plural(past.length, "request")}>
              {past.map((request) => (
                <RequestBlock request={request} {...blockProps} />
              ))}
            </Block>
          )}
        </div>
        <Timeline id={view.incident.id} entries={timeline} now={frame.now} />
      </div>
    </Page>
  );
}

function NoProposal({ view }: { view: IncidentView }) {
  if (view.incident.state === "resolved") return null;
  return (
    <Block id="proposal" title="Proposed action">
      <p class="quiet">
        {view.isInvestigating
          ? "Still being looked at."
          : "No runbook has an action for this alert. A file in the runbooks folder would add one."}
      </p>
    </Block>
  );
}

interface EvidenceProps {
  readonly view: IncidentView;
  readonly graphs: readonly GraphLink[];
  readonly now: Date;
}

function Evidence({ view, graphs, now }: EvidenceProps) {
  if (view.evidence.length === 0 && !view.isInvestigating) return null;
  return (
    <Block
      id="evidence"
      title="Evidence"
      note={view.isInvestigating ? "still being collected" : ""}
    >
      <ol class="evidence">
        {view.evidence.map((item) => (
          <li
            id={`evidence-${item.id}`}
            class={`${item.status} ${item.kind === "logql" || item.kind === "probe" ? "raw" : ""}`}
          >
            <h3>
              <span class="eid">{item.id}</span> <Text of={item.title} />
            </h3>
            {item.status === "missing" ? <State word="Missing" tone="wait" /> : null}
            <p class="finding">
              <Text of={item.text} as="block" />
            </p>
            {graphs
              .filter(({ evidenceId }) => evidenceId === item.id)
              .map((graph) => (
                <GraphPicture incidentId={view.incident.id} graph={graph} />
              ))}
            <p class="under">
              {item.kind}, <When at={item.collectedAt} now={now} />
            </p>
          </li>
        ))}
      </ol>
    </Block>
  );
}

/** An image, not a part of the page: the page does not wait for it, and nothing in it can act. */
function GraphPicture({ incidentId, graph }: { incidentId: string; graph: GraphLink }) {
  const { evidenceId, n, version, alt } = graph;
  const path = `${incidentPath(incidentId)}/graphs/${encodeURIComponent(evidenceId)}/${n}`;
  const source = (theme: string) => `${path}?theme=${theme}&v=${encodeURIComponent(version)}`;
  return (
    <picture class="graph">
      <source srcset={source("dark")} media="(prefers-color-scheme: dark)" />
      <img src={source("light")} alt={alt} width="480" height="320" loading="lazy" />
    </picture>
  );
}

/** Set apart from the facts, in looks and in words: it decides nothing. */
function Opinions({ view, now }: { view: IncidentView; now: Date }) {
  const { diagnosis, opinion } = view;
  if (diagnosis === null && !opinion) return null;
  return (
    <Block id="opinion" title="Likely cause">
      {opinion && "cause" in opinion ? <ModelOpinion opinion={opinion} now={now} /> : null}
      {opinion && "note" in opinion ? (
        <p class="under">
          No opinion of a model: <Text of={opinion.note} />
        </p>
      ) : null}
      {diagnosis === null ? null : (
        <blockquote class="opinion">
          <p class="label">
            Opinion, not a fact: a reading by rules, {diagnosis.confidence} confidence
          </p>
          <p class="finding">
            <Text of={diagnosis.cause} as="block" />
          </p>
          <Cites ids={diagnosis.cites} />
        </blockquote>
      )}
    </Block>
  );
}

function Timeline(props: { id: string; entries: readonly TimelineEntry[]; now: Date }) {
  const { id, entries, now } = props;
  return (
    <aside class="timeline" aria-labelledby="timeline">
      <h2 id="timeline">
        Timeline <small>from the record</small>
      </h2>
      <p class="under">
        <a href={`/incidents/${id}/report.md`} download>
          The whole incident as Markdown
        </a>
      </p>
      <ol>
        {entries.map((entry) => (
          <li>
            <p class="over">
              <When at={entry.at} now={now} /> · <Text of={entry.actor} />
            </p>
            <p>
              <Text of={entry.text} />
            </p>
            <p class="kind">
              #{entry.seq} {entry.kind}
            </p>
          </li>
        ))}
      </ol>
    </aside>
  );
}
