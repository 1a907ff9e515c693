/**
 * Globs for policy: `*` any run of characters but "/", `**` any run, `?` one character but "/". Matched without regular
 * expressions and without backtracking over more than the last star, as the text comes from processes we do not trust.
 */

const SLASH = 47;
const STAR = 42;
const QUESTION = 63;

/** Whether the whole of `text` matches `glob`. Linear in practice, O(length of both) for each star at worst. */
export const globMatches = (glob: string, text: string): boolean => {
  let g = 0;
  let t = 0;
  let starGlob = -1;
  let starText = 0;
  let deep = false;
  // A single star inside a double star's run cannot help the double star: remember both.
  let deepGlob = -1;
  let deepText = 0;
  for (;;) {
    const want = g < glob.length ? glob.charCodeAt(g) : -1;
    if (want === STAR) {
      deep = glob.charCodeAt(g + 1) === STAR;
      g += deep ? 2 : 1;
      if (deep) {
        deepGlob = g;
        deepText = t;
        starGlob = -1;
      } else {
        starGlob = g;
        starText = t;
      }
      continue;
    }
    if (t === text.length) {
      if (want === -1) return true;
    } else {
      const have = text.charCodeAt(t);
      if (want === have || (want === QUESTION && have !== SLASH)) {
        g++;
        t++;
        continue;
      }
    }
    if (starGlob !== -1 && starText < text.length && text.charCodeAt(starText) !== SLASH) {
      g = starGlob;
      t = ++starText;
    } else if (deepGlob !== -1 && deepText < text.length) {
      starGlob = -1;
      g = deepGlob;
      t = ++deepText;
    } else return false;
  }
};

/** Whether any of `globs` matches. */
export const anyGlobMatches = (globs: readonly string[], text: string): boolean => {
  for (const glob of globs) if (globMatches(glob, text)) return true;
  return false;
};
