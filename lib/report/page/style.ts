/** The page's style sheet: one column, system fonts, light and dark by the reader's preference, cards on a phone, plain in print. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1d1f22;--muted:#646970;--rule:#e3e5e8;--paper:#fff;--soft:#f6f7f8;--link:#1f5fae;--edge:#0002;
--good:#23744f;--lean:#2a62ad;--bad:#a53f3d;--none:#646970}
@media(prefers-color-scheme:dark){:root{--ink:#e7e8ea;--muted:#9ba1a9;--rule:#33373c;--paper:#16181b;--soft:#1e2124;--link:#83b4f3;--edge:#fff3;
--good:#6cc79c;--lean:#86b3ee;--bad:#ec8d8a;--none:#9ba1a9}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:3.2rem}
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;overflow-wrap:anywhere}
main,header,footer{max-width:82rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:3rem}
h1{font-size:1.75rem;line-height:1.2;font-weight:650;letter-spacing:-.015em;margin:0 0 .6rem}
h2{font-size:1.45rem;line-height:1.3;font-weight:650;letter-spacing:-.01em;margin:1.4rem 0 .35rem}
main h3{font-size:1.25rem;line-height:1.3;font-weight:650;letter-spacing:-.01em;margin:0 0 .35rem}
h3,h4{font-size:.95rem;font-weight:600;margin:0 0 .25rem}
p{margin:.35rem 0 .8rem;max-width:46rem}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible,.scroll:focus-visible,.still:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.4rem .8rem}
main:focus{outline:0}section{border-top:1px solid var(--rule);padding:2.2rem 0 1.6rem}.group{padding-bottom:0}.group>h2{margin-top:0}.group>.scope{margin:0 0 1.6rem}
.lead{color:var(--muted)}.scope{color:var(--muted);font-weight:400;font-size:.9rem}h3 .scope,li .scope{margin-left:.5rem}
.scroll{overflow-x:auto;margin:.9rem 0 .6rem;background:linear-gradient(90deg,var(--paper) 50%,transparent) 0/3rem 100% no-repeat local,
linear-gradient(270deg,var(--paper) 50%,transparent) 100%/3rem 100% no-repeat local,linear-gradient(90deg,var(--edge),transparent) 0/.8rem 100% no-repeat,
linear-gradient(270deg,var(--edge),transparent) 100%/.8rem 100% no-repeat}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:.42rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);overflow-wrap:normal}
th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}
thead th{font-weight:500;color:var(--muted);vertical-align:bottom;border-bottom-color:var(--muted)}
tbody th{font-weight:500;min-width:10.5rem;overflow-wrap:anywhere}
.beside{margin-top:1.1rem}.right{text-align:right}td.right{white-space:nowrap}
.reference th,.reference td{color:var(--muted);font-weight:400}
.verdict{font-weight:600}
.verdict::before{content:"";display:inline-block;width:.5em;height:.5em;border-radius:50%;background:currentColor;margin-right:.45em;vertical-align:.08em}
.reproduced,.better,.held{color:var(--good)}.leaning{color:var(--lean)}.differs,.worse,.contradicted{color:var(--bad)}
.unclear,.betterOnce,.worseOnce,.missing,.base{color:var(--none)}
.unclear::before,.betterOnce::before,.worseOnce::before{background:none;box-shadow:inset 0 0 0 1.5px currentColor}.missing::before,.base::before{display:none}
.missing,.base{font-weight:400}
.reason{display:block;color:var(--muted);font-size:.8rem;line-height:1.4;min-width:9rem;max-width:22rem}
details{font-size:.8rem;color:var(--muted);font-weight:400}summary{cursor:pointer;width:max-content;max-width:100%;line-height:1.9}
details.more{font-size:inherit;color:inherit;margin:.3rem 0}details.more>summary{font-size:.9rem;color:var(--link);padding:.25rem 0}details.fold>summary{font-size:1rem}
details a{line-height:1.9;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;margin-right:.5em;display:inline-block}
.notes{margin:.6rem 0 1.4rem;padding:0 0 0 1.1rem;max-width:52rem;color:var(--muted);font-size:.82rem;line-height:1.5}
.notes li{margin:.15rem 0}
.figures{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1.6rem 2.2rem;margin-top:1.2rem}
figure{margin:0;min-width:0}figure.wide{grid-column:1/-1;max-width:52rem}
figure svg{display:block;width:100%;height:auto}
.still .paper{fill:none}.still .ink{fill:var(--ink)}.still .muted{fill:var(--muted)}.still .rule{stroke:var(--rule)}
.still .halo{stroke:var(--paper)}.still .ink-line{stroke:var(--ink)}.still .muted-line{stroke:var(--muted)}
.live{display:none;width:100%}.drawn .live{display:block}.drawn .still{display:none}
dl{margin:.3rem 0 1rem;max-width:52rem;font-size:.82rem;line-height:1.5}dt{font-weight:600;margin-top:.35rem}dd{margin:0;color:var(--muted)}
nav ul{list-style:none;margin:.6rem 0 1.4rem;padding:0;font-size:.9rem}nav li{break-inside:avoid;margin:0 0 .55rem}
header nav ul{columns:2;column-gap:2.2rem}nav p.scope{margin:0;max-width:none}
.bar{position:sticky;top:0;z-index:1;background:var(--paper);border-bottom:1px solid var(--rule)}
.bar{display:flex;justify-content:space-between;gap:1rem;align-items:flex-start;font-size:.9rem;padding:0 max(1.25rem,calc(50% - 39.75rem))}
.bar summary,.bar>a{padding:.55rem 0;color:var(--link)}.bar>a{flex:none}.bar details{font-size:inherit}.bar details a{font:inherit}
.bar details>div{position:absolute;left:0;right:0;max-height:75vh;overflow-y:auto;padding:0 max(1.25rem,calc(50% - 39.75rem)) .8rem;background:var(--paper);border-bottom:1px solid var(--muted)}.bar p{margin:.5rem 0 0;font-weight:600}.bar p a{display:inline-block;line-height:1.9}
.bar ul{display:flex;flex-wrap:wrap;gap:0 1.4rem;margin:0}.bar li{margin:0}.bar li a{padding:.3rem 0}.bar .scope{margin-left:.15rem;font-size:.82rem}
@media(scripting:none){.bar details{display:none}.still{overflow-x:auto}.still svg{min-width:34rem}}
.glance{display:block;color:var(--muted);font-size:.82rem;line-height:1.45}
.mono,code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85em}
footer{border-top:1px solid var(--rule);color:var(--muted);font-size:.82rem;padding-top:1rem;padding-bottom:3rem}
@media screen and (max-width:44rem){
header{padding-top:1.6rem}h1{font-size:1.45rem}header nav ul{columns:1}.figures{grid-template-columns:minmax(0,1fr)}section{padding-top:1.5rem}
.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards table,.cards tbody,.cards tr,.cards th,.cards td{display:block;width:100%}
.cards tr{padding:.7rem 0;border-bottom:1px solid var(--rule)}
.cards th,.cards td{border:0;padding:.1rem 0}.cards tbody th{font-size:.95rem;margin-bottom:.2rem;font-weight:600}
.cards td{display:flex;justify-content:space-between;gap:1rem;text-align:right;white-space:normal}
.cards td::before{content:attr(data-title);color:var(--muted);text-align:left;flex:none}
.cards td.empty{display:none}.cards td.outcome:not(.empty){display:block;text-align:left}.cards td.outcome::before{content:attr(data-title) ":";margin-right:.4em}.reason{min-width:0}}
@media print{
:root{--ink:#000;--muted:#444;--rule:#ccc;--paper:#fff;--link:#000}body{font-size:10pt}main,header,footer{max-width:none;padding:0}
.skip,.bar,details:not([open]):not(.printed),script{display:none}.scroll{overflow:visible}.drawn .live{display:none}.drawn .still{display:block}
table{font-size:6.75pt}th,td{padding:.25rem .2rem}tbody th{min-width:3.4rem}.scroll{background:none}.reason{font-size:6.5pt;min-width:0}.verdict,.reason{display:inline-block;max-width:6rem}section{break-inside:auto}.figures{grid-template-columns:minmax(0,1fr)}figure{max-width:15cm}figure svg{max-height:22cm}tr,figure{break-inside:avoid}h2,h3,h4,.scope,.lead{break-after:avoid}
.printed::details-content{content-visibility:visible}
@supports selector(::details-content){.printed>summary{display:none}}.fold:not([open]) :is(.figures,details){display:none}}
`;
