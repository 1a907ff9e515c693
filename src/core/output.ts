/** What a decision leads to: done by control, told to the reporter. Written into, so that a quiet tick allocates nothing. */
import type { OomwatchdEvent } from './event.ts';
import type { Intent, Task } from './intent.ts';

export interface TickOutput {
  intents: Intent[];
  events: OomwatchdEvent[];
  /** What may sleep: begun after the intents. */
  tasks: Task[];
}
