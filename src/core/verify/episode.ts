/** An episode: everything between the first sign of a shortage and the recovery from it. */
import { DETECTORS, type Detector, type OomwatchdEvent } from '../event.ts';
import { ABSENT } from '../units.ts';
import { LEVEL } from '../verdict.ts';

export interface Episode {
  /** Counts from 1; the current or last one. */
  number: number;
  active: boolean;
  /** First tick of the approach that led to it, ABSENT while calm. */
  firstSignMs: number;
  startedMs: number;
  /** Since when the level has been below term. */
  calmSinceMs: number;
  signals: number;
  returnedKiB: number;
}

export const createEpisode = (): Episode => ({
  number: 0,
  active: false,
  firstSignMs: ABSENT,
  startedMs: ABSENT,
  calmSinceMs: ABSENT,
  signals: 0,
  returnedKiB: 0,
});

/** So long must the shortage be over: shorter gaps between two kills are the same incident to whoever reads about it. */
const RECOVERY_MS = 3000;

export const detectorNames = (bits: number): Detector[] => DETECTORS.filter((_, index) => (bits & (1 << index)) !== 0);

/** Opens an episode that no detector asked for: somebody has a process killed by hand. */
export const openEpisode = (episode: Episode, detectors: number, nowMs: number, events: OomwatchdEvent[]): void => {
  if (episode.firstSignMs === ABSENT) episode.firstSignMs = nowMs;
  episode.calmSinceMs = ABSENT;
  if (episode.active) return;
  episode.active = true;
  episode.number++;
  episode.startedMs = nowMs;
  episode.signals = 0;
  episode.returnedKiB = 0;
  const { number, firstSignMs } = episode;
  events.push({ kind: 'episode_started', episode: number, firstSignMs, detectors: detectorNames(detectors) });
};

/** Opens, keeps or closes the episode. `open`: a victim is still being watched. */
export const followEpisode = (
  episode: Episode,
  level: number,
  detectors: number,
  open: boolean,
  nowMs: number,
  events: OomwatchdEvent[],
): void => {
  if (level === LEVEL.CALM && !episode.active) episode.firstSignMs = ABSENT;
  else if (episode.firstSignMs === ABSENT) episode.firstSignMs = nowMs;
  if (level >= LEVEL.TERM) {
    openEpisode(episode, detectors, nowMs, events);
    return;
  }
  if (!episode.active) return;
  if (episode.calmSinceMs === ABSENT) episode.calmSinceMs = nowMs;
  if (open || nowMs - episode.calmSinceMs < RECOVERY_MS) return;
  episode.active = false;
  events.push({
    kind: 'episode_ended',
    episode: episode.number,
    durationMs: episode.calmSinceMs - episode.firstSignMs,
    signals: episode.signals,
    returnedKiB: episode.returnedKiB,
  });
  episode.firstSignMs = ABSENT;
};
