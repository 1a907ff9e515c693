/** Words for the upper rungs of the ladder: SysRq-f and what became of it, evidence, the last resort. */
import type { LastDeed, SysrqOutcome, WatchdogState } from '../core/ladder-event.ts';
import { count, span } from './amount.ts';
import { printable, quoted } from './printable.ts';
import { available, behindColon, type EventOf, inBrackets, type LogLevel, type Sentence } from './sentence.ts';

const HELPLESS_WORDS: Readonly<Record<string, string>> = {
  nobody: 'nobody may be signalled',
  refused: 'the kernel does not let us signal whom we would',
  fruitless: 'whom we killed does not go, or returned nothing',
};

/** A code of the core in words; what is none is left as it is. */
const inWords = (detail: string): string =>
  Object.hasOwn(HELPLESS_WORDS, detail) ? (HELPLESS_WORDS[detail] as string) : detail;

const whom = ({ pid, comm }: EventOf<'sysrq'>): string => {
  if (pid <= 0) return 'somebody';
  return comm === '' ? `pid ${pid}` : `${quoted(comm)} (pid ${pid})`;
};

const steering = ({ steered }: EventOf<'sysrq'>): string =>
  steered === 0 ? '' : `, oom_score_adj of ${count(steered, 'process', 'processes')} changed for it`;

const SYSRQ_WORDS: Readonly<Record<SysrqOutcome, (event: EventOf<'sysrq'>) => [LogLevel, string]>> = {
  pressed: (event) => ['warn', `pressed: the kernel is to take ${whom(event)}${steering(event)}`],
  observed: (event) => [
    'warn',
    `would be pressed: the kernel would take ${whom(event)}${steering(event)} (observe mode)`,
  ],
  failed: (event) => ['error', `could not be pressed (errno ${event.errno})`],
  executed: (event) => ['warn', `carried out after ${span(event.afterMs)}: the kernel killed ${whom(event)}`],
  swallowed: (event) => ['warn', `swallowed: the kernel chose ${whom(event)} again, and nobody new dies`],
  nobody: () => ['error', 'ignored: the kernel found nobody to kill'],
  accepted_but_not_executed: (event) => ['error', `not carried out within ${span(event.afterMs)}`],
};

export const sysrqSentence = (event: EventOf<'sysrq'>): Sentence => {
  const [level, words] = SYSRQ_WORDS[event.outcome](event);
  return [level, `SysRq-f ${words}${behindColon(inWords(event.detail))}`];
};

const BY_WORDS = { verification: 'after the press', start: 'left by an earlier run', stop: 'at the end' } as const;

export const restoredSentence = (event: EventOf<'restored'>): Sentence => {
  const parts = [
    `${count(event.restored, 'process', 'processes')} put back`,
    event.gone > 0 ? `${event.gone} gone` : '',
    event.changed > 0 ? `${event.changed} changed by somebody else meanwhile and left so` : '',
    event.failed.length > 0 ? `FAILED: ${printable(event.failed.join(', '), 200)}` : '',
  ].filter((part) => part !== '');
  return [event.failed.length > 0 ? 'error' : 'info', `oom_score_adj ${BY_WORDS[event.by]}: ${parts.join(', ')}`];
};

export const evidenceSentence = (event: EventOf<'evidence'>): Sentence => {
  const does = event.sent ? 'evidence is taken' : 'evidence would be taken (observe mode)';
  const keys = [...event.keys].map((key) => `SysRq-${printable(key)}`).join(' and ');
  const where = `${keys}, see the kernel log`;
  return [
    'error',
    `the host stands still since ${span(event.stalledMs)}: ${does}${inBrackets(where)}; ${available(event.memory)}`,
  ];
};

const LAST_RESORT_WORDS: Readonly<Record<LastDeed, string>> = {
  crash: 'crash by SysRq-c',
  reboot: 'restart by SysRq-b',
  watchdog: 'the watchdog device is left unfed',
};

export const lastResortSentence = (event: EventOf<'last_resort'>): Sentence => {
  const since = `the host stands still since ${span(event.stalledMs)}`;
  const what = LAST_RESORT_WORDS[event.action];
  if (event.errno !== 0) return ['error', `${since}; last resort, ${what}, failed with errno ${event.errno}`];
  return [
    'error',
    event.sent ? `${since}; last resort: ${what}` : `${since}; last resort would be: ${what} (observe mode)`,
  ];
};

const within = (timeoutMs: number): string =>
  timeoutMs > 0 ? `unless it is fed within ${span(timeoutMs)}` : 'after a time that it does not tell, unless it is fed';

const WATCHDOG_WORDS: Readonly<Record<WatchdogState, (event: EventOf<'watchdog_device'>) => [LogLevel, string]>> = {
  armed: ({ timeoutMs }) => ['info', `is armed: it resets the host ${within(timeoutMs)}`],
  short: ({ timeoutMs, wantedMs, errno }) => [
    'error',
    `does not take ${span(wantedMs)} (errno ${errno}) and cannot be stopped: it resets the host ${within(timeoutMs)}`,
  ],
  refused: ({ timeoutMs, wantedMs, errno }) => [
    'error',
    `is not used, there is no last resort (errno ${errno}${timeoutMs > 0 ? `, it has ${span(timeoutMs)} instead of ${span(wantedMs)}` : ''})`,
  ],
  failed: ({ errno, timeoutMs }) => [
    'error',
    `could not be written to (errno ${errno}): it resets the host ${within(timeoutMs)}`,
  ],
  fed_again: () => ['warn', 'is fed again: the shortage was over before it ran out'],
  released: () => ['info', 'is disarmed'],
};

export const watchdogSentence = (event: EventOf<'watchdog_device'>): Sentence => {
  const [level, words] = WATCHDOG_WORDS[event.state](event);
  return [level, `watchdog ${printable(event.device)} ${words}`];
};
