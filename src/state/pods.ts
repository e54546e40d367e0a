/** Pods, and which containers are in them. */
import { TspodError } from '../errors.js';
import type { InitKind, PodConfig } from '../spec/pod/pod-options.js';
import { ambiguousPod, barename, emptyId, isIdPrefix, noSuchPod, podNameInUse, prefixEnd } from './lookup.js';
import type { Tables } from './tables.js';

export interface StoredPod {
  /** Increases in the order of creation. */
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly createdUs: number;
  /** Id of the infra container, or ''. */
  readonly infraId: string;
  /** The pod is being removed; whoever finds it so completes the removal. */
  readonly removing: boolean;
  readonly config: PodConfig;
}

export type NewPod = Pick<StoredPod, 'id' | 'name' | 'createdUs' | 'config'>;

interface PodRow {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly created_us: number;
  readonly infra: string;
  readonly removing: number;
  readonly config: string;
}

/**
 * Prefix of a key in `meta` that ends with the pod's id. Its value is the start time of the infra container that was
 * running when a container left the pod; the time serves as an identifier of that run, whatever the clock says.
 */
const LEFT = 'left pod ';

const JOIN_INFRA = 'JOIN container i ON i.id = p.infra JOIN container_state s ON s.seq = i.seq';

export class Pods {
  readonly #db: Tables;

  constructor(db: Tables) {
    this.#db = db;
  }

