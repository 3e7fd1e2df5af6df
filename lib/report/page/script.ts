import { MUTED } from '../figures/figure';

/**
 * What the page does by script. It unfolds the table that a link leads to, and closes the list of tables that stays in reach. With plotly it draws each figure when it
 * comes near the window, in the page's own colours, again when those change. Without it (no script, print) the still pictures stand. Plain browser JavaScript; it reads
 * its figures from JSON elements and of the address only the name of a place on the page.
 */
export const SCRIPT = `(function () {
  'use strict';
  var bar = document.querySelector('.bar details');
  function unfold() {
    bar.open = false;
    var place = document.getElementById(location.hash.slice(1));
    var fold = place && place.querySelector(':scope > details.fold');
    if (fold) fold.open = true;
  }
  window.addEventListener('hashchange', unfold);
  document.addEventListener('click', function (e) {
    var link = e.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) unfold();
    if (!bar.contains(e.target)) bar.open = false;
  });
  document.addEventListener('keydown', function (e) {
    if (e.key !== 'Escape' || !bar.open) return;
    bar.open = false;
    bar.querySelector('summary').focus();
  });
  unfold();
  if (!window.Plotly) return;
  var dark = window.matchMedia('(prefers-color-scheme: dark)');
  function shade(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function themed(spec) {
    var s = JSON.parse(spec), ink = shade('--ink'), muted = shade('--muted'), rule = shade('--rule'), l = s.layout;
    l.font.color = ink;
    l.hoverlabel.bgcolor = shade('--soft');
    l.hoverlabel.font.color = ink;
    l.hoverlabel.bordercolor = rule;
    ['xaxis', 'yaxis'].forEach(function (name) {
      var a = l[name];
      if (!a || !a.title) return;
      a.title.font.color = muted; a.tickfont.color = muted; a.gridcolor = rule; a.linecolor = rule;
      if (a.zerolinecolor) a.zerolinecolor = muted;
    });
    (l.annotations || []).forEach(function (a) { a.font.color = a.font.color === '${MUTED}' ? muted : ink; if (a.bgcolor) a.bgcolor = shade('--paper'); });
    s.data.forEach(function (t) {
      if (t.name === 'paper' && t.marker) t.marker.color = ink;
      ['error_x', 'error_y'].forEach(function (e) { if (t[e]) t[e].color = muted; });
    });
    return s;
  }
  function draw(figure) {
    var live = figure.querySelector('.live');
    var spec = themed(figure.querySelector('script').textContent);
    figure.classList.add('drawn');
    if (live.clientWidth < 460) {
      spec.layout.font.size = 11;
      var room = Math.floor(live.clientWidth / 6.2);
      (spec.layout.annotations || []).forEach(function (a) {
        a.font.size = 11;
        if (a.text.length > room) a.text = a.text.replace(/ \\(vs .*$/, '').slice(0, room).replace(/&[^;]*$/, '') + '…';
      });
      if (spec.layout.annotations) { spec.layout.margin.t += 24; spec.layout.height += 24; }
    }
    Plotly.react(live, spec.data, spec.layout, { responsive: true, displayModeBar: false, displaylogo: false }).catch(function () {
      figure.classList.remove('drawn');
    });
  }
  var figures = Array.prototype.slice.call(document.querySelectorAll('figure'));
  var seen = new IntersectionObserver(function (entries) {
    entries.forEach(function (e) {
      if (!e.isIntersecting) return;
      seen.unobserve(e.target);
      draw(e.target);
    });
  }, { rootMargin: '600px' });
  figures.forEach(function (f) { seen.observe(f); });
  dark.addEventListener('change', function () {
    figures.forEach(function (f) { if (f.classList.contains('drawn')) draw(f); });
  });
})();`;
