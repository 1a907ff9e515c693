/** Reclaim that achieves nothing: kswapd gave up, allocations are bound to nodes that are empty, storage does not answer. */
import { isRecent } from './kernel-said.ts';
import type { Finding, Seen } from './seen.ts';

/**
 * node_unreclaimable of zoneinfo: kswapd failed 16 times in a row (MAX_RECLAIM_RETRIES, mm/vmscan.c) and sleeps until
 * somebody frees a page; everybody reclaims for himself (kernel-facts 5.19).
 */
export const kswapdCause = ({ sample, signs, isNearWatermark }: Seen): Finding | null => {
  if (sample.unreclaimableNodes <= 0 || !isNearWatermark) return null;
  if (signs.directPerS <= 0 && signs.stallsPerS <= 0) return null;
  const evidence = [
    `kswapd gave up on ${sample.unreclaimableNodes} node(s)`,
    `${Math.max(0, signs.directPerS)} pages/s scanned by those who allocate, ${Math.max(0, signs.stallsPerS)} stalls/s`,
  ];
  return { cause: 'kswapd_gave_up', confidence: 'high', killHelps: true, subject: '', evidence };
};

/** One node is empty and memory is free elsewhere (kernel-facts 5.20): the kernel's killer says so, or zoneinfo does. */
export const constraintCause = ({ kernel, sample, isNearWatermark, nowMs }: Seen): Finding | null => {
  const about = { cause: 'constraint', killHelps: true, subject: '' } as const;
  if (isRecent(kernel.constraintMs, nowMs)) {
    return { ...about, confidence: 'high', evidence: [`the kernel killed with constraint=${kernel.constraint}`] };
  }
  if (sample.unreclaimableNodes <= 0 || isNearWatermark || sample.zoneUsablePages < 0) return null;
  const evidence = [
    `kswapd gave up on ${sample.unreclaimableNodes} node(s) while ${sample.zoneUsablePages} pages are free elsewhere`,
  ];
  return { ...about, confidence: 'medium', evidence };
};

/**
 * Those who allocate are put to sleep until kswapd has brought the reserves back (throttle_direct_reclaim(), for all who
 * do not clean pages themselves), and kswapd waits for storage that needs memory (kernel-facts 5.23).
 */
export const storageCycleCause = ({ signs, sample, stall }: Seen): Finding | null => {
  if (signs.throttledPerS <= 0 || sample.writebackKiB <= 0 || stall.pageIo <= 0) return null;
  const evidence = [
    `${signs.throttledPerS} tasks/s throttled on the reserves`,
    `${sample.writebackKiB} KiB in writeback, ${stall.pageIo} threads wait for pages`,
  ];
  return { cause: 'storage_cycle', confidence: 'low', killHelps: true, subject: '', evidence };
};
