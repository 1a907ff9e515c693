import { test } from 'vitest';
import { secondIsTaken } from '../harness/spare.ts';

test('the biggest process has oom_score_adj -1000: the second is taken', () =>
  secondIsTaken('exec leak adj=-1000 target=SIZE', []));
