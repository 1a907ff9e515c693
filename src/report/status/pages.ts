/**
 * The paths for people: /, /api/status, /incidents/ID and /incidents/ID.json. Nothing of a request reaches a file system: an
 * identifier has a strict form, is not decoded, and is looked up among the incidents that are known.
 */
import { type Answer, json, text } from '../answer.ts';
import { ID } from '../incident/incident-head.ts';
import { INCIDENT_GONE } from '../notes.ts';
import { PAGE_POLICY, pageOf } from './page.ts';
import type { StatusSources } from './sources.ts';
import type { Status } from './status.ts';

/** A report of an incident has its style within it, and no script. */
const REPORT_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const INCIDENT_PATH = /^\/incidents\/([^/.]+)(\.json)?$/;

/** Numbers come once a second: what was made just now is as good, and a flood costs one page in this time. */
const FRESH_MS = 500;

const page = (body: string | Buffer, policy: string): Answer => ({
  status: 200,
  type: 'text/html; charset=utf-8',
  body,
  headers: {
    'Content-Security-Policy': policy,
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
  },
});

interface Fresh {
  readonly path: string;
  readonly answer: Promise<Answer>;
  readonly madeMs: number;
}

export interface Pages {
  /** undefined: the path is none of these. */
  answer(path: string): Promise<Answer> | undefined;
}

/** `nowMs`: a monotonic clock. */
export const createPages = (status: Pick<Status, 'document'>, sources: StatusSources, nowMs: () => number): Pages => {
  const fresh = new Map<string, Fresh>();

  /** The last answer of each kind, also while it is being made. */
  const cached = (kind: string, path: string, make: () => Answer | Promise<Answer>): Promise<Answer> => {
    const last = fresh.get(kind);
    if (last?.path === path && nowMs() - last.madeMs < FRESH_MS) return last.answer;
    const answer = (async () => {
      const made = await make();
      return { ...made, body: Buffer.from(made.body) };
    })();
    fresh.set(kind, { path, answer, madeMs: nowMs() });
    return answer;
  };

  const incident = async (id: string, form: 'html' | 'json'): Promise<Answer> => {
    const { incidents } = sources;
    const head = incidents?.heads().find((each) => each.id === id);
    const body = head === undefined ? undefined : await incidents?.read(head.id, form);
    if (body === undefined) return text(404, INCIDENT_GONE);
    if (form === 'html') return page(body, REPORT_POLICY);
    return { status: 200, type: 'application/json; charset=utf-8', body };
  };

  return {
    answer: (path) => {
      if (path === '/') return cached('page', path, () => page(pageOf(status.document()), PAGE_POLICY));
      if (path === '/api/status') return cached('status', path, () => json(200, status.document()));
      const [, id, ending] = INCIDENT_PATH.exec(path) ?? [];
      if (id === undefined || !ID.test(id)) return undefined;
      return cached('incident', path, () => incident(id, ending === undefined ? 'html' : 'json'));
    },
  };
};
