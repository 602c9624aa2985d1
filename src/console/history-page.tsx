import { IncidentList } from "./inbox-page.tsx";
import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import type { HistoryPage as Found, HistoryQuery } from "./ports.ts";
import { plural } from "./words.ts";

interface Props {
  readonly frame: Frame;
  readonly query: HistoryQuery;
  readonly found: Found;
}

const STATES = [
  ["", "Any state"],
  ["open", "Open"],
  ["acknowledged", "Acknowledged"],
  ["resolved", "Resolved"],
] as const;

export function HistoryPage({ frame, query, found }: Props) {
  const pages = Math.max(1, Math.ceil(found.total / query.pageSize));
  return (
    <Page frame={{ ...frame, title: "History", here: "history" }}>
      <h1>History</h1>
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
            placeholder="Words: alert, target, action, person"
          />
          <label for="state" class="hidden">
            State
          </label>
          <select id="state" name="state">
            {STATES.map(([value, word]) => (
              <option value={value} selected={value === (query.state ?? "")}>
                {word}
              </option>
            ))}
          </select>
          <button type="submit">Filter</button>
        </form>
      </search>
      <p class="under">
        {found.total === 0 ? "No incident matches." : plural(found.total, "incident")}
        {pages > 1 ? `, page ${query.page} of ${pages}` : ""}
      </p>
      <IncidentList items={found.items} now={frame.now} />
      {pages > 1 ? (
        <nav class="paging" aria-label="Pages of the history">
          {query.page > 1 ? (
            <a rel="prev" href={pathOf(query, query.page - 1)}>
              Newer
            </a>
          ) : null}
          {query.page < pages ? (
            <a rel="next" href={pathOf(query, query.page + 1)}>
              Older
            </a>
          ) : null}
        </nav>
      ) : null}
    </Page>
  );
}

function pathOf(query: HistoryQuery, page: number): string {
  const search = new URLSearchParams();
  if (query.words !== "") search.set("words", query.words);
  if (query.state !== null) search.set("state", query.state);
  if (page > 1) search.set("page", String(page));
  const text = search.toString();
  return text === "" ? "/history" : `/history?${text}`;
}
