/** The examples of the documentation: each runs as it stands, prints what its comments say, and leaves nothing behind. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';

import { collect, storeOf } from '../../helpers/cli.js';
import { requires } from '../../helpers/requires.js';

/** In README.md the examples show parts of programs. */
const PAGES = ['docs/library.md', 'docs/native.md'];

for (const page of PAGES) {
  const examples = [...readFileSync(page, 'utf8').matchAll(/^```js\n(.*?)^```/gms)].map(([, code = '']) => code);

  test(`${page}: there are examples`, (t) => {
    t.true(examples.length > 4);
  });

  examples.forEach((code, index) => {
    test(`${page}: example ${index + 1} does what it says`, async (t) => {
      if (!requires(t, 'root', 'overlay', 'libseccomp')) return;
      const promised = [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, text = '']) => text);
      // From here the package is found by its own name.
      const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { env: storeOf(t).env });
      const { status, stdout, stderr } = await collect(child);
      t.is(status, 0, stderr);
      t.deepEqual(stdout.trimEnd().split('\n'), promised);
    });
  });
}
