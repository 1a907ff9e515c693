/** Whether a descriptor is a stream to journald: systemd names its socket in the environment (systemd.exec(5), JOURNAL_STREAM). */
import { fstatSync } from 'node:fs';

export const isJournal = (fd: number, environment: NodeJS.ProcessEnv): boolean => {
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return environment['JOURNAL_STREAM'] === `${dev}:${ino}`;
  } catch {
    // A descriptor that is gone leads nowhere.
    return false;
  }
};
