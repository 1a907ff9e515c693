/** The server with its secrets and its address: as soon as the secrets can be read, on the address as soon as it is free. */
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { HttpPolicy, ReportPolicy } from '../core/policy.ts';
import { keepAccess, needsSecrets, type Secrets } from './access.ts';
import { keepListening } from './listen.ts';
import type { Note } from './notes.ts';

/** `create` makes the server by the secrets in force; it is called once. Gives a function that closes it. */
export const openHttp = (
  { listen, http }: Pick<ReportPolicy, 'listen'> & { readonly http: HttpPolicy },
  create: (secrets: () => Secrets) => Server,
  tell: (note: Note) => void,
): (() => void) => {
  if (listen === 'off') return () => undefined;
  if (!needsSecrets(http))
    return keepListening(
      create(() => ({})),
      listen,
      tell,
    );
  let current: Secrets = {};
  let server: Server | undefined;
  let stopListening: (() => void) | undefined;
  const stopReading = keepAccess(http, tell, (secrets) => {
    current = secrets;
    if (server === undefined) {
      server = create(() => current);
      stopListening = keepListening(server, listen, tell);
    } else if (secrets.tls !== undefined) (server as SecureServer).setSecureContext(secrets.tls);
  });
  return () => {
    stopReading();
    stopListening?.();
  };
};
