/** The engine's end of a connection to a monitor. */
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
  /** Pid of the monitor, if this process has spawned it. */
  readonly pid?: number;
  /** Sends a message. Bytes that the socket does not take at once are kept and sent later: wait for `drained()`. */
  send<N extends RequestName>(name: N, fields: MessageFields<N>): void;
  /** Resolves when the kernel has taken all that was sent, or when the connection closes. */
  drained(): Promise<void>;
  /**
   * Sets the only listener. Messages that came before are delivered to it first. A listener that throws ends the
   * process, like one of an EventEmitter.
   */
  onMessage(listener: (message: MonitorMessage) => void): void;
  /** Stops reading, which slows the monitor down once its buffers are full. */
  pause(): void;
  resume(): void;
  /**
   * Resolves at the end of the connection: the monitor closed it (when it is done, after its teardown) or `close` was
   * called. Rejects with a NativeError if the socket failed or the other side does not speak the protocol.
   */
  readonly closed: Promise<void>;
  /**
   * Resolves with how a spawned monitor ended. The monitor is reaped in any case; only a pending call keeps this
   * process alive until then. Rejects with a TypeError for a monitor that this process has not spawned, TspodError
   * ABORTED when the signal aborts.
   */
  ended(options?: { readonly signal?: AbortSignal }): Promise<ProcessEnd>;
  /** Returns the pid of the process that listens at the other end; 0 if it is not visible in this PID namespace. */
  peerPid(): number;
  close(): void;
  /** Makes the connection keep the event loop alive, as it does from the start; unref() ends that. */
  ref(): void;
  unref(): void;
}

/** Highest number of unsent bytes: a caller that reaches it does not wait for `drained()`. */
const MAX_UNSENT_BYTES = 2 * MAX_MESSAGE_BYTES;

const RECEIVE_BYTES = 64 * 1024;

const EAGAIN = -11;
const EPIPE = -32;
/**
 * Stands for the end of file of a monitor that ended without reading all that was sent to it. All that the monitor sent
 * has been read by then.
 */
const ECONNRESET = -104;
const EPROTO = 71;

/** One buffer for all connections of the thread: a chunk is processed before the next is read. */
let receiveBuffer: Buffer | undefined;

/** Takes ownership of a connected, non-blocking stream socket. */
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
  /** Messages that came while there was no listener; reading is paused meanwhile. */
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
      this.#spawned?.ended(options) ?? Promise.reject(new TypeError('only the parent of a process learns of its end'))
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

  /** Reads until the socket is empty, but only for a number of rounds, so that others get their turn. */
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
    // The payload is in the receive buffer, which the next read overwrites.
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
      // Not thrown into the reading loop, which would lose the messages that follow.
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
      // The monitor is gone. Its last messages are still to be read; the end of file comes after them.
      if (sent === EPIPE || sent === ECONNRESET) return this.#dropUnsent();
      // After any other error (ENOMEM) the monitor would wait for the rest of the message.
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
