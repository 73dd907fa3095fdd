# SPDX-License-Identifier: Apache-2.0
"""What the page of a sweep adds to the looks of every report: two choices above the heat map, and its script."""

from typing import Final

STYLE: Final = """
.choices{display:flex;flex-wrap:wrap;gap:6px 18px;align-items:center;font-size:.88rem;margin:0 0 8px}
.choices label{display:flex;gap:6px;align-items:center}
.choices select{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--rule);border-radius:6px;
padding:3px 8px}
.choices select:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
"""

SCRIPT: Final = """
(function () {
  'use strict';
  var page = JSON.parse(document.getElementById('drawings').textContent);
  var dark = window.matchMedia('(prefers-color-scheme: dark)');
  var config = {responsive: true, displayModeBar: 'hover', displaylogo: false,
    modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d']};
  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function laidOut(given) {
    var layout = JSON.parse(JSON.stringify(given));
    layout.paper_bgcolor = layout.plot_bgcolor = 'rgba(0,0,0,0)';
    layout.font = {family: getComputedStyle(document.body).fontFamily, size: 12, color: colour('--soft')};
    layout.hoverlabel = {bgcolor: colour('--card'), bordercolor: colour('--rule'), font: {color: colour('--ink')}};
    ['xaxis', 'yaxis'].forEach(function (name) {
      layout[name] = layout[name] || {};
      layout[name].gridcolor = layout[name].linecolor = colour('--rule');
      layout[name].zerolinecolor = colour('--soft');
    });
    (layout.shapes || []).forEach(function (shape) {
      if (shape.line.color === '#2c3138') { shape.line.color = colour('--soft'); }
    });
    return layout;
  }
  function draw(key, figure) {
    var place = document.getElementById('plot-' + key);
    if (!place) { return; }
    Plotly.react(place, figure.data, laidOut(figure.layout), config).then(function () {
      place.setAttribute('data-drawn', 'yes');
    });
  }
  function chosen(id) { var one = document.getElementById(id); return one ? one.value : ''; }
  function transposed(rows) {
    return rows[0].map(function (_, i) { return rows.map(function (row) { return row[i]; }); });
  }
  function heat() {
    var x = chosen('heat-x'), y = chosen('heat-y'), what = chosen('heat-what'), found = null;
    page.pairs.forEach(function (pair) {
      if (pair.x === x && pair.y === y) { found = {xs: pair.xs, ys: pair.ys, z: pair[what]}; }
      if (pair.x === y && pair.y === x) { found = {xs: pair.ys, ys: pair.xs, z: transposed(pair[what])}; }
    });
    if (!found) { return; }
    var most = 0;
    found.z.forEach(function (row) {
      row.forEach(function (v) { if (v !== null) { most = Math.max(most, Math.abs(v)); } });
    });
    var scale = [[0, '#8c510a'], [0.25, '#dfc27d'], [0.5, dark.matches ? '#2b3036' : '#f3f1ec'], [0.75, '#80b1d3'],
      [1, '#1f4f9f']];
    draw('heat', {
      data: [{type: 'heatmap', x: found.xs, y: found.ys, z: found.z, colorscale: scale, zmin: -most, zmax: most,
        hoverongaps: false, xgap: 1, ygap: 1, colorbar: {title: {text: 'Sharpe'}, thickness: 12, outlinewidth: 0},
        hovertemplate: x + ' %{x}<br>' + y + ' %{y}<br>Sharpe %{z:.2f}<extra></extra>'}],
      layout: {autosize: true, margin: {l: 74, r: 10, t: 10, b: 56}, showlegend: false,
        xaxis: {type: 'category', title: {text: x}}, yaxis: {type: 'category', title: {text: y}}}
    });
  }
  function drawAll() {
    Object.keys(page.figures).forEach(function (key) { draw(key, page.figures[key]); });
    heat();
    document.documentElement.setAttribute('data-drawn', 'all');
  }
  ['heat-x', 'heat-y', 'heat-what'].forEach(function (id) {
    var one = document.getElementById(id);
    if (one) { one.addEventListener('change', heat); }
  });
  dark.addEventListener('change', drawAll);
  drawAll();
}());
"""
