/** What the tests ask of a page: expressions that the browser evaluates. Texts, as the tests themselves know no DOM. */

export const SCROLL_WIDTH = 'document.documentElement.scrollWidth';
export const FOCUSED_LINK = `document.activeElement?.getAttribute('href')`;
export const FOCUSED_CLASS = 'document.activeElement?.className';

/** Name of what has the focus, and whether that is seen. */
export const FOCUS = `(() => {
  const active = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(active);
  const name = active.id || active.getAttribute('href') || active.getAttribute('aria-label') || active.tagName;
  return { name, isSeen: outlineStyle !== 'none' && outlineWidth !== '0px' };
})()`;

/** Tries to run a script of its own and to ask another server. */
export const takeOver = (port: number): string => `(async () => {
  const script = document.createElement('script');
  script.textContent = 'document.title = "taken over"';
  document.body.append(script);
  const fetched = await fetch('http://127.0.0.1:${port}/', { mode: 'no-cors' }).then(() => 'fetched', () => 'refused');
  return { title: document.title, fetched };
})()`;

/** How many texts are smaller than eleven pixels. */
export const TINY = `[...document.querySelectorAll('td, dd b, li')]
  .filter((each) => Number.parseFloat(getComputedStyle(each).fontSize) < 11).length`;

/** Luminance of the ground, and the texts with a contrast below 4.5 to 1 (WCAG 2.2, 1.4.3). */
export const CONTRAST = `(() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((each) => {
      const part = Number(each) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (!/, 0\\)$|transparent/.test(backgroundColor)) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = 'td, th, dt, dd b, small, .note, .none, li, a, p, .level, button, .verdict b, .mode b';
  const poor = [...document.querySelectorAll(texts)].flatMap((each) => {
    const [a, b] = [luminance(getComputedStyle(each).color), luminance(groundOf(each))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return contrast < 4.5 ? [each.tagName + '.' + each.className + ': ' + contrast.toFixed(2)] : [];
  });
  return { ground: luminance(getComputedStyle(document.body).backgroundColor), poor };
})()`;
