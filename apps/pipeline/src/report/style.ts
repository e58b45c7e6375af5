/** The look of the page: in the colours of the reader's system, on paper in light ones. No colour says anything that no text says. */
export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2330; --soft: #566072; --line: #d5dae2; --panel: #f5f7fa; --link: #0b57b0;
  --success: #1a7f4b; --failed: #c62828; --partial: #a85b00; --running: #0b62c4; --other: #647084;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161d; --ink: #e4e9f0; --soft: #a3aec0; --line: #343d4c; --panel: #1b212b; --link: #8ab8ff;
    --success: #4cc587; --failed: #ff8a80; --partial: #f2b25c; --running: #7db4ff; --other: #98a4b8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, 'DejaVu Sans', sans-serif; overflow-wrap: anywhere; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; }
footer { color: var(--soft); padding-bottom: 2rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
a { color: var(--link); }
p { margin: .5rem 0; }
code, pre, .path { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: .87em; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: .75rem; margin: .5rem 0; overflow: auto; max-height: 24rem; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: .75rem 0; }
dt { color: var(--soft); }
dd { margin: 0; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; min-width: 44rem; }
time { white-space: nowrap; }
caption { text-align: left; color: var(--soft); padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); min-width: 4.5rem; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 600; }
td.number, th.number { text-align: right; padding-right: 1.5rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.sum { min-width: 17rem; }
ul.plain { list-style: none; margin: 0; padding: 0; }
summary { cursor: pointer; color: var(--link); margin: .75rem 0; }
.soft { color: var(--soft); }
.status { font-weight: 600; white-space: nowrap; }
.success { color: var(--success); } .failed, .interrupted { color: var(--failed); } .partial { color: var(--partial); }
.running { color: var(--running); } .pending, .skipped, .unknown { color: var(--other); }
svg { display: block; width: 100%; min-width: 44rem; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, 'DejaVu Sans', sans-serif; }
svg text.soft { fill: var(--soft); }
svg rect { fill: currentColor; }
svg rect.item { fill-opacity: .55; }
svg rect.cut { fill: var(--panel); }
svg line { stroke: var(--line); stroke-width: 1; }
svg line.cut { stroke: var(--soft); stroke-dasharray: 3 3; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .4rem; } }
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --ink: #000000; --soft: #404040; --line: #b5b5b5; --panel: #f4f4f4; --link: #000000;
    --success: #14633a; --failed: #a31515; --partial: #7d4400; --running: #083f80; --other: #404a5a;
  }
  @page { margin: 15mm; }
  body { font-size: 10pt; }
  header, main, footer { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
  svg, table { min-width: 0; }
  td.sum { min-width: 0; }
  pre { max-height: none; }
  tr, figure, svg, .failure { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  thead { display: table-header-group; }
  svg rect { print-color-adjust: exact; }
}
`
