/**
 * The one script of the page: fetches the page anew and puts the parts that changed in place of the old ones. Plain, so that
 * the page has one way of being drawn; without it the page reloads itself (noscript). It makes nothing of texts: what it
 * inserts is what the server has escaped, and the policy of the page forbids every other script.
 */
const REFRESH_MS = 2000;

export const SCRIPT = `
(() => {
  'use strict';
  const button = document.getElementById('pause');
  const lost = document.getElementById('lost');
  let isPaused = false;
  let isBusy = false;
  button.hidden = false;
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    button.setAttribute('aria-pressed', String(isPaused));
    button.textContent = isPaused ? 'Resume' : 'Pause';
  });
  const pathOf = (node) => {
    const root = node && node.closest && node.closest('[data-live]');
    return root ? [root.id, [...root.querySelectorAll('a, [tabindex]')].indexOf(node)] : null;
  };
  const replace = (fresh) => {
    for (const old of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(old.id);
      if (!next || next.outerHTML === old.outerHTML) continue;
      const focus = pathOf(document.activeElement);
      const left = [...old.querySelectorAll('.scroll')].map((each) => each.scrollLeft);
      old.replaceChildren(...next.childNodes);
      old.className = next.className;
      old.querySelectorAll('.scroll').forEach((each, at) => { each.scrollLeft = left[at] || 0; });
      if (focus && focus[0] === old.id) {
        const again = old.querySelectorAll('a, [tabindex]')[focus[1]];
        if (again) again.focus({ preventScroll: true });
      }
    }
    document.title = fresh.title;
  };
  const refresh = async () => {
    if (isPaused || isBusy || document.hidden) return;
    if (!getSelection().isCollapsed) return;
    isBusy = true;
    try {
      const answer = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
      if (answer.status === 429) return;
      if (!answer.ok) throw new Error();
      replace(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    } finally {
      isBusy = false;
    }
  };
  setInterval(refresh, ${REFRESH_MS});
  document.addEventListener('visibilitychange', refresh);
})();
`;
