/** What is of the wrong type is a TypeError of every function: the addon would end the process over it. */
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
