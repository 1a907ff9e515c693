/** What is told of sources of numbers: that they go and come, and to a new reporter, which remembers nothing, which are gone. */
import type { OomwatchdEvent } from '../../core/event.ts';
import { isFault } from '../../core/source.ts';
import type { KernelSource } from '../../linux/kernel-log/kernel-log.ts';

type SourceEvent = Extract<OomwatchdEvent, { kind: 'source' }>;

export interface SourceNews {
  /** For all that is published. */
  note(event: OomwatchdEvent): void;
  /** What was told of those that are down. */
  down(): Iterable<SourceEvent>;
  /** Tells of the kernel's own ways that have come or gone since the last look: their readers only keep the reason. */
  look(): void;
}

export const createSourceNews = (
  kernelSources: () => readonly KernelSource[],
  publish: (event: SourceEvent) => void,
): SourceNews => {
  const down = new Map<string, SourceEvent>();
  const seenUp = new Set<string>();
  return {
    note: (event) => {
      if (event.kind !== 'source') return;
      if (event.up) down.delete(event.name);
      else down.set(event.name, event);
    },
    down: () => down.values(),
    look: () => {
      for (const { name, isUp, detail } of kernelSources()) {
        if (isUp) seenUp.add(name);
        if (isUp !== down.has(name)) continue;
        publish({ kind: 'source', name, up: isUp, fault: !isUp && isFault(name, seenUp.has(name)), detail });
      }
    },
  };
};
