import type { Frame } from "./layout.tsx";
import { Page } from "./layout.tsx";
import { Block, Text } from "./parts.tsx";
import type { PatternsView } from "./reads.ts";
import { exact, incidentPath, plural } from "./words.ts";

/** What the last month has to say, each sentence with the numbers and the incidents it rests on. */
export function PatternsPage({ frame, found }: { frame: Frame; found: PatternsView }) {
  const { from, to, alerts, sections, lacking } = found;
  const shown = sections.filter(({ items }) => items.length > 0);
  return (
    <Page frame={{ ...frame, title: "Patterns", here: "statistics" }}>
      <h1>Patterns</h1>
      <p class="under">
        {plural(alerts, "alert")} from {exact(from)} to {exact(to)}. Nothing here changes a rule or
        silences anything.
      </p>
      {shown.length === 0 ? <p class="empty">Nothing stands out.</p> : null}
      {shown.map(({ title, items }, at) => (
        <Block id={`patterns-${at}`} title={title}>
          <ul>
            {items.map((item) => (
              <li>
                <Text of={item.text} /> <Text of={item.advice ?? ""} />{" "}
                {item.incidentIds.map((id, n) => (
                  <>
                    <a href={incidentPath(id)}>
                      {n === 0 ? "newest" : n + 1}
                      <span class="hidden"> incident of this pattern</span>
                    </a>{" "}
                  </>
                ))}
              </li>
            ))}
          </ul>
        </Block>
      ))}
      {lacking.length === 0 ? null : (
        <Block id="lacking" title="What could not be said">
          <ul>
            {lacking.map((why) => (
              <li>
                <Text of={why} />
              </li>
            ))}
          </ul>
        </Block>
      )}
    </Page>
  );
}
