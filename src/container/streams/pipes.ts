/** Pipes between this process and a container's, without the monitor in between. */
import { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';

import { closeFd, pipe } from '../../native/descriptors.js';
import { NativeError } from '../../native/native-error.js';
import type { InputSource, OutputTarget, StdioFds } from '../api/container.js';

/** errno(3). */
const EPIPE = 32;

export interface PipeRequest {
  readonly stdin: InputSource;
  readonly stdout: OutputTarget;
  readonly stderr: OutputTarget;
}

export interface Pipes {
  /** Descriptors for the container. */
  readonly fds: StdioFds;
  /** Opens the streams of this process, once the monitor has its ends. */
  open(): OpenPipes;
  /** Closes all ends, when nothing was spawned. */
  abandon(): void;
}

export interface OpenStreams {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

export interface OpenPipes {
  readonly streams: OpenStreams;
  /**
   * Called when the process has ended, so that no pipe stays open for a caller who has no use for it. What was written
   * can still be read from the streams.
   */
  release(): void;
}

/**
 * Limit of what is read ahead of the reader after the end, in bytes: a pipe has room for that much unless a privileged
 * process has given it more (/proc/sys/fs/pipe-max-size).
 */
const MAX_LEFT_BYTES = 1024 * 1024;

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
      const stdin = writer(ours.stdin);
      const stdout = reader(ours.stdout);
      const stderr = reader(ours.stderr);
      return {
        streams: { stdin, stdout: stdout?.stream ?? null, stderr: stderr?.stream ?? null },
        release() {
          // Input that the caller has ended still goes to whoever has the other end by now.
          if (stdin?.writableEnded === false) closeInput(stdin);
          stdout?.readRest();
          stderr?.readRest();
        },
      };
    },
    abandon,
  };
}

interface Reader {
  readonly stream: Readable;
  /**
   * Reads what is in the pipe without waiting for the reader of the stream, and closes the pipe, unless somebody else
   * still writes to it.
   */
  readonly readRest: () => void;
}

/** Returns a stream with a buffer of its own, so that the pipe can be closed before that has been read. */
function reader(fd: number | undefined): Reader | undefined {
  if (fd === undefined) return undefined;
  const socket = new Socket({ fd, readable: true, writable: false });
  let aheadBytes = 0;
  const stream = new Readable({
    read() {
      socket.resume();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    if (stream.push(chunk)) return;
    aheadBytes -= chunk.length;
    if (aheadBytes <= 0) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  const readRest = () => {
    aheadBytes = MAX_LEFT_BYTES;
    socket.resume();
  };
  return { stream, readRest };
}

/**
 * Returns the stream to the command's input. That a command does not read all of its input, or has ended, is not an
 * error of the caller. Other errors reach whoever writes; an error that the stream was destroyed with came from the
 * caller.
 */
function writer(fd: number | undefined): Writable | null {
  if (fd === undefined) return null;
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => undefined);
  return socket;
}

/**
 * Closes the input after the end of its reader. Whoever still writes gets an error, as from a pipe that nobody has
 * open: a stream that is destroyed without an error may say that all is written.
 */
export function closeInput(stdin: Writable): void {
  if (stdin.writableLength === 0) stdin.destroy();
  else stdin.destroy(new NativeError({ errno: EPIPE, syscall: 'write' }));
}
