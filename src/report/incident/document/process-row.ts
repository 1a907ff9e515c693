/** A process in a document: its names printable, what is not known of it null. */
import type { ProcessFacts } from '../../../core/event.ts';
import { ABSENT } from '../../../core/units.ts';
import { printable } from '../../printable.ts';
import type { ProcessRow } from './document.ts';

export const PATH_LIMIT = 256;

export const known = (value: number): number | null => (Number.isFinite(value) && value !== ABSENT ? value : null);

export const processRow = (facts: ProcessFacts): ProcessRow => ({
  pid: facts.pid,
  comm: printable(facts.comm),
  unit: printable(facts.unit, PATH_LIMIT),
  exe: printable(facts.exe, PATH_LIMIT),
  uid: known(facts.uid),
  rss_kib: known(facts.rssKiB),
  swap_kib: known(facts.swapKiB),
  page_tables_kib: known(facts.pageTablesKiB),
  oom_score_adj: facts.oomScoreAdj,
  badness_pages: facts.badnessPages,
});
