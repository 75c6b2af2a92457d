/**
 * What the report does beyond reading: search, and opening what a link points at. It writes text only, never HTML.
 * Without it (a strict policy, a reader that runs no scripts) everything can still be opened and read.
 */
export const SCRIPT = `
'use strict';
(() => {
  const open = (element) => {
    for (let at = element; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
  };
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target) { open(target); target.scrollIntoView(); }
  };
  addEventListener('hashchange', reveal);
  reveal();

  const search = document.getElementById('search');
  const hits = document.getElementById('hits');
  if (!search) return;
  search.hidden = false;
  const logs = [...document.querySelectorAll('#logs pre.log')].map((pre) => ({ pre, nodes: [...pre.childNodes], text: pre.textContent }));
  const holders = [...document.querySelectorAll('#logs details, #logs .plain')].map((holder) => ({ holder, was: holder.open }));

  const restore = () => {
    for (const { pre, nodes } of logs) pre.replaceChildren(...nodes);
    for (const { holder, was } of holders) { holder.hidden = false; if (was !== undefined) holder.open = was; }
    hits.textContent = '';
  };
  const marked = (line, wanted) => {
    const parts = [];
    const lower = line.toLowerCase();
    let at = 0;
    for (let found = lower.indexOf(wanted); found !== -1; found = lower.indexOf(wanted, at)) {
      const mark = document.createElement('mark');
      mark.textContent = line.slice(found, found + wanted.length);
      parts.push(line.slice(at, found), mark);
      at = found + wanted.length;
    }
    return [...parts, line.slice(at) + '\\n'];
  };
  const find = (wanted) => {
    let count = 0;
    for (const { holder } of holders) holder.hidden = true;
    for (const { pre, text } of logs) {
      const lines = text.split('\\n').filter((line) => line.toLowerCase().includes(wanted));
      pre.replaceChildren(...lines.flatMap((line) => marked(line, wanted)));
      count += lines.length;
      if (lines.length === 0) continue;
      open(pre);
      for (let at = pre; at; at = at.parentElement) if (at.hidden) at.hidden = false;
    }
    hits.textContent = count === 1 ? '1 line' : count + ' lines';
  };
  let timer;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const wanted = search.value.trim().toLowerCase();
      if (wanted === '') restore(); else find(wanted);
    }, 120);
  });
})();
`;
