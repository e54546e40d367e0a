/**
 * An option that tspod/native does not know is refused before anything is done: with `insde` for `inside` a function would work on the host.
 * Each function and operation that takes an object of options has a row here: the compiler finds one that is missing.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as functions from '../../../src/native/index.js';
import type { InsideOperations, NamespaceHandle, ProcessHandle } from '../../../src/native/index.js';

type NoOptions =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | NamespaceHandle
  | { readonly pid: number }
  | Uint8Array
  | ((...given: never) => unknown);

/** Names of the methods of T that take an object of options. */
type WithOptions<T> = {
  [K in keyof T]: T[K] extends (...given: infer Given) => unknown
    ? [Exclude<Required<Given>[number], NoOptions>] extends [never]
      ? never
      : unknown extends Given[number]
        ? never
        : K
    : never;
}[keyof T];

/** These take an object that is no options: a profile in the form of others, and namespaces by kind. */
type Other = 'compileSeccomp' | 'withNamespaces';

/** Nothing that is named here is there: what is done before the look at the options fails with another error. */
const NO_PATH = '/nothing/here';
const NO_LINK = 'no-link';
const NO_HOST_NAME = '\0';
const ADDRESS = '192.0.2.1/24';

/** What comes before the options. */
type Arguments<K extends PropertyKey> = Readonly<Record<K, readonly unknown[]>>;

const FUNCTIONS: Arguments<Exclude<WithOptions<typeof functions>, Other>> = {
  addAddress: [NO_LINK, ADDRESS],
  addRoute: [],
  addRoutingRule: [],
  bindMount: [],
  createBridge: [],
  createDummy: [],
  createIpvlan: [],
  createMacvlan: [],
  createNamespace: ['net'],
  createVeth: [],
  createVlan: [],
  findLink: [NO_LINK],
  getHostname: [],
  listAddresses: [],
  listLinks: [],
  listNeighbours: [],
  listRoutes: [],
  listRoutingRules: [],
  lock: [NO_PATH],
  mountFileSystem: [],
  readDirectoryInside: [NO_PATH],
  readFileInside: [NO_PATH],
  removeAddress: [NO_LINK, ADDRESS],
  removeCgroup: [NO_PATH],
  removeLink: [NO_LINK],
  removeNeighbour: [],
  removeRoute: [],
  removeRoutingRule: [],
  removeTree: [NO_PATH],
  runInNamespaces: [],
  setHostname: [NO_HOST_NAME],
  setLink: [NO_LINK],
  setNeighbour: [],
  setPropagation: [NO_PATH, 'private'],
  setXattr: [NO_PATH, 'user.none', ''],
  unmount: [NO_PATH],
  writeFileInside: [NO_PATH, ''],
};

/** All of them: one that takes names alone must not pass options over, either. */
const OPERATIONS: Arguments<keyof InsideOperations> = {
  addAddress: [NO_LINK, ADDRESS],
  addRoute: [],
  addRoutingRule: [],
  bindMount: [],
  createBridge: [],
  createDummy: [],
  createIpvlan: [],
  createMacvlan: [],
  createVeth: [],
  createVlan: [],
  findLink: [NO_LINK],
  hostname: [],
  listAddresses: [],
  listLinks: [],
  listNeighbours: [],
  listRoutes: [],
  listRoutingRules: [],
  mountFileSystem: [],
  readDirectory: [NO_PATH],
  readFile: [NO_PATH],
  removeAddress: [NO_LINK, ADDRESS],
  removeLink: [NO_LINK],
  removeNeighbour: [],
  removeRoute: [],
  removeRoutingRule: [],
  setHostname: [NO_HOST_NAME],
  setLink: [NO_LINK],
  setNeighbour: [],
  setPropagation: [NO_PATH, 'private'],
  unmount: [NO_PATH],
  writeFile: [NO_PATH, ''],
};

const PROCESS: Arguments<WithOptions<ProcessHandle>> = { wait: [] };

type Call = (options: unknown) => unknown;

function methodOf<T extends object>(of: T, name: string, first: readonly unknown[]): Call {
  const method = of[name as keyof T] as (...given: unknown[]) => unknown;
  return (options) => method.call(of, ...first, options);
}

async function refused(t: ExecutionContext, call: Call, options: unknown, message: RegExp): Promise<void> {
  const calling = Promise.resolve().then(() => call(options));
  await t.throwsAsync(calling, { instanceOf: TypeError, message }, String(message));
}

/** Everything that is not an object of options, be it an object or not. */
async function refusesMisuse(t: ExecutionContext, call: Call): Promise<void> {
  using handle = functions.openNamespace('net', { pid: process.pid });
  await refused(t, call, { unheardOf: undefined }, /unknown option "unheardOf"/);
  await refused(t, call, { insde: { net: handle } }, /unknown option "insde"/);
  await refused(t, call, handle, /must be an options object, not a namespace handle/);
  const wrongs = [
    null,
    [],
    'text',
    5,
    AbortSignal.abort(),
    Promise.resolve({}),
    new Map(),
    Object.create({ inside: {} }),
  ];
  for (const wrong of wrongs) await refused(t, call, wrong, /options must be a plain object/);
}

for (const [name, first] of Object.entries(FUNCTIONS))
  test(`${name}: options that it does not know are refused`, refusesMisuse, methodOf(functions, name, first));

for (const [name, first] of Object.entries(OPERATIONS))
  test(`withNamespaces: ${name} refuses options that it does not know, and other namespaces`, async (t) => {
    await functions.withNamespaces({}, async (inside) => {
      const call = methodOf(inside, name, first);
      await refusesMisuse(t, call);
      await refused(t, call, { inside: {} }, /"inside" is not an option here/);
    });
  });

