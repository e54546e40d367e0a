/** Files of the kernel (/proc, /sys), as another namespace shows them. */
import { binding } from './binding.js';
import { insideArguments } from './inside.js';
import type { InsideOptions } from './mounts.js';
import { unwrap } from './native-error.js';

export interface ReadFileOptions extends InsideOptions {
  /** In bytes; NativeError EFBIG for a longer file. @default 16 MiB */
  readonly maxBytes?: number;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** sethostname(2) takes no more. */
const MAX_HOSTNAME_BYTES = 64;

/** The text (UTF-8) of a file: `/proc/net/dev` in a network namespace, any file in a mount namespace. NativeError ENOENT, EACCES, EFBIG. */
export async function readFileInside(path: string, options: ReadFileOptions = {}): Promise<string> {
  const inside = insideArguments(options.inside);
  return unwrap(await binding().readFile(...inside, path, options.maxBytes ?? MAX_FILE_BYTES)).toString('utf8');
}

/**
 * Writes a value with one write(2), as files of the kernel want it: `/proc/sys/net/...`. NativeError ENOENT if it does not exist, EINVAL for a
 * value that it refuses.
 */
export async function writeFileInside(path: string, value: string, options: InsideOptions = {}): Promise<void> {
  unwrap(await binding().writeFile(...insideArguments(options.inside), path, value));
}

/** The names in a directory, without "." and "..". NativeError ENOENT, ENOTDIR. */
export async function readDirectoryInside(path: string, options: InsideOptions = {}): Promise<string[]> {
  return unwrap(await binding().readDirectory(...insideArguments(options.inside), path));
}

/** The host name of a uts namespace. */
export async function getHostname(options: InsideOptions = {}): Promise<string> {
  return unwrap(await binding().getHostname(...insideArguments(options.inside)));
}

/** sethostname(2). NativeError EPERM; TypeError for more than 64 bytes. */
export async function setHostname(name: string, options: InsideOptions = {}): Promise<void> {
  if (Buffer.byteLength(name) > MAX_HOSTNAME_BYTES)
    throw new TypeError(`host name longer than ${MAX_HOSTNAME_BYTES} bytes`);
  unwrap(await binding().setHostname(...insideArguments(options.inside), name));
}
