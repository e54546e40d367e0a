import test from 'ava';

import { eventPaths } from '../../src/events/event-log.js';
import { readEvents } from '../../src/events/read.js';
import { testEngine } from '../helpers/engine.js';
import { requires } from '../helpers/requires.js';

test('events: each step in the life of a container is written down', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options, runRoot } = await testEngine(t);
  const statuses = () => readEvents(eventPaths(runRoot)).map(({ status }) => status);
  const container = await engine.containers.create(
    options({ name: 'first', labels: { app: 'web' }, command: ['sleep', '1000'] }),
  );
  await container.init();
  await container.start();
  await container.exec({ command: ['sh', '-c', 'exit 3'] });
  await container.pause();
  await container.unpause();
  await container.rename('second');
  await container.restart({ timeoutSec: 0 });
  await container.kill();
  await container.remove();
  await engine.run(options({ command: ['true'] }));
  t.deepEqual(statuses(), [
    'refresh',
    'create',
    'init',
    'start',
    'exec',
    'exec_died',
    'pause',
    'unpause',
    'rename',
    'restart',
    'died',
    'stop',
    'cleanup',
    'init',
    'start',
    'kill',
    'died',
    'cleanup',
    'remove',
    'create',
    'init',
    'start',
    'died',
    'remove',
  ]);
  const told = readEvents(eventPaths(runRoot));
  const ends = told.filter(({ status }) => status.endsWith('died'));
  t.deepEqual(
    ends.map(({ attributes }) => attributes['containerExitCode']),
    ['3', '137', '137', '0'],
  );
  const kill = told.find(({ status }) => status === 'kill');
  t.deepEqual(
    { id: kill?.id, name: kill?.name, image: kill?.image, attributes: kill?.attributes },
    { id: container.id, name: 'second', image: 'host:', attributes: { app: 'web', signal: '9' } },
  );
});
