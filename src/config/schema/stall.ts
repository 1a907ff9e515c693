/** Keys of stall: when threads that wait for memory without end are told. */
import { duration } from './amount.ts';
import { section, setting, toggle } from './field.ts';

export const stall = section(
  {
    enabled: setting(
      toggle(),
      true,
      'Look for threads that stall in memory allocation while the host shows signs of it, and tell of them.',
      'no kernel since 4.15 says anything about a stalled allocation, and the walk costs nothing while nothing stalls.',
    ),
    warn_after: setting(
      duration('2s', '1h', 'a stall is known after two looks that are a second apart'),
      '10s',
      'A thread that gets on with nothing else for this time is told, in the log and in the kernel log.',
      "the 10 s of the debug variant of kmallocwd and of the kernel's own stall warnings, 4.9 to 4.14.",
    ),
    repeat: setting(
      duration('10s', '1d', 'six lines each time would drown what matters'),
      '60s',
      'Told again after each such time, for as long as a thread stalls.',
      'the period of kmallocwd from its fifth version on.',
    ),
  },
  'What is told of allocations that do not return.',
);
