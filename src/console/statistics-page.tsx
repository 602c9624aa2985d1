import type { Spread } from "../incident/report.ts";
import { PERIODS } from "../incident/report.ts";
import { historyPath } from "./history-page.tsx";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Block, Fact, Table, Text } from "./parts.tsx";
import type { Statistics } from "./reads.ts";
import { duration, plural } from "./words.ts";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

export function StatisticsPage({ frame, found }: { frame: Frame; found: Statistics }) {
  const { days, incidents, noisiest, fixes } = found;
  return (
    <Page frame={{ ...frame, title: "Statistics", here: "statistics" }}>
      <h1>Statistics</h1>
      <p class="under">
        The last {days} days: {plural(incidents, "incident")}. Against the time before:{" "}
        {PERIODS.map((period) => (
          <>
            <a href={`/reports/${period}`}>{period}</a>{" "}
          </>
        ))}
        <a href="/patterns">What comes back, together, or soon</a>
      </p>
      {incidents === 0 ? (
        <p class="empty">
          Nothing to count yet. <a href="/test-alert">Send a test alert</a>, or point Alertmanager
          here.
        </p>
      ) : (
        <>
          <Block id="times" title="How long it takes">
            <dl class="facts wide-names">
              <Took name="To acknowledge" spread={found.acknowledge} />
              <Took name="To decide" spread={found.decide} />
              <Took name="To recover" spread={found.recover} />
              <Fact name="Fixed unasked">
                {share(fixes.unasked, fixes.resolved)}, without a person
              </Fact>
              <Fact name="Fixed on approval">{share(fixes.approved, fixes.resolved)}</Fact>
            </dl>
          </Block>
          <Block id="hours" title="When they come" note="UTC">
            <Heat byHour={found.byHour} />
          </Block>
          <Block id="noisiest" title="The noisiest">
            <Table label="The noisiest alerts" head={["Incident", "Times"]}>
              {noisiest.map(({ title, count }) => (
                <tr>
                  <th scope="row">
                    <a href={historyPath({ words: title.slice(0, 200), within: "month" })}>
                      <Text of={title} />
                    </a>
                  </th>
                  <td class="number">{count}</td>
                </tr>
              ))}
            </Table>
          </Block>
        </>
      )}
      <Block id="cost" title="What the model costs">
        <Costs costs={found.costs} />
      </Block>
    </Page>
  );
}

function Took({ name, spread }: { name: string; spread: Spread }) {
  const { count, medianMs, p90Ms } = spread;
  return (
    <Fact name={name}>
      {medianMs === null || p90Ms === null ? (
        "none yet"
      ) : (
        <>
          <b>{duration(medianMs)}</b> in half of {plural(count, "case")}, {duration(p90Ms)} in nine
          of ten
        </>
      )}
    </Fact>
  );
}

function share(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : Math.round((100 * part) / whole);
  return `${part} of ${plural(whole, "incident")} that are over (${percent} %)`;
}

const CELL = 10;
const LEFT = 30;

/** A week, an hour a cell. The words beside it say the same to whoever can't see it. */
function Heat({ byHour }: { byHour: readonly number[] }) {
  const most = Math.max(...byHour);
  const peak = byHour.indexOf(most);
  const day = DAYS[Math.floor(peak / 24)] ?? "";
  const words = `Most come on ${day} from ${peak % 24}:00 UTC: ${most}.`;
  return (
    <>
      <svg
        class="heat"
        viewBox={`0 0 ${LEFT + 24 * CELL} ${8.4 * CELL}`}
        role="img"
        aria-label={words}
      >
        {DAYS.map((name, row) => (
          <text x="0" y={row * CELL + 8}>
            {name}
          </text>
        ))}
        {[0, 6, 12, 18].map((hour) => (
          <text x={LEFT + hour * CELL} y={7 * CELL + 9}>
            {hour}
          </text>
        ))}
        {byHour.map((count, at) => (
          <rect
            x={LEFT + (at % 24) * CELL}
            y={Math.floor(at / 24) * CELL}
            width={CELL - 1}
            height={CELL - 1}
            rx="1.5"
            class={`heat-${most === 0 ? 0 : Math.ceil((4 * count) / most)}`}
          >
            <title>{`${DAYS[Math.floor(at / 24)]} ${at % 24}:00: ${count}`}</title>
          </rect>
        ))}
      </svg>
      <p class="under">{words}</p>
    </>
  );
}

function Costs({ costs }: { costs: Statistics["costs"] }) {
  if (costs === null) {
    return (
      <p class="under">
        Nothing: no model is configured, the rules read the evidence. <code>LLM_PROVIDER</code> sets
        one.
      </p>
    );
  }
  const total = costs.month.reduce((sum, { costUsd }) => sum + costUsd, 0);
  return (
    <>
      <p>
        <b>${total.toFixed(2)}</b> in 30 days; at most ${costs.dailyUsd} a day.
      </p>
      {costs.month.length === 0 ? null : (
        <Table label="Cost by model" head={["Model", "Calls", "Failed", "Incidents", "US dollars"]}>
          {costs.month.map(({ model, calls, failures, incidents, costUsd }) => (
            <tr>
              <th scope="row">
                <Text of={model} />
              </th>
              <td class="number">{calls}</td>
              <td class="number">{failures}</td>
              <td class="number">{incidents}</td>
              <td class="number">{costUsd.toFixed(2)}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}
