/** Everything that is remembered from tick to tick, made once. Plain numbers and arrays: it can be written to a trace. */
import { type Budget, createBudget } from './act/budget.ts';
import { type Climb, createClimb } from './act/climb.ts';
import { type CgroupWatch, createCgroupWatch } from './cgroup/cgroup-watch.ts';
import { createRuleWatch, type RuleWatch } from './cgroup/rule-watch.ts';
import { type CgroupAction, createCgroupAction } from './cgroup-action.ts';
import type { CgroupRow } from './cgroup-row.ts';
import { createDetect, type DetectState } from './detect/detect.ts';
import type { NoActionReason } from './event.ts';
import { createForkStorm, type ForkStorm } from './fork-storm.ts';
import { type Calm, createCalm } from './futility.ts';
import type { Holder } from './holder.ts';
import { createHolding, type Holding } from './holding.ts';
import type { KernelVersion } from './kernel-model/versions.ts';
import { createLivelockWatch, type LivelockWatch } from './livelock/follow.ts';
import { type Livelock, noLivelock } from './livelock.ts';
import { createRegister, type Register } from './register/register.ts';
import { createRemedies, type Remedies } from './remedies/remedies.ts';
import type { WholeKill } from './select/company.ts';
import { createRanking, type Ranking } from './select/rank.ts';
import { createStallWatch, type StallWatch } from './stall/stall.ts';
import { emptyStallSummary, type StallSummary } from './stall-summary.ts';
import { ABSENT } from './units.ts';
import { LEVEL } from './verdict.ts';
import { createEpisode, type Episode } from './verify/episode.ts';
import type { Companion, Victim } from './victim.ts';

/** A process that the kernel would not let us signal: not tried again in this episode. */
interface Refusal {
  readonly slot: number;
  readonly pid: number;
}

export interface State {
  readonly detect: DetectState;
  readonly calm: Calm;
  readonly stallWatch: StallWatch;
  /** What it says: blank while nothing stalls. */
  readonly stall: StallSummary;
  readonly livelock: Livelock;
  readonly livelockWatch: LivelockWatch;
  /** cgroups that are worth a look now, as of the last reading. */
  cgroups: readonly CgroupRow[];
  readonly cgroupWatch: CgroupWatch;
  readonly ruleWatch: RuleWatch;
  readonly cgroupAction: CgroupAction;
  /** As of the last look while memory was short. */
  holders: readonly Holder[];
  readonly holding: Holding;
  readonly forkStorm: ForkStorm;
  readonly episode: Episode;
  readonly budget: Budget;
  readonly climb: Climb;
  /** Which model answers for this kernel (core/kernel-model); set once at start. */
  kernel: KernelVersion;
  /** Whether there is a journal, without which no oom_score_adj is changed; set once at start. */
  canSteer: boolean;
  readonly ranking: Ranking;
  /** Who is dying, whoever killed it; outlives episodes. */
  readonly register: Register;
  /** What was done about what blocks a victim or a cgroup. */
  readonly remedies: Remedies;
  /** Signalled in this episode, oldest first. */
  readonly victims: Victim[];
  readonly refused: Refusal[];
  /** Who goes along with the victim of the present intents. */
  company: Companion[];
  /** The cgroup that dies with that victim as a whole; "" none. */
  wholePath: string;
  /** To be killed by the kernel as a whole, off the loop (commands/daemon/whole-kills). */
  readonly wholeKills: WholeKill[];
  level: number;
  /** A scan has been asked for and this tick was to use it. */
  selecting: boolean;
  /** When the tick began whose verdict led to the present intent. */
  verdictMs: number;
  noAction: NoActionReason | null;
  noActionMs: number;
  /** When a scan last found nobody to choose; ABSENT: none did in this episode. */
  nobodyMs: number;
  /** Milliseconds until something waits for a tick; ABSENT: nothing does. */
  dueMs: number;
}

/** How many candidates the daemon keeps in order: the report shows ten, refusals and vanished processes use up some. */
const RANK_DEPTH = 32;

/** A fresh state for tables of `capacity` rows. */
export const createState = (capacity: number): State => ({
  detect: createDetect(),
  calm: createCalm(),
  stallWatch: createStallWatch(),
  stall: emptyStallSummary(),
  livelock: noLivelock(),
  livelockWatch: createLivelockWatch(),
  cgroups: [],
  cgroupWatch: createCgroupWatch(),
  ruleWatch: createRuleWatch(),
  cgroupAction: createCgroupAction(),
  holders: [],
  holding: createHolding(),
  forkStorm: createForkStorm(),
  episode: createEpisode(),
  budget: createBudget(),
  climb: createClimb(),
  kernel: '7.2',
  canSteer: false,
  ranking: createRanking(capacity, RANK_DEPTH),
  register: createRegister(),
  remedies: createRemedies(),
  victims: [],
  refused: [],
  company: [],
  wholePath: '',
  wholeKills: [],
  level: LEVEL.CALM,
  selecting: false,
  verdictMs: ABSENT,
  noAction: null,
  noActionMs: ABSENT,
  nobodyMs: ABSENT,
  dueMs: ABSENT,
});
