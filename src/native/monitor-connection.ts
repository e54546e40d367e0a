/** The engine's end of a socket to a monitor. */
import { NativeError, unwrap } from './native-error.js';
import { binding, WATCH_READ, WATCH_WRITE } from './binding.js';
import { FrameSplitter } from './frame-splitter.js';
import { decodeMessage, encodeMessage } from './message-codec.js';
import type { Message, MessageFields, MessageName } from './message-codec.js';
import { MAX_MESSAGE_BYTES } from './messages.js';
import type { ChildProcess, ProcessEnd } from './child-process.js';

/** Names of the messages that a monitor sends. */
export type MonitorMessageName =
  | 'created'
  | 'started'
  | 'failed'
  | 'exited'
  | 'attached'
  | 'stdout'
  | 'stderr'
  | 'stopping'
  | 'checked'
  | 'replanned'
  | 'forwarding';

/** Names of the messages that a monitor takes. */
export type RequestName = Exclude<MessageName, MonitorMessageName>;

export type MonitorMessage = Message<MonitorMessageName>;

export interface MonitorConnection {
  /** Process id of a spawned monitor. */
  readonly pid?: number;
  /** Sends a message. What the socket does not take at once is kept, and sent when it does: wait for `drained()`. */
  send<N extends RequestName>(name: N, fields: MessageFields<N>): void;
  /** Resolves when all that was sent is with the kernel; also when the connection closes. */
  drained(): Promise<void>;
  /**
   * Sets the one listener. What came before is delivered to it first. A listener that throws ends the process, as one of an
   * EventEmitter does.
   */
  onMessage(listener: (message: MonitorMessage) => void): void;
  /** Stops reading: the monitor is slowed down when its buffers are full. */
  pause(): void;
  resume(): void;
  /**
   * Resolves at the end of the connection: the monitor closed it (after its teardown, when it is done) or `close` was called. Rejects
   * with a NativeError if the socket failed or the other side does not speak the protocol.
   */
  readonly closed: Promise<void>;
  /**
   * How a spawned monitor ended. It is reaped whether this is asked or not; only who asks keeps this process alive until then.
   * Rejects with a TypeError for a monitor that was not spawned here, TspodError ABORTED when the signal aborts.
   */
  ended(options?: { readonly signal?: AbortSignal }): Promise<ProcessEnd>;
  /** Process id of who listens at the other end; 0 if it cannot be seen from here. */
  peerPid(): number;
  close(): void;
  /** Whether the connection keeps the event loop alive. It does from the start. */
  ref(): void;
  unref(): void;
}

/** Sent but not yet taken by the kernel: more than this is a caller that does not wait for `drained()`. */
const MAX_UNSENT_BYTES = 2 * MAX_MESSAGE_BYTES;

const RECEIVE_BYTES = 64 * 1024;

const EAGAIN = -11;
const EPIPE = -32;
/** The end of file of a monitor that went without reading all that was sent to it. What it sent itself has been read by then. */
const ECONNRESET = -104;
const EPROTO = 71;

/** One for all connections of the thread: a chunk is taken apart before the next is read. */
let receiveBuffer: Buffer | undefined;

/** Takes a connected, non-blocking stream socket over. */
export function openConnection(socket: number, spawned?: ChildProcess): MonitorConnection {
  return new SocketConnection(socket, spawned);
}

class SocketConnection implements MonitorConnection {
  readonly pid?: number;
  readonly closed: Promise<void>;
  readonly #spawned: ChildProcess | undefined;
  readonly #socket: number;
  readonly #watch: number;
  readonly #splitter = new FrameSplitter((code, payload) => this.#take(code, payload));
  #settle!: (error?: Error) => void;
  #open = true;
  #paused = false;
  #listener: ((message: MonitorMessage) => void) | undefined;
  /** What came while there was no listener; reading rests meanwhile. */
  #early: MonitorMessage[] = [];
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #drainWaiters: (() => void)[] = [];

  constructor(socket: number, spawned: ChildProcess | undefined) {
    if (spawned !== undefined) this.pid = spawned.pid;
    this.#spawned = spawned;
    this.#socket = socket;
    this.closed = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.closed.catch(() => {}); // a caller who does not look at it has seen the missing answer
    this.#watch = unwrap(binding().watch(socket, (events) => this.#ready(events), false));
    this.#updateWatch();
  }

