import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import test from 'ava';

import { formatRecord, parseRecord, type EventRecord } from '../../../src/events/event.js';
import { EventLog, eventPaths, olderFile } from '../../../src/events/event-log.js';
import { followEvents } from '../../../src/events/follow.js';
import { readEvents } from '../../../src/events/read.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ID = 'ab'.repeat(32);

function event(values: Partial<EventRecord> = {}): EventRecord {
  return {
    timeUs: 1_700_000_000_000_001,
    type: 'container',
    status: 'create',
    id: ID,
    name: 'web',
    image: 'host:',
    attributes: {},
    ...values,
  };
}

test('events: a record is one line, whatever its labels hold', (t) => {
  const told = event({ attributes: { 'a\n{"time":1': 'x\u2028"\\\n', containerExitCode: '3' }, key: '7' });
  const line = formatRecord(told);
  t.is(line.indexOf('\n'), line.length - 1);
  t.deepEqual(parseRecord(line.slice(0, -1)), told);
});

test('events: a record behind one that was cut off is found', (t) => {
  const line = formatRecord(event());
  for (const length of [1, 8, 9, 40, line.length - 2]) {
    t.deepEqual(
      parseRecord(line.slice(0, length) + formatRecord(event({ name: 'other' })).trimEnd()),
      event({ name: 'other' }),
    );
    t.is(parseRecord(line.slice(0, length)), undefined);
  }
});

test('events: lines that are none of ours are passed over', (t) => {
  for (const line of ['', '{}', 'null', '{"time":', '{"time":1}', '{"time":"1","type":"container"}', '\u0000\u0000']) {
    t.is(parseRecord(line), undefined, line);
  }
});

test('events: are read in the order of time, without the line that is being written', (t) => {
  const paths = eventPaths(temporaryDirectory(t, 'tspod-events-'));
  t.deepEqual(readEvents(paths), []);
  const log = new EventLog(paths);
  log.record(event({ timeUs: 5, name: 'second' }));
  log.record(event({ timeUs: 9, name: 'third' }));
  log.record(event({ timeUs: 2, name: 'first' }));
  appendFileSync(paths.file, formatRecord(event({ timeUs: 1 })).slice(0, -1));
  t.deepEqual(
    readEvents(paths).map(({ name }) => name),
    ['first', 'second', 'third'],
  );
  log.close();
  t.is(statSync(paths.file).mode & 0o777, 0o600);
  t.is(statSync(paths.directory).mode & 0o777, 0o700);
});

test('events: an end that was recorded twice is told once', (t) => {
  const paths = eventPaths(temporaryDirectory(t, 'tspod-events-'));
  const log = new EventLog(paths);
  const died = event({ status: 'died', key: '77' });
  for (const each of [died, { ...died, timeUs: died.timeUs + 1 }, { ...died, key: '78' }, event(), event()])
    log.record(each);
  t.deepEqual(
    readEvents(paths).map(({ status, key }) => [status, key]),
    [
      ['died', '77'],
      ['died', '78'],
      ['create', undefined],
      ['create', undefined],
    ],
  );
  log.close();
});

test('events: writers that share the file keep it bounded, and lose nothing at a rotation', async (t) => {
  const paths = eventPaths(temporaryDirectory(t, 'tspod-events-'));
  const size = formatRecord(event({ name: '0000' })).length;
  const writers = [1, 2, 3].map(() => new EventLog(paths, { maxFileBytes: size * 40 }));
  for (let i = 0; i < 60; i += 1) {
    writers[i % 3]?.record(event({ timeUs: i, name: String(i).padStart(4, '0') }));
    // Time passes, so that writers look whether the file is still the newest.
    if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 25));
  }
  t.true(existsSync(olderFile(paths)));
  t.true(statSync(olderFile(paths)).size >= size * 40);
  t.true(statSync(paths.file).size < size * 40);
  const isRotation = ({ type, status }: EventRecord) => type === 'system' && status === 'log-rotation';
  const all = readEvents(paths);
  t.deepEqual(
    all.filter((one) => !isRotation(one)).map(({ name }) => Number(name)),
    Array.from({ length: 60 }, (_, i) => i),
  );
  // Told once, by the one who did it.
  t.is(all.filter(isRotation).length, 1);
  t.true(readFileSync(paths.file, 'utf8').startsWith(formatRecord(all.filter(isRotation)[0] ?? event())));
  for (const writer of writers) writer.close();
});

test('events: a follower remembers what it has told for as long as it reads a file that says so', async (t) => {
  const paths = eventPaths(temporaryDirectory(t, 'tspod-events-'));
  const log = (key: string) => {
    appendFileSync(paths.file, formatRecord(event({ status: 'died', key })));
  };
  mkdirSync(paths.directory);
  log('first');
  const followed = followEvents(paths, new AbortController().signal);
  t.teardown(() => followed.return());
  const told: unknown[] = [];
  const read = async () => {
    const batch = await followed.next();
    told.push(...(batch.value ?? []).map(({ key }) => key));
  };
  await read();
  for (const keys of [['first', 'second'], ['first', 'third'], ['fourth'], ['fifth'], ['first', 'sixth']]) {
    renameSync(paths.file, olderFile(paths));
    for (const key of keys) log(key);
    while (!told.includes(keys.at(-1))) await read();
  }
  t.deepEqual(told, ['first', 'second', 'third', 'fourth', 'fifth', 'first', 'sixth']);
});

test('events: what cannot be written fails nothing, and a closed log writes nothing', (t) => {
  const directory = temporaryDirectory(t, 'tspod-events-');
  writeFileSync(`${directory}/events`, '');
  const broken = new EventLog(eventPaths(directory));
  t.notThrows(() => {
    broken.record(event());
  });
  const paths = eventPaths(`${directory}/run`);
  const log = new EventLog(paths);
  log.record(event());
  log.close();
  log.record(event());
  t.is(readFileSync(paths.file, 'utf8').split('\n').length, 2);
});
