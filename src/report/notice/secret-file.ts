/** Files with what must not stand in the configuration: headers with tokens, addresses that are passwords themselves. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { readSmallFile, UnfitFile } from '../small-file.ts';

const FILE_BYTES = 8192;

/** Those that the request makes itself. */
const RESERVED = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'expect', 'upgrade']);

/** Text of a file, or why not: an errno name or a few words. */
const readText = async (path: string): Promise<{ text: string } | { fault: string }> => {
  try {
    return await readSmallFile(path, FILE_BYTES);
  } catch (error) {
    if (error instanceof UnfitFile) return { fault: error.message };
    return { fault: (error as NodeJS.ErrnoException).code ?? 'it cannot be read' };
  }
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
