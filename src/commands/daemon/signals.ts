/** Signals from the first moment on: one that comes while the daemon is still starting is kept until it can be served. */

export interface Signals {
  /** From now on: `stop` is called once with the signal's name, `reload` for each SIGHUP. */
  serve(handlers: { stop: (signal: string) => void; reload: () => void }): void;
}

export const catchSignals = (): Signals => {
  let handlers: { stop: (signal: string) => void; reload: () => void } | null = null;
  let stopSignal: string | null = null;
  let reloadWanted = false;
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
  return {
    serve: (served) => {
      handlers = served;
      if (stopSignal !== null) served.stop(stopSignal);
      else if (reloadWanted) served.reload();
    },
  };
};
