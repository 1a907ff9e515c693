import { test } from 'vitest';
import { KEEPER, secondIsTaken } from '../harness/spare.ts';

test('the biggest process is protected by its executable: the second is taken', () =>
  secondIsTaken(`exec ${KEEPER} target=SIZE`, [KEEPER]));
