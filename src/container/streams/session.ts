/** A connection to a monitor as an AttachSession: output to sinks, input from a stream, detach keys, resize. */
import { TspodError } from '../../errors.js';
import { abortedError, whenAborted } from '../../native/abort.js';
import type { MonitorConnection, MonitorMessage } from '../../native/monitor-connection.js';
import type { AttachEnd, AttachOptions, AttachSession, ExitStatus, TerminalSize } from '../api/container.js';
import { checkedSize } from '../call-options.js';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from './detach-keys.js';
import { statusFromMessage } from '../exit-status.js';
import { pumpInput } from './input.js';
import { sinkFor, type Sink } from './sink.js';

/** The errno with which a monitor refuses to attach one more client. */
const EUSERS = 87;

export interface SessionParts {
  readonly connection: MonitorConnection;
  readonly options: AttachOptions;
  /** Whether the process has a stdin to send to. */
  readonly hasStdin: boolean;
  /**
   * The connection is that of a launch: no input is taken before its answer, since detach keys in that would close the
   * connection. @default false
   */
  readonly launches?: boolean;
  /**
   * Called after the end of the connection, before `ended` settles; may return how the process ended when no message
   * said so.
   */
  readonly onEnd?: (exit: ExitStatus | undefined) => Promise<ExitStatus | undefined>;
}

/** A process that a monitor has started. */
export type Run = Pick<Extract<MonitorMessage, { readonly name: 'started' }>, 'pid' | 'startTime'>;

/** Checks that a stream is one of Node's: web streams have to be converted. Throws TypeError. */
function requireStream(name: string, stream: object | undefined, method: 'pause' | 'write'): void {
  if (stream === undefined || (hasMethod(stream, method) && hasMethod(stream, 'on'))) return;
  throw new TypeError(`${name} must be a ${method === 'write' ? 'Writable' : 'Readable'} of node:stream`);
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}

export class Session implements AttachSession {
  readonly ended: Promise<AttachEnd>;
  readonly #parts: SessionParts;
  readonly #connection: MonitorConnection;
  readonly #sinks: { readonly stdout: Sink | undefined; readonly stderr: Sink | undefined };
  readonly #keys: readonly number[] | undefined;
  readonly #attached: Promise<void>;
  #markAttached!: () => void;
  #refuse!: (error: TspodError) => void;
  #terminal = false;
  #exit: ExitStatus | undefined;
  #detached = false;
  #aborted = false;
  #refused = false;
  #stopInput: (() => void) | undefined;
  #run: Run | undefined;
  #onRun: ((run: Run) => void) | undefined;

