import { spawnSync } from 'node:child_process';
import test from 'ava';

import { findCommand, GROUPS, isGroup, type Group } from '../../../src/cli/command-table.js';
import { MISSING_COMMANDS, missingCommand } from '../../../src/cli/missing-commands.js';
import { requires } from '../../helpers/requires.js';

/** Of the whole program, or of a group. */
function podmanCommands(...group: readonly string[]): readonly string[] {
  const { stdout } = spawnSync('podman', [...group, '--help'], { encoding: 'utf8' });
  const section = /^Available Commands:\n((?: {2}.*\n)+)/m.exec(stdout)?.[1] ?? '';
  return [...section.matchAll(/^ {2}(\S+)/gm)].map(([, name = '']) => name);
}

async function isHere(group: Group, name: string): Promise<boolean> {
  return (group === '' && (isGroup(name) || name === 'help')) || (await findCommand(group, name)) !== undefined;
}

test('what is called missing is not here', async (t) => {
  for (const { path } of MISSING_COMMANDS) {
    const [first = '', second] = path.split(' ');
    if (second === undefined) t.false(await isHere('', first), path);
    else t.true(isGroup(first) && !(await isHere(first, second)), path);
  }
});

test('every command of Podman is here, or is called missing', async (t) => {
  if (!requires(t, 'podman')) return;
  for (const group of ['', ...(Object.keys(GROUPS) as (keyof typeof GROUPS)[])] as const) {
    const names = podmanCommands(...(group === '' ? [] : [group]));
    t.true(names.length > 0, group);
    for (const name of names)
      t.true((await isHere(group, name)) || missingCommand(group, name) !== undefined, `${group} ${name}`);
  }
});
