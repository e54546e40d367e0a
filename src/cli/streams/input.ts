/** Reads whole files, or stdin. */
import { createReadStream } from 'node:fs';

import { TspodError } from '../../errors.js';

/** Limit of the input: larger than anything valid. The rest of a larger input is not read. */
const MAX_BYTES = 1024 * 1024;

/** Reads a file, or stdin for `-`. Throws NO_SUCH_FILE. */
export async function readInput(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = path === '-' ? createReadStream('', { fd: 0, autoClose: false }) : createReadStream(path);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BYTES) break;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new TspodError('NO_SUCH_FILE', `open ${path}: no such file or directory`, { cause: error });
    throw error;
  }
  return Buffer.concat(chunks);
}
