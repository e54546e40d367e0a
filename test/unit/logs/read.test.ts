import {
  appendFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { readLog, type ReadLogOptions } from '../../../src/logs/read.js';
import { temporaryDirectory } from '../../helpers/temp.js';

type Driver = ReadLogOptions['driver'];

/** A writer of both formats, on its own: what the monitor writes, written a second time. */
function record(
  driver: Driver,
  { time = '2026-01-01T00:00:00.000000001', stream = 'stdout', content = '', full = true },
) {
  if (driver === 'k8s-file') return `${time}+00:00 ${stream} ${full ? 'F' : 'P'} ${content}\n`;
  return `${JSON.stringify({ log: content + (full ? '\n' : ''), stream, time: `${time}Z` })}\n`;
}

function optionsFor(path: string, driver: Driver, options: Partial<ReadLogOptions> = {}): ReadLogOptions {
  return {
    path,
    driver,
    tail: -1,
    since: undefined,
    until: undefined,
    timestamps: false,
    prefix: '',
    stream: undefined,
    followUntil: undefined,
    signal: undefined,
    ...options,
  };
}

async function collect(options: ReadLogOptions): Promise<{ stdout: string; stderr: string; all: string }> {
  const parts = { stdout: '', stderr: '', all: '' };
  for await (const { stream, data } of readLog(options)) {
    parts[stream] += data.toString('latin1');
    parts.all += data.toString('latin1');
  }
  return parts;
}

function logFile(t: ExecutionContext, content = ''): string {
  const path = join(temporaryDirectory(t), 'ctr.log');
  writeFileSync(path, content, 'latin1');
  return path;
}

/** All are kept: PATH.1 is the one before PATH. */
function rotate(path: string, rotated: number): void {
  for (let age = rotated; age > 0; age -= 1) renameSync(`${path}.${String(age)}`, `${path}.${String(age + 1)}`);
  renameSync(path, `${path}.1`);
  writeFileSync(path, '');
}

const DRIVERS: readonly Driver[] = ['k8s-file', 'json-file'];

for (const driver of DRIVERS) {
  test(`${driver}: streams are told apart and lines put together`, async (t) => {
    const path = logFile(
      t,
      [
        record(driver, { content: 'one' }),
        record(driver, { content: 'bad', stream: 'stderr' }),
        record(driver, { content: 'two ', full: false }),
        record(driver, { content: 'parts' }),
        record(driver, { content: '' }),
        record(driver, { content: 'no end', full: false }),
      ].join(''),
    );
    const parts = await collect(optionsFor(path, driver));
    t.deepEqual(parts, { stdout: 'one\ntwo parts\n\nno end', stderr: 'bad\n', all: 'one\nbad\ntwo parts\n\nno end' });
    t.is((await collect(optionsFor(path, driver, { stream: 'stderr' }))).all, 'bad\n');
  });

  test(`${driver}: times and prefixes stand before lines, not before parts of them`, async (t) => {
    const path = logFile(
      t,
      [
        record(driver, { content: 'one' }),
        record(driver, { content: 'two ', full: false }),
        record(driver, { content: 'parts' }),
      ].join(''),
    );
    const time = '2026-01-01T00:00:00.000000001Z';
    t.is((await collect(optionsFor(path, driver, { timestamps: true }))).all, `${time} one\n${time} two parts\n`);
    t.is(
      (await collect(optionsFor(path, driver, { timestamps: true, prefix: 'web ' }))).all,
      `web ${time} one\nweb ${time} two parts\n`,
    );
  });

  test(`${driver}: a line that was written at once is in one chunk, however many there are`, async (t) => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${String(i)} ${'x'.repeat(i % 100)}`);
    const path = logFile(t, lines.map((content) => record(driver, { content })).join(''));
    for (const options of [{}, { timestamps: true }, { prefix: 'web ' }]) {
      const ends: string[] = [];
      let count = 0;
      for await (const { data } of readLog(optionsFor(path, driver, options))) {
        ends.push(data.toString('latin1', data.length - 1));
        count += data.toString('latin1').split('\n').length - 1;
      }
      t.true(ends.length > 1);
      t.true(ends.every((end) => end === '\n'));
      t.is(count, lines.length);
    }
  });

  test(`${driver}: lines are chosen by time, ends included`, async (t) => {
    const path = logFile(
      t,
      [1, 2, 3, 4]
        .map((second) =>
          record(driver, {
            time: `2026-01-01T00:00:0${String(second)}.000000000`,
            content: String(second),
          }),
        )
        .join(''),
    );
    const at = (second: number) => new Date(`2026-01-01T00:00:0${String(second)}Z`);
    t.is((await collect(optionsFor(path, driver, { since: at(2) }))).all, '2\n3\n4\n');
    t.is((await collect(optionsFor(path, driver, { until: at(3) }))).all, '1\n2\n3\n');
    t.is((await collect(optionsFor(path, driver, { since: at(2), until: at(3) }))).all, '2\n3\n');
  });

  test(`${driver}: the last lines, whatever the number`, async (t) => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${String(i)}`);
    const path = logFile(t, lines.map((content) => record(driver, { content })).join(''));
    for (const count of [0, 1, 2, 1000, 19_999, 20_000, 30_000]) {
      const expected =
        count === 0
          ? ''
          : lines
              .slice(-count)
              .map((line) => `${line}\n`)
              .join('');
      t.is((await collect(optionsFor(path, driver, { tail: count }))).all, expected, `tail ${String(count)}`);
    }
  });

  test(`${driver}: a line without an end is the last line`, async (t) => {
    const path = logFile(
      t,
      [
        record(driver, { content: 'one' }),
        record(driver, { content: 'two' }),
        record(driver, { content: 'pro', full: false }),
        record(driver, { content: 'mpt', full: false }),
      ].join(''),
    );
    t.is((await collect(optionsFor(path, driver, { tail: 1 }))).all, 'prompt');
    t.is((await collect(optionsFor(path, driver, { tail: 2 }))).all, 'two\nprompt');
  });

  test(`${driver}: the last lines of one stream`, async (t) => {
    const path = logFile(
      t,
      [
        record(driver, { content: 'e1', stream: 'stderr' }),
        record(driver, { content: 'o1' }),
        record(driver, { content: 'e2', stream: 'stderr' }),
        record(driver, { content: 'o2' }),
        record(driver, { content: 'o3' }),
      ].join(''),
    );
    t.is((await collect(optionsFor(path, driver, { tail: 2, stream: 'stderr' }))).all, 'e1\ne2\n');
    t.is((await collect(optionsFor(path, driver, { tail: 1, stream: 'stderr' }))).all, 'e2\n');
  });

  test(`${driver}: older files of a rotated log come first, also for the last lines`, async (t) => {
    const path = logFile(t, record(driver, { content: 'newest' }));
    writeFileSync(`${path}.1`, record(driver, { content: 'middle 1' }) + record(driver, { content: 'middle 2' }));
    writeFileSync(`${path}.2`, record(driver, { content: 'oldest' }));
    t.is((await collect(optionsFor(path, driver))).all, 'oldest\nmiddle 1\nmiddle 2\nnewest\n');
    t.is((await collect(optionsFor(path, driver, { tail: 2 }))).all, 'middle 2\nnewest\n');
    t.is((await collect(optionsFor(path, driver, { tail: 3 }))).all, 'middle 1\nmiddle 2\nnewest\n');
    t.is((await collect(optionsFor(path, driver, { tail: 9 }))).all, 'oldest\nmiddle 1\nmiddle 2\nnewest\n');
  });

  test(`${driver}: what is no record is passed over`, async (t) => {
    const path = logFile(
      t,
      `garbage\n\n${record(driver, { content: 'one' })}2026-01-01T00:\n${record(driver, { content: 'two' })}half of a rec`,
    );
    t.is((await collect(optionsFor(path, driver))).all, 'one\ntwo\n');
    t.is((await collect(optionsFor(path, driver, { tail: 1 }))).all, 'two\n');
    t.is(
      (await collect(optionsFor(path, driver, { timestamps: true, tail: 1 }))).all,
      '2026-01-01T00:00:00.000000001Z two\n',
    );
  });

  test(`${driver}: a log that does not exist is empty`, async (t) => {
    t.is((await collect(optionsFor(join(temporaryDirectory(t), 'none'), driver))).all, '');
    t.is((await collect(optionsFor(join(temporaryDirectory(t), 'none'), driver, { tail: 3 }))).all, '');
  });

  test(`${driver}: following sees each line once, across rotations, to the last`, async (t) => {
    const path = logFile(t, record(driver, { content: 'before' }));
    let end!: () => void;
    const followUntil = new Promise<void>((resolve) => (end = resolve));
    const reading = collect(optionsFor(path, driver, { followUntil }));
    const expected = ['before'];
    for (let i = 0; i < 300; i += 1) {
      const content = `line ${String(i)}`;
      expected.push(content);
      appendFileSync(path, record(driver, { content }));
      if (i % 50 === 49) rotate(path, Math.floor(i / 50));
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    appendFileSync(path, record(driver, { content: 'after' }));
    end();
    t.is((await reading).all, [...expected, 'after'].map((line) => `${line}\n`).join(''));
  });
}

