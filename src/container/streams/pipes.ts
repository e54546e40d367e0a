/** Pipes between this process and a container's, without the monitor in between. */
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

import { closeFd, pipe } from '../../native/descriptors.js';
import type { InputSource, OutputTarget, StdioFds } from '../api/container.js';

export interface PipeRequest {
  readonly stdin: InputSource;
  readonly stdout: OutputTarget;
  readonly stderr: OutputTarget;
}

export interface Pipes {
  /** For the container. */
  readonly fds: StdioFds;
  /** Streams of this process, once the monitor has its ends. */
  open(): OpenPipes;
  /** Closes all ends: nothing was spawned. */
  abandon(): void;
}

export interface OpenPipes {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

export function makePipes(request: PipeRequest): Pipes {
  const theirs: number[] = [];
  const ours: { stdin?: number; stdout?: number; stderr?: number } = {};
  const fds: { stdin?: number; stdout?: number; stderr?: number } = {};
  const closeTheirs = () => {
    for (const fd of theirs.splice(0)) closeFd(fd);
  };
  const abandon = () => {
    closeTheirs();
    for (const fd of [ours.stdin, ours.stdout, ours.stderr]) if (fd !== undefined) closeFd(fd);
  };
  const output = (name: 'stdout' | 'stderr', target: OutputTarget, own: number) => {
    if (target === 'ignore') return;
    if (target !== 'pipe') {
      fds[name] = target === 'inherit' ? own : target;
      return;
    }
    const ends = pipe();
    fds[name] = ends.write;
    ours[name] = ends.read;
    theirs.push(ends.write);
  };
  try {
    if (request.stdin === 'pipe') {
      const ends = pipe();
      fds.stdin = ends.read;
      ours.stdin = ends.write;
      theirs.push(ends.read);
    } else if (request.stdin !== 'ignore') {
      fds.stdin = request.stdin === 'inherit' ? 0 : request.stdin;
    }
    output('stdout', request.stdout, 1);
    output('stderr', request.stderr, 2);
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    fds,
    open() {
      closeTheirs();
      return { stdin: writer(ours.stdin), stdout: reader(ours.stdout), stderr: reader(ours.stderr) };
    },
    abandon,
  };
}

function reader(fd: number | undefined): Readable | null {
  return fd === undefined ? null : new Socket({ fd, readable: true, writable: false });
}

/**
 * A command that does not read all of its input, or has ended, is no error of the caller's. Other errors are told to who writes; an error
 * that the stream was destroyed with came from the caller.
 */
function writer(fd: number | undefined): Writable | null {
  if (fd === undefined) return null;
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => undefined);
  return socket;
}
