/** Volumes, and which containers use them. */
import { TspodError } from '../errors.js';
import type { Tables } from './tables.js';
import { requireString } from '../util/require-string.js';

/**
 * How far the preparation of a volume has come.
 *
 * - `new`: no container has mounted it.
 * - `owned`: it has its owner and permissions.
 * - `filling`: the image's content for it lies beside it and is being moved into it.
 * - `done`: nothing more is copied into it.
 */
export type VolumeStage = 'new' | 'owned' | 'filling' | 'done';

export interface StoredVolume {
  readonly name: string;
  readonly createdUs: number;
  /** Created for one container, without a name from the user. */
  readonly anonymous: boolean;
  /** The volume is being removed; whoever finds it so completes the removal. */
  readonly removing: boolean;
  readonly stage: VolumeStage;
  readonly labels: Readonly<Record<string, string>>;
  /** As given by the user: `type`, `device`, `o`. */
  readonly options: Readonly<Record<string, string>>;
  /** User and group id of its owner. */
  readonly uid: number;
  readonly gid: number;
}

export type NewVolume = Pick<StoredVolume, 'name' | 'anonymous' | 'labels' | 'options'> & {
  /** @default the owner in the first container that mounts it */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
};

interface VolumeRow {
  readonly name: string;
  readonly created_us: number;
  readonly anonymous: number;
  readonly removing: number;
  readonly stage: VolumeStage;
  readonly labels: string;
  readonly options: string;
  readonly uid: number;
  readonly gid: number;
}

export class Volumes {
  readonly #db: Tables;

  constructor(db: Tables) {
    this.#db = db;
  }

  /** Finds a volume by its exact name, including one that is being removed. */
  row(name: string): StoredVolume | undefined {
    const row = this.#db.one<VolumeRow>('SELECT * FROM volume WHERE name = ?', name);
    return row === undefined ? undefined : toVolume(row);
  }

  get(name: string): StoredVolume | undefined {
    requireString('the name of a volume', name);
    const row = this.row(name);
    return row?.removing === true ? undefined : row;
  }

