/** A connection to systemd's manager over D-Bus (org.freedesktop.systemd1(5)): the one door to dbus-native. */
import { existsSync } from 'node:fs';
import { createClient, type DBusError, type Message, type MessageBus } from 'dbus-native';

import { TspodError } from '../errors.js';
import { SYSTEM_BUS, SYSTEMD_SOCKET } from '../host/systemd.js';
import { Semaphore } from '../util/semaphore.js';

const SERVICE = 'org.freedesktop.systemd1';
const PATH = '/org/freedesktop/systemd1';
const INTERFACE = 'org.freedesktop.systemd1.Manager';

/** The first word on a bus; one that has too many connections refuses it. */
const HELLO: Message = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
  member: 'Hello',
};

const SIGNAL = 4;

/** What libdbus gives an answer, here for the whole conversation; systemd takes milliseconds. */
const PATIENCE_MS = 25_000;

export interface ManagerSignal {
  readonly name: string;
  readonly values: readonly unknown[];
}

export interface Manager extends Disposable {
  /** The value of the answer. Throws ManagerError, or what `signal` was aborted with. */
  call(method: string, signature: string, values: readonly unknown[], signal?: AbortSignal): Promise<unknown>;
  /** Every signal about the unit from now on, in the order in which systemd sends them, those before an answer before that answer. */
  onSignal(listener: (signal: ManagerSignal) => void): void;
  /** Rejects when the connection is lost or the conversation takes too long. */
  readonly lost: Promise<never>;
}

interface ManagerCall {
  readonly method: string;
  /** Of the values; '' without any. */
  readonly signature: string;
  readonly values: readonly unknown[];
}

/** An answer that is a refusal. `name` is the one of D-Bus: org.freedesktop.systemd1.UnitExists. */
export class ManagerError extends Error {
  readonly refusal: string;

  constructor(refusal: string, message: string) {
    super(message);
    this.name = 'ManagerError';
    this.refusal = refusal;
  }
}

/** Refusals. */
export const UNIT_EXISTS = 'org.freedesktop.systemd1.UnitExists';
export const NO_SUCH_UNIT = 'org.freedesktop.systemd1.NoSuchUnit';

/** systemd does one thing after the other, and its bus takes 256 connections of a user (dbus-daemon(1), max_connections_per_user). */
const conversations = new Semaphore(8);

/** A conversation about one unit, when it is its turn. As connectManager(); rejects with the reason of `signal` if that is aborted before. */
export function converse<T>(unit: string, talk: (manager: Manager) => Promise<T>, signal?: AbortSignal): Promise<T> {
  return conversations.run(async () => {
    using manager = connectManager(unit);
    return await talk(manager);
  }, signal);
}

/** A connection for a conversation about one unit. Throws UNSUPPORTED_HOST where there is nobody to talk to. */
export function connectManager(unit: string): Manager {
  // The documented door first; a machine without a bus still has the one that systemctl uses.
  const socket = [SYSTEM_BUS, SYSTEMD_SOCKET].find((path) => existsSync(path));
  if (socket === undefined) {
    const message = `cannot reach systemd: there is neither ${SYSTEM_BUS} nor ${SYSTEMD_SOCKET}; use cgroup manager cgroupfs`;
    throw new TspodError('UNSUPPORTED_HOST', message, { details: { cgroupManager: 'systemd' } });
  }
  const direct = socket === SYSTEMD_SOCKET;
  // Direct to a bus as well: the client's own Hello throws where nobody can catch it when the bus refuses.
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

/** No others: where many containers start, each would hear of all. */
function matchRules(unit: string): readonly string[] {
  const rule = `type='signal',sender='${SERVICE}',path='${PATH}',interface='${INTERFACE}'`;
  return [`${rule},member='JobRemoved',arg2='${unit}'`, `${rule},member='UnitRemoved',arg0='${unit}'`];
}

/** On systemd's own socket nobody else is spoken to, so no name is given. */
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

/** An unhandled error of the connection would end this process. */
function lossOf(bus: MessageBus, { socket, hello }: Beginning): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    const lose = (why: string) => {
      reject(new TspodError('LAUNCH_FAILED', `lost systemd, reached by ${socket}: ${why}`));
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
    // This process may not have come to read the answer: what has arrived is read before it gives up.
    setTimeout(() => setImmediate(giveUp), PATIENCE_MS).unref();
  });
  // Nobody may be waiting when it is closed on purpose.
  lost.catch(() => undefined);
  return lost;
}
