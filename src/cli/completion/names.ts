/** Completion with the names of existing objects. */
import type { Engine } from '../../engine/types.js';
import type { Named } from '../command-parts/flag.js';
import type { Globals } from '../context.js';
import { makeContext } from '../make-context.js';

export interface Candidate {
  readonly word: string;
  readonly help: string;
}

export interface Typing {
  /** The word as typed so far. */
  readonly typed: string;
  readonly globals: Globals;
}

const HOST: readonly Candidate[] = [
  { word: 'host:', help: 'This machine' },
  { word: 'host:all', help: 'This machine, with its secrets' },
];

/** Returns the names of one kind of object, also those that do not begin with what was typed. */
export async function namesOf(named: Named, { typed, globals }: Typing): Promise<readonly Candidate[]> {
  const engine = makeContext(globals).engine();
  // A user who cannot read the store still gets host: as a candidate.
  if (named === 'roots')
    return [...HOST, ...(await engine.then((opened) => imageNames(opened, typed)).catch(() => []))];
  return NAMES[named](await engine, typed);
}

const NAMES: Readonly<Record<Exclude<Named, 'roots'>, (engine: Engine, typed: string) => readonly Candidate[]>> = {
  containers: containerNames,
  images: imageNames,
  networks: networkNames,
  objects: (engine, typed) => [
    ...containerNames(engine),
    ...imageNames(engine, typed),
    ...volumeNames(engine),
    ...networkNames(engine),
    ...podNames(engine),
  ],
  pods: podNames,
  secrets: (engine) => engine.secrets.list().map(({ name, id }) => ({ word: name, help: id })),
  volumes: volumeNames,
};

function containerNames(engine: Engine): readonly Candidate[] {
  return engine.containers.list({ all: true }).map(({ name, status, image, rootfs }) => ({
    word: name,
    help: `${status} ${image === '' ? rootfs : image}`,
  }));
}

/**
 * Returns full names; once something is typed, also the short forms of them, such as `debian:12` for
 * docker.io/library/debian:12.
 */
function imageNames(engine: Engine, typed: string): readonly Candidate[] {
  return engine.images
    .list()
    .flatMap(({ id, names }) =>
      names.flatMap((name) => (typed === '' ? [name] : endsOf(name))).map((word) => ({ word, help: id.slice(0, 12) })),
    );
}

function endsOf(name: string): readonly string[] {
  const parts = name.split('/');
  return parts.map((_, first) => parts.slice(first).join('/'));
}

function volumeNames(engine: Engine): readonly Candidate[] {
  return engine.volumes
    .list()
    .map(({ name, containers }) => ({ word: name, help: containers.length === 0 ? 'unused' : '' }));
}

function networkNames(engine: Engine): readonly Candidate[] {
  return engine.networks.list().map(({ name, driver }) => ({ word: name, help: driver }));
}

function podNames(engine: Engine): readonly Candidate[] {
  return engine.pods.list().map(({ name, status }) => ({ word: name, help: status }));
}