test('k8s-file: what a record says of itself does not count, and bytes are kept', async (t) => {
  const bytes = randomBytes(100_000).toString('latin1').replaceAll('\n', ' ');
  const forged = '2026-01-01T00:00:00.000000000+00:00 stderr F forged';
  const path = logFile(t, record('k8s-file', { content: forged }) + record('k8s-file', { content: bytes }));
  const parts = await collect(optionsFor(path, 'k8s-file'));
  t.is(parts.stdout, `${forged}\n${bytes}\n`);
  t.is(parts.stderr, '');
});

test('k8s-file: records larger than a block are read', async (t) => {
  const long = 'x'.repeat(3_000_000);
  const path = logFile(
    t,
    record('k8s-file', { content: 'one' }) +
      record('k8s-file', { content: long }) +
      record('k8s-file', { content: 'two' }),
  );
  t.is((await collect(optionsFor(path, 'k8s-file'))).all, `one\n${long}\ntwo\n`);
  t.is((await collect(optionsFor(path, 'k8s-file', { tail: 2 }))).all, `${long}\ntwo\n`);
});

for (const tail of [-1, 200_000]) {
  test(`what is written meanwhile is not waited for (the last ${String(tail)} lines)`, async (t) => {
    const line = record('k8s-file', { content: 'x'.repeat(20) });
    const path = logFile(t, line.repeat(100_000));
    let read = 0;
    for await (const { data } of readLog(optionsFor(path, 'k8s-file', { tail }))) {
      read += data.length;
      appendFileSync(path, line.repeat(10_000));
      if (read > 21 * 200_000) break;
    }
    t.is(read, 21 * 100_000);
  });
}

