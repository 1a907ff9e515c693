/** YAML text -> plain values that still know where each of them stands in the file. */
import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  parseDocument,
  visit,
} from 'yaml';
import { ABSENT } from '../core/units.ts';
import type { Path, Problem } from './problem.ts';

export interface Source {
  readonly file: string;
  readonly text: string;
  /** Put in front of rule ids: "" for the main file, "50-db.yaml:" for a drop-in. */
  readonly label: string;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

export interface ConfigDocument {
  readonly file: string;
  /** Plain maps, lists and scalars; an empty document is an empty map. */
  readonly tree: unknown;
  /** Where the value is, or the nearest parent that is in the file. */
  locate(path: Path): Place;
  /** Where the key itself is, for keys that should not be there. */
  locateKey(parent: Path, key: string): Place;
  /** Whether the file sets this value itself. */
  has(path: Path): boolean;
}

/**
 * The schema is forced to YAML 1.2 core, so that a "%YAML 1.1" line cannot turn "off" and "yes" into booleans, and no
 * tag makes a value into anything but text, number, boolean, list or map.
 */
const OPTIONS = { prettyErrors: false, schema: 'core', resolveKnownTags: false, logLevel: 'error' } as const;

/** The deepest setting is six levels down. */
const MAX_DEPTH = 32;

/**
 * Where the nesting becomes too deep, ABSENT when it does not. Making values recurses, and at some 10,000 levels V8
 * aborts the whole process instead of throwing; the parser below it keeps a stack of its own and is safe to ask.
 */
const tooDeepAt = (text: string): number => {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return parser.offset;
  }
  return ABSENT;
};

/** A fault and where it is, as an offset into the text. */
type Fault = readonly [offset: number, message: string];

const syntaxFaults = (doc: Document.Parsed, text: string): Fault[] =>
  [...doc.errors, ...doc.warnings].map(({ code, message, pos: [offset] }) => {
    if (code === 'MULTIPLE_DOCS') return [offset, 'a second document begins here; remove the "---"'];
    if (code !== 'DUPLICATE_KEY') return [offset, `not valid YAML: ${message}`];
    const key = /^[^\s:]*/.exec(text.slice(offset))?.[0] ?? '';
    return [offset, `duplicate key ${key}: keep only one of them`];
  });

/** The library finds these only when it makes values, and then without their place. */
const aliasFaults = (doc: Document.Parsed): Fault[] => {
  const faults: Fault[] = [];
  visit(doc, {
    Alias: (_key, node) => {
      if (node.resolve(doc) !== undefined) return;
      const message = `*${node.source} refers to nothing; quote a glob that begins with *, as in "*${node.source}"`;
      faults.push([node.range?.[0] ?? 0, message]);
    },
  });
  return faults;
};

/** Parses one file; every syntax error, duplicate key and unknown tag is a problem. Never throws. */
export const parseConfig = ({ file, text }: Source): ConfigDocument | Problem[] => {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problem = ([offset, message]: Fault): Problem => ({ file, ...at(offset), path: '', message });
  try {
    const tooDeep = tooDeepAt(text);
    if (tooDeep !== ABSENT) {
      lines.addNewLine(0);
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1);
      return [problem([tooDeep, `nested deeper than ${MAX_DEPTH} levels, which no setting needs`])];
    }
    const doc = parseDocument(text, { ...OPTIONS, lineCounter: lines });
    const faults = [...syntaxFaults(doc, text), ...aliasFaults(doc)];
    return faults.length > 0 ? faults.map(problem) : createDocument(file, doc, doc.toJS() ?? {}, at);
  } catch (error) {
    // It throws instead of reporting when aliases multiply without end.
    return [problem([0, `not usable as YAML: ${error instanceof Error ? error.message : String(error)}`])];
  }
};

const createDocument = (file: string, doc: Document, tree: unknown, at: (offset: number) => Place): ConfigDocument => {
  const nodeAt = (path: Path): unknown => (isCollection(doc.contents) ? doc.getIn(path, true) : undefined);
  const locate = (path: Path): Place => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = nodeAt(path.slice(0, depth));
      if (isNode(node) && node.range) return at(node.range[0]);
    }
    return at(doc.contents?.range?.[0] ?? 0);
  };
  return {
    file,
    tree,
    locate,
    has: (path) => nodeAt(path) !== undefined,
    locateKey: (parent, key) => {
      const map = parent.length === 0 ? doc.contents : nodeAt(parent);
      const pair = isMap(map)
        ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
        : undefined;
      return isScalar(pair?.key) && pair.key.range ? at(pair.key.range[0]) : locate(parent);
    },
  };
};
