/** Signals from the first moment on: one that comes while the daemon is still starting is kept until it can be served. */

export interface SignalHandlers {
  /** Called once, with the signal's name. */
  readonly stop: (signal: string) => void;
  /** SIGHUP: the configuration is read again. */
  readonly reload: () => void;
  /** SIGUSR2: a forced selection. */
  readonly force: () => void;
}

export interface Signals {
  /** From now on; what came before is served at once: an end alone, else one reload and one selection at the most. */
  serve(handlers: SignalHandlers): void;
}

export const catchSignals = (): Signals => {
  let handlers: SignalHandlers | null = null;
  let stopSignal: string | null = null;
  let reloadWanted = false;
  let forceWanted = false;
  const stop = (signal: string): void => {
    // The second one is for a daemon that does not end: it gets the default action.
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    stopSignal = signal;
    handlers?.stop(signal);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    if (handlers === null) reloadWanted = true;
    else handlers.reload();
  });
  // Without a handler it would end the daemon, in the very moment in which somebody asks it for help.
  process.on('SIGUSR2', () => {
    if (handlers === null) forceWanted = true;
    else handlers.force();
  });
  return {
    serve: (served) => {
      handlers = served;
      if (stopSignal !== null) {
        served.stop(stopSignal);
        return;
      }
      if (reloadWanted) served.reload();
      if (forceWanted) served.force();
    },
  };
};
