/** Keys of detect and pace: when memory counts as short, and how often to look. */
import { EXAMPLE, parseFillRate } from '../quantities.ts';
import { duration, mark, markOrOff, percent, quantity } from './amount.ts';
import { choice, count, section, setting, toggle } from './field.ts';

const term = section(
  {
    mem_available: setting(
      markOrOff(),
      'min(10%, 2GiB)',
      'MemAvailable of /proc/meminfo at or below this, a share of MemTotal or a size or the smaller of both; "off" takes it out.',
      'the 10% of earlyoom, which suits hosts up to 20 GiB. Above that the size counts: 2 GiB last 333 ms at the fastest fill rate seen, enough to rank and signal, and 10% of 1 TiB would be 100 GiB that nobody could use.',
    ),
    swap_free: setting(
      markOrOff(),
      '10%',
      'SwapFree at or below this, a share of SwapTotal or a size; "off" takes it out. Hosts without swap ignore it.',
      'as earlyoom: swap that is nine tenths full no longer absorbs a leak.',
    ),
  },
  'Level "term": the chosen process gets SIGTERM and may still save its work.',
);

const kill = section(
  {
    mem_available: setting(
      markOrOff(),
      'min(5%, 1GiB)',
      'As detect.term.mem_available, and never above it.',
      'half of the term mark, as earlyoom: whoever got SIGTERM has had half of the room to leave. 1 GiB lasts 167 ms at the fastest fill rate seen.',
    ),
    swap_free: setting(markOrOff(), '5%', 'As detect.term.swap_free, and never above it.', 'half of the term mark.'),
  },
  'Level "kill": SIGKILL at once, also for a process that has already got SIGTERM.',
);

const thrash = section(
  {
    enabled: setting(
      toggle(),
      true,
      'Whether to look for it. On a kernel without pressure stall information (PSI) late wake-ups, see detect.late, stand in for stall time.',
      'this is the hang that marks on MemAvailable do not see.',
    ),
    window: setting(
      duration('100ms', '10s', 'shorter is noise, longer is too late'),
      '1s',
      'Span over which stall time and restored pages are counted.',
      'long enough to smooth single slow reads, short against the seconds in which a host becomes unusable.',
    ),
    hold: setting(
      duration('0ms', '1m', 'a host that thrashes for longer cannot be reached'),
      '250ms',
      'How long all signs must hold before it counts.',
      'starting a large program stalls for a moment as well, and then stops; a guest that thrashes shows all signs one second after its cache is full.',
    ),
    memory_full: setting(
      percent(),
      '30%',
      'Share of the window in which every task that was not idle waited for memory ("full" of /proc/pressure/memory).',
      'quiet hosts read 0 and streaming reads up to 5%; guests that thrash read 24% in the first second and 65 to 76% from the second on.',
    ),
    memory_some: setting(
      percent(),
      '80%',
      'Share of the window in which at least one task waited for memory ("some"). From here on half of memory_full is enough, and a sixth within twice the term mark, held for twice as long.',
      'on slow or busy cores reclaim itself runs all the time, and "full" stays low: such a guest hung at full 17 to 31%, some 95 to 98%.',
    ),
    restores: setting(
      count(1, 10_000_000),
      100,
      'Pages of the working set that were evicted and read back (workingset_restore of /proc/vmstat), per second.',
      'a thrashing guest restored 750 to 2,400 a second from a slow disk, four streams side by side 60; a disk of 100 reads a second still gives 100.',
    ),
    mem_available: setting(
      mark(),
      '50%',
      'Only while MemAvailable is at or below this.',
      'file pages that are read again and again count as available, so a host thrashes with a quarter of RAM "available"; with more than half of it the cause is not memory.',
    ),
  },
  'Thrashing: memory is evicted and read back all the time and nothing gets done, whatever MemAvailable says.',
);

export const detect = section(
  {
    combine: setting(
      choice(['and', 'or']),
      'and',
      'Whether a level needs both of its marks or either one. Without swap only memory counts.',
      'as earlyoom: while swap is free the kernel can still make room, so low MemAvailable alone is no emergency.',
    ),
    forecast: setting(
      duration('0ms', '10s', 'a slope says nothing about later'),
      '250ms',
      'Below the term mark, memory that will be gone within this time at the present slope counts as level "kill"; "0ms" turns it off.',
      'a killed process takes 50 to 250 ms to give large memory back, so what lasts shorter than that is gone already.',
    ),
    late: setting(
      duration('50ms', '1m', 'less is ordinary scheduling'),
      '500ms',
      'A wake-up of oomwatchd later than this is a sign of thrashing, the only one of stall time on a kernel without PSI.',
      'with its program locked in memory it stays below 200 ms late even on a thrashing host.',
    ),
    term,
    kill,
    thrash,
  },
  'When memory counts as short.',
);

export const pace = section(
  {
    min: setting(
      duration('1ms', '1s', 'it must be a pause, and not a blind second'),
      '10ms',
      'Shortest pause between two looks, near a mark.',
      'at the fastest fill rate 61 MiB arrive in it, a small part of any mark.',
    ),
    max: setting(
      duration('10ms', '10s', 'longer would sleep through a fast leak'),
      '2s',
      'Longest pause, far from every mark.',
      'half the CPU time of the one second of earlyoom; the kernel ends the pause when tasks stall for memory (PSI trigger), and on hosts with less than 12 GiB above the mark fill_rate ends it earlier.',
    ),
    fill_rate: setting(
      quantity(parseFillRate, EXAMPLE.fillRate),
      '6GiB/s',
      'Fastest that memory is assumed to fill: the pause is the distance to the mark divided by it.',
      'the fastest rate that earlyoom has seen in the field (6,000 MiB/s), rounded up.',
    ),
  },
  'How often to look.',
);
