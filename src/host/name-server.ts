/** aardvark-dns, Podman's name server for networks, where it is installed: found, started, looked at. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';

/** Where Podman looks for its helpers (helper_binaries_dir of containers.conf). */
const DIRECTORIES = [
  '/usr/local/libexec/podman',
  '/usr/local/lib/podman',
  '/usr/libexec/podman',
  '/usr/lib/podman',
] as const;

const PROGRAM = 'aardvark-dns';
const PID_FILE = 'aardvark.pid';

/** The one port that resolv.conf(5) knows. */
export const NAME_SERVER_PORT = 53;

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

/** Pid of the program that reads this directory; undefined if none does. */
export function nameServerPid(directory: string): number | undefined {
  const pid = Number(readText(`${directory}/${PID_FILE}`).trim());
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  // A number of an old file may be another's by now; one that has ended has no words.
  return readText(`/proc/${pid}/cmdline`).split('\0').includes(directory) ? pid : undefined;
}

/**
 * Starts it, in this process's network namespace: it goes on by itself. Resolves when it has read its files; that it listens is for isListening() to
 * tell. Throws an Error with what it said.
 */
export async function startNameServer(program: string, directory: string): Promise<void> {
  const child = spawn(program, ['--config', directory, '-p', String(NAME_SERVER_PORT), 'run'], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-1000)));
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    if (code !== 0) throw new Error(`${program} failed: ${words.trim() || `ended with ${String(code ?? signal)}`}`);
  } finally {
    // What goes on in the background may keep the other end.
    child.stderr.destroy();
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
  return readText(path)
    .split('\n')
    .flatMap((line) => {
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

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
