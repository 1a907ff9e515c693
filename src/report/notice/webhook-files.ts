/**
 * The files that a webhook names: headers with tokens and addresses that are passwords themselves, which must not stand in the
 * configuration, and the certificates of a private authority. Each is read with every attempt, so a new one needs no reload.
 */
import { X509Certificate } from 'node:crypto';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { readSmallFile, UnfitFile } from '../small-file.ts';

const FILE_BYTES = 8192;
/** The bundle of all authorities of a distribution has some 220 KiB; to name it is one way to trust what the host trusts. */
const AUTHORITY_BYTES = 1024 * 1024;

/** Those that the request makes itself. */
const RESERVED = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade']);

type Read = { readonly text: string } | { readonly fault: string };

/** Reads that have not ended yet. */
const reading = new Map<string, Promise<Read>>();

/** Text of a file, or why not: an errno name or a few words. */
const readNow = async (path: string, limit: number): Promise<Read> => {
  try {
    return await readSmallFile(path, limit);
  } catch (error) {
    if (error instanceof UnfitFile) return { fault: error.message };
    return { fault: (error as NodeJS.ErrnoException).code ?? 'it cannot be read' };
  }
};

/** A read that hangs holds a thread of the pool: the attempts that follow wait for the same one. */
const readText = (path: string, limit = FILE_BYTES): Promise<Read> => {
  const begun = reading.get(path) ?? readNow(path, limit).finally(() => reading.delete(path));
  reading.set(path, begun);
  return begun;
};

const isHeader = (name: string, value: string): boolean => {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return !RESERVED.has(name.toLowerCase());
  } catch {
    return false;
  }
};

/** Headers of a file, one "Name: value" a line; empty lines and those that begin with # do not count. "" has none. */
export const readHeaders = async (path: string): Promise<Record<string, string> | string> => {
  if (path === '') return {};
  const read = await readText(path);
  if ('fault' in read) return `headers_file ${path}: ${read.fault}`;
  const headers: Record<string, string> = {};
  for (const [at, line] of read.text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name = '', value = ''] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? [];
    // The line itself may be a secret.
    if (!isHeader(name, value)) return `headers_file ${path}: line ${at + 1} is no "Name: value" that may be set`;
    headers[name] = value;
  }
  return headers;
};

/** Whether this is an address to which a request can be sent. */
const urlOf = (text: string): URL | undefined => {
  try {
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  } catch {
    return undefined;
  }
};

/** The address, given or in the first line of a file. A text is why not. */
export const readUrl = async (given: string, path: string): Promise<URL | string> => {
  if (path === '') return urlOf(given) ?? 'url is not an address';
  const read = await readText(path);
  if ('fault' in read) return `url_file ${path}: ${read.fault}`;
  return urlOf(read.text.split('\n', 1)[0]?.trim() ?? '') ?? `url_file ${path}: its first line is no http(s) URL`;
};

const isCertificate = (text: string): boolean => {
  try {
    return new X509Certificate(text) !== undefined;
  } catch {
    return false;
  }
};

/** Certificates of the authorities that are trusted in place of those that Node.js comes with; "" names none. A text is why not. */
export const readAuthority = async (path: string): Promise<{ readonly ca?: string } | string> => {
  if (path === '') return {};
  const read = await readText(path, AUTHORITY_BYTES);
  if ('fault' in read)
    return `ca_file ${path}: ${read.fault}; the user of report.user must be able to read it (chmod 644)`;
  // OpenSSL takes text without a certificate for an empty list, and nobody would be trusted without a word.
  if (isCertificate(read.text)) return { ca: read.text };
  return `ca_file ${path}: it does not begin with a certificate; write that of the authority into it, as PEM`;
};
