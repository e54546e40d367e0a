#!/usr/bin/env node
/**
 * Holds the layers of docs/architecture.md: a file imports from lower layers and from its own folder, and some things have one
 * door only. Usage: check-layers.mjs [ROOT]. Prints each breach as `file:line: why`, exits with 1 if there is one.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow, withoutComments } from './testing/sources.mjs';

/** From the lowest to the highest: a file may import from rows above its own here. Folders of one row do not import each other. */
const TYPESCRIPT_LAYERS = [
  ['errors'],
  ['util'],
  ['oci', 'tar'],
  ['native'],
  ['host'],
  ['spec'],
  ['plan'],
  ['state'],
  ['storage', 'image', 'network', 'logs', 'events', 'systemd'],
  ['container'],
  ['pod'],
  ['engine'],
  ['index'],
  ['cli'],
];

/** Files that a lower layer may import although their folder lies above it, and why. */
const EXCEPTIONS = [
  // The form of a plan, which is the monitor's input as the messages are: `tspod/native` starts programs through it.
  { tree: 'src', from: 'native', file: /^plan\/(ops|codes|encode)\.[jt]s$/ },
];

const NATIVE_LAYERS = [['core'], ['plan'], ['ops'], ['monitor', 'addon'], ['test', 'probe', 'bench']];

/** These decide and touch nothing: tested without a machine. */
const PURE = ['errors', 'util', 'oci', 'tar', 'spec', 'plan'];
/** But for these files, which say why at their head. */
const IMPURE_FILES = ['src/spec/files/host-paths.ts'];
const EFFECTS = /^node:(child_process|cluster|dgram|fs|http2?|https|net|tls|worker_threads)(\/|$)/;

/** What one folder alone may do. `in` are folders of src/ (or native/); `what` is matched against each line without its comments. */
const DOORS = [
  { name: 'commander', tree: 'src', what: /from 'commander'|import\('commander'\)/, in: ['cli'] },
  { name: 'better-sqlite3', tree: 'src', what: /['"]better-sqlite3['"]/, in: ['state'] },
  { name: 'dbus-native', tree: 'src', what: /['"]dbus-native['"]/, in: ['systemd'] },
  { name: 'undici', tree: 'src', what: /from 'undici'|import\('undici'\)/, in: ['image'] },
  { name: 'smol-toml', tree: 'src', what: /['"]smol-toml['"]/, in: ['image'] },
  {
    name: 'the addon',
    tree: 'src',
    what: /['"]node-gyp-build['"]|\.node['"]|process\.dlopen/,
    in: ['native'],
    except: ['state'],
  },
  { name: 'process.stdout', tree: 'src', what: /\bprocess\.(stdout|stderr)\b/, in: ['cli'] },
  { name: 'console', tree: 'src', what: /\bconsole\./, in: ['cli'] },
  { name: 'the exit status', tree: 'src', what: /\bprocess\.(exitCode|exit\()/, in: ['cli'] },
  {
    name: 'process.env',
    tree: 'src',
    what: /\bprocess\.env\b/,
    in: ['cli', 'engine', 'host', 'native', 'container', 'state'],
  },
  { name: 'Node-API', tree: 'native', what: /#include\s*[<"](napi|node_api|uv)\.h[>"]/, in: ['addon'] },
];

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
const breaches = [
  ...checkTree({ tree: 'src', layers: TYPESCRIPT_LAYERS, extensions: ['.ts'], importsOf: typescriptImports }),
  ...checkTree({ tree: 'native', layers: NATIVE_LAYERS, extensions: ['.cc', '.h'], importsOf: nativeIncludes }),
];
for (const breach of breaches) console.error(breach);
if (breaches.length > 0) {
  console.error(`${breaches.length} breach${breaches.length === 1 ? '' : 'es'} of the layers (docs/architecture.md)`);
  process.exitCode = 1;
}

function checkTree({ tree, layers, extensions, importsOf }) {
  const files = filesBelow(join(root, tree)).filter((file) => extensions.some((extension) => file.endsWith(extension)));
  return files.flatMap((file) => {
    const folder = folderOf(tree, file);
    const lines = withoutComments(readFileSync(file, 'utf8')).split('\n');
    return lines.flatMap((line, index) => {
      const at = `${relative(root, file)}:${index + 1}`;
      return [
        ...importsOf(line, file).flatMap((target) => checkImport({ at, tree, layers, folder, target })),
        ...checkDoors({ at, tree, folder, line }),
      ];
    });
  });
}

function checkImport({ at, tree, layers, folder, target }) {
  if (target.module !== undefined) {
    if (tree === 'src' && PURE.includes(folder) && EFFECTS.test(target.module) && !target.typeOnly && !isImpure(at)) {
      return [`${at}: ${folder}/ is pure and imports ${target.module}`];
    }
    return [];
  }
  const to = folderOf(tree, target.file);
  if (to === folder || isException(tree, folder, target.file)) return [];
  const [fromRank, toRank] = [rankOf(layers, folder), rankOf(layers, to)];
  if (fromRank === -1) return [`${at}: ${folder} has no place in the table of layers`];
  if (toRank === -1) return [`${at}: ${to} has no place in the table of layers`];
  if (toRank > fromRank) return [`${at}: ${folder} imports ${to}, which lies above it`];
  if (toRank === fromRank) return [`${at}: ${folder} imports ${to}, its neighbour`];
  return [];
}

function isException(tree, from, file) {
  const path = relative(join(root, tree), file);
  return EXCEPTIONS.some(
    (exception) => exception.tree === tree && exception.from === from && exception.file.test(path),
  );
}

function checkDoors({ at, tree, folder, line }) {
  return DOORS.filter((door) => door.tree === tree && !door.in.includes(folder) && !door.except?.includes(folder))
    .filter((door) => door.what.test(line))
    .map((door) => `${at}: ${door.name} is for ${door.in.map((name) => `${tree}/${name}`).join(', ')} alone`);
}

function isImpure(at) {
  return IMPURE_FILES.includes(at.slice(0, at.indexOf(':')));
}

/** The first path component below the tree; a file that lies in the tree itself counts by its name. */
function folderOf(tree, file) {
  const [first = ''] = relative(join(root, tree), file).split('/');
  return first.replace(/\.(ts|js|h|cc)$/, '');
}

function rankOf(layers, folder) {
  return layers.findIndex((row) => row.includes(folder));
}

function typescriptImports(line, file) {
  const matches = line.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)'([^']+)'/g);
  return [...matches].map(([, specifier]) =>
    specifier.startsWith('.')
      ? { file: resolve(dirname(file), specifier) }
      : { module: specifier, typeOnly: /^\s*(import|export)\s+type\b/.test(line) },
  );
}

/** Includes are written from native/ ("core/sys.h") or beside the file ("sys.h"). */
function nativeIncludes(line, file) {
  const path = /^\s*#\s*include\s*"([^"]+)"/.exec(line)?.[1];
  if (path === undefined) return [];
  const base = path.includes('/') && !path.startsWith('.') ? join(root, 'native') : dirname(file);
  const target = resolve(base, path);
  return target.startsWith(join(root, 'native')) ? [{ file: target }] : [];
}
