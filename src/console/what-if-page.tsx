import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Block, Fact, Table, Text, When } from "./parts.tsx";
import type { WhatIf, WhatIfResult, WhatIfWish } from "./reads.ts";
import { incidentPath, plural } from "./words.ts";

const DAYS = { 1: "The last day", 7: "The last 7 days", 30: "The last 30 days" } as const;
const SWITCHES = {
  was: "Auto-healing as it was switched",
  on: "Auto-healing as if it had been on",
} as const;
const WORDS = {
  run: "Run by itself",
  ask: "Asked",
  refuse: "Refused",
  nothing: "Nothing offered",
  ignored: "Ignored",
} as const;

/** The rules as they are now on the alerts of the past. Looking changes nothing and starts nothing. */
export function WhatIfPage(props: { frame: Frame; wish: WhatIfWish; found: WhatIf }) {
  const { frame, wish, found } = props;
  const { differences, differing } = found;
  return (
    <Page frame={{ ...frame, title: "What if", isLive: false }}>
      <h1>What if</h1>
      <p class="under">
        What the runbooks and the policy, as they are now, would have done with the alerts that
        came. What nobody can look at any more is as it was found then; where nobody looked,
        preconditions hold and fixes help.
      </p>
      <Choice wish={wish} />
      <Block id="counts" title={plural(found.total, "alert")}>
        <dl class="facts wide-names">
          {(["run", "ask", "refuse", "nothing", "ignored"] as const).map((outcome) => (
            <Fact name={WORDS[outcome]}>
              <b>{found.would[outcome]}</b>, in fact {found.was[outcome]}
            </Fact>
          ))}
        </dl>
      </Block>
      {found.runs.length === 0 ? null : (
        <Block id="runs" title="What would have run by itself">
          <Table label="What would have run by itself" head={["Action", "Target", "Times"]}>
            {found.runs.map(({ action, target, count }) => (
              <tr>
                <th scope="row">
                  <Text of={action} />
                </th>
                <td>
                  <Text of={target} as="exact" />
                </td>
                <td class="number">{count}</td>
              </tr>
            ))}
          </Table>
        </Block>
      )}
      <Block
        id="differences"
        title="What differs"
        {...(differing > differences.length
          ? { note: `the newest ${differences.length} of ${differing}` }
          : {})}
      >
        {differences.length === 0 ? (
          <p class="empty">Nothing: everything would have been as it was.</p>
        ) : (
          <Table label="What differs" head={["Alert", "When", "Was", "Would"]}>
            {differences.map(({ at, alert, where, incident, was, would }) => (
              <tr>
                <th scope="row">
                  {incident === null ? (
                    <Text of={`${alert} ${where}`} />
                  ) : (
                    <a href={incidentPath(incident)}>
                      <Text of={`${alert} ${where}`} />
                    </a>
                  )}
                </th>
                <td>
                  <When at={at} now={frame.now} />
                </td>
                <td class="long">{was === null ? "–" : <Came result={was} />}</td>
                <td class="long">
                  <Came result={would} />
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Block>
    </Page>
  );
}

function Came({ result: { outcome, title, target, why } }: { result: WhatIfResult }) {
  const on = target === null ? "" : ` on ${target}`;
  return (
    <>
      {WORDS[outcome]}
      {title === null ? null : (
        <small>
          {" "}
          <Text of={`${title}${on}`} />
          {outcome === "run" || why === null ? null : (
            <>
              : <Text of={why} />
            </>
          )}
        </small>
      )}
    </>
  );
}

/** What it asks for is in the address, which can be kept and sent to others. */
function Choice({ wish }: { wish: WhatIfWish }) {
  return (
    <form method="get" action="/what-if" class="filter">
      <label for="days" class="hidden">
        Alerts of
      </label>
      <select id="days" name="days">
        {Object.entries(DAYS).map(([days, label]) => (
          <option value={days} selected={String(wish.days) === days}>
            {label}
          </option>
        ))}
      </select>
      <label for="autohealing" class="hidden">
        Auto-healing
      </label>
      <select id="autohealing" name="autohealing">
        {Object.entries(SWITCHES).map(([value, label]) => (
          <option value={value} selected={wish.autohealing === value}>
            {label}
          </option>
        ))}
      </select>
      <button type="submit">Show</button>
    </form>
  );
}
