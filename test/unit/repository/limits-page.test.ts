/** docs/limits.md has the bounds that the sources have, and none that they have not. */
import { readFileSync } from 'node:fs';
import test from 'ava';

/** Where the bound of a row is, and what the page says of that number. */
const BOUNDS: Readonly<Record<string, readonly [file: string, constant: string, text?: (bound: number) => string]>> = {
  'items of a list (arguments, mounts, labels ...)': ['spec/checks/shape', 'MAX_ITEMS'],
  'ranges of an id map': ['spec/namespaces', 'MAX_MAPS'],
  hooks: ['spec/hooks', 'MAX_HOOKS'],
  'networks of a container': ['spec/network/network-config', 'MAX_NETWORKS'],
  'aliases on a network': ['spec/network/network-config', 'MAX_ALIASES'],
  'mappings of published ports, each a port or a range': ['spec/network/ports', 'MAX_MAPPINGS'],
  'rules of an egress list': ['spec/network/egress', 'MAX_RULES'],
  'subnets, routes, name servers, labels of a network': ['network/create', 'MAX_LIST', (bound) => `${bound} of each`],
  'descriptors that are handed on (`preserveFds`, `--preserve-fds`)': ['spec/normalize', 'MAX_PRESERVED_FDS'],
  'exec sessions of a container that are kept at one time': ['container/exec/files', 'MAX_EXEC_SESSIONS'],
  'an artifact of a container': ['container/verbs/artifacts', 'MAX_BYTES', mebibytes],
  'a secret': ['spec/files/secret-options', 'MAX_SECRET_BYTES', (end) => `${end - 1} bytes`],
  'nested directories in `export`, `cp`, `diff` and `commit`': ['storage/depth', 'MAX_DEPTH'],
  'headers of one file in an archive': ['tar/read', 'MAX_EXTENSION_BYTES', mebibytes],
  'clients that are attached to a container at one time': ['../native/monitor/clients.h', 'kMaxAttached'],
  'a seccomp profile': ['spec/confinement/seccomp-profile', 'MAX_PROFILE_BYTES', mebibytes],
};

/** These have words, or are the kernel's. */
const IN_WORDS: readonly string[] = [
  'one argument or variable',
  'mounts whose propagation is not private, and any bind mounts with a user namespace',
  'host name, domain name',
  'container name',
  'user and group numbers',
  'path of a layer (`--root`, `--runroot`, `--rootfs DIR:O`) as the kernel gets it',
];

function mebibytes(bytes: number): string {
  return `${bytes / 1024 ** 2} MiB`;
}

/** Numbers, and products of them. */
function constantOf(file: string, name: string): number {
  const source = readFileSync(file.endsWith('.h') ? `src/${file}` : `src/${file}.ts`, 'utf8');
  const [, value = ''] =
    new RegExp(`^(?:export const|const|inline constexpr size_t) ${name} = ([\\d_ *]+);$`, 'm').exec(source) ?? [];
  return value.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1);
}

test('docs/limits.md: bounds of what is taken are those of the sources', (t) => {
  const section = readFileSync('docs/limits.md', 'utf8').split('## Bounds of what is taken\n')[1]?.split('\n## ')[0];
  const rows = [...(section ?? '').matchAll(/^\| (.*?) +\| (.*?) +\|$/gm)].map(([, what = '', bound = '']) => [
    what,
    bound,
  ]);
  const said = new Map(rows.slice(2).map(([what = '', bound = '']) => [what, bound]));
  for (const [what, [file, name, text = String]] of Object.entries(BOUNDS))
    t.is(said.get(what), text(constantOf(file, name)), `${what}: ${name} of src/${file}.ts`);
  t.deepEqual([...said.keys()].sort(), [...Object.keys(BOUNDS), ...IN_WORDS].sort());
});
