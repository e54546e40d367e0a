/** aardvark-dns, Podman's name server for networks, where it is installed: found, started, looked at. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';

import { readIfThere } from '../native/if-there.js';
import { NAME_SERVER_PORT } from '../util/ip-numbers.js';

/** Where Podman looks for its helpers (helper_binaries_dir of containers.conf). */
const DIRECTORIES = [
  '/usr/local/libexec/podman',
  '/usr/local/lib/podman',
  '/usr/libexec/podman',
  '/usr/lib/podman',
] as const;

const PROGRAM = 'aardvark-dns';
const PID_FILE = 'aardvark.pid';

/** It reads a few files, and goes on in the background. */
const START_MS = 5000;

let found: { readonly path: string | undefined } | undefined;

/** Path of the program; undefined where there is none. Looked for once. */
export function findNameServer(): string | undefined {
  found ??= {
    path: directories()
      .map((directory) => `${directory}/${PROGRAM}`)
      .find((path) => existsSync(path)),
  };
  return found.path;
}

/** Tests have one of their own, or none. */
function directories(): readonly string[] {
  const own = process.env['TSPOD_TEST'] === '1' ? process.env['TSPOD_HELPERS'] : undefined;
  return own === undefined ? DIRECTORIES : [own];
}

/** Pid of the program that reads this directory; undefined if none does. Throws what keeps this process from looking (no descriptors). */
export function nameServerPid(directory: string): number | undefined {
  const pid = Number(readIfThere(`${directory}/${PID_FILE}`)?.trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  // A number of an old file may be another's by now; one that has ended has no words.
  return readIfThere(`/proc/${pid}/cmdline`)?.split('\0').includes(directory) === true ? pid : undefined;
}

/**
 * Starts it, in this process's network namespace: it goes on by itself. Resolves when it has read its files; that it listens is for isListening() to
 * tell. Throws an Error with what it said; one that takes longer than five seconds is killed.
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
  // All that it said has been read then. What goes on in the background may keep the other end: for one that has not failed nobody waits.
  const closed = once(child, 'close').catch(() => undefined);
  // Undefined where no descriptors are left: then there is no child either.
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
    throw new Error(`${program} has not started after ${String(START_MS / 1000)} s: ${said('it said nothing')}`, {
      cause: error,
    });
  } finally {
    errors?.destroy();
  }
}

/** Whether sockets of UDP are bound to port 53 of all of these addresses, in this process's network namespace. Bytes as of parseIp(). */
export function isListening(addresses: readonly Uint8Array[]): boolean {
  const bound = new Set([...boundIn('/proc/thread-self/net/udp'), ...boundIn('/proc/thread-self/net/udp6')]);
  return addresses.every((address) => bound.has(kernelText(address)));
}

/** Second column: the address as 32-bit words of the machine, and the port, all hexadecimal. */
function boundIn(path: string): readonly string[] {
  const port = `:${NAME_SERVER_PORT.toString(16).toUpperCase().padStart(4, '0')}`;
  return (readIfThere(path) ?? '').split('\n').flatMap((line) => {
    const local = line.trim().split(/\s+/)[1] ?? '';
    return local.endsWith(port) ? [local.slice(0, -port.length)] : [];
  });
}

/** As the kernel prints it on a little-endian machine. */
function kernelText(address: Uint8Array): string {
  const words = [];
  for (let at = 0; at < address.length; at += 4) words.push(Buffer.from(address.subarray(at, at + 4)).reverse());
  return Buffer.concat(words).toString('hex').toUpperCase();
}
