/** One end of a talk with a monitor, as a test sees it: messages are kept until asked for, output is gathered. */
import type { Socket } from 'node:net';
import { FrameSplitter } from '../../src/native/frame-splitter.js';
import { decodeMessage, encodeMessage } from '../../src/native/message-codec.js';
import type { Message, MessageFields, MessageName } from '../../src/native/message-codec.js';

/** A test that waits longer than this for one message has failed. */
const PATIENCE_MS = 100_000;

export class Peer {
  readonly socket: Socket;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #chunks: { readonly stdout: Buffer[]; readonly stderr: Buffer[] } = { stdout: [], stderr: [] };
  readonly #messages: Message[] = [];
  #wake: () => void = () => {};
  #open = true;

  constructor(socket: Socket) {
    this.socket = socket;
    const splitter = new FrameSplitter((code, payload) => this.#take(decodeMessage(code, payload)));
    socket.on('data', (chunk: Buffer) => splitter.push(chunk));
    socket.on('error', () => {}); // a monitor that is gone: `closed` tells
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#open = false;
        this.#wake();
        resolve();
      });
    });
  }

  get stdout(): Buffer {
    return Buffer.concat(this.#chunks.stdout);
  }

  get stderr(): Buffer {
    return Buffer.concat(this.#chunks.stderr);
  }

  /** Sends a message; false if the socket is full (it is sent later all the same). */
  send<N extends MessageName>(name: N, fields: MessageFields<N>): boolean {
    return this.socket.write(encodeMessage(name, fields));
  }

  attach(wish: { stdin?: boolean; stdout?: boolean; stderr?: boolean } = { stdout: true, stderr: true }): void {
    this.send('attach', {
      stdin: Number(wish.stdin ?? false),
      stdout: Number(wish.stdout ?? false),
      stderr: Number(wish.stderr ?? false),
    });
  }

  type(text: string | Uint8Array): boolean {
    return this.send('stdin', { data: typeof text === 'string' ? Buffer.from(text) : text });
  }

  /** Whether a message of this name has come and was not asked for yet. */
  has(name: MessageName): boolean {
    return this.#messages.some((message) => message.name === name);
  }

  /** The next message of this name, now or when it comes. Rejects when the connection ends first. */
  async expect<N extends MessageName>(name: N): Promise<Message<N>> {
    await this.until(() => this.has(name), `message "${name}"`);
    const index = this.#messages.findIndex((message) => message.name === name);
    return this.#messages.splice(index, 1)[0] as Message<N>;
  }

  /** Waits until the output gathered satisfies; a string: until stdout contains it. */
  async untilOutput(wanted: string | ((peer: Peer) => boolean)): Promise<void> {
    const satisfied = typeof wanted === 'string' ? () => this.stdout.includes(wanted) : () => wanted(this);
    await this.until(satisfied, `output ${String(wanted)}`);
  }

  async until(satisfied: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!satisfied()) {
      if (!this.#open) throw new Error(`the monitor has closed the connection; expected ${what}; ${this.#told()}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`waited ${PATIENCE_MS} ms for ${what}; ${this.#told()}`);
      await this.#somethingNew(left);
    }
  }

  /** Goes away as a process does that dies. */
  async vanish(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #somethingNew(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(message: Message): void {
    // Output is gathered; an empty piece of it is none, and stays to be found. The payload lies in a buffer that is used again.
    const output = message.name === 'stdout' || message.name === 'stderr';
    if (output && message.data.length > 0) this.#chunks[message.name].push(Buffer.from(message.data));
    else this.#messages.push(message);
    this.#wake();
  }

  #told(): string {
    const messages = JSON.stringify(this.#messages, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    return `messages ${messages}, stdout ${this.stdout.length} bytes, stderr ${this.stderr.length} bytes`;
  }
}
