/** What an incident came to, in the words of lists, pages and the terminal. */
import type { Outcome } from './document/document.ts';

const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  going_on: 'still going on',
  interrupted: 'the report ends before it did',
  livelock_not_ended: 'the host makes no progress',
  stuck: 'a victim does not go',
  not_returned: 'memory did not come back',
  nothing_done: 'nothing was done',
  partial: 'not enough came back',
  recovered: 'memory came back',
  standby_killed: 'killed by the second process',
  kernel_killed: 'killed by the kernel',
  observed: 'observed, nothing was sent',
  passed: 'passed by itself',
};

/** The words for an outcome; one of a later version stands for itself. */
export const outcomeWords = (outcome: string): string => OUTCOME_WORDS[outcome as Outcome] ?? outcome;
