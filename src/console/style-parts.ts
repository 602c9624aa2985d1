/** The rules of single parts: requests, forms, lists, evidence, runs, timeline. */
export const parts = `
button, input, select, textarea { font: inherit; color: inherit; }
button {
  min-height: 2.75rem; padding: .5rem 1.125rem; border-radius: 8px; border: 1px solid var(--line);
  background: var(--sheet); font-weight: 600; cursor: pointer;
}
button:hover { border-color: var(--soft); }
button:disabled { opacity: .45; cursor: not-allowed; }
button.approve { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
button.approve:hover { filter: brightness(1.1); }
button.danger { background: var(--bad); border-color: var(--bad); color: var(--sheet); }
button.reject { color: var(--bad); }
button.plain { min-height: 0; padding: .25rem 0; border: 0; background: none; color: var(--accent); font-weight: 500; text-decoration: underline; text-underline-offset: .18em; }
input, select, textarea {
  width: 100%; min-height: 2.75rem; padding: .5rem .75rem; border-radius: 8px;
  border: 1px solid var(--line); background: var(--sunk);
}
input::placeholder { color: var(--soft); opacity: 1; }
label { font-size: .875rem; font-weight: 600; }
label .hint { font-weight: 400; }

.block { border-top: 1px solid var(--line); padding-top: .875rem; }
.block > h2 { margin-bottom: .625rem; }
.story > .block:first-child { border-top: 0; padding-top: 0; }
.waiting, .gate, .empty { background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 1rem; box-shadow: var(--shadow); }
.waiting { display: flex; flex-direction: column; gap: .75rem; }
.waiting > h2 { display: flex; flex-wrap: wrap; align-items: baseline; gap: .125rem .5rem; }
.waiting > h2 a { color: inherit; text-decoration-color: var(--line); }
.waiting > h2 a:hover { text-decoration-color: currentColor; }
.waiting > .request.request { border-width: 1px 0 0; border-radius: 0; padding: .875rem 0 0; box-shadow: none; }
.glance { font-size: .9375rem; display: grid; gap: .125rem; }
.eid {
  display: inline-block; font: 600 .75rem/1.4 var(--mono); color: var(--accent); background: var(--accent-soft);
  border-radius: 4px; padding: 0 .3rem; margin-right: .25rem; text-decoration: none;
}
.request {
  background: var(--sheet); border: 1px solid var(--line); border-radius: 12px; padding: 1rem;
  display: flex; flex-direction: column; gap: .75rem;
}
.request.is-open { box-shadow: var(--shadow); }
.story .request.is-open.risk-edge-high { border: 2px solid var(--bad); }
.request + .request { margin-top: .75rem; }
.heading { display: flex; flex-wrap: wrap; align-items: center; gap: .125rem .875rem; }
.heading h3 { flex: 1 1 14rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--sunk); border: 1px solid var(--line); border-radius: 8px; padding: .75rem .875rem; line-height: 1.6; }
pre code { font-size: inherit; }
.argv { direction: ltr; unicode-bidi: isolate-override; font-size: .9375rem; border-left: 3px solid var(--accent); }
.argv .arg { border-bottom: 1px dotted var(--soft); }
.argv + .under { margin-top: -.5rem; }
.facts { display: grid; gap: .375rem 1.25rem; font-size: .9375rem; }
.facts > div { display: grid; grid-template-columns: 6.5rem 1fr; gap: .75rem; }
.facts dt { color: var(--soft); font-size: .875rem; line-height: 1.6; }
.facts dd { min-width: 0; }
.facts .code { font-size: 1rem; font-weight: 650; letter-spacing: .04em; }
.reasons ul { font-size: .9375rem; }
.reasons li, .request > ul:not(.votes) li { padding-left: 1rem; position: relative; }
.reasons li::before, .request > ul:not(.votes) li::before { content: ""; position: absolute; left: .125rem; top: .6em; width: .375rem; height: .375rem; border-radius: 50%; border: 1.5px solid var(--soft); }
.votes { display: grid; gap: .25rem; font-size: .9375rem; }
.votes q { margin-left: .375rem; color: var(--soft); }
.decide { display: flex; flex-wrap: wrap; gap: .625rem; align-items: flex-start; padding-top: .25rem; }
.decide > form:not(.typed) { display: flex; gap: .5rem; flex: 1 1 auto; }
.decide form:not(.typed) .approve { flex: 1; }
.rejection input { min-width: 0; flex: 1 1 8rem; }
.typed { flex: 1 0 100%; display: grid; gap: .375rem; padding: .875rem; border-radius: 8px; background: var(--paper); border: 1px solid var(--line); }
.typed .approve { margin-top: .375rem; }
.typed textarea { min-height: 4rem; resize: vertical; }
details summary { cursor: pointer; font-size: .875rem; color: var(--soft); padding: .25rem 0; width: fit-content; }
details summary:hover { color: var(--ink); }
details[open] > :not(summary) { margin-top: .375rem; }
.wide-facts { font-size: .875rem; background: var(--sunk); border-radius: 8px; padding: .625rem .875rem; }

.incidents { border: 1px solid var(--line); border-radius: 12px; background: var(--sheet); overflow: hidden; }
.incidents:empty { display: none; }
.incidents li + li { border-top: 1px solid var(--line); }
.incidents a {
  display: grid; grid-template-columns: auto 1fr auto; gap: .125rem .625rem; align-items: baseline;
  padding: .625rem .875rem; color: inherit; text-decoration: none;
}
.incidents a:hover { background: var(--accent-soft); }
.incidents a:hover .name { text-decoration: underline; text-underline-offset: .18em; }
.incidents .name { font-weight: 560; }
.incidents .outcome { grid-column: 2; grid-row: 2; display: flex; flex-wrap: wrap; gap: .125rem .875rem; }
.incidents .outcome .state { font-weight: 500; white-space: normal; }
.incidents time { font-size: .875rem; color: var(--soft); white-space: nowrap; }
.block > .incidents + .under { margin-top: .625rem; }
.healing { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; justify-content: space-between; margin-bottom: .75rem; }
.checks { display: grid; gap: .25rem 1.5rem; align-items: start; font-size: .9375rem; }
.checks li { display: flex; flex-wrap: wrap; gap: 0 .75rem; }
.checks .detail { color: var(--soft); }
.gate { max-width: 32rem; width: 100%; margin: 8vh auto 0; padding: 1.5rem; display: grid; gap: .875rem; }
.gate button { width: 100%; }
.empty { display: grid; gap: .75rem; }
.table { position: relative; min-width: 0; overflow-x: auto; border: 1px solid var(--line); border-radius: 12px; background: var(--sheet); }
.table:focus-visible { outline-offset: -3px; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .875rem; overflow-wrap: break-word; }
th:first-child { min-width: 9rem; max-width: 24rem; }
td:not(.number) { min-width: 5.5rem; max-width: 30rem; }
td.long:not(.number) { min-width: 14rem; }
thead th { font-size: .8125rem; color: var(--soft); font-weight: 500; }
tbody tr { border-top: 1px solid var(--line); }
tbody th { font-weight: 560; }
.number { font-variant-numeric: tabular-nums; }
.heat { display: block; width: 100%; max-width: 46rem; font-size: 7px; }
.heat text { fill: var(--soft); }
.heat-0 { fill: var(--line); opacity: .5; } .heat-1 { fill: var(--accent); opacity: .3; } .heat-2 { fill: var(--accent); opacity: .5; }
.heat-3 { fill: var(--accent); opacity: .75; } .heat-4 { fill: var(--accent); }
.heat + .under { margin-top: .5rem; }
.plain-list a { grid-template-columns: minmax(0, 1fr); }
.plain-list .outcome.outcome { grid-column: 1; grid-row: auto; }
.block > .typed { max-width: 32rem; }
.block > .table + .typed, .block > .under + .typed { margin-top: .75rem; }
.block > * + .under, .block > .under + .table, .entries + .paging { margin-top: .625rem; }
.plain-facts + .under { margin-top: .5rem; }
.entries { display: grid; gap: .375rem; font-size: .9375rem; }
.entries time { color: var(--soft); font-size: .875rem; }
.entries .what { margin-inline: .25rem; }
.prose { display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; max-width: 46rem; }
.prose h3 { margin-top: .5rem; }
.prose ul, .prose ol { padding-left: 1.375rem; display: grid; gap: .375rem; }
.prose ul { list-style: disc; } .prose ol { list-style: decimal; }
.prose li > * + * { margin-top: .375rem; }
.prose hr { border: 0; border-top: 1px solid var(--line); width: 100%; }
.filter, .command { display: grid; gap: .5rem; }
.only { display: flex; gap: .5rem; align-items: center; min-height: 2.75rem; }
.only input { width: 1.125rem; min-height: 1.125rem; accent-color: var(--accent); }
.paging { display: flex; gap: 1rem; }
.answer { display: grid; gap: .75rem; }
.answer pre { background: var(--sheet); }
.said { color: var(--soft); }

.title { display: grid; gap: .375rem; }
.columns { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr); }
.story { display: grid; gap: 1.25rem; min-width: 0; grid-template-columns: minmax(0, 1fr); align-content: start; }
.alerts > li + li { margin-top: .75rem; padding-top: .75rem; border-top: 1px dashed var(--line); }
.alerts .on { font-weight: 400; color: var(--soft); }
.finding { white-space: pre-wrap; }
.evidence { display: grid; gap: .75rem; }
.evidence .finding { font-size: .9375rem; }
.evidence .raw .finding { font-family: var(--mono); font-size: .8125rem; line-height: 1.6; border-left: 2px solid var(--line); padding-left: .75rem; margin: .25rem 0; }
.graph { display: block; margin: .5rem 0; }
.graph img { display: block; width: 100%; max-width: 480px; height: auto; border: 1px solid var(--line); border-radius: 8px; font-size: .875rem; color: var(--soft); }
.evidence .missing .finding { color: var(--soft); }
.opinion { border: 1px dashed var(--soft); border-radius: 12px; padding: .875rem 1rem; display: grid; gap: .375rem; }
.opinion .label { font-size: .8125rem; font-weight: 600; color: var(--soft); }
.run { display: grid; gap: .625rem; }
.run + .run { margin-top: 1rem; }
.output { max-height: 26rem; overflow: auto; font-size: .8125rem; }
.review { display: grid; gap: .625rem; padding: .875rem; border: 1px solid var(--line); border-left: 4px solid var(--wait); border-radius: 8px; background: var(--sheet); font-size: .9375rem; }
.review button { justify-self: start; }
.timeline h2 { margin-bottom: .625rem; }
.timeline ol { border-left: 2px solid var(--line); margin-left: .3125rem; }
.timeline li { position: relative; padding: 0 0 .875rem 1.125rem; font-size: .9375rem; }
.timeline li::before { content: ""; position: absolute; left: -.375rem; top: .375rem; width: .625rem; height: .625rem; border-radius: 50%; background: var(--paper); border: 2px solid var(--soft); }
.timeline li:last-child::before { background: var(--accent); border-color: var(--accent); }
@media (min-width: 40rem) {
  .waiting, .request { padding: 1.125rem 1.25rem; }
  .incidents a { grid-template-columns: auto minmax(0, 1fr) auto 5.5rem; }
  .incidents .outcome { grid-column: 3; grid-row: 1; }
  .incidents time { text-align: right; }
  .filter { grid-template-columns: repeat(3, 1fr) auto; align-items: center; }
  .filter > input { grid-column: 1 / -1; }
  .filter .only { grid-column: 1 / -2; }
  .command { grid-template-columns: 1fr auto; align-items: end; }
  .plain-list a { grid-template-columns: minmax(0, 1fr) auto; }
  .plain-list .outcome.outcome { grid-column: 2; }
  .decide form:not(.typed) .approve { min-width: 11rem; }
  .checks { grid-template-columns: 1fr 1fr; }
  .facts > div { grid-template-columns: 8rem 1fr; }
  .wide-names > div { grid-template-columns: 11rem 1fr; }
}
@media (min-width: 62rem) {
  .columns { grid-template-columns: minmax(0, 1fr) 20rem; gap: 2.5rem; }
  .timeline { position: sticky; top: 1rem; align-self: start; max-height: calc(100vh - 2rem); overflow: auto; }
}
`;
