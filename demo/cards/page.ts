export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

export interface Shot {
  /** The name of its picture, without `.png`. */
  readonly name: string;
  readonly html: string;
}

export interface Row {
  readonly name: string;
  readonly about: string;
  readonly shots: readonly Shot[];
}

export function pageOf(rows: readonly Row[], style: string): string {
  const body = rows.map(
    ({ name, about, shots }) => `<section><h1>${escaped(name)}</h1><p>${escaped(about)}</p>
<div class="row">${shots.map((shot) => `<div id="${escaped(shot.name)}">${shot.html}</div>`).join("\n")}</div></section>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Every card</title>
<style>
body { margin: 16px; background: #f2f2f0; font: 15px/1.4 sans-serif; }
h1 { font-size: 18px; margin: 24px 0 0; } section > p { margin: 2px 0 8px; }
.row { display: flex; gap: 16px; align-items: flex-start; } .row > div { flex: none; }
${style}</style>
${body.join("\n")}
</html>
`;
}
