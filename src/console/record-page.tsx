import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Block, CsrfField, Fact, State, Text, When } from "./parts.tsx";
import type { Session } from "./ports.ts";
import type { RecordView } from "./reads.ts";
import { incidentPath, plural } from "./words.ts";

interface Props {
  readonly frame: Frame & { session: Session };
  readonly record: RecordView;
}

export function RecordPage({ frame, record }: Props) {
  const { entries, head, lastAnchor } = record;
  const oldest = entries.at(-1)?.seq ?? 0;
  return (
    <Page frame={{ ...frame, title: "Record", here: "record" }}>
      <h1>Record</h1>
      <p class="under">
        Everything that was decided, refused and run, each entry chained to the one before by its
        hash. Nothing is changed or removed.
      </p>
      <Block id="verification" title="Verification">
        <div class="healing">
          <p>
            <Checked record={record} now={frame.now} />
          </p>
          <form method="post" action="/record/verify">
            <CsrfField csrf={frame.session.csrf} />
            <button type="submit">Verify now</button>
          </form>
        </div>
        <dl class="facts">
          <Fact name="Head">
            <code>
              {head.seq}:{head.hash}
            </code>
          </Fact>
          <Fact name="Anchored">
            {lastAnchor === null ? (
              "not yet"
            ) : (
              <>
                entry {lastAnchor.seq}, <When at={lastAnchor.at} now={frame.now} />
              </>
            )}
          </Fact>
        </dl>
        <p class="under">
          An anchor you have noted elsewhere proves more:{" "}
          <code>npx countersign audit verify --anchor {"<entry>:<hash>"}</code>
        </p>
      </Block>
      <Block id="entries" title="Entries">
        <ol class="entries">
          {entries.map((entry) => (
            <li>
              <span class="id">#{entry.seq}</span> <When at={entry.at} now={frame.now} />{" "}
              <span class="what">
                <Text of={entry.text} />
              </span>{" "}
              <span class="kind">{entry.kind}</span>{" "}
              {entry.incidentId === null ? null : (
                <a href={incidentPath(entry.incidentId)}>{entry.incidentId}</a>
              )}
            </li>
          ))}
        </ol>
        {oldest > 1 ? (
          <nav class="paging" aria-label="Pages of the record">
            <a rel="next" href={`/record?before=${oldest}`}>
              Older
            </a>
          </nav>
        ) : null}
      </Block>
    </Page>
  );
}

function Checked({ record, now }: { record: RecordView; now: Date }) {
  const { checked, isChecking } = record;
  if (checked === null) {
    return (
      <>
        {isChecking ? "It is being read; look again in a moment." : "Not verified since the start."}
      </>
    );
  }
  const { firstBroken, missed, entries, at } = checked;
  return (
    <>
      {firstBroken === null && missed === 0 ? (
        <State word={`Whole: ${plural(entries, "entry", "entries")} fit`} tone="good" />
      ) : (
        <State
          word={
            firstBroken === null
              ? "Changed: the chain does not lead through the last anchor"
              : `Broken: entry ${firstBroken} does not fit`
          }
          tone="bad"
        />
      )}{" "}
      <When at={at} now={now} />
      {isChecking ? ", and being read again" : ""}
    </>
  );
}
