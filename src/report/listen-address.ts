/** The `listen` setting of the policy: "127.0.0.1:9854", "[::1]:9854", "unix:/path/to.sock" or "off". */

type ListenAddress =
  | { readonly kind: 'off' }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

const MAX_PORT = 65_535;
const TCP = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/;

/** undefined when the text is none of the forms. Port 0 lets the kernel choose one. */
export const parseListenAddress = (text: string): ListenAddress | undefined => {
  if (text === 'off') return { kind: 'off' };
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path.startsWith('/') ? { kind: 'unix', path } : undefined;
  }
  const [, bracketed, plain, port] = TCP.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || port === undefined || Number(port) > MAX_PORT) return undefined;
  return { kind: 'tcp', host, port: Number(port) };
};
