/** Named files that are kept beside a container. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

test('artifacts: are kept beside the container, replaced and removed, and go with it', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const container = await env.engine.containers.create(env.options({ command: ['true'] }));
  await container.addArtifact('config.json', '{"a":1}');
  await container.addArtifact('raw', new Uint8Array([0, 255, 10]));
  await container.addArtifact('config.json', '{"a":2}');
  const other = (await env.reopen()).containers.get(container.id);
  t.is((await other.getArtifact('config.json')).toString(), '{"a":2}');
  t.deepEqual([...(await other.getArtifact('raw'))], [0, 255, 10]);
  const directory = join(env.root, 'containers', container.id, 'artifacts');
  t.is(statSync(join(directory, 'raw')).mode & 0o777, 0o600);
  await container.removeArtifact('raw');
  await rejectsWith(t, container.getArtifact('raw'), 'NO_SUCH_FILE');
  await rejectsWith(t, container.removeArtifact('raw'), 'NO_SUCH_FILE');
  t.deepEqual(readdirSync(directory), ['config.json']);
  // A run changes nothing about them.
  await container.start();
  await container.wait();
  t.is((await container.getArtifact('config.json')).toString(), '{"a":2}');
  await container.remove();
  t.false(existsSync(directory));
  await rejectsWith(t, container.addArtifact('late', ''), 'NO_SUCH_CONTAINER');
  await env.assertNothingLeft();
});

test('artifacts: a name leads nowhere else', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const container = await env.engine.containers.create(env.options({ command: ['true'] }));
  for (const name of ['', '.', '..', '../upper/x', '/etc/passwd', 'a/b', '.hidden', '-x', 'a\0b', 'x'.repeat(201)]) {
    await rejectsWith(t, container.addArtifact(name, 'x'), 'INVALID_ARGUMENT');
    await rejectsWith(t, container.getArtifact(name), 'INVALID_ARGUMENT');
    await rejectsWith(t, container.removeArtifact(name), 'INVALID_ARGUMENT');
  }
  t.false(existsSync(join(env.root, 'containers', container.id)));
});
