/** The schema as editors read it (config/schema.json), and as the loader asks it which keys there are. */
import * as z from 'zod';
import type { Path } from './problem.ts';
import { createSchema, NO_USERS } from './schema.ts';

/** The part of JSON Schema that the configuration uses. */
export interface SchemaNode {
  $id?: string;
  title?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, SchemaNode>;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  not?: unknown;
}

/** Of the input side: texts with units, defaults as an operator writes them. */
export const createJsonSchema = (): SchemaNode => ({
  title: 'oomwatchd configuration',
  ...(z.toJSONSchema(createSchema(NO_USERS), {
    io: 'input',
    override: ({ jsonSchema }) => {
      // An editor would offer "detect: {}" for a section whose default is just all of its defaults.
      if (JSON.stringify(jsonSchema.default) === '{}') delete jsonSchema.default;
    },
  }) as SchemaNode),
});

/** Keys of a map, through the "or nothing" that sections allow; keys that exist only to be refused are left out. */
export const keysOf = (node: SchemaNode): Map<string, SchemaNode> => {
  const keys = new Map(Object.entries(node.properties ?? {}).filter(([, child]) => child.not === undefined));
  for (const choice of node.anyOf ?? []) for (const [key, child] of keysOf(choice)) keys.set(key, child);
  return keys;
};

const itemOf = (node: SchemaNode): SchemaNode | undefined =>
  node.items ?? node.anyOf?.map(itemOf).find((item) => item !== undefined);

/** The node that describes a path, undefined outside of the schema. */
export const nodeAt = (root: SchemaNode, path: Path): SchemaNode | undefined =>
  path.reduce<SchemaNode | undefined>((node, step) => {
    if (node === undefined) return undefined;
    return typeof step === 'number' ? itemOf(node) : keysOf(node).get(step);
  }, root);

/** The first map below `root` that has the key, as a path; undefined when none has. */
export const ownerOf = (root: SchemaNode, key: string, below: Path = []): Path | undefined => {
  const keys = keysOf(root);
  if (keys.has(key)) return below;
  for (const [name, child] of keys) {
    const found = ownerOf(child, key, [...below, name]);
    if (found !== undefined) return found;
  }
  return undefined;
};
