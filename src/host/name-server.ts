/** Finds, starts and checks aardvark-dns, Podman's DNS server for networks, if it is installed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';

import { readIfThere } from '../native/if-there.js';
import { NAME_SERVER_PORT } from '../util/ip-numbers.js';

/** Directories in which Podman looks for its helpers (helper_binaries_dir of containers.conf). */
const DIRECTORIES = [
  '/usr/local/libexec/podman',
  '/usr/local/lib/podman',
  '/usr/libexec/podman',
  '/usr/lib/podman',
] as const;

const PROGRAM = 'aardvark-dns';
const PID_FILE = 'aardvark.pid';

/** Time limit of the start: the program reads a few files, and continues in the background. */
const START_MS = 5000;

let found: { readonly path: string | undefined } | undefined;

/** Returns the path of the program; undefined if it is not installed. Looked up once. */
export function findNameServer(): string | undefined {
  found ??= {
    path: directories()
      .map((directory) => `${directory}/${PROGRAM}`)
      .find((path) => existsSync(path)),
  };
  return found.path;
}

/** Returns the directories to search. Tests give one of their own, which may be empty. */
function directories(): readonly string[] {
  const own = process.env['TSPOD_TEST'] === '1' ? process.env['TSPOD_HELPERS'] : undefined;
  return own === undefined ? DIRECTORIES : [own];
}

/**
 * Returns the pid of the program that serves this directory; undefined if none does. Throws errors that keep this
 * process from finding out (no descriptors).
 */
export function nameServerPid(directory: string): number | undefined {
  const pid = Number(readIfThere(`${directory}/${PID_FILE}`)?.trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  // The pid in an old file may have been reused; a process that has ended has no command line.
  return readIfThere(`/proc/${pid}/cmdline`)?.split('\0').includes(directory) === true ? pid : undefined;
}

/**
 * Starts the program, in this process's network namespace; it continues in the background. Resolves when it has read
 * its files; isListening() tells whether it listens. Throws an Error with its output; a program that takes longer than
 * five seconds is killed.
 */
export async function startNameServer(program: string, directory: string): Promise<void> {
  const signal = AbortSignal.timeout(START_MS);
  const child = spawn(program, ['--config', directory, '-p', String(NAME_SERVER_PORT), 'run'], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  // All output has been read when it closes. The process in the background may keep the other end open, so this is
  // awaited only after a failure.
  const closed = once(child, 'close').catch(() => undefined);
  // Undefined if no descriptors are left: then there is no child either.
  const errors = child.stderr as Readable | undefined;
  let words = '';
  errors?.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-1000)));
  const said = (otherwise: string): string => words.trim() || otherwise;
  try {
    const [code, killer] = await ended;
    if (code === 0) return;
    await Promise.race([closed, once(signal, 'abort')]);
    throw new Error(`${program} failed: ${said(`ended with ${String(code ?? killer)}`)}`);
  } catch (error) {
    if (!signal.aborted || child.exitCode !== null) throw error;
    throw new Error(`${program} did not start within ${String(START_MS / 1000)} s: ${said('no output')}`, {
      cause: error,
    });
  } finally {
    errors?.destroy();
  }
}

/**
 * Whether UDP sockets are bound to port 53 of all these addresses, in this process's network namespace. Addresses are
 * bytes as parseIp() returns them.
 */
export function isListening(addresses: readonly Uint8Array[]): boolean {
  const bound = new Set([...boundIn('/proc/thread-self/net/udp'), ...boundIn('/proc/thread-self/net/udp6')]);
  return addresses.every((address) => bound.has(kernelText(address)));
}

/**
 * Returns the addresses that are bound to port 53. The second column has the address as 32-bit words in the machine's
 * byte order, and the port, all hexadecimal.
 */
function boundIn(path: string): readonly string[] {
  const port = `:${NAME_SERVER_PORT.toString(16).toUpperCase().padStart(4, '0')}`;
  return (readIfThere(path) ?? '').split('\n').flatMap((line) => {
    const local = line.trim().split(/\s+/)[1] ?? '';
    return local.endsWith(port) ? [local.slice(0, -port.length)] : [];
  });
}

/** Formats an address as the kernel prints it on a little-endian machine. */
function kernelText(address: Uint8Array): string {
  const words = [];
  for (let at = 0; at < address.length; at += 4) words.push(Buffer.from(address.subarray(at, at + 4)).reverse());
  return Buffer.concat(words).toString('hex').toUpperCase();
}
