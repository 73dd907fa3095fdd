# SPDX-License-Identifier: Apache-2.0
"""How the page looks and draws: its style sheet and its script, as text.

Kept in source, not in files beside it, because this package reads none. The
script draws each figure with the page's colours, light or dark, and again when
the reader's preference changes; it fetches nothing.
"""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--paper:#fbfaf7;--card:#ffffff;--ink:#20242a;--soft:#5d6570;--rule:#e2dfd8;
--accent:#1f5fbf;--gain:#1f5fbf;--loss:#b4690e;--danger:#a3202f;--danger-paper:#fbecee;--warning:#8a5a00;
--warning-paper:#fdf4e0;--note-paper:#eef3fa}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--card:#1b1f24;--ink:#e6e8eb;--soft:#a2aab4;--rule:#30363d;
--accent:#7fb0f5;--gain:#5c9bf0;--loss:#d98f36;--danger:#ff8e98;--danger-paper:#3a1b20;--warning:#f0c268;
--warning-paper:#352b16;--note-paper:#1c2734}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main,header,footer,nav{max-width:1120px;margin:0 auto;padding:0 32px}
header{padding-top:40px}
.kicker{margin:0;color:var(--soft);font-size:.86rem;letter-spacing:.04em}
h1{margin:.2em 0 .5em;font-size:1.9rem;line-height:1.2;font-weight:650;letter-spacing:-.01em}
.headline p{margin:.35em 0;max-width:76ch}
.headline p:first-child{font-size:1.16rem;line-height:1.5}
.headline p:last-child{color:var(--soft)}
nav{padding-top:10px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:0;padding:10px 0;
border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);font-size:.88rem}
a{color:var(--accent);text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
.banner{border-left:5px solid var(--accent);background:var(--note-paper);border-radius:4px;padding:12px 18px;
margin:14px 0}
.banner strong{display:block;letter-spacing:.02em}
.banner p{margin:.2em 0 0;max-width:86ch}
.banner.danger{border-color:var(--danger);background:var(--danger-paper)}
.banner.danger strong{color:var(--danger)}
.banner.warning{border-color:var(--warning);background:var(--warning-paper)}
.banner.warning strong{color:var(--warning)}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:1px;margin:24px 0 0;background:var(--rule);border:1px solid
var(--rule);border-radius:8px;overflow:hidden}
.tile{background:var(--card);padding:16px 18px}
.tile dt{color:var(--soft);font-size:.84rem}
.tile dd{margin:0}
.tile .value{font-size:1.3rem;font-weight:620;line-height:1.35}
.tile .note{color:var(--soft);font-size:.8rem;line-height:1.4}
section{padding:30px 0 6px}
h2{margin:0 0 12px;font-size:1.28rem;font-weight:640;letter-spacing:-.005em}
h3{margin:0 0 6px;font-size:.95rem;font-weight:600;color:var(--ink)}
figure,.card{margin:0 0 18px;background:var(--card);border:1px solid var(--rule);border-radius:8px;min-width:0}
figure{padding:14px 16px 10px}
.card h3{padding:13px 16px 4px}
figcaption,.small{color:var(--soft);font-size:.84rem;max-width:92ch}
.plot{width:100%;min-width:0}
.scroll{overflow-x:auto;border-radius:8px}
.legend{display:flex;flex-wrap:wrap;gap:2px 4px;margin:2px -6px 4px;min-height:26px}
.legend button{font:inherit;font-size:.82rem;color:var(--ink);background:none;border:0;border-radius:5px;
padding:2px 7px;cursor:pointer}
.legend button:hover{background:var(--paper)}
.legend button:focus-visible{outline:2px solid var(--accent)}
.legend button[aria-pressed=false]{color:var(--soft);text-decoration:line-through;opacity:.7}
.legend i{display:inline-block;font-style:normal;font-weight:700;min-width:20px;margin-right:5px;text-align:center}
.legend i.dash{height:0;border-top:2px solid;vertical-align:middle}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.9rem;overflow-wrap:break-word}
th,td{padding:7px 16px;text-align:left;vertical-align:top;border-top:1px solid var(--rule)}
thead th{border-top:0;color:var(--soft);font-weight:500;font-size:.82rem;white-space:nowrap}
tbody th{font-weight:500}
.number{text-align:right;white-space:nowrap}
.interval{display:block;color:var(--soft);font-size:.8rem}
.month{display:block;margin:-3px -8px;padding:3px 8px;border-radius:4px}
#months th,#months td{padding:7px 10px}
#months .number{font-size:.84rem}
.path{display:block;overflow-wrap:anywhere;min-width:22ch}
td code{white-space:nowrap}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
code{overflow-wrap:anywhere}
pre{margin:0;padding:14px;overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:8px}
dl{margin:0 0 16px}
#reproduce dl>div{display:grid;grid-template-columns:120px 1fr;gap:14px;padding:6px 0;border-top:1px solid var(--rule)}
#reproduce dt{color:var(--soft)}
#reproduce dd{margin:0}
details{margin:0 0 16px}
summary{cursor:pointer;padding:4px 0;color:var(--accent)}
section>ul{padding-left:1.2em;max-width:92ch}
section>ul li{margin:.35em 0}
.toggle{font:inherit;font-size:.86rem;color:var(--ink);background:var(--card);border:1px solid var(--rule);
border-radius:6px;padding:5px 12px;margin:0 0 10px;cursor:pointer}
.toggle[aria-pressed=true]{background:var(--accent);border-color:var(--accent);color:var(--card)}
.toggle:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
footer{padding:26px 32px 44px;color:var(--soft);font-size:.84rem}
@media (max-width:760px){main,header,footer,nav{padding-left:16px;padding-right:16px}header{padding-top:24px}
h1{font-size:1.45rem}.headline p:first-child{font-size:1.05rem}.tiles{grid-template-columns:repeat(2,1fr)}
.tile{padding:12px 13px}.tile .value{font-size:1.08rem}figure{padding:12px 8px 8px}figure h3,.legend{padding:0 4px}
.card h3{padding:11px 12px 3px}
th,td{padding:7px 10px}td.text{min-width:11em}.interval{white-space:normal;min-width:5.2em}
#reproduce dl>div{grid-template-columns:1fr;gap:0}
nav ul{flex-wrap:nowrap;overflow-x:auto;white-space:nowrap}}
@media (max-width:760px){table tbody th:first-child{position:sticky;left:0;background:var(--card);
min-width:26vw;max-width:42vw}#months tbody th:first-child{min-width:0}}
@media print{nav,.toggle{display:none}figure,.scroll{break-inside:avoid}body{background:#fff}}
"""

SCRIPT: Final = """
(function () {
  'use strict';
  var page = JSON.parse(document.getElementById('drawings').textContent);
  var figures = page.figures;
  Object.keys(figures).forEach(function (key) {
    figures[key].data.forEach(function (trace) { trace.x = page.columns[trace.x]; });
  });
  var dark = window.matchMedia('(prefers-color-scheme: dark)');
  var night = {'#1f5fbf': '#6ba6f5', '#b4690e': '#e0a04c', '#23806b': '#4fbf9f', '#7b818a': '#9aa3ad',
    '#a33b5e': '#e57f9d', '#59636f': '#b3bcc6', '#2c3138': '#d5dae0', '#7d4cb5': '#b794e8', '#4f7d1f': '#94c25a',
    '#1d7f9c': '#5cbcd8', '#8a5a44': '#c9957c', '#9aa1ab': '#6b737d', 'rgba(31,95,191,0.13)': 'rgba(107,166,245,0.2)'};
  var glyphs = {'triangle-up': '▲', 'triangle-down': '▼', 'circle-open': '○', 'x-thin-open': '✕',
    'diamond-open': '◇'};
  function paint(value) {
    if (typeof value === 'string') { return dark.matches && night[value] || value; }
    if (Array.isArray(value)) {
      return value.length && typeof value[0] === 'object' && value[0] !== null ? value.map(paint) : value;
    }
    if (value && typeof value === 'object') {
      var out = {};
      Object.keys(value).forEach(function (key) { out[key] = paint(value[key]); });
      return out;
    }
    return value;
  }
  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function laidOut(figure, key) {
    var narrow = window.innerWidth < 760;
    var layout = paint(figure.layout);
    layout.paper_bgcolor = layout.plot_bgcolor = 'rgba(0,0,0,0)';
    layout.font = {family: getComputedStyle(document.body).fontFamily, size: narrow ? 11 : 12, color: colour('--soft')};
    layout.hoverlabel = {bgcolor: colour('--card'), bordercolor: colour('--rule'), font: {color: colour('--ink')}};
    Object.keys(layout).forEach(function (name) {
      if (/^[xy]axis/.test(name)) {
        layout[name].gridcolor = layout[name].linecolor = colour('--rule');
        layout[name].zerolinecolor = colour('--soft');
        if (key === 'equity' && name === 'yaxis') { layout[name].type = logarithmic ? 'log' : 'linear'; }
      }
    });
    layout.dragmode = window.matchMedia('(pointer: coarse)').matches || narrow ? false : 'zoom';
    if (narrow) { layout.margin = Object.assign({}, layout.margin, {l: 46, r: 8}); }
    return layout;
  }
  var logarithmic = false;
  var config = {responsive: true, displaylogo: false, modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d']};
  var places = Array.prototype.slice.call(document.querySelectorAll('[data-figure]'));
  function swatch(trace) {
    var sign = document.createElement('i');
    var line = trace.line || {};
    sign.style.color = trace.mode === 'lines' ? line.color : trace.marker.color;
    if (trace.mode === 'lines') {
      sign.className = 'dash';
      sign.style.borderTopStyle = {dot: 'dotted', dash: 'dashed'}[line.dash] || 'solid';
    } else {
      sign.textContent = trace.mode === 'markers' ? glyphs[trace.marker.symbol] : '■';
    }
    return sign;
  }
  function explain(place, figure) {
    var legend = place.parentNode.querySelector('.legend');
    var seen = {};
    legend.textContent = '';
    paint(figure.data).forEach(function (trace) {
      if (seen[trace.name]) { return; }
      seen[trace.name] = true;
      var button = document.createElement('button');
      button.type = 'button';
      button.setAttribute('aria-pressed', String(trace.visible !== 'legendonly'));
      button.appendChild(swatch(trace));
      button.appendChild(document.createTextNode(trace.meta));
      button.addEventListener('click', function () {
        figure.data.forEach(function (other) {
          if (other.name === trace.name) { other.visible = other.visible === 'legendonly' ? true : 'legendonly'; }
        });
        draw(place);
      });
      legend.appendChild(button);
    });
  }
  function draw(place) {
    var key = place.getAttribute('data-figure');
    var figure = figures[key];
    explain(place, figure);
    config.displayModeBar = window.innerWidth < 760 ? false : 'hover';
    return Plotly.react(place, paint(figure.data), laidOut(figure, key), config).then(function () {
      place.setAttribute('data-drawn', 'yes');
    });
  }
  function drawAll() {
    var left = places.slice();
    (function next() {
      if (left.length) { draw(left.shift()).then(function () { setTimeout(next, 0); }); return; }
      document.documentElement.setAttribute('data-drawn', 'all');
    }());
  }
  document.querySelectorAll('[data-log]').forEach(function (button) {
    button.addEventListener('click', function () {
      logarithmic = !logarithmic;
      button.setAttribute('aria-pressed', String(logarithmic));
      draw(document.getElementById('plot-' + button.getAttribute('data-log')));
    });
  });
  dark.addEventListener('change', drawAll);
  drawAll();
}());
"""
