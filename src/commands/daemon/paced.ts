/** Work off the loop that is begun from turns: no more often than asked for, and never twice at a time, however long it takes. */
import { never, takeTurn } from '../../core/due.ts';

export interface Paced {
  /** Begins it when it is due, counted from when it was last begun. */
  run(everyMs: number, nowMs: number): void;
  /** Begun and not ended, perhaps for ever. */
  isUnderWay(): boolean;
}

/** `work` must not reject: what cannot be read has gone, or is not there. */
export const createPaced = (work: () => Promise<void>): Paced => {
  const last = never();
  let isUnderWay = false;
  return {
    run: (everyMs, nowMs) => {
      if (isUnderWay || !takeTurn(last, everyMs, nowMs)) return;
      isUnderWay = true;
      void work().then(() => {
        isUnderWay = false;
      });
    },
    isUnderWay: () => isUnderWay,
  };
};
