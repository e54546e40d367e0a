/** What users install with the package: what the library and the build of the addon need, and nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};

/** The packages that files below a directory import. */
function imported(directory: string, except: (path: string) => boolean = () => false): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !except(path));
  const names = files.flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    return [...text.matchAll(/(?:\bfrom |\bimport\(|\(import\.meta\.url\)(?:\.resolve)?\()'([a-z@][^':]*)'/g)];
  });
  return names.map(([, specifier = '']) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
}

test('dependencies are what src/ imports outside the command line, which is bundled, and what binding.gyp includes', (t) => {
  const library = imported('src', (path) => path.startsWith('src/cli/'));
  const [, headers = ''] = /require\('([^']+)'\)\.include_dir/.exec(readFileSync('binding.gyp', 'utf8')) ?? [];
  t.deepEqual(Object.keys(dependencies).toSorted(), [...new Set([...library, headers])].toSorted());
});
