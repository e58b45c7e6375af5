/** The look of the page: in the colours of the reader's system, on paper in light ones. No colour says anything that no shape, place or text says. */
export const PAGE_STYLE = `:root {
  color-scheme: light dark;
  --ground: #f4f6f8; --panel: #ffffff; --ink: #1a2330; --soft: #55616f; --line: #dde3ea; --track: #e8ecf1; --link: #0a58a8;
  --here: #3f74a6; --some: #8fb0cf; --bad: #b3261e; --late: #8a5200; --wait: #0b62b8; --unused: #6d7988; --ok: #1b7345;
  --bad-tint: #fdecea; --warn-tint: #fdf3e1; --wait-tint: #e8f1fb; --ok-tint: #e7f4ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e131a; --panel: #161d27; --ink: #e4eaf2; --soft: #a0acbc; --line: #2b3645; --track: #232d3a; --link: #8cbcff;
    --here: #6c9fd3; --some: #426a94; --bad: #ff8f86; --late: #f0b45c; --wait: #86b9ff; --unused: #8592a3; --ok: #5fcb95;
    --bad-tint: #37191a; --warn-tint: #33270f; --wait-tint: #15273e; --ok-tint: #12301f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 14px/1.5 system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; overflow-wrap: break-word; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.25rem; }
footer { color: var(--soft); padding-bottom: 2rem; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--panel); padding: .25rem .75rem; }
h1 { font-size: .85rem; font-weight: 600; letter-spacing: .02em; color: var(--soft); margin: 0; }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
h3 { font-size: .93rem; margin: 0; }
p { margin: .4rem 0; }
a { color: var(--link); }
code, .path, td.error, td.bad, .headline p, dd { overflow-wrap: anywhere; }
code, .path { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: .86em; }
.soft, .empty { color: var(--soft); font-weight: 400; }
.headline { display: flex; gap: .9rem; align-items: flex-start; margin: .6rem 0 .8rem; padding: .9rem 1.1rem; border: 1px solid var(--tone); border-left-width: 6px; border-radius: 6px; background: var(--tint); }
.headline .sign { flex: none; width: 1.9rem; height: 1.9rem; border-radius: 50%; border: 2px solid var(--tone); color: var(--tone); font-weight: 700; font-size: 1.05rem; line-height: 1.65rem; text-align: center; }
.headline p { margin: 0; font-size: 1.15rem; line-height: 1.35; padding-top: .15rem; }
.headline strong { color: var(--tone); }
.level-ok { --tone: var(--ok); --tint: var(--ok-tint); } .level-wait { --tone: var(--wait); --tint: var(--wait-tint); }
.level-warn { --tone: var(--late); --tint: var(--warn-tint); } .level-bad { --tone: var(--bad); --tint: var(--bad-tint); }
.origin { color: var(--soft); margin: 0; }
.origin time, .origin .path { color: var(--ink); }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; list-style: none; margin: .5rem 0 .2rem; padding: 0; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .9rem 1.1rem 1rem; margin: .8rem 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); margin: .8rem 0; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
.figures div { padding: .6rem .6rem .65rem 1.1rem; box-shadow: -1px 0 0 var(--line); overflow: hidden; }
.figures { overflow: hidden; }
.figures dt { color: var(--soft); }
.figures dd { margin: 0; font-size: 1.45rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.figures dd small { display: block; font-size: .86rem; font-weight: 400; color: var(--soft); line-height: 1.35; }
.figures .bad { color: var(--bad); } .figures .warn { color: var(--late); } .figures .wait { color: var(--wait); display: block; }
.lane { display: grid; grid-template-columns: 9.5rem minmax(0, 1fr); gap: 0 1rem; align-items: center; margin: .15rem 0; }
.lane h3 .soft { display: block; font-size: .86rem; }
.lane svg, figure svg { display: block; width: 100%; overflow: visible; }
.unread { color: var(--bad); border: 1px dashed var(--bad); border-radius: 3px; padding: .1rem .6rem; margin: .5rem 0; }
svg text { fill: var(--soft); font: 12px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; font-variant-numeric: tabular-nums; }
svg line { stroke: var(--unused); stroke-width: 1; }
svg line.grid { stroke: var(--line); stroke-dasharray: 2 3; } svg line.floor { stroke: var(--unused); }
rect.track { fill: var(--track); } rect.whole { fill: var(--here); } rect.partial { fill: var(--some); }
rect.failed { fill: var(--bad); } rect.late { fill: var(--late); } rect.waiting { fill: var(--wait); } rect.unused { fill: var(--unused); }
rect.cut { fill: var(--panel); stroke: var(--unused); stroke-width: 1; stroke-dasharray: 3 3; }
rect.thin { stroke-width: 2; }
rect.whole.thin { stroke: var(--here); } rect.partial.thin { fill: var(--panel); stroke: var(--panel); stroke-width: 1; }
rect.failed.thin { stroke: var(--bad); } rect.late.thin { stroke: var(--late); } rect.waiting.thin { stroke: var(--wait); } rect.unused.thin { stroke: var(--unused); }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.4rem; list-style: none; margin: .4rem 0 0; padding: 0; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: .5rem; } .legend svg { flex: none; }
.actions { list-style: none; margin: 0; padding: 0; }
.actions li { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 30rem); align-items: baseline; gap: .2rem 1.2rem; border-left: 4px solid var(--tone); padding: .1rem 0 .1rem .8rem; margin: .5rem 0; }
.actions .word { color: var(--tone); font-weight: 600; }
.actions code { justify-self: start; background: var(--ground); border: 1px solid var(--line); border-radius: 4px; padding: .2rem .55rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: .5rem 2rem; margin-bottom: .6rem; }
figure { margin: 0; }
.origin-list { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: .5rem 1.5rem; margin: 0; }
.origin-list dt { color: var(--soft); }
.origin-list dd { margin: 0; }
.differences { margin: .2rem 0 .7rem; padding-left: 1.2rem; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; min-width: 40rem; }
table.compact { width: auto; min-width: min(100%, 30rem); }
table.compact :is(th, td) { padding-right: 2.2rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .32rem .9rem .32rem 0; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; padding-right: 1.4rem; }
td.bad { color: var(--bad); }
td.extent { white-space: nowrap; }
td.ranges { min-width: 18rem; }
td.path { min-width: 13rem; }
td.error { min-width: 18rem; white-space: pre-line; }
time { white-space: nowrap; }
summary { cursor: pointer; color: var(--link); margin: .6rem 0 .2rem; }
@media (max-width: 60rem) { .actions li { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 44rem) {
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  section { padding: .8rem .8rem .9rem; }
  .figures { grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); }
  .lane { grid-template-columns: minmax(0, 1fr); margin: .5rem 0; }
  .lane h3 .soft { display: inline; margin-left: .4rem; }
  .axis > span, svg .minor { display: none; }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #ffffff; --panel: #ffffff; --ink: #000000; --soft: #404040; --line: #bcbcbc; --track: #ececec; --link: #000000;
    --here: #4a7aa8; --some: #a9c0d6; --bad: #9c1610; --late: #704300; --wait: #0a4f94; --unused: #5c6672; --ok: #135a35;
    --bad-tint: #ffffff; --warn-tint: #ffffff; --wait-tint: #ffffff; --ok-tint: #ffffff;
  }
  @page { margin: 14mm; }
  body { font-size: 9.5pt; }
  header, main, footer { max-width: none; padding: 0; }
  .figures { grid-template-columns: repeat(5, 1fr); }
  nav, .skip { display: none; }
  section { border: 0; padding: 0; margin: 1.2rem 0; }
  .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
  table, td.error, td.ranges, td.path { min-width: 0; }
  tr, figure, .lane, .headline, .actions li { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  thead { display: table-header-group; }
  svg rect, .headline { print-color-adjust: exact; }
}
`
