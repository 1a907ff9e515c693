/** Small files of /proc, /sys and cgroups, off the loop. */
import { open } from 'node:fs/promises';

/** Most are shorter. readFile() of node:fs takes 64 KiB for each that tells no size, and fresh memory is what there is none of. */
const CHUNK_BYTES = 4096;

/** The whole file, byte by byte (latin1). Rejects as open(2) and read(2) do. */
export const readText = async (path: string): Promise<string> => {
  const file = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let text = '';
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return text;
      text += chunk.toString('latin1', 0, bytesRead);
    }
  } finally {
    await file.close();
  }
};
