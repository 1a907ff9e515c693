/** Several files -> one tree of single values: the later file wins, key by key. */
import type { Path } from './problem.ts';

type Tree = Record<string, unknown>;

const isMap = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Lists are left out: the only lists are rules, and those of all files count, each with its own place. Null is an empty
 * section and overrides nothing.
 */
export const mergeTrees = (trees: readonly unknown[]): Tree => {
  // Without a prototype, so that a key called __proto__ is a key like any other.
  const merged: Tree = Object.create(null);
  for (const tree of trees) {
    if (!isMap(tree)) continue;
    for (const [key, value] of Object.entries(tree)) {
      if (value === null || Array.isArray(value)) continue;
      merged[key] = isMap(value) ? mergeTrees([merged[key], value]) : value;
    }
  }
  return merged;
};

/** Takes the value at a path out of a tree; the root itself stays. */
export const removeAt = (tree: unknown, path: Path): void => {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>((node, step) => (isMap(node) ? node[step] : undefined), tree);
  if (last !== undefined && isMap(parent)) delete parent[last];
};
