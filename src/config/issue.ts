/** What zod found -> problems with a place and a remedy. */
import type * as z from 'zod';
import type { ConfigDocument } from './document.ts';
import { createJsonSchema, keysOf, nodeAt, ownerOf, type SchemaNode } from './json-schema.ts';
import { nearest } from './nearest.ts';
import { formatPath, type Path, type Problem } from './problem.ts';

const unknownKey = (root: SchemaNode, parent: Path, key: string): string => {
  const known = [...keysOf(nodeAt(root, parent) ?? {}).keys()];
  const close = nearest(key, known);
  const unknown = `unknown key ${JSON.stringify(key.slice(0, 60))}`;
  if (close !== '') return `${unknown}; did you mean "${close}"?`;
  const owner = ownerOf(root, key);
  if (owner === undefined) return `${unknown}; known here: ${known.join(', ')}`;
  return `${unknown} here; it belongs ${owner.length === 0 ? 'to the top level' : `below "${formatPath(owner)}"`}`;
};

/** All problems of one document, in the order of zod, one for each unknown key. */
export const problemsOf = (document: ConfigDocument, issues: readonly z.core.$ZodIssue[]): Problem[] => {
  // Made only when a key must be looked up: it costs more than the rest of a load.
  const root = issues.some(({ code }) => code === 'unrecognized_keys') ? createJsonSchema() : {};
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code !== 'unrecognized_keys') {
      return [{ file: document.file, ...document.locate(path), path: formatPath(path), message: issue.message }];
    }
    return issue.keys.map((key) => ({
      file: document.file,
      ...document.locateKey(path, key),
      path: formatPath([...path, key]),
      message: unknownKey(root, path, key),
    }));
  });
};

/** Where the broken values are, so that they can be left out of checks that compare values. */
export const brokenPaths = (issues: readonly z.core.$ZodIssue[]): Path[] =>
  issues.flatMap((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
  });