test('json-file: escapes are undone, bytes that were no text come back', async (t) => {
  const time = '"stream":"stdout","time":"2026-01-01T00:00:00.000000001Z"}\n';
  const path = logFile(
    t,
    [
      `{"log":"tab\\t quote\\" back\\\\slash\\u0007\\n",${time}`,
      `{"log":"\\udcff\\udc80 \\ud83d\\ude00\\n",${time}`,
      `{"log":"${Buffer.from('grün').toString('latin1')}\\n",${time}`,
      `{"log":"ends in a backslash \\\\",${time}`,
    ].join(''),
  );
  const smiley = Buffer.from('😀').toString('latin1');
  t.is(
    (await collect(optionsFor(path, 'json-file'))).all,
    `tab\t quote" back\\slash\u0007\n\xff\x80 ${smiley}\n${Buffer.from('grün').toString('latin1')}\nends in a backslash \\`,
  );
});

/** A reader that follows, and what it has read so far. */
function follower(path: string, options: Partial<ReadLogOptions> = {}) {
  let end!: () => void;
  const followUntil = new Promise<void>((resolve) => (end = resolve));
  let text = '';
  let notify: (() => void) | undefined;
  const done = (async () => {
    for await (const { data } of readLog(optionsFor(path, 'k8s-file', { ...options, followUntil }))) {
      text += data.toString('latin1');
      notify?.();
    }
    return text;
  })();
  const has = async (wanted: string) => {
    while (!text.endsWith(wanted)) await new Promise<void>((resolve) => (notify = resolve));
  };
  return { done, has, end };
}

test('follow: begins with the last lines', async (t) => {
  const path = logFile(t, record('k8s-file', { content: 'one' }) + record('k8s-file', { content: 'two' }));
  const reader = follower(path, { tail: 1 });
  await reader.has('two\n');
  appendFileSync(path, record('k8s-file', { content: 'three' }));
  await reader.has('three\n');
  reader.end();
  t.is(await reader.done, 'two\nthree\n');
});

