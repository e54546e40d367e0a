/** Time in Node by the folder of the code that runs, as V8's sampling profiler sees it. */
import { Session } from 'node:inspector/promises';
import { sep } from 'node:path';

const INTERVAL_US = 100;

/** Nodes of the profiler that are no code. */
const OUTSIDE = new Map([
  ['(idle)', 'waiting'],
  ['(program)', 'Node itself'],
  ['(garbage collector)', 'garbage collector'],
]);

/** Nanoseconds of each folder, and of each function, while `action` runs, most first. */
export async function sampleNode(repository, action) {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    await session.post('Profiler.start');
    await action();
    const { profile } = await session.post('Profiler.stop');
    const places = placesOf(profile.nodes, repository);
    return {
      folders: totalsOf(profile, (id) => places.get(id).folder),
      functions: totalsOf(profile, (id) => places.get(id).name),
    };
  } finally {
    session.disconnect();
  }
}

function totalsOf({ samples, timeDeltas }, keyOf) {
  const totals = new Map();
  samples.forEach((id, index) => totals.set(keyOf(id), (totals.get(keyOf(id)) ?? 0) + timeDeltas[index] * 1000));
  return [...totals]
    .map(([name, nanoseconds]) => ({ name, nanoseconds }))
    .toSorted((one, other) => other.nanoseconds - one.nanoseconds);
}

/** Where each node of the call tree belongs; parents come before their children. */
function placesOf(nodes, repository) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const places = new Map();
  const pending = [[nodes[0], { folder: 'Node itself', name: 'Node itself' }]];
  while (pending.length > 0) {
    const [node, parent] = pending.pop();
    const place = placeOf(node.callFrame, repository) ?? parent;
    places.set(node.id, place);
    for (const child of node.children ?? []) pending.push([byId.get(child), place]);
  }
  return places;
}

/** Undefined for what belongs to its caller: functions of Node, of addons and of packages. */
function placeOf({ functionName, url }, repository) {
  const outside = OUTSIDE.get(functionName);
  if (outside !== undefined) return { folder: outside, name: outside };
  const [top, ...file] = url
    .replace(/^file:\/\//, '')
    .slice(repository.length + 1)
    .split(sep);
  if (!url.includes(repository) || top === 'node_modules') return undefined;
  const path = top === 'dist' ? ['src', ...file].join(sep).replace(/\.js$/, '.ts') : [top, ...file].join(sep);
  const folder = path.split(sep).slice(0, 2).join(sep);
  return { folder, name: `${path} ${functionName || '(a function)'}` };
}
