/** What can be said of the sources without running them: each check counts as one test. */
import { commandResult } from './command.mjs';

const CHECKS = [
  ['generated headers are current', 'scripts/generate-plan.mjs', ['--check']],
  ['pages name tests that exist', 'scripts/generate-model.mjs', ['--check']],
  ['pages of commands are current', 'scripts/generate-cli-docs.mjs', ['--check']],
  ['imports keep to the layers', 'scripts/check-layers.mjs', []],
  ['what is exported is imported', 'scripts/check-exports.mjs', []],
  ['the types fit', 'node_modules/typescript/bin/tsc', ['--noEmit']],
  ['eslint is content', 'node_modules/eslint/bin/eslint.js', ['.', '--max-warnings', '0']],
  ["the format is prettier's", 'node_modules/prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
  ["the format of native/ is clang-format's", 'scripts/lint-native.mjs', ['format']],
  ['clang-tidy is content', 'scripts/lint-native.mjs', ['tidy']],
];

export async function checkResults() {
  const results = [];
  for (const [name, script, args] of CHECKS)
    results.push(await commandResult(name, process.execPath, [script, ...args]));
  return results;
}
