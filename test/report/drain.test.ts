import { expect, test } from 'vitest';
import { createDrain } from '../../src/report/drain.ts';
import { signal, stamped } from './events.ts';
import { eventFrame, gaugeFrame } from './frames.ts';

test('a subscriber that fails costs only its own call', () => {
  const got: string[] = [];
  const told: unknown[] = [];
  const fault = new Error('x');
  const failing = {
    event: () => {
      throw fault;
    },
    gauges: () => {
      throw fault;
    },
  };
  const good = { event: ({ kind }: { kind: string }) => got.push(kind), gauges: () => got.push('gauges') };
  const drain = createDrain([failing, good, {}], (error) => told.push(error));
  const frames = Buffer.concat([eventFrame(stamped(signal)), gaugeFrame({ ticks: 1 }), eventFrame(stamped(signal))]);
  drain.push(Buffer.concat([Buffer.from('junk'), frames.subarray(0, 50)]));
  drain.push(frames.subarray(50));
  expect(got).toEqual(['signal', 'gauges', 'signal']);
  expect(told).toEqual([fault, fault, fault]);
  expect(drain).toMatchObject({ faults: 3, skippedBytes: 4, badFrames: 0 });
});
