/**
 * A copy of the tree under a temporary directory, in which guards are taken out one after the other. What it is built from and what was built lie
 * in it; the packages are links to those of the tree.
 */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { command, root } from '../testing/command.mjs';
import { sharedPlace } from './apart.mjs';

const SOURCES = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'binding.gyp', 'bin', 'src', 'native', 'test'];
const SCRIPTS = ['scripts', 'docs', 'README.md', 'CHANGELOG.md', 'LICENSE'];
const BUILT = ['build', 'out', 'dist'];

/** What an edit of a source or a build may have changed. */
const CHANGING = ['src', 'native', 'build', 'out/src', 'dist/bundle'];

/** Makes the copy and builds what is not built, or old. `built`: out/ and dist/ are taken as they are. */
export async function makeScratch({ built }) {
  const base = mkdtempSync(join(tmpdir(), 'tspod-guards-'));
  const scratch = { base, tree: join(base, 'tree'), pristine: join(base, 'pristine') };
  mkdirSync(sharedPlace(scratch));
  copyTree(root, scratch.tree, [...SOURCES, ...SCRIPTS, ...BUILT]);
  linkPackages(scratch.tree);
  if (!built) await must('the build of src/ and test/', scratch, process.execPath, ['scripts/build-tests.mjs']);
  if (!existsSync(join(scratch.tree, 'build/Makefile')))
    await must('node-gyp', scratch, process.execPath, ['node_modules/node-gyp/bin/node-gyp.js', 'configure']);
  await must('the build of native/', scratch, 'make', makeArguments(['tspod', 'tspod-monitor']));
  await must('the bundle', scratch, process.execPath, ['scripts/bundle.mjs']);
  copyTree(scratch.tree, scratch.pristine, CHANGING);
  return scratch;
}

export function removeScratch({ base }) {
  rmSync(base, { recursive: true, force: true });
}

function copyTree(from, to, names) {
  for (const name of names) {
    if (!existsSync(join(from, name))) continue;
    mkdirSync(dirname(join(to, name)), { recursive: true });
    cpSync(join(from, name), join(to, name), { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  }
}

/** One link for each package, in a directory of the copy's own: tools keep caches in it. */
function linkPackages(tree) {
  const link = (path) => {
    for (const name of readdirSync(join(root, path))) {
      const isFolder = name.startsWith('@') && path === 'node_modules';
      if (isFolder) {
        mkdirSync(join(tree, path, name));
        link(`${path}/${name}`);
      } else if (name !== '.cache') symlinkSync(join(root, path, name), join(tree, path, name));
    }
  };
  mkdirSync(join(tree, 'node_modules'));
  link('node_modules');
}

function makeArguments(targets) {
  // the copy's Makefile was made for another place; it is not to be made anew
  return ['-s', '-C', 'build', 'BUILDTYPE=Release', '-j', String(availableParallelism()), '-o', 'Makefile', ...targets];
}

async function must(what, { tree }, file, args) {
  const { status, output } = await command(file, args, { cwd: tree });
  if (status !== 0) throw new Error(`${what} failed:\n${output}`);
}

/** Makes the edits and builds what depends on them; throws if that fails. `bundle`: the command line is needed as well. */
export async function breakGuard(scratch, edits, { bundle }) {
  const { tree } = scratch;
  for (const { file, from, to } of edits) {
    const source = readFileSync(join(tree, file), 'utf8');
    // not replace(): it gives $ a meaning
    writeFileSync(join(tree, file), source.split(from).join(to));
  }
  const files = [...new Set(edits.map(({ file }) => file))];
  const native = files.filter((file) => file.startsWith('native/'));
  const typescript = files.filter((file) => file.startsWith('src/'));
  if (native.length > 0) await must('the build of native/', scratch, 'make', makeArguments(targetsOf(native)));
  for (const file of typescript) transpile(tree, file);
  if (bundle && typescript.length > 0) await must('the bundle', scratch, process.execPath, ['scripts/bundle.mjs']);
}

function targetsOf(files) {
  if (files.every((file) => file.startsWith('native/monitor/'))) return ['tspod-monitor'];
  if (files.every((file) => file.startsWith('native/addon/'))) return ['tspod'];
  return ['tspod', 'tspod-monitor'];
}

/** As tsc writes it; types are not looked at. */
function transpile(tree, file) {
  const { outputText } = ts.transpileModule(readFileSync(join(tree, file), 'utf8'), {
    fileName: join(tree, file),
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      isolatedModules: true,
    },
  });
  writeFileSync(join(tree, 'out', file.replace(/\.ts$/, '.js')), outputText);
}

/** Everything as it was before breakGuard(). */
export function restore({ tree, pristine }) {
  for (const name of CHANGING) restoreBelow(join(pristine, name), join(tree, name));
}

function restoreBelow(from, to) {
  const wanted = new Set(readdirSync(from));
  for (const name of existsSync(to) ? readdirSync(to) : [])
    // test programs are compiled when they are first asked for
    if (!wanted.has(name) && name !== 'test') rmSync(join(to, name), { recursive: true, force: true });
  for (const name of wanted) {
    const before = lstatSync(join(from, name));
    if (before.isDirectory()) {
      restoreBelow(join(from, name), join(to, name));
      continue;
    }
    const now = lstatSync(join(to, name), { throwIfNoEntry: false });
    if (now !== undefined && now.size === before.size && Math.abs(now.mtimeMs - before.mtimeMs) < 1) continue;
    rmSync(join(to, name), { force: true });
    cpSync(join(from, name), join(to, name), { preserveTimestamps: true, verbatimSymlinks: true });
  }
}
