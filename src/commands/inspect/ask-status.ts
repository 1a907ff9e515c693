/** Asks the running daemon for its status document, where and as its configuration says. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely, type TLSSocket } from 'node:tls';
import type { ReportPolicy } from '../../core/policy.ts';
import { parseListenAddress } from '../../report/listen-address.ts';
import { isPrintable, printable } from '../../report/printable.ts';
import { STATUS_VERSION, type StatusDocument } from '../../report/status/document.ts';
import { readDocument } from '../../report/status/read-document.ts';
import { type ClientFiles, Failure, fileOf, ownCertificate, refusalWords } from './client-certificate.ts';

export type Asked = { readonly document: StatusDocument } | { readonly failure: string };

type Where = Pick<ReportPolicy, 'listen' | 'http'>;

/** The reporter answers within milliseconds; a host that thrashes within a second or two. */
const ANSWER_MS = 5000;
/** Ten times a full document. */
const MOST_BYTES = 2 ** 20;
const TEXT_LIMIT = 1000;

/** Every address of this host is one that is reached on loopback. */
const reachable = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host);

const failureWords = (code: string, listen: string): string => {
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return `no daemon listens at ${listen} (${code}); start it with "systemctl start oomwatchd", or name its configuration with --config`;
    case 'EACCES':
      return `${listen} may not be opened by this user (${code})`;
    default:
      return `asking the daemon at ${listen} failed (${code}); see "journalctl -u oomwatchd"`;
  }
};

const statusWords = (status: number, listen: string): string =>
  status === 401
    ? `the daemon at ${listen} does not take the token: has report.http.token_file changed within the last minute?`
    : `what listens at ${listen} answers ${status}: it is no oomwatchd of this version, or another configuration is meant (--config)`;

/** The very certificate of the configuration, whoever signed it: a name or an authority proves less. */
const isPinned = (socket: TLSSocket, cert: string): boolean =>
  socket.getPeerX509Certificate()?.raw.equals(new X509Certificate(cert).raw) === true;

/** A connection to the daemon; by TLS only once it has shown its certificate, before anything of ours is sent. */
const connectTo = async (
  { listen, http }: Where,
  client: ClientFiles | undefined,
  late: AbortSignal,
): Promise<Socket> => {
  const address = parseListenAddress(listen);
  if (address === undefined || address.kind === 'off') {
    throw new Failure(
      'report.listen is "off": there is nobody to ask; set an address (unix:/run/oomwatchd/http.sock opens no port) and reload the daemon',
    );
  }
  if (address.kind === 'unix') return connect({ path: address.path });
  const target = { host: reachable(address.host), port: address.port };
  if (http.tlsCert === '') return connect(target);
  const cert = fileOf(http.tlsCert);
  const socket = connectSecurely({ ...target, ...ownCertificate(http, client), rejectUnauthorized: false });
  late.addEventListener('abort', () => socket.destroy(late.reason as Error));
  await once(socket, 'secureConnect');
  if (isPinned(socket, cert)) return socket;
  socket.destroy();
  throw new Failure(`what listens at ${listen} does not show the certificate of report.http.tls_cert`);
};

const bodyOf = async (socket: Socket, token: string, { listen }: Where, signal: AbortSignal): Promise<string> => {
  const asked = request({
    ...{ path: '/api/status', host: 'localhost', signal, createConnection: () => socket },
    headers: token === '' ? {} : { Authorization: `Bearer ${token}` },
  });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  answer.setEncoding('utf8');
  for await (const chunk of answer) {
    text += chunk;
    if (text.length > MOST_BYTES) throw new Failure(`the answer of ${listen} does not end`);
  }
  if (answer.statusCode !== 200) throw new Failure(statusWords(answer.statusCode ?? 0, listen));
  return text;
};

/** Whatever answers, nothing of it reaches a terminal as more than text. */
const parse = (text: string, listen: string): StatusDocument => {
  const stranger = `what listens at ${listen} is no oomwatchd of this version`;
  let value: Partial<StatusDocument> | null = null;
  try {
    value = JSON.parse(text, (_, each) =>
      typeof each === 'string' && !isPrintable(each) ? printable(each, TEXT_LIMIT) : each,
    );
  } catch {
    // Told below.
  }
  if (value?.status_version !== STATUS_VERSION) throw new Failure(`${stranger}: ${printable(text, 60)}`);
  try {
    return readDocument(value);
  } catch (error) {
    throw new Failure(`${stranger}: ${(error as Error).message}`, { cause: error });
  }
};

/** Never rejects. `client`: in place of the daemon's own certificate, where it asks for one. */
export const askStatus = async (where: Where, client?: ClientFiles): Promise<Asked> => {
  const { listen, http } = where;
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Failure(`no answer from ${listen} within ${ANSWER_MS / 1000} s`)),
    ANSWER_MS,
  );
  let socket: Socket | undefined;
  try {
    const token = http.tokenFile === '' ? '' : fileOf(http.tokenFile).trim();
    socket = await connectTo(where, client, late.signal);
    return { document: parse(await bodyOf(socket, token, where, late.signal), listen) };
  } catch (error) {
    if (late.signal.aborted) return { failure: (late.signal.reason as Error).message };
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof Failure) return { failure: message };
    const why = code ?? message;
    // Before the handshake was over there is no socket yet, and the reason is another one.
    const refusal = socket === undefined ? '' : refusalWords(why, http, client);
    return {
      failure: refusal === '' ? failureWords(why, listen) : `the daemon at ${listen} hung up (${why}): ${refusal}`,
    };
  } finally {
    clearTimeout(timer);
    socket?.destroy();
  }
};
