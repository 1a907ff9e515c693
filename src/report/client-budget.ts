/**
 * How often one client may ask for what costs something to make. Prometheus is not subject to it: /metrics and the two health
 * paths have no budget, so that whoever asks too much, also from the same address, never keeps a scrape out.
 */

/** A page that is open asks every two seconds, and a dozen people may sit behind one proxy. */
const PER_SECOND = 10;
const AT_ONCE = 30;
/** Clients remembered at a time; those beyond share one budget, and so does a flood from ever new addresses. */
const MOST_CLIENTS = 256;

interface Budget {
  left: number;
  sinceMs: number;
}

/** A network of IPv6 is one client: whoever has one address of a /64 has all of them. */
export const clientOf = (address: string | undefined): string => {
  if (address === undefined) return 'unix';
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length);
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length;
  const all = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...(tail?.split(':') ?? [])];
  return `${all
    .slice(0, 4)
    .map((group) => (group === '' ? '0' : group))
    .join(':')}::/64`;
};

/** Whether this client may ask now; counts it if so. */
export const createClientBudget = (): ((client: string, nowMs: number) => boolean) => {
  const budgets = new Map<string, Budget>();

  /** Whoever has not asked for as long as it takes to fill up again is as good as new. */
  const forget = (nowMs: number): void => {
    for (const [client, { sinceMs }] of budgets) {
      if (nowMs - sinceMs > (AT_ONCE / PER_SECOND) * 1000) budgets.delete(client);
    }
  };

  return (given, nowMs) => {
    if (!budgets.has(given) && budgets.size >= MOST_CLIENTS) forget(nowMs);
    const client = budgets.has(given) || budgets.size < MOST_CLIENTS ? given : 'others';
    const budget = budgets.get(client) ?? { left: AT_ONCE, sinceMs: nowMs };
    budgets.set(client, budget);
    budget.left = Math.min(AT_ONCE, budget.left + ((nowMs - budget.sinceMs) / 1000) * PER_SECOND);
    budget.sinceMs = nowMs;
    if (budget.left < 1) return false;
    budget.left--;
    return true;
  };
};
