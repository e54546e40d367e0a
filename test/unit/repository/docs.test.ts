/** Documentation that points nowhere, or is silent about a code that callers match on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

import { parseArguments } from '../../../src/cli/command-parts/parse.js';
import { findCommand, isGroup } from '../../../src/cli/command-table.js';
import { globalFlags } from '../../../src/cli/flags/global.js';
import type { ContainerStatus } from '../../../src/container/api/container.js';
import { ALLOWED, requireAllowed, type Operation } from '../../../src/container/transitions.js';
import { isTspodError } from '../../../src/errors.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name)),
].filter((path) => path.endsWith('.md'));

test('docs: every relative link leads to a file', (t) => {
  const dead = PAGES.flatMap((page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(join(ROOT, dirname(page), target)))
      .map((target) => `${page}: ${target}`);
  });
  t.deepEqual(dead, []);
});

/** As GitHub makes them of headings. */
function anchors(path: string): string[] {
  const headings = [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('docs: every link to a heading leads to one', (t) => {
  const dead = PAGES.flatMap((page) => {
    const text = readFileSync(join(ROOT, page), 'utf8');
    return [...text.matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
      .filter(([, target = '', anchor = '']) => {
        const path = target === '' ? join(ROOT, page) : join(ROOT, dirname(page), target);
        return !anchors(path).includes(anchor);
      })
      .map(([link]) => `${page}: ${link}`);
  });
  t.deepEqual(dead, []);
});

test('docs: README.md says how the package is installed, and what that needs', (t) => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const { name, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly engines: { readonly node: string };
  };
  t.true(readme.includes(`    npm install ${name}\n`));
  t.true(readme.includes(`Node ${engines.node.replace('>=', '')} or newer`));
  // What the installation itself says where it cannot compile.
  const [hint = 'none'] =
    /apt-get install [a-z0-9 -]+/.exec(readFileSync(join(ROOT, 'scripts/install.mjs'), 'utf8')) ?? [];
  t.true(readme.includes(`\`${hint}\``));
});

test('docs: CHANGELOG.md has faults only that a released version had', (t) => {
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  if (/^## (?!Unreleased)/m.test(changelog)) return t.pass();
  t.notRegex(changelog, /^### (Fixed|Security)$/m);
});

test('docs: every error code that is thrown is listed, and no other', (t) => {
  const errors = readFileSync(join(ROOT, 'src/errors.ts'), 'utf8');
  const codes = [...errors.matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code = '']) => code);
  const listed = [...readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(
    ([, code = '']) => code,
  );
  t.deepEqual(listed, codes);
});

/** Rows of a table, as the trimmed texts of their cells. A `\|` is no border. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}

function between(page: string, begin: string, end: string): string {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return text.split(begin)[1]?.split(end)[0] ?? '';
}

/** What an operation's refusal says in docs/state.md. */
function refusalOf(operation: Operation, status: ContainerStatus): string | undefined {
  try {
    requireAllowed(operation, 'id', status);
    return undefined;
  } catch (error) {
    if (!isTspodError(error)) throw error;
    return error.code === 'STATE_INVALID' ? 'refused' : `\`${error.code}\``;
  }
}

test('docs: what is refused in a state is what docs/state.md says', (t) => {
  const [header = [], , ...table] = rows(between('docs/state.md', '## What each operation does', '\n- '));
  const states = header.slice(1).map((cell) => cell.replaceAll('`', '') as ContainerStatus);
  t.is(states.length, 8);
  const operations = Object.keys(ALLOWED) as Operation[];
  const compared = table.filter(([name = '']) => operations.some((operation) => name === `\`${operation}\``));
  // all but resize, which is no verb of its own, and kill, which has a row for each kind of signal
  t.is(compared.length, operations.length - 2);
  for (const [name = '', ...cells] of compared) {
    const operation = name.replaceAll('`', '') as Operation;
    states.forEach((status, column) => {
      const cell = cells[column] ?? '';
      const refused = cell === 'refused' || /^`[A-Z_]+`$/.test(cell) ? cell : undefined;
      t.is(refused, refusalOf(operation, status), `${operation} of a container that is ${status}`);
    });
  }
});

test('docs: every flag that docs/cli.md calls missing is refused with that reason, but for the values it names', async (t) => {
  const [, , ...table] = rows(between('docs/cli.md', '<!-- generated: missing flags -->', '<!-- end -->'));
  t.true(table.length > 30);
  for (const [commands = '', flag = '', reason = '', values = ''] of table) {
    const [first = ''] = (commands === 'all commands' ? 'ps' : commands).split(', ');
    const [group = '', word = ''] = first.includes(' ') ? first.split(' ') : ['', first];
    const command = await findCommand(isGroup(group) ? group : '', word);
    const flags = [...globalFlags, ...(command?.flags ?? [])];
    const name = flag.replaceAll(/^`--|`$/g, '');
    const taken = values.split(', ').map((value) => value.replaceAll('`', ''));
    const isSwitch = flags.find((known) => known.name === name)?.kind === 'bool';
    for (const value of new Set([...(isSwitch ? ['true', 'false'] : ['1']), ...taken.filter(Boolean)])) {
      const parse = () => parseArguments({ path: first, flags, passThrough: false }, [`--${name}=${value}`]);
      if (taken.includes(value)) t.notThrows(parse, `--${name}=${value}`);
      else t.throws(parse, { message: `--${name} is not supported yet: ${reason}` }, `--${name}=${value}`);
    }
  }
});
