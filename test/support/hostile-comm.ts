/** Names that a process can give itself with prctl(PR_SET_NAME), one character a byte, at most 15 bytes. */
import fc from 'fast-check';

export const HOSTILE_COMMS = [
  'a b) R 1 1',
  ') R 1 1) Z 1 1',
  ' ) ',
  '()',
  ')',
  '',
  'a\nb\\c',
  'x\nVmRSS:\t1 kB',
  '\nPPid:\t1\n',
  'Name:\tsshd',
  '\\n\\\\n\\',
  // 15 bytes of UTF-8, cut in the middle of "€".
  'abcdefghijklm\xe2\x82',
  '\xff\xfe\x80\x01\x1b[31m',
  '1 (2) S 3',
] as const;

/** Any name: 1 to 15 bytes, none of them NUL. */
export const anyComm = fc
  .uint8Array({ min: 1, max: 255, minLength: 0, maxLength: 15 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));