for (const [name, first] of Object.entries(PROCESS))
  test(`ProcessHandle: ${name} refuses options that it does not know`, async (t) => {
    using handle = functions.openProcess(process.pid);
    if (handle === undefined) return t.fail();
    await refusesMisuse(t, methodOf(handle, name, first));
  });

/** Options that were taken for others, or for none. */
const SLIPS: readonly [string, () => unknown, RegExp][] = [
  ['a misspelled option', () => functions.listLinks({ insde: {} } as never), /did you mean "inside"\?/],
  ['a kind of namespace', () => functions.listLinks({ net: NO_PATH } as never), /did you mean "inside: \{ net \}"\?/],
  ['namespace', () => functions.runInNamespaces({ command: [NO_PATH], namespace: {} } as never), /"namespaces"\?/],
  ['timeout', () => functions.runInNamespaces({ command: [NO_PATH], timeout: 5 } as never), /"timeoutMs"\?/],
  ['stdin', () => functions.runInNamespaces({ command: [NO_PATH], stdin: 'x' } as never), /"input"\?/],
  [
    'readonly',
    () => functions.bindMount({ source: NO_PATH, target: NO_PATH, readonly: true } as never),
    /"readOnly"\?/,
  ],
  [
    'the namespace of an end of a pair',
    () => functions.createVeth({ name: '/', peer: { name: '/', inside: {} } } as never),
    /unknown option "inside" in createVeth peer/,
  ],
];

for (const [name, call, message] of SLIPS)
  test(`a slip that was passed over is refused, with a hint: ${name}`, (t) => refused(t, call, undefined, message));

/** Values that counted as the default. */
const VALUES: readonly [string, () => unknown, RegExp][] = [
  [
    'readOnly',
    () => functions.bindMount({ source: NO_PATH, target: NO_PATH, readOnly: 1 } as never),
    /must be a boolean/,
  ],
  ['detach', () => functions.unmount(NO_PATH, { detach: 'yes' } as never), /must be a boolean/],
  ['kill', () => functions.removeCgroup(NO_PATH, { kill: 1 } as never), /must be a boolean/],
  ['broadcast', () => functions.addAddress(NO_LINK, ADDRESS, { broadcast: 0 } as never), /must be a boolean/],
  ['up', () => functions.setLink(NO_LINK, { up: 'no' } as never), /must be a boolean/],
  ['up of a peer', () => functions.createVeth({ name: '/', peer: { name: '/', up: 1 } } as never), /must be a boolean/],
  ['mode', () => functions.setXattr(NO_PATH, 'user.none', '', { mode: 'creat' } as never), /not a mode/],
  [
    'family',
    () => functions.removeRoute({ destination: 'default', link: NO_LINK, family: 'IPv6' } as never),
    /not a family/,
  ],
  ['family of a rule', () => functions.removeRoutingRule({ table: 4711, family: 'inet6' } as never), /not a family/],
  [
    'type',
    () => functions.addRoute({ destination: ADDRESS, link: NO_LINK, type: 'blackhole' }),
    /not a type .*"blackhole"/,
  ],
  ['table', () => functions.listRoutes({ table: 'main' } as never), /not a routing table: "main"/],
  ['inside', () => functions.listLinks({ inside: null } as never), /namespaces to be in/],
  ['an array for inside', () => functions.listLinks({ inside: [] } as never), /namespaces to be in/],
  ['no namespaces', () => functions.withNamespaces(undefined as never, async () => {}), /namespaces to be in/],
  [
    'namespaces',
    () => functions.runInNamespaces({ command: [NO_PATH], namespaces: 5 } as never),
    /namespaces to be in must be/,
  ],
  ['env', () => functions.runInNamespaces({ command: [NO_PATH], env: ['A=1'] } as never), /env must be an object/],
];

for (const [name, call, message] of VALUES)
  test(`a value that counted as the default is refused: ${name}`, (t) => refused(t, call, undefined, message));

test('a handle does not say which namespace of a call it is', async (t) => {
  using handle = functions.openNamespace('net', { pid: process.pid });
  const message = /a namespace handle .*\{ net: handle \}/;
  await refused(t, () => functions.listLinks({ inside: handle as never }), undefined, message);
  await refused(t, () => functions.withNamespaces(handle as never, async () => {}), undefined, message);
  const run = () => functions.runInNamespaces({ command: [NO_PATH], namespaces: handle as never });
  await refused(t, run, undefined, message);
});

test('an AbortController is no signal, and a call that has one does nothing', async (t) => {
  const signal = new AbortController() as never;
  const message = /signal must be an AbortSignal/;
  using handle = functions.openProcess(process.pid);
  await refused(t, () => functions.lock(NO_PATH, { signal }), undefined, message);
  await refused(t, () => functions.removeTree(NO_PATH, { signal }), undefined, message);
  await refused(t, () => functions.runInNamespaces({ command: [NO_PATH], signal }), undefined, message);
  await refused(t, () => handle?.wait({ signal }), undefined, message);
});

test('what a listing answers can be removed: it has nothing that the removal does not know', async (t) => {
  const route = {
    destination: '192.0.2.0/24',
    gateway: undefined,
    link: NO_LINK,
    linkIndex: 1,
    type: 'unicast',
  } as const;
  await t.throwsAsync(functions.removeRoute(route), { code: 'ENODEV' });
  const neighbour = {
    link: NO_LINK,
    linkIndex: 1,
    address: '192.0.2.1',
    macAddress: undefined,
    state: 'stale',
  } as const;
  await t.throwsAsync(functions.removeNeighbour(neighbour), { code: 'ENODEV' });
  await refused(t, functions.setNeighbour as Call, { ...neighbour, macAddress: '02:00:00:00:00:01' }, /"linkIndex"/);
});
