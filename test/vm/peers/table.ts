// Many runs of one case under one killer, as one cell of a table in Markdown.

export interface Outcome {
  /** From onset until usable again; Infinity when it was not, 0 when commands never became slow. */
  usableAfterMs: number;
  /** Workloads that died while the case was watched, other than at their own end. */
  died: string[];
  kernelKills: number;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;

const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : 'never');

/** "4.2 s; hog 3 of 3; kernel kills 0". */
function cell(outcomes: Outcome[]): string {
  if (outcomes.length === 0) return 'not run';
  const names = [...new Set(outcomes.flatMap(({ died }) => died))].sort();
  const deaths = names.map(
    (name) => `${name} ${outcomes.filter(({ died }) => died.includes(name)).length} of ${outcomes.length}`,
  );
  const kernelKills = outcomes.reduce((sum, outcome) => sum + outcome.kernelKills, 0);
  return [
    seconds(median(outcomes.map(({ usableAfterMs }) => usableAfterMs))),
    deaths.join(', ') || 'nobody died',
    ...(kernelKills > 0 ? [`kernel kills ${kernelKills}`] : []),
  ].join('; ');
}

export function markdown(peers: string[], rows: Map<string, Map<string, Outcome[]>>): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  const body = [...rows].map(([name, byPeer]) => line([name, ...peers.map((peer) => cell(byPeer.get(peer) ?? []))]));
  return [line(['case', ...peers]), line(['case', ...peers].map(() => '---')), ...body].join('\n');
}
