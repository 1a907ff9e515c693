/** Keys of report.incidents: where the reports of incidents lie and how many of them are kept. */
import { EXAMPLE, type Parsed, parseSize } from '../quantities.ts';
import { quantity } from './amount.ts';
import { count, section, setting, shown } from './field.ts';

const DIRECTORY_EXAMPLE = 'the full path of a directory, as in "/var/lib/oomwatchd/incidents"';

const parseDirectory = (path: string): Parsed<string> =>
  path.startsWith('/') && path !== '/' && !path.includes('\0')
    ? { value: path.replace(/\/+$/, '') }
    : { problem: `expected ${DIRECTORY_EXAMPLE}, got ${shown(path)}` };

const MIB = 1024;

const sizeProblem = (kib: number, text: string): string =>
  kib < MIB ? `expected a size from 1MiB, got ${shown(text)}: one report may have half of it` : '';

export const incidents = section(
  {
    directory: setting(
      quantity(parseDirectory, DIRECTORY_EXAMPLE),
      '/var/lib/oomwatchd/incidents',
      'Directory of the incident reports. The user of report.user must be able to write there.',
      'made by the package for that user; on a disk, as many an incident is read after the boot that ended it.',
    ),
    keep: setting(
      count(1, 10_000),
      100,
      'Reports that are kept; of more the oldest are removed.',
      'with one incident a night those of three months.',
    ),
    max_size: setting(
      quantity(parseSize, EXAMPLE.size, sizeProblem),
      '64MiB',
      'Size of all reports together; above it the oldest are removed.',
      'a report has 50 to 600 KiB, JSON and page together: a hundred of them fit even if all are large.',
    ),
  },
  'Incident reports: one JSON document and one page for each shortage, livelock and kill.',
);
