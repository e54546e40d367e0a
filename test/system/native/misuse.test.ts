/** What is of the wrong type is a TypeError of every function: the addon would end the process over it. */
import { inspect } from 'node:util';
import test from 'ava';
import * as native from '../../../src/native/index.js';
import { staysUntouched } from '../../helpers/untouched.js';

/** Nothing that any function takes, in any place. */
const WRONG = [undefined, null, -1.5, Number.NaN, {}, [], Symbol('x'), 'relative\0'];

/** These need no argument. */
const OPTIONAL = [
  'getHostname',
  'listAddresses',
  'listLinks',
  'listNeighbours',
  'listRoutes',
  'listRoutingRules',
  'pipe',
  'preflight',
];
const NO_CALLS = ['NativeError', 'TspodError', 'isNativeError', 'isTspodError'];

const FUNCTIONS = Object.entries(native).filter(
  (entry): entry is [string, (...given: unknown[]) => unknown] =>
    typeof entry[1] === 'function' && ![...OPTIONAL, ...NO_CALLS].includes(entry[0]),
);

for (const [name, call] of FUNCTIONS) {
  test.serial(`${name}: misuse is a TypeError, and nothing is done`, async (t) => {
    staysUntouched(t);
    for (const wrong of WRONG) {
      for (const given of [[wrong], [wrong, wrong], [wrong, wrong, wrong]]) {
        const error = await Promise.resolve()
          .then(() => call(...given))
          .then(
            () => undefined,
            (reason: unknown) => reason,
          );
        const isMisuse = error instanceof TypeError || native.isTspodError(error, 'INVALID_ARGUMENT');
        t.true(isMisuse, `${given.map((each) => typeof each).join()}: ${String(error)}`);
      }
    }
  });
}

/** A first argument that is right, and a wrong second one. */
const SECOND: readonly [string, string][] = [
  ['writeFileInside', '/proc/tspod-none'],
  ['setPropagation', '/proc/tspod-none'],
  ['readCgroupFile', '/proc/tspod-none'],
  ['writeCgroupFile', '/proc/tspod-none'],
  ['getXattr', '/proc/tspod-none'],
  ['setXattr', '/proc/tspod-none'],
  ['removeXattr', '/proc/tspod-none'],
  ['addAddress', 'none'],
  ['removeAddress', 'none'],
  ['openNamespace', 'net'],
];

for (const [name, first] of SECOND) {
  test.serial(`${name}: so is a wrong second argument`, async (t) => {
    const call = FUNCTIONS.find(([known]) => known === name)?.[1];
    for (const wrong of WRONG.filter((each) => typeof each !== 'string' || name !== 'writeFileInside')) {
      const calling = Promise.resolve().then(() => call?.(first, wrong));
      await t.throwsAsync(calling, { instanceOf: TypeError }, typeof wrong);
    }
  });
}

/** What looks like a handle and has no descriptor. */
const CALLS: Readonly<Record<string, (fd: unknown) => unknown>> = {
  openNamespace: (fd) => native.openNamespace('net', handleWith('net', fd)),
  pinNamespace: (fd) => native.pinNamespace(handleWith('net', fd), '/proc/tspod-none'),
  readIdMaps: (fd) => native.readIdMaps(handleWith('user', fd)),
  'bindMount: idMap': (fd) =>
    native.bindMount({ source: '/proc/tspod-none', target: '/proc/tspod-none', idMap: handleWith('user', fd) }),
  'getHostname: inside': (fd) => native.getHostname({ inside: { uts: handleWith('uts', fd) } }),
  'listLinks: inside': (fd) => native.listLinks({ inside: { net: handleWith('net', fd) } }),
  withNamespaces: (fd) => native.withNamespaces({ net: handleWith('net', fd) }, async () => {}),
  runInNamespaces: (fd) => native.runInNamespaces({ command: ['true'], namespaces: { net: handleWith('net', fd) } }),
};

function handleWith(kind: native.NamespaceKind, fd: unknown): native.NamespaceHandle {
  return { kind, fd } as native.NamespaceHandle;
}

for (const [name, call] of Object.entries(CALLS)) {
  test.serial(`${name}: a handle without a descriptor is misuse`, async (t) => {
    staysUntouched(t);
    for (const fd of [undefined, null, '3', -1, 1.5, 2 ** 31, {}])
      await t.throwsAsync(
        Promise.resolve().then(() => call(fd)),
        { instanceOf: TypeError },
        inspect(fd),
      );
  });
}
