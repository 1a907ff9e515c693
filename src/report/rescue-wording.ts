/** Words for what the second process did while control did not turn. */
import type { RescueOutcome } from '../core/own-process-event.ts';
import { size, span } from './amount.ts';
import { behindColon, type EventOf, inBrackets, named, type Sentence } from './sentence.ts';

const LEVEL_OF: Readonly<Record<RescueOutcome, Sentence[0]>> = {
  killed: 'warn',
  refused: 'error',
  observed: 'warn',
  nobody: 'error',
  over_budget: 'error',
};

const deed = (event: EventOf<'rescue'>): string => {
  const whom = `${named(event)}${inBrackets(size(Math.max(0, event.sizeKiB)))}`;
  switch (event.outcome) {
    case 'killed':
      return `sent SIGKILL to ${whom}`;
    case 'refused':
      return `was refused SIGKILL to ${whom} (errno ${event.errno})`;
    case 'observed':
      return `would have sent SIGKILL to ${whom} (observe mode, nothing was sent)`;
    case 'nobody':
      return 'knew nobody who may be chosen';
    case 'over_budget':
      return 'had no kill left';
  }
};

export const rescueSentence = (event: EventOf<'rescue'>): Sentence => [
  LEVEL_OF[event.outcome],
  `control was overdue by ${span(event.lateMs)}: the standby process ${deed(event)}, MemAvailable ${size(event.memAvailableKiB)}`,
];

export const standbySentence = ({ state, detail }: EventOf<'standby'>): Sentence => [
  state === 'started' ? 'info' : 'warn',
  `standby process ${state}${behindColon(detail)}`,
];