  send<N extends RequestName>(name: N, fields: MessageFields<N>): void {
    if (!this.#open) throw new NativeError({ errno: 32, syscall: 'send', detail: `"${name}" to a closed monitor` });
    const bytes = encodeMessage(name, fields);
    if (this.#unsentBytes + bytes.length > MAX_UNSENT_BYTES) {
      throw new RangeError(`monitor takes no more: ${this.#unsentBytes} bytes are unsent; wait for drained()`);
    }
    this.#unsent.push(bytes);
    this.#unsentBytes += bytes.length;
    if (this.#unsent.length === 1) this.#flush();
  }

  drained(): Promise<void> {
    if (this.#unsentBytes === 0 || !this.#open) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  onMessage(listener: (message: MonitorMessage) => void): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const message of early) this.#deliver(message);
    this.#updateWatch();
  }

  pause(): void {
    this.#paused = true;
    this.#updateWatch();
  }

  resume(): void {
    this.#paused = false;
    this.#updateWatch();
  }

  ref(): void {
    if (this.#open) binding().watchRef(this.#watch, true);
  }

  unref(): void {
    if (this.#open) binding().watchRef(this.#watch, false);
  }

  peerPid(): number {
    return unwrap(binding().peerPid(this.#socket));
  }

  close(): void {
    this.#end();
  }

  ended(options: { readonly signal?: AbortSignal } = {}): Promise<ProcessEnd> {
    return (
      this.#spawned?.ended(options) ?? Promise.reject(new TypeError('the end of a process is told to its parent alone'))
    );
  }

  #end(error?: Error): void {
    if (!this.#open) return;
    this.#open = false;
    binding().unwatch(this.#watch);
    binding().closeFd(this.#socket);
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#wakeDrainWaiters();
    this.#settle(error);
  }

  #updateWatch(): void {
    if (!this.#open) return;
    const reads = this.#paused || this.#early.length > 0 ? 0 : WATCH_READ;
    const writes = this.#unsentBytes > 0 ? WATCH_WRITE : 0;
    binding().watchEvents(this.#watch, reads | writes);
  }

  #ready(events: number): void {
    if ((events & WATCH_WRITE) !== 0) this.#flush();
    if ((events & WATCH_READ) !== 0) this.#receive();
  }

  /** Reads until the socket is empty, but not forever: others want their turn as well. */
  #receive(): void {
    receiveBuffer ??= Buffer.allocUnsafeSlow(RECEIVE_BYTES);
    for (let round = 0; round < 16 && this.#open && !this.#paused && this.#early.length === 0; round += 1) {
      const length = binding().receive(this.#socket, receiveBuffer);
      if (length === EAGAIN) return;
      if (length === 0 || length === ECONNRESET) return this.#endOfFile();
      if (length < 0)
        return this.#end(new NativeError({ errno: -length, syscall: 'recv', detail: 'from the monitor' }));
      try {
        this.#splitter.push(receiveBuffer.subarray(0, length));
      } catch (error) {
        return this.#end(protocolError(error));
      }
      if (length < receiveBuffer.length) return;
    }
  }

  #endOfFile(): void {
    this.#end(this.#splitter.midFrame ? protocolError(new Error('the stream ends inside a message')) : undefined);
  }

  #take(code: number, payload: Uint8Array): void {
    if (!this.#open) return;
    const message = decodeMessage(code, payload) as MonitorMessage;
    // The payload lies in the receive buffer, which the next read overwrites.
    const kept = 'data' in message ? { ...message, data: Uint8Array.prototype.slice.call(message.data) } : message;
    if (this.#listener === undefined || this.#early.length > 0) {
      this.#early.push(kept);
      this.#updateWatch();
    } else {
      this.#deliver(kept);
    }
  }

  #deliver(message: MonitorMessage): void {
    try {
      this.#listener?.(message);
    } catch (error) {
      // Not into the reading loop, which would lose the messages that follow.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #flush(): void {
    while (this.#open) {
      const bytes = this.#unsent[0];
      if (bytes === undefined) break;
      const sent = binding().send(this.#socket, bytes);
      if (sent === EAGAIN) break;
      // The monitor is gone. What it said last is still to be read: the end of file will tell.
      if (sent === EPIPE || sent === ECONNRESET) return this.#dropUnsent();
      // Anything else (ENOMEM) leaves it waiting for the rest.
      if (sent < 0) return this.#end(new NativeError({ errno: -sent, syscall: 'send', detail: 'to the monitor' }));
      this.#unsentBytes -= sent;
      if (sent === bytes.length) this.#unsent.shift();
      else this.#unsent[0] = bytes.subarray(sent);
    }
    if (this.#unsentBytes === 0) this.#wakeDrainWaiters();
    this.#updateWatch();
  }

  #dropUnsent(): void {
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#wakeDrainWaiters();
    this.#updateWatch();
  }

  #wakeDrainWaiters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
  }
}

function protocolError(cause: unknown): NativeError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new NativeError({
    errno: EPROTO,
    syscall: 'recv',
    detail: `the monitor does not speak our protocol: ${detail}`,
  });
}