  /** Records a new pod. Throws NAME_IN_USE. */
  insert({ id, name, createdUs, config }: NewPod): void {
    this.#db.transaction(() => {
      const owner = this.#db.one<{ id: string }>('SELECT id FROM pod WHERE name = ?', name);
      if (owner !== undefined) throw podNameInUse(name, owner.id);
      this.#db.run(
        'INSERT INTO pod (id, name, created_us, infra, stops, removing, config) VALUES (?, ?, ?, ?, ?, 0, ?)',
        id,
        name,
        createdUs,
        '',
        Number(config.exitPolicy === 'stop'),
        JSON.stringify(config),
      );
    });
  }

  /** Finds a pod by its exact name, else by a prefix of its id. Throws EMPTY_ID, NO_SUCH_POD, AMBIGUOUS. */
  find(nameOrId: string): StoredPod {
    const wanted = barename(nameOrId);
    if (wanted === '') throw emptyId();
    const named = this.#db.one<PodRow>('SELECT * FROM pod WHERE name = ?', wanted);
    if (named !== undefined) return toPod(named);
    const rows = isIdPrefix(wanted)
      ? this.#db.all<PodRow>('SELECT * FROM pod WHERE id >= ? AND id < ? LIMIT 2', wanted, prefixEnd(wanted))
      : [];
    const [first, second] = rows;
    if (first === undefined) throw noSuchPod(wanted);
    if (second !== undefined) throw ambiguousPod(wanted);
    return toPod(first);
  }

  /** Finds a pod by its full id. */
  get(id: string): StoredPod | undefined {
    const row = this.#db.one<PodRow>('SELECT * FROM pod WHERE id = ?', id);
    return row === undefined ? undefined : toPod(row);
  }

  latest(): StoredPod | undefined {
    const row = this.#db.one<PodRow>('SELECT * FROM pod ORDER BY seq DESC LIMIT 1');
    return row === undefined ? undefined : toPod(row);
  }

  /** Returns all pods in the order of creation. */
  list(): readonly StoredPod[] {
    return this.#db.all<PodRow>('SELECT * FROM pod ORDER BY seq').map(toPod);
  }

  /** Returns the ids of pods whose removal is under way or was interrupted. */
  removing(): readonly string[] {
    return this.#db.all<{ id: string }>('SELECT id FROM pod WHERE removing = 1 ORDER BY seq').map(({ id }) => id);
  }

  /** Returns the ids of pods that stop once only their infra container is running. */
  stopping(): readonly string[] {
    return this.#db.all<{ id: string }>('SELECT id FROM pod WHERE stops = 1 ORDER BY seq').map(({ id }) => id);
  }

  /** Returns the name of every pod by its id. */
  names(): ReadonlyMap<string, string> {
    return new Map(
      this.#db.all<{ id: string; name: string }>('SELECT id, name FROM pod').map(({ id, name }) => [id, name]),
    );
  }

  /**
   * Adds a container, whose record is being written, to the pod. Throws NO_SUCH_POD if the pod is gone or being
   * removed.
   */
  join(container: number, { id, infra }: { readonly id: string; readonly infra: string | undefined }): void {
    const joined = this.#db.run(
      'INSERT INTO pod_member SELECT ?, seq FROM pod WHERE id = ? AND removing = 0',
      container,
      id,
    );
    if (joined === 0) throw noSuchPod(id);
    if (infra !== undefined) this.#db.run('UPDATE pod SET infra = ? WHERE id = ?', infra, id);
  }

  /**
   * Removes a container, which is being removed itself, from its pod. If the pod stops once it is idle, the departure
   * is noted for wasLeft(): the pod may be left without any ended container to show that one ever ran.
   */
  leave(container: number): void {
    this.#db.run(
      `INSERT OR REPLACE INTO meta SELECT '${LEFT}' || p.id, CAST(s.started_us AS TEXT) FROM pod_member m JOIN pod p ON p.seq = m.pod ${JOIN_INFRA} WHERE m.container = ? AND p.stops = 1`,
      container,
    );
    this.#db.run('DELETE FROM pod_member WHERE container = ?', container);
  }

  /** Returns the ids of the pod's containers, oldest first: the infra container precedes the others. */
  members(id: string): readonly string[] {
    return this.#db
      .all<{ id: string }>(
        'SELECT c.id FROM pod p JOIN pod_member m ON m.pod = p.seq JOIN container c ON c.seq = m.container WHERE p.id = ? ORDER BY c.seq',
        id,
      )
      .map((row) => row.id);
  }

  /** Like members(), with what kind of init container each is; null if it is none. A damaged record says nothing. */
  membersWithKind(id: string): readonly { readonly id: string; readonly init: InitKind | null }[] {
    return this.#db.all<{ id: string; init: InitKind | null }>(
      "SELECT c.id, iif(json_valid(c.summary), c.summary, '{}') ->> 'init' AS init FROM pod p JOIN pod_member m ON m.pod = p.seq JOIN container c ON c.seq = m.container WHERE p.id = ? ORDER BY c.seq",
      id,
    );
  }

  /** Returns the id of the pod that the container is in. */
  podOf(container: number): string | undefined {
    return this.#db.one<{ id: string }>(
      'SELECT p.id FROM pod_member m JOIN pod p ON p.seq = m.pod WHERE m.container = ?',
      container,
    )?.id;
  }

  /**
   * Whether a container has left the pod since the pod's infra container was started. Known only for pods that stop
   * once idle.
   */
  wasLeft(id: string): boolean {
    const mark = this.#db.one(
      `SELECT 1 FROM pod p ${JOIN_INFRA} JOIN meta l ON l.key = '${LEFT}' || p.id AND l.value = CAST(s.started_us AS TEXT) WHERE p.id = ? AND s.started_us > 0`,
      id,
    );
    return mark !== undefined;
  }

  /** Marks the pod as being removed: no container can join it any more. */
  beginRemoval(id: string): void {
    this.#db.run('UPDATE pod SET removing = 1 WHERE id = ?', id);
  }

  /** Deletes the pod's record. Throws STATE_INVALID if a container is still in it. */
  delete(id: string): void {
    this.#db.transaction(() => {
      if (this.members(id).length > 0) throw new TspodError('STATE_INVALID', `pod ${id} has containers`);
      this.#db.run('DELETE FROM pod WHERE id = ?', id);
      this.#db.run(`DELETE FROM meta WHERE key = '${LEFT}' || ?`, id);
    });
  }
}

function toPod({ seq, id, name, created_us, infra, removing, config }: PodRow): StoredPod {
  return {
    seq,
    id,
    name,
    createdUs: created_us,
    infraId: infra,
    removing: removing !== 0,
    config: JSON.parse(config) as PodConfig,
  };
}
