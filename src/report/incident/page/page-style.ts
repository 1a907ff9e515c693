/** The style sheet of a report: one accent, the fonts of the reader's system, light and dark as the reader has it, no resource. */

export const STYLE = `
:root{color-scheme:light dark;--back:#fbfbf9;--text:#1d1e20;--soft:#65686e;--line:#e2e2dd;--accent:#1764b0;--tint:#1764b01f}
@media(prefers-color-scheme:dark){:root{--back:#16171a;--text:#e6e6e3;--soft:#9b9ea5;--line:#2d2f34;--accent:#7ab5f0;--tint:#7ab5f029}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.25;font-weight:650;margin:.3rem 0 .4rem;text-wrap:balance}
h2{font-size:1.05rem;font-weight:650;margin:2.75rem 0 .6rem}
h3{font-size:.9rem;font-weight:600;margin:1.4rem 0 .3rem}
p{margin:.4rem 0;max-width:46rem}
.soft,.when,.note{color:var(--soft)}
.note{font-size:.88rem}
.when{margin:0;font-size:.92rem}
.state{display:inline-block;color:var(--accent);border:1px solid;border-radius:1rem;padding:.02rem .7rem;font-size:.85rem;font-weight:600}
.story{font-size:1.1rem;margin-top:1.4rem}
.story p{margin:.55rem 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1.2rem 1.5rem;margin:1.8rem 0 0;padding:1.1rem 0;border:solid var(--line);border-width:1px 0}
.figures dt{font-size:.82rem;color:var(--soft)}
.figures dd{margin:0;font-size:1.3rem;font-weight:600;line-height:1.3;font-variant-numeric:tabular-nums}
.advice{margin:.4rem 0;padding-left:1.2rem;max-width:46rem}
.advice li{margin:.4rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.4;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th{text-align:left;font-weight:600;color:var(--soft);white-space:nowrap}
th,td{padding:.34rem .9rem .34rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}
td.t{white-space:nowrap;color:var(--soft)}
td.x{min-width:15rem;overflow-wrap:anywhere}
tr.chosen td{font-weight:600}
tr.chosen td:first-child{box-shadow:-.6rem 0 0 var(--back),-.75rem 0 0 var(--accent)}
.facts{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.15rem 1.2rem;font-size:.92rem;margin:.3rem 0}
.facts dt{color:var(--soft)}
.facts dd{margin:0}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--accent);font-size:.92rem;padding:.2rem 0}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
footer{margin-top:3rem;padding-top:.8rem;border-top:1px solid var(--line);font-size:.85rem;color:var(--soft)}
.picture{display:block;font-size:12px;margin:.3rem 0 .8rem;overflow:visible}
.picture text{fill:var(--text)}
.picture .title{font-weight:600;paint-order:stroke;stroke:var(--back);stroke-width:3px}
.picture .label{fill:var(--soft);font-size:11px;paint-order:stroke;stroke:var(--back);stroke-width:3px}
.picture .number{font-size:11px;font-weight:600}
.picture .grid{stroke:var(--line)}
.picture path{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.picture .area{fill:var(--tint)}
.picture .line{stroke:var(--accent);stroke-width:1.8}
.picture .second{stroke:var(--accent);stroke-width:1.4;stroke-dasharray:6 4}
.picture .third{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:1.5 3}
.picture .short{fill:var(--text);opacity:.055}
.picture .mark{stroke:var(--text);stroke-width:1;opacity:.45}
.picture .mark.kernel{stroke-dasharray:2 3;opacity:.8}
@media(max-width:34rem){body{font-size:15px}main{padding:1.4rem 1rem 3rem}h1{font-size:1.32rem}.story{font-size:1.02rem}.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.4rem}}
@media print{details>*{display:block}main{max-width:none;padding:0}}
`;
