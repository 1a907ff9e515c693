/** Reporters of every suite: for people, and as JSON into the folder that CI names, from which it counts. */
import type { ViteUserConfig } from 'vitest/config';

type Reporters = NonNullable<NonNullable<ViteUserConfig['test']>['reporters']>;

export const reporters = (suite: string): Reporters => {
  const folder = process.env['OOMWATCHD_TEST_REPORTS'];
  return folder === undefined ? ['default'] : ['default', ['json', { outputFile: `${folder}/${suite}.json` }]];
};
