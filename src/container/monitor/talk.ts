/** The engine's side of the conversation with one monitor: requests, their answers, and the end. */
import { MESSAGE_CODES } from '../../native/messages.js';
import type { MonitorConnection, MonitorMessage } from '../../native/monitor-connection.js';
import type { ExitStatus, TerminalSize } from '../api/container.js';
import { TspodError } from '../../errors.js';
import { codeName } from '../../util/code-name.js';
import { statusFromMessage } from '../exit-status.js';

/** Answer to `launch`, `start`, `replan` and `forward`. */
export type LaunchAnswer =
  | {
      readonly kind: 'created' | 'started';
      readonly pid: number;
      readonly startTime: bigint;
      readonly startedUs: number;
    }
  | { readonly kind: 'replanned' | 'forwarding' }
  | { readonly kind: 'failed'; readonly step: number; readonly errno: number; readonly detail: string }
  /** The monitor hung up without an answer. */
  | { readonly kind: 'closed' };

/** Result of a health check that was asked for. */
export type CheckAnswer = keyof typeof MESSAGE_CODES.checkAnswer;

export class MonitorTalk {
  readonly connection: MonitorConnection;
  #exit: ExitStatus | undefined;
  #listener: ((message: MonitorMessage) => void) | undefined;
  #onAnswer: ((answer: LaunchAnswer) => void) | undefined;
  readonly #onExit: (() => void)[] = [];
  #onStopping: (() => void) | undefined;
  #onChecked: ((answer: CheckAnswer | undefined) => void) | undefined;

  constructor(connection: MonitorConnection) {
    this.connection = connection;
    connection.onMessage((message) => {
      this.#take(message);
    });
  }

  /** How the container ended, once the monitor has said so. */
  get exit(): ExitStatus | undefined {
    return this.#exit;
  }

  /** Passes all messages on to a listener as well. */
  listen(listener: (message: MonitorMessage) => void): void {
    this.#listener = listener;
  }

  launch(plan: Uint8Array): Promise<LaunchAnswer> {
    return this.#request(() => {
      this.connection.send('launch', { plan });
    });
  }

  start(): Promise<LaunchAnswer> {
    return this.#request(() => {
      this.connection.send('start', {});
    });
  }

  /** Tells the monitor that the plan in the run directory is that of launches to come. */
  replan(): Promise<LaunchAnswer> {
    return this.#request(() => {
      this.connection.send('replan', {});
    });
  }

  /** Forwards connections to published ports on ::1 to these addresses of the container from now on. */
  forward(addresses: readonly string[]): Promise<LaunchAnswer> {
    return this.#request(() => {
      this.connection.send('forward', { addresses });
    });
  }

  resize({ rows, columns }: TerminalSize): void {
    this.#sendQuietly(() => {
      this.connection.send('resize', { rows, columns });
    });
  }

  /** Tells the monitor to leave the container's files at the teardown, since the container is started again. */
  keepTrees(): void {
    this.#sendQuietly(() => {
      this.connection.send('keepTrees', {});
    });
  }

  /**
   * Calls restarts off, and ends the command of an exec. Resolves to false if the monitor hung up instead of answering.
   */
  stop(): Promise<boolean> {
    return this.#callOff('stop');
  }

  /** Calls restarts by policy off. Resolves to false if the monitor hung up instead of answering. */
  dropPolicy(): Promise<boolean> {
    return this.#callOff('dropPolicy');
  }

  #callOff(what: 'stop' | 'dropPolicy'): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onStopping = () => {
        resolve(true);
      };
      this.#orClosed(() => {
        resolve(false);
      });
      this.#sendQuietly(() => {
        this.connection.send(what, {});
      });
    });
  }

  /** Runs the health check; undefined if the monitor hung up instead of answering. */
  check(): Promise<CheckAnswer | undefined> {
    return new Promise((resolve) => {
      this.#onChecked = resolve;
      this.#orClosed(() => {
        resolve(undefined);
      });
      this.#sendQuietly(() => {
        this.connection.send('check', {});
      });
    });
  }

  /** Resolves when the container has ended or the monitor hung up. */
  exited(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#exit !== undefined) {
        resolve();
        return;
      }
      this.#onExit.push(resolve);
      this.#orClosed(resolve);
    });
  }

  /** Resolves when the monitor has hung up, which it does after its teardown. */
  closed(): Promise<void> {
    return this.connection.closed.catch(() => undefined);
  }

  #request(send: () => void): Promise<LaunchAnswer> {
    return new Promise((resolve) => {
      this.#onAnswer = resolve;
      this.#orClosed(() => {
        resolve({ kind: 'closed' });
      });
      this.#sendQuietly(send);
    });
  }

  #orClosed(action: () => void): void {
    this.connection.closed.then(action, action);
  }

  /**
   * Sends a message. An error of a connection that has just ended is ignored: `closed` tells of it. A message that is
   * too large closes the connection, since the monitor would wait for it for ever.
   */
  #sendQuietly(send: () => void): void {
    try {
      send();
    } catch (error) {
      if (!(error instanceof RangeError)) return;
      this.connection.close();
      throw new TspodError('INVALID_ARGUMENT', error.message, { cause: error });
    }
  }

  #take(message: MonitorMessage): void {
    switch (message.name) {
      case 'created':
        this.#onAnswer?.({ kind: 'created', pid: message.pid, startTime: message.startTime, startedUs: 0 });
        break;
      case 'started':
        this.#onAnswer?.({
          kind: 'started',
          pid: message.pid,
          startTime: message.startTime,
          startedUs: Number(message.startedNs / 1000n),
        });
        break;
      case 'failed':
        this.#onAnswer?.({ kind: 'failed', step: message.step, errno: message.errno, detail: message.detail });
        break;
      case 'exited':
        this.#exit = statusFromMessage(message);
        for (const listener of this.#onExit) listener();
        break;
      case 'replanned':
      case 'forwarding':
        this.#onAnswer?.({ kind: message.name });
        break;
      case 'stopping':
        this.#onStopping?.();
        break;
      case 'checked':
        this.#onChecked?.(codeName(MESSAGE_CODES.checkAnswer, message.result));
        break;
      default:
    }
    this.#listener?.(message);
  }
}
