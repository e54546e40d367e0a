import { spawnSync } from 'node:child_process';
import test from 'ava';

const words = (part: string) => ['scripts/guards.mjs', '--list', '--part', part];

function guardsOf(part: string): readonly string[] {
  const { status, stdout } = spawnSync(process.execPath, words(part), { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter((line) => /^\S/.test(line) && !/^\d+ guards$/.test(line)) : [];
}

test('the parts of a long run are all of it, and have nothing in common', (t) => {
  const all = guardsOf('1/1');
  t.true(all.length > 50);
  const parts = ['1/3', '2/3', '3/3'].map(guardsOf);
  t.deepEqual(parts.flat().toSorted(), all.toSorted());
});

test('a part that is none is refused', (t) => {
  for (const part of ['0/3', '4/3', '3', 'a/b', '1/0']) {
    const { status, stderr } = spawnSync(process.execPath, words(part), { encoding: 'utf8' });
    t.is(status, 2);
    t.is(stderr, `--part takes two numbers, as 2/8, not "${part}"\n`);
  }
});
