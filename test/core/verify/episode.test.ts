import { describe, expect, it } from 'vitest';
import type { OomwatchdEvent } from '../../../src/core/event.ts';
import { DETECTED, LEVEL } from '../../../src/core/verdict.ts';
import { createEpisode, detectorNames, type Episode, followEpisode } from '../../../src/core/verify/episode.ts';

const { CALM, APPROACH, TERM, KILL } = LEVEL;

/** Looks at [time, level, whether a victim is open]. */
const told = (episode: Episode, looks: readonly (readonly [number, number, boolean?])[]): OomwatchdEvent[] => {
  const events: OomwatchdEvent[] = [];
  for (const [nowMs, level, open = false] of looks) {
    followEpisode(episode, level, level >= TERM ? DETECTED.MEM_AVAILABLE : 0, open, nowMs, events);
  }
  return events;
};

describe('an episode', () => {
  it('begins with the term level and reaches back to the first sign', () => {
    const events = told(createEpisode(), [
      [0, CALM],
      [1000, APPROACH],
      [2000, APPROACH],
      [3000, TERM],
      [3010, KILL],
    ]);
    expect(events).toEqual([{ kind: 'episode_started', episode: 1, firstSignMs: 1000, detectors: ['mem_available'] }]);
  });

  it('begins with its own first sign when there was no approach', () => {
    expect(
      told(createEpisode(), [
        [0, CALM],
        [500, KILL],
      ]),
    ).toMatchObject([{ firstSignMs: 500 }]);
  });

  it('forgets the signs of an approach that came to nothing', () => {
    expect(
      told(createEpisode(), [
        [0, APPROACH],
        [1000, CALM],
        [2000, APPROACH],
        [3000, TERM],
      ]),
    ).toMatchObject([{ firstSignMs: 2000 }]);
  });

  it('is none while it only approaches', () => {
    expect(
      told(createEpisode(), [
        [0, APPROACH],
        [60_000, APPROACH],
      ]),
    ).toEqual([]);
  });

  it('ends after three seconds below the term level, and lasts until the shortage was over', () => {
    const episode = createEpisode();
    told(episode, [
      [0, APPROACH],
      [1000, TERM],
    ]);
    episode.signals = 2;
    episode.returnedKiB = 4096;
    expect(
      told(episode, [
        [2000, APPROACH],
        [4999, CALM],
      ]),
    ).toEqual([]);
    expect(told(episode, [[5000, CALM]])).toEqual([
      { kind: 'episode_ended', episode: 1, durationMs: 2000, signals: 2, returnedKiB: 4096 },
    ]);
    expect(episode.active).toBe(false);
  });

  it('goes on over a gap of less than three seconds', () => {
    const looks = [
      [0, TERM],
      [1000, CALM],
      [3999, TERM],
      [4000, CALM],
      [6999, CALM],
    ] as const;
    expect(told(createEpisode(), looks).map(({ kind }) => kind)).toEqual(['episode_started']);
    expect(told(createEpisode(), [...looks, [7000, CALM]]).map(({ kind }) => kind)).toEqual([
      'episode_started',
      'episode_ended',
    ]);
  });

  it('does not end while a victim is watched', () => {
    expect(
      told(createEpisode(), [
        [0, TERM],
        [1000, CALM, true],
        [9000, CALM, true],
      ]),
    ).toHaveLength(1);
    expect(
      told(createEpisode(), [
        [0, TERM],
        [1000, CALM, true],
        [9000, CALM],
      ]),
    ).toHaveLength(2);
  });

  it('is counted, and starts with nothing of the last one', () => {
    const episode = createEpisode();
    told(episode, [[0, TERM]]);
    episode.signals = 2;
    episode.returnedKiB = 4096;
    const events = told(episode, [
      [1000, CALM],
      [4000, CALM],
      [10_000, KILL],
    ]);
    expect(events.at(-1)).toMatchObject({ kind: 'episode_started', episode: 2, firstSignMs: 10_000 });
    expect([episode.signals, episode.returnedKiB]).toEqual([0, 0]);
  });
});

it('names detectors by their bits', () => {
  expect(detectorNames(0)).toEqual([]);
  expect(detectorNames(DETECTED.THRASH)).toEqual(['thrash']);
  expect(detectorNames(DETECTED.MEM_AVAILABLE | DETECTED.SWAP_FREE | DETECTED.FORECAST)).toEqual([
    'mem_available',
    'swap_free',
    'forecast',
  ]);
});