test('follow: a log that was emptied is read from its new beginning', async (t) => {
  const path = logFile(t, record('k8s-file', { content: 'one' }) + record('k8s-file', { content: 'two' }));
  const reader = follower(path);
  await reader.has('two\n');
  truncateSync(path);
  appendFileSync(path, record('k8s-file', { content: 'new' }));
  await reader.has('new\n');
  reader.end();
  t.is(await reader.done, 'one\ntwo\nnew\n');
});

test('follow: waits for a log that is not there yet', async (t) => {
  const path = join(temporaryDirectory(t), 'ctr.log');
  const reader = follower(path);
  appendFileSync(path, record('k8s-file', { content: 'first' }));
  await reader.has('first\n');
  reader.end();
  t.is(await reader.done, 'first\n');
});

test('follow: an abort ends it with its reason', async (t) => {
  const path = logFile(t, record('k8s-file', { content: 'one' }));
  const reason = new Error('enough');
  const followUntil = new Promise<void>(() => undefined);
  const reading = collect(optionsFor(path, 'k8s-file', { followUntil, signal: AbortSignal.abort(reason) }));
  t.is(await t.throwsAsync(reading), reason);
  const controller = new AbortController();
  const waiting = collect(optionsFor(path, 'k8s-file', { followUntil, signal: controller.signal }));
  setTimeout(() => {
    controller.abort(reason);
  }, 20);
  t.is(await t.throwsAsync(waiting), reason);
});

test('follow: an abort before the waiting begins ends it as well', async (t) => {
  const path = logFile(t, record('k8s-file', { content: 'one' }));
  const reason = new Error('enough');
  const controller = new AbortController();
  const followUntil = new Promise<void>(() => undefined);
  const reading = readLog(optionsFor(path, 'k8s-file', { followUntil, signal: controller.signal }));
  await reading.next();
  controller.abort(reason);
  t.is(await t.throwsAsync(reading.next()), reason);
});

test('follow: ends when its time is over', async (t) => {
  const path = logFile(t, record('k8s-file', { time: '2020-01-01T00:00:00.000000000', content: 'one' }));
  const followUntil = new Promise<void>(() => undefined);
  const until = new Date(Date.now() + 50);
  t.is((await collect(optionsFor(path, 'k8s-file', { followUntil, until }))).all, 'one\n');
});

/** Files of the log's directory that this process has open. */
function openFiles(path: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((target) => target.startsWith(`${dirname(path)}/`));
}

test('follow: files that have been read are closed, older ones and those of each rotation', async (t) => {
  const path = logFile(t, record('k8s-file', { content: 'first' }));
  for (let age = 1; age < 5; age += 1)
    writeFileSync(`${path}.${String(age)}`, record('k8s-file', { content: 'older' }));
  const reader = follower(path);
  await reader.has('first\n');
  t.deepEqual(openFiles(path), [path]);
  for (let i = 0; i < 20; i += 1) {
    const content = `line ${String(i)}`;
    appendFileSync(path, record('k8s-file', { content: `end of ${content}` }));
    // The one before is deleted.
    renameSync(path, `${path}.1`);
    writeFileSync(path, record('k8s-file', { content }));
    await reader.has(`end of ${content}\n${content}\n`);
    t.deepEqual(openFiles(path), [path]);
  }
  reader.end();
  await reader.done;
  t.deepEqual(openFiles(path), []);
});

test('follow: of the last lines only the file that grows is open', async (t) => {
  for (const tail of [0, 1]) {
    const path = logFile(t, record('k8s-file', { content: 'newest' }));
    for (const age of [1, 2]) writeFileSync(`${path}.${String(age)}`, record('k8s-file', { content: 'older' }));
    const reader = follower(path, { tail });
    // Without old lines nothing tells when it has begun.
    const writing = setInterval(() => appendFileSync(path, record('k8s-file', { content: 'more' })), 10);
    await reader.has('more\n');
    clearInterval(writing);
    t.deepEqual(openFiles(path), [path]);
    reader.end();
    await reader.done;
  }
});

test('files that were opened before one that cannot be are closed', async (t) => {
  const path = logFile(t, record('k8s-file', { content: 'one' }));
  writeFileSync(`${path}.1`, '');
  symlinkSync('ctr.log.2', `${path}.2`);
  await t.throwsAsync(collect(optionsFor(path, 'k8s-file')), { code: 'INVALID_ARGUMENT' });
  t.deepEqual(openFiles(path), []);
});
