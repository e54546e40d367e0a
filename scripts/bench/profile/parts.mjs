/** From the marks and steps of many runs to rows of a table. */

/** Middle value of numbers. */
export function summarize(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

/** The times at which a launch's parts begin and end, in order. */
const PARTS = [
  ['in Node, until the monitor runs: options, record, spawn', ({ begin }) => begin, ({ marks }) => marks.monitor],
  [
    'the monitor waits for its plan: compiled in Node meanwhile',
    ({ marks }) => marks.monitor,
    ({ marks }) => marks.plan,
  ],
  ['settings and prepare steps, up to the clone', ({ marks }) => marks.plan, (run) => lastOf(run, 'clone').begin],
  ['clone', (run) => lastOf(run, 'clone').begin, (run) => lastOf(run, 'clone').end],
  ['init, up to exec', (run) => lastOf(run, 'clone').end, (run) => lastOf(run, 'exec').begin],
  ['exec, up to the answer that it runs', (run) => lastOf(run, 'exec').begin, ({ marks }) => marks.launched],
  ['the command, up to its end', ({ marks }) => marks.launched, ({ marks }) => marks.ended],
  ['exit record, teardown', ({ marks }) => marks.ended, ({ marks }) => marks.tornDown],
  ['in Node, after the end: record, files', ({ marks }) => marks.tornDown, ({ end }) => end],
];

/** The step of that name that came last: a launch has one. */
function lastOf({ steps }, wanted) {
  return steps.findLast(({ name }) => name === wanted);
}

/** Medians of each part. */
export function partsOf(runs) {
  return PARTS.map(([name, from, to]) => ({
    words: [name],
    nanoseconds: summarize(runs.map((run) => to(run) - from(run))),
  }));
}

/** Each kind of step in its stage: how many a run has, and the median of the time that they take together; the longest first. */
export function stepsOf(runs) {
  const kinds = new Map();
  for (const [index, { steps }] of runs.entries()) {
    for (const { stageName, name, begin, end } of steps) {
      const kind = kinds.get(`${stageName} ${name}`) ?? { count: 0, totals: runs.map(() => 0) };
      kinds.set(`${stageName} ${name}`, kind);
      kind.count++;
      // What does not return (exec) has no end: the parts tell about it.
      if (end !== 0) kind.totals[index] += end - begin;
    }
  }
  return [...kinds]
    .map(([key, { count, totals }]) => ({
      words: [...key.split(' '), (count / runs.length).toFixed(0)],
      nanoseconds: summarize(totals),
    }))
    .toSorted((one, other) => other.nanoseconds - one.nanoseconds);
}
