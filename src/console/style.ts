import { parts } from "./style-parts.ts";

/** Phone first; one accent; colour only repeats what word and shape have said. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f7f6f3; --sheet: #fff; --sunk: #f0efea; --line: #dfdcd4; --ink: #1e2127; --soft: #5d616b;
  --accent: #31407a; --accent-ink: #fff; --accent-soft: #e8ebf7;
  --good: #1d6b42; --bad: #a32a22; --wait: #8a5a00; --mark: #ffe08a;
  --shadow: 0 1px 2px rgb(30 33 39 / .06), 0 4px 16px rgb(30 33 39 / .05);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161b; --sheet: #1b1e25; --sunk: #12141a; --line: #31353f; --ink: #e7e6e2; --soft: #9ea3af;
    --accent: #a9b6ff; --accent-ink: #14172a; --accent-soft: #262c47;
    --good: #6fcf97; --bad: #ff8f85; --wait: #f0bf5b; --mark: #6b5310;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere;
}
h1, h2, h3, h4, p, ul, ol, dl, dd, pre, blockquote { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; font-weight: 650; }
h2 { font-size: 1.0625rem; line-height: 1.35; font-weight: 650; }
h3 { font-size: 1rem; font-weight: 620; }
h4 { font-size: .875rem; font-weight: 620; }
small { font-size: .8125rem; font-weight: 400; color: var(--soft); letter-spacing: 0; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: 1px; }
code, pre, .mono { font-family: var(--mono); font-size: .875em; }
svg { flex: none; fill: currentColor; }
mark.cp {
  background: var(--mark); color: inherit; border-radius: 3px; padding: 0 .2em; margin: 0 1px;
  font: 600 .75em/1.3 var(--mono); unicode-bidi: isolate; white-space: nowrap;
}
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
.hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.skip { position: absolute; left: 1rem; top: -4rem; background: var(--accent); color: var(--accent-ink); padding: .5rem 1rem; z-index: 3; border-radius: 0 0 8px 8px; }
.skip:focus { top: 0; }

header {
  display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem;
  padding: .625rem max(1rem, calc(50vw - 36rem)); border-bottom: 1px solid var(--line); background: var(--sheet);
}
.brand { display: flex; align-items: center; gap: .5rem; font-weight: 680; letter-spacing: -.01em; color: var(--ink); text-decoration: none; }
header nav { display: flex; gap: .25rem; order: 3; width: calc(100% + 1.25rem); margin-inline: -.625rem; overflow-x: auto; white-space: nowrap; }
header nav a { padding: .3rem .625rem; border-radius: 7px; color: var(--soft); text-decoration: none; font-size: .9375rem; }
header nav a:hover { color: var(--ink); background: var(--sunk); }
header nav a[aria-current] { color: var(--accent); background: var(--accent-soft); font-weight: 600; }
.switch { margin-left: auto; display: flex; align-items: center; gap: .5rem; font-size: .875rem; color: var(--soft); text-decoration: none; }
.switch:hover { color: var(--ink); text-decoration: underline; }
.knob { width: 1.75rem; height: 1rem; border-radius: 1rem; border: 1.5px solid currentColor; position: relative; }
.knob::after { content: ""; position: absolute; inset: 2px auto 2px 2px; width: .5625rem; border-radius: 50%; background: currentColor; }
.switch-on .knob { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
.switch-on .knob::after { inset: 2px 2px 2px auto; }
.wide { display: none; }
#live {
  position: sticky; top: 0; z-index: 2; text-align: center; font-size: .9375rem;
  background: var(--accent); color: var(--accent-ink); padding: .5rem 1rem;
}
#live[hidden] { display: none; }
#live a { color: inherit; font-weight: 650; }
main { flex: 1; width: 100%; max-width: 74rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; display: flex; flex-direction: column; gap: 1.25rem; }
main > * { min-width: 0; }
footer {
  display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: center;
  padding: .75rem max(1rem, calc(50vw - 36rem)); border-top: 1px solid var(--line); font-size: .875rem; color: var(--soft);
}
footer form { display: flex; gap: .75rem; align-items: center; }

.flash, .problem, .warn { padding: .625rem .875rem; border-radius: 8px; border: 1px solid var(--line); border-left: 4px solid currentColor; background: var(--sheet); }
.problem, .warn { border-left-color: var(--bad); }
.warn { margin-top: .75rem; border-left-color: var(--wait); font-size: .9375rem; }
.tone-good { color: var(--good); } .tone-bad { color: var(--bad); } .tone-wait { color: var(--wait); }
.tone-busy { color: var(--accent); } .tone-quiet { color: var(--soft); }
.state, .severity, .risk { display: inline-flex; align-items: center; gap: .375rem; font-weight: 600; font-size: .875rem; white-space: nowrap; }
.risk .off { opacity: .25; }
.risk-low { color: var(--good); } .risk-medium { color: var(--wait); } .risk-high { color: var(--bad); }
.severity-critical { color: var(--bad); } .severity-warning { color: var(--wait); }
.severity-info { color: var(--accent); } .severity-none { color: var(--soft); }
.over { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .875rem; font-size: .875rem; color: var(--soft); }
.under, .hint, .quiet { font-size: .875rem; color: var(--soft); }
.id, .kind, .rule { font-family: var(--mono); font-size: .75rem; color: var(--soft); }
.countdown { font-weight: 650; font-variant-numeric: tabular-nums; }
.countdown.soon { color: var(--bad); }
@media (min-width: 40rem) {
  .wide { display: inline; } .narrow { display: none; }
  h1 { font-size: 1.75rem; }
}
${parts}
@media (prefers-reduced-motion: no-preference) {
  .held { opacity: .5; transition: opacity .3s; }
}
@media (min-width: 70rem) { header nav { order: 0; width: auto; margin: 0; } }
@media print { header nav, footer, .decide, #live { display: none; } }
`;
