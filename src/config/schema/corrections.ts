/** Keys of select.corrections: the six patches of the 2016 series, in user space. */
import { section, setting, toggle } from './field.ts';

const LINK = 'https://lore.kernel.org/r/';

const correction = (what: string, without: string, id: string) =>
  setting(toggle(), true, what, `without it ${without} (${LINK}${id}@I-love.SAKURA.ne.jp).`);

export const corrections = section(
  {
    exclude_victims: correction(
      'Patch 1: a process that is being killed already is never selected again.',
      'a victim that cannot die is selected for ever',
      '201602171929.IFG12927.OVFJOQHOSMtFFL',
    ),
    exiting_does_not_abort: correction(
      'Patch 2: a process in exit does not end the search; it is watched and passed over.',
      'one that cannot finish its exit stops all selection',
      '201602171930.AII18204.FMOSVFQFOJtLOH',
    ),
    origin_and_victim: correction(
      'Patch 3: swapoff(2) and KSM unmerge are the first choice, unless killed already.',
      'a swapoff that cannot die is selected for ever',
      '201602171932.IDB09391.FSOOtHJLQVFMFO',
    ),
    origin_and_unkillable: correction(
      'Patch 4: a swapoff(2) or KSM unmerge whose oom_score_adj is -1000 is never chosen.',
      'it is killed against the will of whoever set that',
      '201602171933.HFD51078.LOSFVMFQFOJHOt',
    ),
    timers: correction(
      'Patch 5: a victim that is not gone after act.victim_timeout is waited for no longer.',
      'the next one is not chosen before the first is gone',
      '201602171934.DGG57308.FOSFMQVLOtJFHO',
    ),
    wait_allocating_task: correction(
      'Patch 6: victims of the kernel are waited for under vm.oom_kill_allocating_task = 1 as well.',
      "each of the kernel's kills is followed by one of ours",
      '201602171936.JDC18598.JHOFtLVOQSFMOF',
    ),
  },
  "The six corrections of the kernel's victim selection. Each can be switched off to see the difference that it makes; there is no other use in that.",
);
