/** The file in which the monitors write what their steps took: native/core/profile.h. */
import { closeSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ENTRY_BYTES = 32;
const ENTRIES_PER_LAUNCH = 400;
const MARK_STAGE = 0xffffffff;

/** By their numbers in the file. */
const MARKS = ['monitor', 'plan', 'launched', 'ended', 'tornDown'];

/** Makes the file, with room for so many launches. */
export function openMonitorLog(path, launches) {
  const file = openSync(path, 'w');
  ftruncateSync(file, (1 + launches * ENTRIES_PER_LAUNCH) * ENTRY_BYTES);
  closeSync(file);
  return { path, read: (repository) => read(path, repository) };
}

/** Answers a function from a run to the marks and steps of the monitor that it has started. */
async function read(path, repository) {
  const { OPS, STAGES } = await import(join(repository, 'dist/plan/ops.js'));
  const names = Object.fromEntries(Object.entries(OPS).map(([name, { code }]) => [code, name]));
  const entries = decode(readFileSync(path)).map((entry) => ({
    ...entry,
    name: names[entry.code],
    stageName: STAGES[entry.stage],
  }));
  const monitors = entries.filter(({ stage, code }) => stage === MARK_STAGE && MARKS[code] === 'monitor');
  return (run) => ofMonitor(entries, monitors, run);
}

function decode(bytes) {
  const count = Number(bytes.readBigUInt64LE(0));
  if ((count + 1) * ENTRY_BYTES > bytes.length) throw new Error('the plan has more steps than there is room for');
  return Array.from({ length: count }, (_, index) => {
    const at = (index + 1) * ENTRY_BYTES;
    const times = [16, 24].map((offset) => Number(bytes.readBigUInt64LE(at + offset)));
    const [monitor, stage, code] = [0, 4, 8].map((offset) => bytes.readUInt32LE(at + offset));
    return { monitor, stage, code, begin: times[0], end: times[1] };
  });
}

function ofMonitor(entries, monitors, { begin, end }) {
  const found = monitors.filter((entry) => entry.begin > begin && entry.begin < end);
  if (found.length !== 1) throw new Error(`${found.length} monitors were started in one run`);
  const own = entries.filter((entry) => entry.monitor === found[0].monitor);
  const marks = Object.fromEntries(
    own.filter(({ stage }) => stage === MARK_STAGE).map(({ code, begin: time }) => [MARKS[code], time]),
  );
  return { marks, steps: own.filter(({ stage }) => stage !== MARK_STAGE) };
}
