/**
 * Caches compiled seccomp filters: in memory by profile object, on disk by the profile's content. Compiling takes ten
 * times as long as a launch.
 */
import { mkdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fingerprint } from '../native/primitives.js';
import { compileSeccomp } from '../native/seccomp.js';
import { stringifyExactly } from '../oci/exact-json.js';
import type { SeccompConfig } from '../oci/seccomp.js';

/** Part of the key; increased when the compiler's output for the same profile changes. */
const FORMAT = 3;

const FINGERPRINT_BYTES = 8;
const LENGTH_BYTES = 4;

/**
 * Where distributions install libseccomp. The target of the link names the version, on which the compiled filter
 * depends.
 */
const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/libseccomp.so.2',
  '/usr/lib/aarch64-linux-gnu/libseccomp.so.2',
  '/usr/lib64/libseccomp.so.2',
  '/usr/lib/libseccomp.so.2',
  '/lib/libseccomp.so.2',
];

/**
 * Returns a compiler with a cache in the directory. For a profile object that it has seen, it returns the same bytes
 * without reading the disk.
 */
export function cachedSeccompCompiler(directory: string): (profile: SeccompConfig) => Uint8Array {
  const known = new WeakMap<SeccompConfig, Uint8Array>();
  return (profile) => {
    const found = known.get(profile);
    if (found !== undefined) return found;
    const program = readOrCompile(directory, profile);
    known.set(profile, program);
    return program;
  };
}

function readOrCompile(directory: string, profile: SeccompConfig): Uint8Array {
  const key = Buffer.from(stringifyExactly([FORMAT, process.arch, libraryVersion(), profile]));
  const path = join(directory, fingerprint(key).toString('hex'));
  const cached = readCached(path, key);
  if (cached !== undefined) return cached;
  const program = compileSeccomp(profile);
  writeCached(directory, path, { key, program });
  return program;
}

function libraryVersion(): string {
  for (const path of LIBRARIES) {
    try {
      return readlinkSync(path);
    } catch {
      // The file is missing or not a link.
    }
  }
  return '';
}

/**
 * Reads a filter from the cache; undefined if the file is not valid. A file consists of the fingerprint of all that
 * follows, the length of the key, the key, and the program. So a file that a full disk or a crash cut short is not
 * taken for a filter, nor one of another profile whose key has the same fingerprint.
 */
function readCached(path: string, key: Buffer): Uint8Array | undefined {
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const content = bytes.subarray(FINGERPRINT_BYTES);
  if (!fingerprint(content).equals(bytes.subarray(0, FINGERPRINT_BYTES))) return undefined;
  const start = LENGTH_BYTES + key.length;
  const isOurs = content.length > start && content.readUInt32LE() === key.length;
  return isOurs && content.subarray(LENGTH_BYTES, start).equals(key) ? content.subarray(start) : undefined;
}

/**
 * Writes a filter to the cache. Failures are ignored: without a cache (full or read-only disk), filters are compiled
 * each time.
 */
function writeCached(directory: string, path: string, { key, program }: { key: Buffer; program: Uint8Array }): void {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(key.length);
  const content = Buffer.concat([length, key, program]);
  // All processes use one name: concurrent writers write the same bytes, and leftovers of a crash are overwritten.
  const temporary = `${path}.new`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, Buffer.concat([fingerprint(content), content]), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // The cache is optional.
  }
}
