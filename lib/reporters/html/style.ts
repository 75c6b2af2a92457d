/** The report's style sheet: no font, no picture and nothing else is loaded. Colour stands for state alone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfbf9; --card: #ffffff; --ink: #1d1b18; --soft: #6b665d; --line: #e4dfd5; --sunk: #f4f1eb;
  --gold: #a9781b; --good: #2c7a4b; --bad: #b3261e; --warn: #94600a; --reused: #3a66a0; --busy: #2a7d8c; --still: #a39d91;
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #151412; --card: #1c1b18; --ink: #ebe7df; --soft: #a29c90; --line: #35322c; --sunk: #201e1b;
    --gold: #d9a94a; --good: #6cc08b; --bad: #f0857c; --warn: #dfae5a; --reused: #8bb3e6; --busy: #6cc4d2; --still: #6f6a61;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
a { color: inherit; text-decoration: none; }
a:hover { text-decoration: underline; text-underline-offset: 3px; }
:focus-visible { outline: 2px solid var(--gold); outline-offset: 2px; border-radius: 3px; }
code, pre { font-family: var(--mono); font-size: .86em; }
code { overflow-wrap: anywhere; }
h1 { margin: .1rem 0 .6rem; font-size: 2.5rem; line-height: 1.15; font-weight: 650; letter-spacing: -.022em; overflow-wrap: anywhere; }
h2 { margin: 0 0 1rem; font-size: 1.06rem; font-weight: 650; letter-spacing: -.005em; }
h3 { margin: 0; font-size: 1rem; font-weight: 600; overflow-wrap: anywhere; }
p { margin: .3rem 0; }
section { margin-top: 2.75rem; padding-top: 1.4rem; border-top: 1px solid var(--line); }
.scroll { overflow-x: auto; }
.brand { margin: 0; color: var(--soft); font-size: .82rem; letter-spacing: .02em; }
.brand::before { content: ""; display: inline-block; width: .62em; height: .62em; margin-right: .55em; background: var(--gold); border-radius: 2px; }
.quiet, .note, .kind, .lines, .time, .date { color: var(--soft); }
.time, .number, .lines, .date, dd { font-variant-numeric: tabular-nums; }
.note { font-size: .9rem; }

.status { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem 1.1rem; margin: 0; font-size: 1.15rem; font-weight: 600; }
.figures { display: inline-flex; flex-wrap: wrap; gap: .2rem 1.1rem; color: var(--soft); font-size: .95rem; font-weight: 400; }
.figures b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.figures .failed b { color: var(--bad); }
.status.succeeded, .word.succeeded { color: var(--good); }
.status.failed, .word.failed, .phase.leaked { color: var(--bad); }
.status.cancelled, .status.unfinished, .word.cancelled, .word.tolerated, .phase.creating, .phase.destroying { color: var(--warn); }
.word.cached, .kind.cached { color: var(--reused); }
.word.running { color: var(--busy); }
.word.skipped, .word.pending { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: .9rem 2.4rem; margin: 1.5rem 0 0; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; }

.problem { margin: 0 0 1.2rem; padding: .1rem 0 .1rem 1.1rem; border-left: 3px solid var(--bad); }
.problem.kept { border-color: var(--warn); }
.problem .meta { color: var(--soft); font-size: .9rem; }
.problem .meta > * { margin-right: .6rem; }
.problem .meta a { color: var(--ink); }
.hint { margin-top: .6rem; }
.hint::before { content: "What to do: "; color: var(--soft); }

.log { margin: .5rem 0 0; padding: .7rem .9rem; max-height: 32rem; overflow: auto; background: var(--sunk); border-radius: 6px; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 8; }
.log .stderr { color: var(--warn); }
.log .info { color: var(--soft); }
.log .warning { color: var(--warn); font-weight: 600; }
.log .error { color: var(--bad); font-weight: 600; }
.log .gap { color: var(--soft); font-style: italic; }
.log mark { background: var(--gold); color: var(--paper); border-radius: 2px; }

.graph { display: block; font-size: 12.5px; }
.graph .edge { fill: none; stroke: var(--still); stroke-width: 1.4; }
.graph .box { fill: var(--card); stroke: var(--line); }
.graph a:hover .box { stroke: var(--soft); }
.graph .name { fill: var(--ink); font-weight: 600; }
.graph .sub { fill: var(--soft); font-size: 11.5px; }
.graph .mark { fill: var(--still); }
.graph .succeeded .mark { fill: var(--good); }
.graph .failed .mark { fill: var(--bad); }
.graph .failed .box { stroke: var(--bad); }
.graph .cached .mark { fill: var(--reused); }
.graph .cancelled .mark { fill: var(--warn); }
.graph .running .mark { fill: var(--busy); }
.graph .skipped .box, .graph .pending .box { fill: none; stroke-dasharray: 4 3; }
.graph .skipped .name, .graph .pending .name { fill: var(--soft); font-weight: 500; }

.gantt { font-size: .92rem; }
.row { display: grid; grid-template-columns: minmax(7rem, 15rem) 1fr 4.6rem; gap: 0 1rem; align-items: center; min-height: 1.9rem; }
.row .label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row b { font-weight: 600; }
.row .time { text-align: right; }
.row.step { min-height: 1.6rem; font-size: .95em; }
.row.step .label { padding-left: 1.1rem; color: var(--soft); }
summary { position: relative; }
summary.row { cursor: pointer; list-style: none; }
.gantt .row .label::before, details.node > summary::before, details.step > summary::before, .plain::before { content: ""; flex: none; display: inline-block; width: .34em; height: .34em; margin: 0 .75em .12em .1em; border: solid transparent; border-width: 1.5px 1.5px 0 0; rotate: 45deg; }
.gantt summary.row .label::before, details.node > summary::before, details.step > summary::before { border-color: var(--still); }
.gantt details[open] > summary .label::before, details[open].node > summary::before, details[open].step > summary::before { rotate: 135deg; }
summary.row::-webkit-details-marker { display: none; }
.track { display: block; width: 100%; height: 1.9rem; overflow: visible; }
.step .track { height: 1.6rem; }
.track > line { stroke: var(--line); stroke-width: 1; }
.bar rect { fill: var(--still); }
.bar line { stroke: var(--still); stroke-width: 2; }
.bar.whole rect { fill-opacity: .32; }
.bar.succeeded rect { fill: var(--good); } .bar.succeeded line { stroke: var(--good); }
.bar.failed rect { fill: var(--bad); } .bar.failed line { stroke: var(--bad); }
.bar.cached rect { fill: var(--reused); } .bar.cached line { stroke: var(--reused); }
.bar.running rect { fill: var(--busy); } .bar.running line { stroke: var(--busy); }
.bar.cancelled rect, .bar.tolerated rect { fill: var(--warn); } .bar.cancelled line, .bar.tolerated line { stroke: var(--warn); }
.ticks { display: block; width: 100%; height: 1.2rem; overflow: visible; font-size: .8rem; font-variant-numeric: tabular-nums; }
.ticks text { fill: var(--soft); }
.row.axis { min-height: 1.4rem; }

table { border-collapse: collapse; width: 100%; font-size: .93rem; }
th { padding: .2rem 1.4rem .35rem 0; color: var(--soft); font-size: .8rem; font-weight: 400; text-align: left; }
td { padding: .35rem 1.4rem .35rem 0; border-top: 1px solid var(--line); vertical-align: baseline; }
td.number { text-align: right; white-space: nowrap; }
td.quiet { white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.artifact + .artifact { margin-top: 1.5rem; }
.artifact h3 .kind { font-weight: 400; font-size: .9rem; margin-left: .4rem; }
.artifact .description { color: var(--soft); }
.artifact .id { font-size: .92em; }
.artifact table { width: auto; }
.artifact td { border: 0; padding-top: .1rem; padding-bottom: .1rem; }
.check + .check { margin-top: 1.2rem; }
.check h3 { font-size: .97rem; }
.results { margin: .5rem 0 0; padding: 0; list-style: none; font-size: .93rem; }
.results li { padding: .12rem 0 .12rem 1.2rem; overflow-wrap: anywhere; }
.results .failed b { color: var(--bad); font-weight: 600; }
.results .skipped { color: var(--soft); }
.results .log { max-height: 12rem; }
.check h3 .quiet, .check h3 .word { font-weight: 400; font-size: .92rem; margin-left: .5rem; }

.dot { display: inline-block; width: .56rem; height: .56rem; margin-right: .65rem; border-radius: 50%; background: var(--still); vertical-align: .06em; }
.dot.succeeded { background: var(--good); } .dot.failed { background: var(--bad); } .dot.cached { background: var(--reused); }
.dot.running { background: var(--busy); } .dot.cancelled, .dot.tolerated { background: var(--warn); }
.dot.none, .dot.skipped, .dot.pending { background: none; border: 1.5px solid var(--still); }
.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: .5rem 1.2rem; margin-bottom: .8rem; }
.head h2 { margin: 0; flex: 1; }
input[type=search] { width: 16rem; max-width: 100%; padding: .35rem .7rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card); color: inherit; font: inherit; font-size: .92rem; }
output:empty { display: none; }
output { color: var(--soft); font-size: .88rem; }
details.node, .node.plain { border-top: 1px solid var(--line); padding: .1rem 0; scroll-margin-top: 1rem; }
details.node > summary, details.step > summary, .plain { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .5rem; padding: .45rem 0; cursor: pointer; list-style: none; }
details > summary::-webkit-details-marker { display: none; }
details.node summary .dot, .plain .dot { margin-right: .15rem; }
details.node > summary > .quiet, .node.plain > .quiet { flex: 1; }
summary .time, .plain .time { min-width: 4.6rem; text-align: right; }
.step .lines { flex: 1; text-align: right; font-size: .85rem; }
details.step, .step.plain { margin-left: 1.25rem; font-size: .95rem; }
details.step > summary, .step.plain { padding: .25rem 0; }
.plain { cursor: default; }
details.step > .log { margin: .2rem 0 .6rem; }
details.step > summary:hover, details.node > summary:hover { color: var(--gold); }
details.node > .note { margin-left: 1.25rem; }
#resources details > summary { cursor: pointer; color: var(--soft); margin-bottom: .6rem; }
footer { margin-top: 3.5rem; color: var(--soft); font-size: .82rem; }

@media (max-width: 44rem) {
  main { padding: 1.75rem 1rem 3rem; }
  h1 { font-size: 1.9rem; }
  .facts { gap: .7rem 1.6rem; }
  .row { grid-template-columns: 1fr 4.6rem; }
  .row .track, .row .ticks { grid-column: 1 / -1; grid-row: 2; }
  .row .track { height: 1.2rem; }
  details.step, .step.plain { margin-left: .6rem; }
  .row.axis > span { display: none; }
  .artifact td { display: block; text-align: left; }
  input[type=search] { width: 100%; }
}
@media print {
  #search, #hits { display: none; }
  .log { max-height: none; }
}
`;
