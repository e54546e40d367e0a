/** The licences of the packages whose code esbuild has put into a file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)\b/i;

/**
 * The text that goes with the outputs of some builds: each package that has code in them, and its licence files, with those of folders of it
 * that have their own. Throws if a package has none. `root`: where the builds ran (`absWorkingDir`).
 */
export function licencesOf(root, metafiles) {
  const packages = new Map();
  for (const path of metafiles.flatMap(packagedInputs)) {
    const { directory, files } = licenceFilesOf(resolve(root, path));
    packages.set(directory, new Set([...(packages.get(directory) ?? []), ...files]));
  }
  const parts = [...packages].map(([directory, files]) => {
    const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    if (files.size === 0) throw new Error(`${name} ${version} has no licence file (${directory})`);
    const texts = [...files].map((file) => readFileSync(file, 'utf8').trim());
    return [`${name} ${version}`, ...texts].join('\n\n');
  });
  const head = 'The files beside this one have code of these packages in them, under these licences.';
  return `${[head, ...new Set(parts.toSorted())].join(`\n\n${'-'.repeat(80)}\n`)}\n`;
}

/** Of what esbuild read, that of which something is left. */
function packagedInputs({ outputs }) {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((path) => path.includes('node_modules/') && inputs[path].bytesInOutput > 0),
  );
}

/** From a module up to the directory of its package: the first whose package.json has a name. */
function licenceFilesOf(path) {
  const files = [];
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const names = readdirSync(directory).filter((name) => LICENCE_FILE.test(name));
    files.push(...names.map((name) => join(directory, name)));
    if (isPackage(directory)) return { directory, files: files.toReversed() };
    if (directory === dirname(directory)) throw new Error(`${path} lies in no package`);
  }
}

function isPackage(directory) {
  const path = join(directory, 'package.json');
  return existsSync(path) && JSON.parse(readFileSync(path, 'utf8')).name !== undefined;
}
