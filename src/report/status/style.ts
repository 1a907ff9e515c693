/**
 * The style of the status page, inline as all of it. Light and dark by what the reader's system prefers; text and marks have a
 * contrast of at least 4.5 to 1 in both, lines 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11). Colour is never all there is.
 */
export const STYLE = `
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --text: #1b2129; --soft: #59636f; --edge: #dde2e8; --grid: #e6eaef;
  --first: #1763b0; --fill: #1763b014; --second: #a14a00; --ok: #11703a; --warning: #8a5200; --critical: #b3201f; --focus: #1763b0;
  --okbg: #e8f5ed; --warningbg: #fdf3e0; --criticalbg: #fdeaea }
@media (prefers-color-scheme: dark) { :root { --bg: #11151a; --card: #191f26; --text: #e4e9ef; --soft: #9aa6b3; --edge: #2b343e; --grid: #262e37;
  --first: #6db1f5; --fill: #6db1f51a; --second: #f0a35e; --ok: #62cf8e; --warning: #f0b65a; --critical: #ff8f8a; --focus: #8cc4ff;
  --okbg: #15281d; --warningbg: #2e2413; --criticalbg: #371b1c } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums }
a { color: var(--first) }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px }
.skip { position: absolute; left: -99em }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; background: var(--card); padding: .5rem .75rem }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1rem }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .75rem; padding-top: .9rem }
h1 { font-size: 1.2rem; margin: 0; overflow-wrap: anywhere; font-weight: 650 }
h1 small { color: var(--soft); font-weight: 400; font-size: 1rem }
h2 { font-size: 1rem; margin: 0 0 .5rem; font-weight: 650 }
h3 { font-size: .8125rem; margin: 0; font-weight: 600 }
.mode { border: 1px solid var(--edge); border-radius: 99px; padding: .1rem .7rem; background: var(--card); font-size: .8125rem }
.mode b { font-weight: 650 }
.when { margin-left: auto; color: var(--soft); font-size: .8125rem }
button { font: inherit; font-size: .8125rem; color: inherit; background: var(--card); border: 1px solid var(--edge); border-radius: 6px; padding: .2rem .7rem; min-height: 1.9rem; cursor: pointer }
.verdict { border: 1px solid currentColor; border-left-width: 5px; border-radius: 8px; padding: .65rem .9rem; margin: .8rem 0 }
.verdict b, .verdict i { font-style: normal; font-weight: 700 }
.verdict p, .verdict li span { color: var(--text) }
.verdict p { display: inline; margin: 0 }
.verdict ul { margin: .35rem 0 0; padding: 0; list-style: none; overflow-wrap: anywhere }
.verdict.ok { background: var(--okbg) } .verdict.warning { background: var(--warningbg) } .verdict.critical { background: var(--criticalbg) }
.ok { color: var(--ok) } .warning { color: var(--warning) } .critical { color: var(--critical) }
.lost { background: var(--criticalbg); color: var(--critical); border-radius: 8px; padding: .5rem .9rem; margin: .8rem 0 0; font-weight: 600 }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 8px; padding: .8rem .9rem; margin: 0 0 .8rem; min-width: 0 }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 .8rem }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .8rem; margin: 0 }
.tile { min-width: 0; border-left: 3px solid var(--edge); padding-left: .6rem }
.tile.warning, .tile.critical { border-color: currentColor }
dt { color: var(--soft); font-size: .8125rem } dd { margin: 0 }
dd b { display: block; font-size: 1.3rem; font-weight: 600; line-height: 1.25 }
small, .note, .none, .axis, figcaption { color: var(--soft); font-size: .8125rem }
.note, .none { margin: 0 0 .5rem } .none { margin: 0 }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem 1.6rem }
figure { margin: 0; min-width: 0 }
.plot { position: relative; margin-top: .25rem; border-bottom: 1px solid var(--soft) }
.plot svg { display: block; width: 100%; height: 5.5rem }
.plot span { position: absolute; right: 0; font-size: .6875rem; color: var(--soft); background: var(--card); padding: 0 .15rem; line-height: 1.3; opacity: .9 }
.plot .top { top: 0 } .plot .bottom { bottom: 1px }
path { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round }
.first { stroke: var(--first); stroke-width: 1.75 }
.second { stroke: var(--second); stroke-width: 1.75; stroke-dasharray: 5 3 }
.grid { stroke: var(--grid) } .mark { stroke: var(--critical); stroke-dasharray: 2 3; stroke-width: 1.5 }
.area { stroke: none; fill: var(--fill) }
.axis { display: flex; justify-content: space-between; margin: .1rem 0 0; font-size: .6875rem }
.marked { color: var(--critical) }
figcaption ul { list-style: none; margin: .15rem 0 0; padding: 0 }
.key { width: 20px; height: 8px; margin-right: .4rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .28rem .9rem .28rem 0; border-bottom: 1px solid var(--edge); vertical-align: top }
th { color: var(--soft); font-weight: 500; font-size: .8125rem; white-space: nowrap }
td { white-space: nowrap } td.w { white-space: normal; overflow-wrap: anywhere } td b { font-weight: 600 } td i { font-style: normal }
tr:last-child td { border-bottom: 0 }
.n { text-align: right; white-space: nowrap }
th:last-child, td:last-child { padding-right: 0 }
code { font: .8125rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
.events { list-style: none; margin: 0; padding: 0 }
.events li { display: grid; grid-template-columns: 10.5rem 3.2rem 1fr; gap: 0 .6rem; padding: .22rem 0; border-bottom: 1px solid var(--edge); overflow-wrap: anywhere }
.events li:last-child { border-bottom: 0 }
.events time { color: var(--soft) } .events .info .level { color: var(--soft) } .events .warn .level { color: var(--warning); font-weight: 650 }
.events .error .level { color: var(--critical); font-weight: 650 }
footer { color: var(--soft); font-size: .8125rem; padding-bottom: 2rem; overflow-wrap: anywhere }
@media (max-width: 40rem) { .when { margin-left: 0 } .events li { grid-template-columns: 10.5rem 1fr } .events li > :last-child { grid-column: 1 / -1 }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(7.6rem, 1fr)) }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  table, tbody { display: block } tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; padding: .45rem 0; border-bottom: 1px solid var(--edge) }
  tr:last-child { border-bottom: 0 } td, .n { min-width: 0; text-align: left; white-space: normal; overflow-wrap: anywhere; border: 0; padding: .08rem 0 }
  td::before { content: attr(data-of) " "; color: var(--soft); font-size: .8125rem } td.w, td.name { grid-column: 1 / -1 } td.name { order: -1; font-size: 1rem }
  td.name::before { content: none } td.minor { display: none } }
@media print { button, .skip { display: none } body { background: none } }
`;
