import type { Period } from "../incident/report.ts";
import { PERIODS } from "../incident/report.ts";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Block, Table, Text } from "./parts.tsx";
import type { ReportView } from "./reads.ts";
import { exact } from "./words.ts";

const NAMES: Readonly<Record<Period, string>> = {
  day: "The last day",
  week: "The last week",
  month: "The last month",
};

interface Props {
  readonly frame: Frame;
  readonly period: Period;
  readonly found: ReportView;
}

export function ReportPage({ frame, period, found }: Props) {
  const { from, to, noisiest } = found.report;
  return (
    <Page frame={{ ...frame, title: NAMES[period], here: "statistics" }}>
      <h1>{NAMES[period]}</h1>
      <p class="under">
        {exact(from)} to {exact(to)}; in brackets the time before.{" "}
        {PERIODS.filter((one) => one !== period).map((one) => (
          <>
            <a href={`/reports/${one}`}>{NAMES[one]}</a>{" "}
          </>
        ))}
      </p>
      <Block id="numbers" title="Incidents">
        <ul>
          {found.numbers.map((text) => (
            <li>{text}</li>
          ))}
        </ul>
      </Block>
      <Block id="graph" title="How many came">
        <picture class="graph">
          <source
            srcset={`/reports/${period}/graph?theme=dark`}
            media="(prefers-color-scheme: dark)"
          />
          <img src={`/reports/${period}/graph`} width="480" height="320" alt={found.alt} />
        </picture>
      </Block>
      {noisiest.length === 0 ? null : (
        <Block id="noisiest" title="The noisiest">
          <Table label="The noisiest alerts" head={["Incident", "Times", "Before"]}>
            {noisiest.map(({ title, count, before }) => (
              <tr>
                <th scope="row">
                  <Text of={title} />
                </th>
                <td class="number">{count}</td>
                <td class="number">{before}</td>
              </tr>
            ))}
          </Table>
        </Block>
      )}
    </Page>
  );
}
