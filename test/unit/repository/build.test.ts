/** What the build leaves in dist/. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

import { temporaryDirectory } from '../../helpers/temp.js';

const PROJECT = fileURLToPath(new URL('../../../..', import.meta.url));

/** A project with one module and a bundle of nothing, of which an older build had more. */
function project(t: ExecutionContext, source: string): string {
  const root = temporaryDirectory(t);
  cpSync(join(PROJECT, 'scripts'), join(root, 'scripts'), { recursive: true });
  const files = {
    'src/util/kept.ts': source,
    'scripts/bundle.mjs': "import { writeFileSync } from 'node:fs'; writeFileSync('dist/bundle/new.cjs', '');",
    'dist/util/gone.js': '',
    'dist/util/gone.d.ts': '',
    'dist/util/kept.js.map': '',
    'dist/other/gone.js': '',
    'dist/bundle/tspod.cjs': '',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json'])
    copyFileSync(join(PROJECT, name), join(root, name));
  symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

function build(root: string): number | null {
  return spawnSync('npm', ['run', '--silent', 'build:ts'], { cwd: root }).status;
}

function built(root: string): string[] {
  return readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(root, 'dist'), join(entry.parentPath, entry.name)))
    .toSorted();
}

test('what sources that are gone have left goes, and source maps do', (t) => {
  const root = project(t, 'export const kept = 1;');
  t.is(build(root), 0);
  t.deepEqual(built(root), ['bundle/new.cjs', 'bundle/tspod.cjs', 'util/kept.d.ts', 'util/kept.js']);
});

test('a source that does not compile leaves the program that is there', (t) => {
  const root = project(t, "export const kept: number = '1';");
  const before = built(root).filter((path) => path.startsWith('bundle/'));
  t.not(build(root), 0);
  t.deepEqual(
    built(root).filter((path) => path.startsWith('bundle/')),
    before,
  );
});
