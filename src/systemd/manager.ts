/**
 * A connection to systemd's manager over D-Bus (org.freedesktop.systemd1(5)). The only module that uses dbus-native.
 */
import { existsSync } from 'node:fs';
import { createClient, type DBusError, type Message, type MessageBus } from 'dbus-native';

import { TspodError } from '../errors.js';
import { SYSTEM_BUS, SYSTEMD_SOCKET } from '../host/systemd.js';
import { Semaphore } from '../util/semaphore.js';

const SERVICE = 'org.freedesktop.systemd1';
const PATH = '/org/freedesktop/systemd1';
const INTERFACE = 'org.freedesktop.systemd1.Manager';

/** The first message on a bus; the bus refuses it if the user has too many connections. */
const HELLO: Message = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
  member: 'Hello',
};

const SIGNAL = 4;

/**
 * Time limit for the whole conversation, in ms (libdbus allows as much for each answer); systemd takes milliseconds.
 */
const PATIENCE_MS = 25_000;

export interface ManagerSignal {
  readonly name: string;
  readonly values: readonly unknown[];
}

export interface Manager extends Disposable {
  /** Returns the answer's value. Throws ManagerError, or the reason of `signal`. */
  call(method: string, signature: string, values: readonly unknown[], signal?: AbortSignal): Promise<unknown>;
  /**
   * Calls the listener for every signal about the unit from now on, in the order in which systemd sends them; signals
   * sent before an answer are delivered before that answer.
   */
  onSignal(listener: (signal: ManagerSignal) => void): void;
  /** Rejects when the connection is lost, or the conversation exceeds its time limit. */
  readonly lost: Promise<never>;
}

interface ManagerCall {
  readonly method: string;
  /** D-Bus signature of the values; '' if there are none. */
  readonly signature: string;
  readonly values: readonly unknown[];
}

/** An error answer. `refusal` is its D-Bus name: org.freedesktop.systemd1.UnitExists. */
export class ManagerError extends Error {
  readonly refusal: string;

  constructor(refusal: string, message: string) {
    super(message);
    this.name = 'ManagerError';
    this.refusal = refusal;
  }
}

/** D-Bus names of error answers. */
export const UNIT_EXISTS = 'org.freedesktop.systemd1.UnitExists';
export const NO_SUCH_UNIT = 'org.freedesktop.systemd1.NoSuchUnit';

/**
 * Limits parallel conversations: systemd handles requests one by one, and its bus allows 256 connections per user
 * (dbus-daemon(1), max_connections_per_user).
 */
const conversations = new Semaphore(8);

/**
 * Waits for its turn and has a conversation about one unit. Throws like connectManager(); rejects with the reason of
 * `signal` if that aborts before it begins.
 */
export function converse<T>(unit: string, talk: (manager: Manager) => Promise<T>, signal?: AbortSignal): Promise<T> {
  return conversations.run(async () => {
    using manager = connectManager(unit);
    return await talk(manager);
  }, signal);
}

/**
 * Opens a connection for a conversation about one unit. Throws UNSUPPORTED_HOST if neither the bus nor systemd's own
 * socket exists.
 */
export function connectManager(unit: string): Manager {
  // The documented way first; a host without a bus still has the socket that systemctl uses.
  const socket = [SYSTEM_BUS, SYSTEMD_SOCKET].find((path) => existsSync(path));
  if (socket === undefined) {
    const message = `cannot reach systemd: there is neither ${SYSTEM_BUS} nor ${SYSTEMD_SOCKET}; use cgroup manager cgroupfs`;
    throw new TspodError('UNSUPPORTED_HOST', message, { details: { cgroupManager: 'systemd' } });
  }
  const direct = socket === SYSTEMD_SOCKET;
  // `direct` even on a bus: if the bus refuses the client's own Hello, the client throws where it cannot be caught.
  const bus = createClient({ socket, direct: true, authMethods: ['EXTERNAL'], plainValues: true, returnBigInt: true });
  const lost = lossOf(bus, { socket, hello: direct ? undefined : bus.invoke(HELLO) });
  const call: Manager['call'] = (method, signature, values, signal) =>
    Promise.race([lost, answerOf(bus, message(direct, { method, signature, values }), signal)]);
  for (const rule of direct ? [] : matchRules(unit)) bus.addMatch(rule).then(undefined, () => undefined);
  return {
    call,
    lost,
    onSignal: (listener) => {
      bus.connection.on('message', (heard: Message) => {
        if (heard.type !== SIGNAL || heard.interface !== INTERFACE || heard.path !== PATH) return;
        listener({ name: heard.member ?? '', values: heard.body ?? [] });
      });
    },
    [Symbol.dispose]: () => {
      bus.connection.stream.destroy();
    },
  };
}

/**
 * Returns match rules for signals about this unit only: if many containers start, each conversation would otherwise
 * receive all signals.
 */
function matchRules(unit: string): readonly string[] {
  const rule = `type='signal',sender='${SERVICE}',path='${PATH}',interface='${INTERFACE}'`;
  return [`${rule},member='JobRemoved',arg2='${unit}'`, `${rule},member='UnitRemoved',arg0='${unit}'`];
}

/** Builds a method call. On systemd's own socket there is no other peer, so no destination is given. */
function message(direct: boolean, { method, signature, values }: ManagerCall): Message {
  return {
    path: PATH,
    interface: INTERFACE,
    member: method,
    ...(direct ? {} : { destination: SERVICE }),
    ...(signature === '' ? {} : { signature, body: [...values] }),
  };
}

async function answerOf(bus: MessageBus, request: Message, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    return await bus.invoke(request, signal === undefined ? {} : { signal });
  } catch (error) {
    const { dbusName, message: text } = error as DBusError;
    if (dbusName === undefined) throw error;
    throw new ManagerError(dbusName, text);
  }
}

interface Beginning {
  readonly socket: string;
  readonly hello: PromiseLike<unknown> | undefined;
}

/**
 * Returns a promise that rejects when the connection is lost. Also handles the connection's errors, which would
 * otherwise end this process.
 */
function lossOf(bus: MessageBus, { socket, hello }: Beginning): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    const lose = (why: string) => {
      reject(new TspodError('LAUNCH_FAILED', `lost the connection to systemd at ${socket}: ${why}`));
    };
    bus.connection.on('error', (error: Error) => {
      lose(error.message);
    });
    hello?.then(undefined, (error: unknown) => {
      lose((error as Error).message);
    });
    bus.connection.on('close', () => {
      lose('the connection was closed');
    });
    const giveUp = (): void => {
      lose(`it did not answer within ${String(PATIENCE_MS / 1000)} s`);
    };
    // This process may have been too busy to read the answer: setImmediate lets it read what has arrived before it
    // gives up.
    setTimeout(() => setImmediate(giveUp), PATIENCE_MS).unref();
  });
  // Nobody may be waiting when the connection is closed on purpose.
  lost.catch(() => undefined);
  return lost;
}
