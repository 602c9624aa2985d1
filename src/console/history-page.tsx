import { IncidentList } from "./inbox-page.tsx";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Text } from "./parts.tsx";
import type { HistoryPage as Found, HistoryQuery } from "./ports.ts";
import { MOST_COUNTED } from "./ports.ts";
import { plural } from "./words.ts";

interface Props {
  readonly frame: Frame;
  readonly query: HistoryQuery;
  readonly found: Found;
}

const CHOICES = {
  state: {
    label: "State",
    options: [
      ["", "Any state"],
      ["open", "Open"],
      ["acknowledged", "Acknowledged"],
      ["resolved", "Resolved"],
    ],
  },
  severity: {
    label: "Severity",
    options: [
      ["", "Any severity"],
      ["critical", "Critical"],
      ["warning", "Warning"],
      ["info", "Info"],
    ],
  },
  within: {
    label: "Time",
    options: [
      ["", "Any time"],
      ["day", "Last 24 hours"],
      ["week", "Last 7 days"],
      ["month", "Last 30 days"],
      ["quarter", "Last 3 months"],
    ],
  },
} as const;

export function HistoryPage({ frame, query, found }: Props) {
  const { items, total } = found;
  const pages = Math.max(1, Math.ceil(total / query.pageSize));
  const isFiltered = historyPath({ ...query, page: 1 }) !== "/history";
  return (
    <Page frame={{ ...frame, title: "History", here: "history" }}>
      <h1>History</h1>
      <Filter query={query} />
      <p class="under">
        {countOf(total)}
        {pages > 1 ? `, page ${query.page} of ${pages}` : ""}
        {isFiltered ? (
          <>
            {" · "}
            <a href="/history">Show everything</a>
          </>
        ) : null}
      </p>
      {total === 0 ? (
        <p class="empty">
          {isFiltered
            ? "Try fewer or shorter words: each has to be there, as a part of any word."
            : "No alert has arrived yet. The inbox says how to send a first one."}
        </p>
      ) : null}
      <IncidentList items={items} now={frame.now} />
      {pages > 1 ? (
        <nav class="paging" aria-label="Pages of the history">
          {query.page > 1 ? (
            <a rel="prev" href={historyPath({ ...query, page: query.page - 1 })}>
              Newer
            </a>
          ) : null}
          {query.page < pages ? (
            <a rel="next" href={historyPath({ ...query, page: query.page + 1 })}>
              Older
            </a>
          ) : null}
        </nav>
      ) : null}
    </Page>
  );
}

/** A plain form: what it asks for is in the address, which can be kept and sent to others. */
function Filter({ query }: { query: HistoryQuery }) {
  return (
    <search>
      <form method="get" action="/history" class="filter">
        <label for="words" class="hidden">
          Words
        </label>
        <input
          id="words"
          name="words"
          type="search"
          value={query.words}
          maxlength={200}
          placeholder="Words: alert, label, target, action, person"
        />
        {(["state", "severity", "within"] as const).map((name) => (
          <span>
            <label for={name} class="hidden">
              {CHOICES[name].label}
            </label>
            <select id={name} name={name}>
              {CHOICES[name].options.map(([value, word]) => (
                <option value={value} selected={value === (query[name] ?? "")}>
                  {word}
                </option>
              ))}
            </select>
          </span>
        ))}
        {(["runbook", "target"] as const).map((name) =>
          query[name] === null ? null : (
            <label class="only">
              <input type="checkbox" name={name} value={query[name]} checked /> Only {name}{" "}
              <Text of={query[name]} as="exact" />
            </label>
          ),
        )}
        <button type="submit">Filter</button>
      </form>
    </search>
  );
}

function countOf(total: number): string {
  if (total === 0) return "No incident matches.";
  return total >= MOST_COUNTED ? `${MOST_COUNTED} incidents and more` : plural(total, "incident");
}

/** The address that asks for exactly this. */
export function historyPath(query: Partial<HistoryQuery>): string {
  const search = new URLSearchParams();
  for (const name of ["words", "state", "severity", "within", "runbook", "target"] as const) {
    const value = query[name];
    if (value != null && value !== "") search.set(name, value);
  }
  if (query.page !== undefined && query.page > 1) search.set("page", String(query.page));
  const text = search.toString();
  return text === "" ? "/history" : `/history?${text}`;
}
