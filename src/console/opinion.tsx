import type { Opinion } from "../diagnosis/opinion.ts";
import { Text, When } from "./parts.tsx";

const VERDICTS = { likely: "likely", possible: "possible", ruled_out: "ruled out" } as const;

export function ModelOpinion({ opinion, now }: { opinion: Opinion; now: Date }) {
  const { isInsufficient, hypotheses, pick, risk, unsupported, dropped } = opinion;
  const { consultation, recalledFrom } = opinion;
  return (
    <blockquote class="opinion">
      <p class="label">
        Opinion, not a fact: written by the model <Text of={opinion.model} />, {opinion.confidence}{" "}
        confidence
      </p>
      <p class="finding">
        {isInsufficient ? (
          "The evidence does not settle the cause."
        ) : (
          <Text of={opinion.cause} as="block" />
        )}
      </p>
      {opinion.impact === "" ? null : (
        <p>
          Impact: <Text of={opinion.impact} /> <Cites ids={opinion.impactCites} />
        </p>
      )}
      <Cites ids={opinion.cites} />
      {pick === null ? null : (
        <p>
          It would pick <Text of={`${pick.runbookId} / ${pick.actionId}`} />
          {risk === null ? "" : `, and rates that ${risk} risk right now`}.
        </p>
      )}
      <Readers consultation={consultation} />
      {hypotheses.length === 0 ? null : (
        <ul>
          {hypotheses.map((each) => (
            <li>
              {VERDICTS[each.verdict]}: <Text of={each.text} /> <Cites ids={each.cites} />
            </li>
          ))}
        </ul>
      )}
      <Words title="What to do now" of={opinion.steps} />
      <Words title="To look further, copy" of={opinion.commands} isCode />
      <Words title="So that it does not happen again" of={opinion.prevention} />
      <Words title="Stated, but in no evidence" of={unsupported} />
      <Words title="Taken out of its answer" of={dropped} />
      <p class="under">
        {recalledFrom === null ? (
          `${opinion.calls} calls, ${opinion.usage.input + opinion.usage.cacheRead + opinion.usage.cacheWrite} tokens read, ${opinion.usage.output} written, $${opinion.costUsd.toFixed(4)}`
        ) : (
          <>
            Recalled from{" "}
            <a href={`/incidents/${encodeURIComponent(recalledFrom.incidentId)}`}>
              <Text of={recalledFrom.incidentId} />
            </a>
            , where <Text of={recalledFrom.outcome} />
          </>
        )}
        , <When at={opinion.at} now={now} />
      </p>
    </blockquote>
  );
}

const READERS = {
  infrastructure: "The reader of the machines",
  business: "The reader of the business",
} as const;

function Readers({ consultation }: Pick<Opinion, "consultation">) {
  if (consultation === null) return null;
  if (consultation.outcome === "failed") {
    return (
      <p>
        Read by one reader instead of two: <Text of={consultation.why} />
      </p>
    );
  }
  return (
    <ul>
      {consultation.summaries.map(({ by, text, cites }) => (
        <li>
          {READERS[by]}: <Text of={text} /> <Cites ids={cites} />
        </li>
      ))}
    </ul>
  );
}

function Words({
  title,
  of,
  isCode = false,
}: {
  title: string;
  of: readonly string[];
  isCode?: boolean;
}) {
  if (of.length === 0) return null;
  return (
    <>
      <p class="label">{title}</p>
      <ul>
        {of.map((words) => (
          <li>
            {isCode ? (
              <code>
                <Text of={words} />
              </code>
            ) : (
              <Text of={words} />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

export function Cites({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <span class="under">
      Rests on{" "}
      {ids.map((id) => (
        <a class="eid" href={`#evidence-${encodeURIComponent(id)}`}>
          <Text of={id} />
        </a>
      ))}
    </span>
  );
}