  /** Asks the monitor at once to attach us; its messages must be passed to `take`. */
  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#connection = parts.connection;
    this.#keys = this.#readOptions();
    const resume = () => {
      this.#connection.resume();
    };
    const { stdin, stdout, stderr, signal } = parts.options;
    this.#sinks = {
      stdout: stdout === undefined ? undefined : sinkFor(stdout, resume),
      stderr: stderr === undefined ? undefined : sinkFor(stderr, resume),
    };
    this.#attached = new Promise((resolve, reject) => {
      this.#markAttached = resolve;
      this.#refuse = reject;
    });
    this.#attached.catch(() => undefined);
    this.#connection.send('attach', {
      stdin: Number(parts.hasStdin && stdin !== undefined),
      stdout: Number(stdout !== undefined),
      stderr: Number(stderr !== undefined),
    });
    const forget = whenAborted(signal, () => {
      this.#aborted = true;
      this.#leave();
    });
    this.ended = this.#end().finally(forget);
    // A caller who never looks at `ended` has no use for its failure.
    this.ended.catch(() => undefined);
  }

  /**
   * Checks the streams and parses the detach keys, before anything is sent. Closes the connection if they are bad:
   * nobody else would.
   */
  #readOptions(): readonly number[] | undefined {
    const { detachKeys, stdin, stdout, stderr } = this.#parts.options;
    try {
      requireStream('stdin', stdin, 'pause');
      requireStream('stdout', stdout, 'write');
      requireStream('stderr', stderr, 'write');
      return detachKeys === undefined ? undefined : parseDetachKeys(detachKeys);
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  get terminal(): boolean {
    return this.#terminal;
  }

  /** Resolves when the monitor has attached us, or has gone. Throws STATE_INVALID if too many are attached. */
  get attached(): Promise<void> {
    return this.#attached;
  }

  /** The exit status as far as anybody knows it: once `ended` has settled, also if that says `lost`. */
  get exit(): ExitStatus | undefined {
    return this.#exit;
  }

  /** Takes a message of the connection. */
  take(message: MonitorMessage): void {
    switch (message.name) {
      case 'attached':
        this.#terminal = message.terminal !== 0;
        this.#markAttached();
        if (this.#parts.options.size !== undefined) this.resize(this.#parts.options.size);
        if (this.#parts.launches !== true) this.#beginInput();
        return;
      case 'started':
        this.#run = message;
        this.#onRun?.(message);
        this.#beginInput();
        return;
      case 'stdout':
      case 'stderr':
        if (this.#sinks[message.name]?.write(message.data) === false) this.#connection.pause();
        return;
      case 'failed':
        // Otherwise a launch has failed, which is reported elsewhere.
        if (message.errno === EUSERS && message.detail === 'attach') this.#takeRefusal();
        return;
      case 'exited':
        this.#exit = statusFromMessage(message);
        return;
      default:
        return;
    }
  }

  /** Calls back with the process that runs, if it is known, and with the one that takes its place after a restart. */
  followRuns(listener: (run: Run) => void): void {
    this.#onRun = listener;
    if (this.#run !== undefined) listener(this.#run);
  }

  #takeRefusal(): void {
    this.#refused = true;
    this.#refuse(new TspodError('STATE_INVALID', 'too many clients are attached: some must detach first'));
    this.#leave();
  }

  resize(size: TerminalSize): void {
    const { rows, columns } = checkedSize(size);
    this.#sendQuietly(() => {
      this.#connection.send('resize', { rows, columns });
    });
  }

  detach(): void {
    this.#detached = true;
    // The monitor is told first: when the connection of an attached client just breaks, it hangs up the terminal of a
    // command.
    if (this.#terminal) this.#sendQuietly(() => this.#connection.send('attach', { stdin: 0, stdout: 0, stderr: 0 }));
    this.#leave();
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  /** Closes the connection without waiting for a reader, which may be the reason why we leave. */
  #leave(): void {
    this.#sinks.stdout?.leave();
    this.#sinks.stderr?.leave();
    this.#connection.close();
  }

  async #end(): Promise<AttachEnd> {
    await this.#connection.closed.catch(() => undefined);
    this.#markAttached();
    this.#stopInput?.();
    await this.#sinks.stdout?.flushed();
    await this.#sinks.stderr?.flushed();
    const { signal } = this.#parts.options;
    if (this.#aborted && signal !== undefined) throw abortedError('attach', signal);
    if (this.#detached) return { reason: 'detached' };
    if (this.#refused) return { reason: 'lost' };
    const told = this.#exit;
    this.#exit = (await this.#parts.onEnd?.(told)) ?? told;
    // Without a message the end may be known from the record; but output that was on its way before the message is
    // missing as well.
    return told === undefined ? { reason: 'lost' } : { reason: 'exited', ...told };
  }

  /** Begins to send input, once: a container that is restarted has its input already. */
  #beginInput(): void {
    const { hasStdin, options } = this.#parts;
    if (!hasStdin || options.stdin === undefined || this.#stopInput !== undefined) return;
    // Without a terminal nobody types: the bytes of the keys are data.
    const keys = this.#keys ?? (this.#terminal ? parseDetachKeys(DEFAULT_DETACH_KEYS) : []);
    this.#stopInput = pumpInput(options.stdin, keys, {
      send: (data) => {
        this.#sendQuietly(() => {
          this.#connection.send('stdin', { data });
        });
      },
      drained: () => this.#connection.drained(),
      end: () => {
        this.#sendQuietly(() => {
          this.#connection.send('stdinEnd', {});
        });
      },
      detach: () => {
        this.detach();
      },
    });
  }

  /** Sends a message without failing: the connection may have just ended, which is reported elsewhere. */
  #sendQuietly(send: () => void): void {
    try {
      send();
    } catch {
      this.#markAttached();
    }
  }
}
