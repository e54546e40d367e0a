/**
 * Checks descriptors that are passed on to a container: they must come from the caller, not be opened by Node for
 * itself.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import type { ListenFds } from '../../container/api/container.js';
import { invalid } from '../errors/cli-error.js';
import type { Caller } from './caller.js';

const DIRECTORY = '/proc/self/fd';

/**
 * Checks that descriptors 3, 4, ... were passed to this process. Node opens its own descriptors before it runs a
 * program, beginning with an eventpoll in the lowest free place: finding that means that the place was free. Throws
 * CliError.
 */
export function checkDescriptors(count: number, what = 'the preserve-fds option'): number {
  for (let fd = 3; fd < 3 + count; fd++) {
    const target = targetOf(fd);
    if (target === undefined || target === EVENTPOLL) {
      throw invalid(`file descriptor ${fd} is not available - ${what} requires that file descriptors must be passed`);
    }
  }
  return count;
}

/**
 * Returns the sockets that a service manager has opened for the container (sd_listen_fds(3)). They are meant for the
 * process that LISTEN_PID names: this one, or a script that has started it. Otherwise the variables are stale and
 * ignored. Throws CliError.
 */
export function listeningDescriptors({ env }: Caller): ListenFds | undefined {
  const { LISTEN_FDS: count = '', LISTEN_PID: pid = '', LISTEN_FDNAMES: names } = env;
  if (count === '' || !['', String(process.pid), String(process.ppid)].includes(pid)) return undefined;
  if (!/^\d{1,6}$/.test(count)) throw invalid(`invalid LISTEN_FDS ${JSON.stringify(count)}: not a number`);
  const fds = Array.from({ length: checkDescriptors(Number(count), `LISTEN_FDS=${count}`) }, (_, index) => 3 + index);
  return fds.length === 0 ? undefined : { fds, ...(names === undefined ? {} : { names }) };
}

/**
 * Checks a descriptor by its number. Must be called before the program opens anything: what is not Node's then is the
 * caller's. Throws CliError.
 */
export function checkDescriptor(text: string): number {
  if (!/^\d+$/.test(text)) throw invalid(`--preserve-fd: ${JSON.stringify(text)} is not a file descriptor`);
  const target = targetOf(Number(text));
  if (target === undefined || isOfNode(target)) {
    throw invalid(`file descriptor ${text} is not available - the preserve-fd option requires that it is passed`);
  }
  return Number(text);
}

const EVENTPOLL = 'anon_inode:[eventpoll]';
const EVENTFD = 'anon_inode:[eventfd]';

/** Mask of the access mode, from fcntl.h. */
const O_ACCMODE = 3;

/** Whether Node has opened the descriptor for itself: an event loop, or a pipe of which it has both ends. */
function isOfNode(target: string): boolean {
  if (target === EVENTPOLL || target === EVENTFD) return true;
  if (!target.startsWith('pipe:')) return false;
  const ends = readdirSync(DIRECTORY).filter((fd) => targetOf(fd) === target);
  return new Set(ends.map(accessOf)).size > 1;
}

/** Returns the access mode of a descriptor: O_RDONLY, O_WRONLY or O_RDWR. */
function accessOf(fd: string): number {
  const flags = /^flags:\t([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
  return Number.parseInt(flags, 8) & O_ACCMODE;
}

function targetOf(fd: number | string): string | undefined {
  try {
    return readlinkSync(`${DIRECTORY}/${fd}`);
  } catch {
    return undefined;
  }
}
