/** The bytes of a request for a forced selection, checked: what is not exactly one is refused with place, value and remedy. */
import type { ForcedRequest } from '../core/forced.ts';

/** As core/forced.ts has it. */
export const REASON_CHARACTERS = 200;

const KEYS = ['reason', 'observe', 'sysrq'] as const;

const REMEDY = 'send one line such as {"reason":"deploy stuck","observe":true,"sysrq":false}';

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

const refuse = (place: string, expected: string, value: unknown): { readonly error: string } => ({
  error: `${place}: expected ${expected}, got ${shown(value)}; ${REMEDY}`,
});

const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    // Told as "not an object", with the line itself.
    return line;
  }
};

/** The request in `line` (without its newline), or why it is none. `observe` and `sysrq` may be left out. */
export const parseForcedRequest = (line: string): { readonly request: ForcedRequest } | { readonly error: string } => {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('request', 'an object', value);
  const { reason = '', observe = false, sysrq = false, ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return refuse('request', `no other keys than ${KEYS.join(', ')}`, unknown);
  if (typeof reason !== 'string' || reason.length > REASON_CHARACTERS) {
    return refuse('reason', `a text of at most ${REASON_CHARACTERS} characters`, reason);
  }
  if (typeof observe !== 'boolean') return refuse('observe', 'true or false', observe);
  if (typeof sysrq !== 'boolean') return refuse('sysrq', 'true or false', sysrq);
  return { request: { by: 'socket', reason, observe, sysrq } };
};
