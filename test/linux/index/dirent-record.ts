/** One struct linux_dirent64 (include/linux/dirent.h) in this machine's byte order. */

const NAME_AT = 19;
const ALIGNMENT = 8;

export const direntRecord = (name: string): Uint8Array => {
  const length = Math.ceil((NAME_AT + name.length + 1) / ALIGNMENT) * ALIGNMENT;
  const record = new Uint8Array(length);
  new Uint16Array(record.buffer, 16, 1)[0] = length;
  record.set(Buffer.from(name, 'latin1'), NAME_AT);
  return record;
};
