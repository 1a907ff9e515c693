/** Which shortages were left without an answer, for those who wake people: notices, the summary, the outcome of a report. */

/** Nothing was meant to be done, it is being done, or it was not needed any more. The alert OomwatchdNoAction has the same. */
export const ANSWERED: readonly string[] = [
  'observe_mode',
  'waiting_for_victim',
  'recovered_while_selecting',
  'victim_vanished',
];

/** `reason` is that of a no_action; one of a later version counts, as somebody should look at it. */
export const isUnanswered = (reason: string): boolean => !ANSWERED.includes(reason);