  /** Finds a volume by its name or a prefix of it. Throws NO_SUCH_VOLUME, AMBIGUOUS. */
  find(nameOrPrefix: string): StoredVolume {
    const exact = this.get(nameOrPrefix);
    if (exact !== undefined) return exact;
    // Names are ASCII, so "\x7f" sorts after every character of a name.
    const rows =
      nameOrPrefix === ''
        ? []
        : this.#db.all<VolumeRow>(
            'SELECT * FROM volume WHERE name >= ? AND name < ? AND removing = 0 LIMIT 2',
            nameOrPrefix,
            `${nameOrPrefix}\x7f`,
          );
    const [first, second] = rows;
    if (first === undefined) throw noSuchVolume(nameOrPrefix);
    if (second !== undefined) throw ambiguousVolume(nameOrPrefix);
    return toVolume(first);
  }

  /** Returns all volumes that are not being removed, sorted by name. */
  list(): readonly StoredVolume[] {
    return this.#db.all<VolumeRow>('SELECT * FROM volume WHERE removing = 0 ORDER BY name').map(toVolume);
  }

  /** Adds a volume. The caller has checked that none has this name. */
  insert({ name, anonymous, labels, options, owner }: NewVolume): void {
    this.#db.run(
      'INSERT INTO volume VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?)',
      name,
      Date.now() * 1000,
      Number(anonymous),
      owner === undefined ? 'new' : 'owned',
      JSON.stringify(labels),
      JSON.stringify(options),
      owner?.uid ?? 0,
      owner?.gid ?? 0,
    );
  }

  setStage(name: string, stage: VolumeStage): void {
    this.#db.transaction(() => this.#db.run('UPDATE volume SET stage = ? WHERE name = ?', stage, name));
  }

  setOwner(name: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
    this.#db.transaction(() =>
      this.#db.run("UPDATE volume SET stage = 'owned', uid = ?, gid = ? WHERE name = ?", uid, gid, name),
    );
  }

  /** Records that the container uses the volume. `doomed`: an anonymous volume is removed with the container. */
  use(container: number, name: string, { doomed }: { readonly doomed: boolean }): void {
    this.#db.run(
      'INSERT OR IGNORE INTO container_volume SELECT ?, name, ? AND anonymous FROM volume WHERE name = ?',
      container,
      Number(doomed),
      name,
    );
  }

  /**
   * Marks the container's anonymous volumes for removal with it, unless other containers use them. Call it in the
   * transaction that begins the container's removal.
   */
  doom(container: number): void {
    this.#db.run(
      `UPDATE container_volume SET doomed = 1
       WHERE container = ? AND volume IN (SELECT name FROM volume WHERE anonymous = 1)`,
      container,
    );
  }

  /** Keeps all volumes of the container when it is removed, including those that were doomed at its creation. */
  spare(container: number): void {
    this.#db.run('UPDATE container_volume SET doomed = 0 WHERE container = ?', container);
  }

  /** Marks one anonymous volume of the container for removal with it; see doom(). */
  doomOne(container: number, name: string): void {
    this.#db.run(
      `UPDATE container_volume SET doomed = 1
       WHERE container = ? AND volume = (SELECT name FROM volume WHERE name = ? AND anonymous = 1)`,
      container,
      name,
    );
  }

  /** Releases the volumes of a container that has been removed. Returns the names of those to be removed now. */
  free(container: number): readonly string[] {
    const doomed = this.#db.all<{ volume: string; doomed: number }>(
      'SELECT volume, doomed FROM container_volume WHERE container = ?',
      container,
    );
    if (doomed.length === 0) return [];
    this.#db.run('DELETE FROM container_volume WHERE container = ?', container);
    const names = doomed.flatMap((row) => (row.doomed === 1 && !this.#isUsed(row.volume) ? [row.volume] : []));
    for (const name of names) this.#mark(name);
    return names;
  }

  #isUsed(name: string): boolean {
    return this.#db.one('SELECT 1 FROM container_volume WHERE volume = ? LIMIT 1', name) !== undefined;
  }

  /** Returns the ids of the containers that use the volume, oldest first. */
  users(name: string): readonly string[] {
    return this.#db
      .all<{ id: string }>(
        'SELECT c.id FROM container_volume v JOIN container c ON c.seq = v.container WHERE v.volume = ? ORDER BY c.seq',
        name,
      )
      .map(({ id }) => id);
  }

  /** Returns how many containers have the volume mounted according to their recorded status. */
  mountCount(name: string): number {
    const row = this.#db.one<{ n: number }>(
      `SELECT count(*) AS n FROM container_volume v JOIN container_state s ON s.seq = v.container
       WHERE v.volume = ? AND s.status IN ('initialized', 'active', 'paused', 'stopping')`,
      name,
    );
    return row?.n ?? 0;
  }

  /** Marks an unused volume as being removed. Throws NO_SUCH_VOLUME, VOLUME_IN_USE. */
  beginRemoval(name: string): void {
    this.#db.transaction(() => {
      if (this.get(name) === undefined) throw noSuchVolume(name);
      const users = this.users(name);
      if (users.length > 0) throw volumeInUse(name, users);
      this.#mark(name);
    });
  }

  #mark(name: string): void {
    this.#db.run('UPDATE volume SET removing = 1 WHERE name = ?', name);
  }

  /** Returns the names of volumes whose removal is under way or was interrupted. */
  removing(): readonly string[] {
    return this.#db.all<{ name: string }>('SELECT name FROM volume WHERE removing = 1').map(({ name }) => name);
  }

  delete(name: string): void {
    this.#db.run('DELETE FROM volume WHERE name = ?', name);
  }
}

function toVolume(row: VolumeRow): StoredVolume {
  return {
    name: row.name,
    createdUs: row.created_us,
    anonymous: row.anonymous !== 0,
    removing: row.removing !== 0,
    stage: row.stage,
    labels: JSON.parse(row.labels) as Record<string, string>,
    options: JSON.parse(row.options) as Record<string, string>,
    uid: row.uid,
    gid: row.gid,
  };
}

export function noSuchVolume(name: string): TspodError {
  return new TspodError('NO_SUCH_VOLUME', `no volume with name "${name}" found: no such volume`, { details: { name } });
}

export function volumeExists(name: string): TspodError {
  return new TspodError('VOLUME_EXISTS', `volume with name ${name} already exists: volume already exists`, {
    details: { name },
  });
}

function ambiguousVolume(name: string): TspodError {
  return new TspodError('AMBIGUOUS', `more than one result for volume name "${name}": volume already exists`, {
    details: { name },
  });
}

function volumeInUse(name: string, containers: readonly string[]): TspodError {
  return new TspodError(
    'VOLUME_IN_USE',
    `volume ${name} is being used by the following container(s): ${containers.join(', ')}: volume is being used`,
    { details: { name, containers } },
  );
}
