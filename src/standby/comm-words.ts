/** A comm (TASK_COMM_LEN is 16 bytes, one for the NUL) as four words of a message, one byte a character. */

export const COMM_WORDS = 4;
const COMM_BYTES = 15;

export const writeComm = (words: Int32Array, at: number, comm: string): void => {
  for (let word = 0; word < COMM_WORDS; word++) words[at + word] = 0;
  for (let byte = 0; byte < Math.min(COMM_BYTES, comm.length); byte++) {
    const word = at + (byte >> 2);
    words[word] = (words[word] as number) | ((comm.charCodeAt(byte) & 0xff) << ((byte & 3) * 8));
  }
};

export const readComm = (words: Int32Array, at: number): string => {
  let comm = '';
  for (let byte = 0; byte < COMM_BYTES; byte++) {
    const code = ((words[at + (byte >> 2)] as number) >> ((byte & 3) * 8)) & 0xff;
    if (code === 0) return comm;
    comm += String.fromCharCode(code);
  }
  return comm;
};
