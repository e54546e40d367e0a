/** Files of the kernel (/proc, /sys), as they appear in another namespace. */
import { requireAbsolutePath, requireText, requireWhole } from './arguments.js';
import { binding } from './binding.js';
import { insideArguments } from './inside.js';
import type { InsideOptions } from './mounts.js';
import { unwrap } from './native-error.js';
import { INSIDE, requireOptions, type OptionsOf } from './options.js';

export interface ReadFileOptions extends InsideOptions {
  /** Highest number of bytes that are read, at most 512 MiB; NativeError EFBIG for a longer file. @default 16 MiB */
  readonly maxBytes?: number;
}

const READ_FILE: OptionsOf<ReadFileOptions> = { ...INSIDE, maxBytes: 'any' };

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Longest string of Node. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Longest name that sethostname(2) takes. */
const MAX_HOSTNAME_BYTES = 64;

/**
 * Reads the text (UTF-8) of a file: `/proc/net/dev` in a network namespace, any file in a mount namespace. NativeError
 * ENOENT, EACCES, EISDIR, EFBIG; TypeError for a relative path.
 */
export async function readFileInside(path: string, options: ReadFileOptions = {}): Promise<string> {
  requireOptions('readFileInside options', options, READ_FILE);
  const inside = insideArguments(options.inside);
  const limit = requireWhole(options.maxBytes ?? MAX_FILE_BYTES, 'a number of bytes (maxBytes)', MOST_BYTES);
  return unwrap(await binding().readFile(...inside, requireAbsolutePath(path), limit)).toString('utf8');
}

/**
 * Writes a value with one write(2), as files of the kernel require: `/proc/sys/net/...`. Any other file contains only
 * the value afterwards. NativeError ENOENT if the file does not exist, EINVAL for a value that it refuses, ENXIO for a
 * named pipe without a reader, EIO if only a part was taken; TypeError for a relative path.
 */
export async function writeFileInside(path: string, value: string, options: InsideOptions = {}): Promise<void> {
  requireOptions('writeFileInside options', options, INSIDE);
  if (typeof value !== 'string') throw new TypeError('what is written to a file is text');
  unwrap(await binding().writeFile(...insideArguments(options.inside), requireAbsolutePath(path), value));
}

/**
 * Returns the names in a directory, without "." and "..". NativeError ENOENT, ENOTDIR; TypeError for a relative path.
 */
export async function readDirectoryInside(path: string, options: InsideOptions = {}): Promise<string[]> {
  requireOptions('readDirectoryInside options', options, INSIDE);
  return unwrap(await binding().readDirectory(...insideArguments(options.inside), requireAbsolutePath(path)));
}

/** Returns the host name of a uts namespace. */
export async function getHostname(options: InsideOptions = {}): Promise<string> {
  requireOptions('getHostname options', options, INSIDE);
  return unwrap(await binding().getHostname(...insideArguments(options.inside)));
}

/**
 * Sets the host name of a uts namespace (sethostname(2)). NativeError EPERM; TypeError for more than 64 bytes, or a
 * NUL.
 */
export async function setHostname(name: string, options: InsideOptions = {}): Promise<void> {
  requireOptions('setHostname options', options, INSIDE);
  if (Buffer.byteLength(requireText(name, 'a host name')) > MAX_HOSTNAME_BYTES)
    throw new TypeError(`host name longer than ${MAX_HOSTNAME_BYTES} bytes`);
  unwrap(await binding().setHostname(...insideArguments(options.inside), name));
}
