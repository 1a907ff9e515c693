/**
 * The way from files to a policy: read all, check each file against the schema, merge, compare values with each other.
 * Every problem of every file is told at once, each at its place.
 */
import { createHash } from 'node:crypto';
import type { CgroupRule, Policy, PolicyRule } from '../core/policy.ts';
import { builtinRules } from './builtin-protection.ts';
import { findConflicts } from './conflict.ts';
import { type ConfigDocument, parseConfig, type Source } from './document.ts';
import { httpConflicts, type LookAt, lookAtFile } from './http-conflict.ts';
import { brokenPaths, problemsOf } from './issue.ts';
import { mergeTrees, removeAt } from './merge.ts';
import { joinNotices, NO_NOTICES, type NoticeLists, noticesOf, tooMany } from './notices.ts';
import { readUsers, type Users } from './passwd.ts';
import { formatPath, inReadingOrder, type Path, type Problem } from './problem.ts';
import { readSources } from './read.ts';
import { cgroupRulesOf, rulesOf } from './rules.ts';
import { createSchema, type Settings } from './schema.ts';
import { reporterOf, toPolicy } from './to-policy.ts';

export type Loaded = { readonly policy: Policy } | { readonly errors: readonly Problem[] };

export interface LoadRequest {
  readonly file: string;
  /** Whether somebody named the file; the default file may be missing. */
  readonly mustExist: boolean;
  readonly passwdFile: string;
}

/** First 12 hex digits of SHA-256 over the texts, each ended by a NUL so that moving a line between files shows. */
const hashOf = (sources: readonly Source[]): string => {
  const hash = createHash('sha256');
  for (const { text } of sources) hash.update(text).update('\0');
  return hash.digest('hex').slice(0, 12);
};

const startsWith = (path: Path, prefix: Path): boolean => prefix.every((step, index) => path[index] === step);

/** What one file brings: its own rules and problems, and a tree of which the broken values have been taken out. */
const checkDocument = (
  document: ConfigDocument,
  label: string,
  schema: ReturnType<typeof createSchema>,
  users: Users,
) => {
  const result = schema.safeParse(document.tree);
  if (result.success) {
    const cgroups = cgroupRulesOf(document, label, result.data.cgroups);
    const { lists: notices, problems } = noticesOf(document, label, result.data.report.notices, users);
    return { document, broken: [], problems, rules: rulesOf(document, label, result.data.select), cgroups, notices };
  }
  const broken = brokenPaths(result.error.issues);
  for (const path of broken) removeAt(document.tree, path);
  const problems = problemsOf(document, result.error.issues);
  return { document, broken, problems, rules: [], cgroups: [], notices: NO_NOTICES };
};

/** Problems between values, told where the operator last touched one of them. */
const conflictProblems = (
  settings: Settings,
  users: Users,
  documents: ConfigDocument[],
  broken: Path[],
  lookAt: LookAt,
): Problem[] => {
  const reporter = reporterOf(settings.report.user, users);
  const conflicts = [...findConflicts(settings), ...httpConflicts(settings, lookAt)];
  if (typeof reporter === 'string') conflicts.push({ paths: [['report', 'user']], message: reporter });
  return conflicts
    .filter(({ paths }) => !paths.some((path) => broken.some((prefix) => startsWith(path, prefix))))
    .flatMap(({ paths, message }) => {
      const document = documents.findLast((candidate) => paths.some((path) => candidate.has(path)));
      const path = paths.find((candidate) => document?.has(candidate)) ?? [];
      // Built-in defaults do not conflict (a test holds that), so there is always a file that set one of the values.
      if (document === undefined) return [];
      return [{ file: document.file, ...document.locate(path), path: formatPath(path), message }];
    });
};

/**
 * Pure: the same texts and users give the same policy or the same problems. Sources come lowest precedence first. `lookAt`
 * tells of the files that settings name; without it none is looked at.
 */
export const policyFromSources = (
  sources: readonly Source[],
  users: Users,
  lookAt: LookAt = () => undefined,
): Loaded => {
  const schema = createSchema(users);
  const files = sources.map(({ file }) => file);
  const problems: Problem[] = [];
  const documents: ConfigDocument[] = [];
  const broken: Path[] = [];
  const rules: PolicyRule[] = [];
  const cgroups: CgroupRule[] = [];
  const notices: NoticeLists[] = [];
  for (const source of sources) {
    const document = parseConfig(source);
    if (Array.isArray(document)) {
      problems.push(...document);
      continue;
    }
    const checked = checkDocument(document, source.label, schema, users);
    documents.push(document);
    problems.push(...checked.problems);
    broken.push(...checked.broken);
    rules.push(...checked.rules);
    cgroups.push(...checked.cgroups);
    notices.push(checked.notices);
    const message = tooMany(joinNotices(notices));
    const path = ['report', 'notices'];
    if (message !== '') problems.push({ file: source.file, ...document.locate(path), path: formatPath(path), message });
  }
  const merged = schema.safeParse(mergeTrees(documents.map(({ tree }) => tree)));
  if (merged.success) problems.push(...conflictProblems(merged.data, users, documents, broken, lookAt));
  const reporter = reporterOf(merged.data?.report.user, users);
  if (problems.length > 0 || !merged.success || typeof reporter === 'string') {
    return { errors: inReadingOrder(problems, files) };
  }
  const builtin = merged.data.select.builtin_protection ? builtinRules() : [];
  const lists = { rules: [...builtin, ...rules], cgroups, notices: joinNotices(notices) };
  const surroundings = { ...lists, reporter, hash: hashOf(sources), files };
  return { policy: toPolicy(merged.data, surroundings) };
};

/** Reads the file, its drop-ins and the user database, and gives the policy or everything that is wrong. */
export const loadPolicy = ({ file, mustExist, passwdFile }: LoadRequest): Loaded => {
  const { sources, problems } = readSources(file, mustExist);
  const loaded = policyFromSources(sources, readUsers(passwdFile), lookAtFile);
  if (problems.length === 0) return loaded;
  return { errors: [...problems, ...('errors' in loaded ? loaded.errors : [])] };
};
