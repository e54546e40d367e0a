/** Compiled seccomp filters: in memory by profile, on disk by what the profile says. Compiling takes ten times as long as a launch. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { compileSeccomp } from '../native/seccomp.js';
import type { SeccompConfig } from '../oci/seccomp.js';

/** Raised when the compiler's output for the same profile changes. */
const FORMAT = 2;

const DIGEST_BYTES = 32;

/** Where distributions have libseccomp; the link's target names the version, on which the filter depends. */
const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/libseccomp.so.2',
  '/usr/lib/aarch64-linux-gnu/libseccomp.so.2',
  '/usr/lib64/libseccomp.so.2',
  '/usr/lib/libseccomp.so.2',
  '/lib/libseccomp.so.2',
];

/** A compiler with a cache in this directory. The same profile object gives the same bytes without a look at the disk. */
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
  const key = JSON.stringify([FORMAT, process.arch, libraryVersion(), profile]);
  const path = join(directory, createHash('sha256').update(key).digest('hex'));
  const cached = readCached(path);
  if (cached !== undefined) return cached;
  const program = compileSeccomp(profile);
  writeCached(directory, path, program);
  return program;
}

function libraryVersion(): string {
  for (const path of LIBRARIES) {
    try {
      return readlinkSync(path);
    } catch {
      // not there, or no link
    }
  }
  return '';
}

/** The file is the program after its own digest: what a full disk or a crash cut short is not taken for a filter. */
function readCached(path: string): Uint8Array | undefined {
  let bytes;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined;
  }
  const program = bytes.subarray(DIGEST_BYTES);
  return digest(program).equals(bytes.subarray(0, DIGEST_BYTES)) ? program : undefined;
}

/** Without the cache (a full or read-only disk) filters are compiled each time. */
function writeCached(directory: string, path: string, program: Uint8Array): void {
  // One name for all: whoever writes at the same time writes the same, and what a crash leaves is written over.
  const temporary = `${path}.new`;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, Buffer.concat([digest(program), program]), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // nothing depends on it
  }
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
