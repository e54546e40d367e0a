/** The containers in the database. All calls are synchronous, and each is one transaction. */
import { setMaxListeners } from 'node:events';

import { TspodError } from '../errors.js';
import { syncPath } from '../native/disk.js';
import type { ContainerConfig } from '../spec/config.js';
import { translateErrors, openDatabase, type Connection, type Statement } from './database.js';
import { HostPorts } from './host-ports.js';
import { ImageLeases } from './image-leases.js';
import { ImageRecords } from './images.js';
import { Leases } from './leases.js';
import { MadeNetworks } from './made-networks.js';
import { ManifestLists } from './manifest-lists.js';
import { Members } from './members.js';
import { ambiguous, barename, emptyId, isIdPrefix, nameInUse, noSuchContainer, prefixEnd } from './lookup.js';
import type { HostIds, NewContainer, StoredContainer, StoredState } from './records.js';
import { ListedContainer } from './listed-container.js';
import { Pods } from './pods.js';
import {
  ROW_COLUMNS,
  STATE_INSERT,
  STATE_UPDATE,
  stateValues,
  toContainer,
  type ContainerRow,
  type ListedRow,
} from './rows.js';
import { FROM_CONTAINER, LIST, UNSETTLED } from './queries.js';
import { parseUpdates } from './updates.js';
import { Secrets } from './secrets.js';
import { Transactions } from './transactions.js';
import { Volumes } from './volumes.js';

/** How long the exit code of a removed container is kept, for processes that wait for it. */
const EXIT_CODE_KEPT_US = 5 * 60 * 1e6;

/**
 * Limit of the cache of parsed configurations, which spares an exec the parsing. A cached one is valid for one value of
 * `updates`.
 */
const MAX_CACHED_CONFIGS = 256;

interface KnownConfig {
  /** The updates that `config` includes. */
  readonly updates: string;
  readonly config: ContainerConfig;
}

export class Store {
  readonly path: string;
  /** Aborts when the store is closed: pending waits end. */
  readonly closing: AbortSignal;
  readonly #closed = new AbortController();
  readonly #db: Connection;
  readonly #transactions: Transactions;
  readonly #statements = new Map<string, Statement>();
  readonly #configs = new Map<string, KnownConfig>();
  /** Addresses of the containers. */
  readonly leases: Leases;
  /** Names of the containers on their networks. */
  readonly members: Members;
  readonly madeNetworks: MadeNetworks;
  /** Host ports that were chosen for containers. */
  readonly hostPorts: HostPorts;
  readonly images: ImageRecords;
  readonly manifestLists: ManifestLists;
  /** Leases on image content that is being worked on. */
  readonly imageLeases: ImageLeases;
  readonly volumes: Volumes;
  readonly secrets: Secrets;
  readonly pods: Pods;

  /** Takes the arguments of openDatabase(), and throws the same errors. */
  constructor(path: string, onNew?: () => void) {
    this.path = path;
    this.closing = this.#closed.signal;
    setMaxListeners(0, this.closing); // one per pending wait
    this.#db = openDatabase(path, onNew);
    this.#transactions = new Transactions(this.#db, { path, prepare: (sql) => this.#prepare(sql) });
    const tables = {
      one: <Row>(sql: string, ...values: readonly unknown[]) => this.#one<Row>(sql, ...values),
      all: <Row>(sql: string, ...values: readonly unknown[]) => this.#all<Row>(sql, ...values),
      run: (sql: string, ...values: readonly unknown[]) =>
        translateErrors(path, () => this.#prepare(sql).run(...values).changes),
      transaction: <T>(body: () => T) => this.transaction(body),
      snapshot: <T>(body: () => T) => this.#transactions.read(body),
    };
    this.leases = new Leases(tables);
    this.members = new Members(tables);
    this.madeNetworks = new MadeNetworks(tables);
    this.hostPorts = new HostPorts(tables);
    this.images = new ImageRecords(tables);
    this.manifestLists = new ManifestLists(tables);
    this.imageLeases = new ImageLeases(tables);
    this.volumes = new Volumes(tables);
    this.secrets = new Secrets(tables);
    this.pods = new Pods(tables);
  }

  /** Records a new container. Throws NAME_IN_USE. Returns its `seq`. */
  insert(container: NewContainer): number {
    return this.transaction(() => {
      const owner = this.#one<{ id: string }>('SELECT id FROM container WHERE name = ?', container.name);
      if (owner !== undefined) throw nameInUse(container.name, owner.id);
      const seq = Number(
        this.#prepare('INSERT INTO container (id, name, created_us, summary) VALUES (?, ?, ?, ?)').run(
          container.id,
          container.name,
          container.createdUs,
          JSON.stringify(container.summary),
        ).lastInsertRowid,
      );
      this.#prepare('INSERT INTO container_config VALUES (?, ?)').run(seq, container.config);
      this.#prepare(STATE_INSERT).run(seq, ...stateValues(container.state));
      if (container.hostIds !== undefined) this.#insertHostIds(container.id, container.hostIds);
      for (const donor of container.donors) this.#addDependency(seq, donor);
      this.hostPorts.take(seq, container.hostPorts ?? []);
      for (const image of container.imageIds ?? []) this.images.use(seq, image);
      if (container.pod !== undefined) this.pods.join(seq, container.pod);
      return seq;
    });
  }

  /** Records that a container depends on another. Throws NO_SUCH_CONTAINER if that one is being removed or gone. */
  #addDependency(seq: number, donor: number): void {
    const { changes } = this.#prepare(
      "INSERT INTO dependency SELECT ?, seq FROM container_state WHERE seq = ? AND status != 'removing'",
    ).run(seq, donor);
    if (changes === 0) throw noSuchContainer(this.bySeq(donor)?.id ?? 'of a dependency');
  }

  /** Finds a container by its exact name, else by a prefix of its id. Throws EMPTY_ID, NO_SUCH_CONTAINER, AMBIGUOUS. */
  find(nameOrId: string): StoredContainer {
    const wanted = barename(nameOrId);
    if (wanted === '') throw emptyId();
    const named = this.#row(`SELECT ${ROW_COLUMNS} ${FROM_CONTAINER} WHERE c.name = ?`, wanted);
    if (named !== undefined) return this.#container(named);
    const rows = isIdPrefix(wanted)
      ? this.#rows<ContainerRow>(
          `SELECT ${ROW_COLUMNS} ${FROM_CONTAINER} WHERE c.id >= ? AND c.id < ? LIMIT 2`,
          wanted,
          prefixEnd(wanted),
        )
      : [];
    const [first, second] = rows;
    if (first === undefined) throw noSuchContainer(wanted);
    if (second !== undefined) throw ambiguous(wanted);
    return this.#container(first);
  }

  /** Finds a container by its full id. */
  get(id: string): StoredContainer | undefined {
    const row = this.#row(`SELECT ${ROW_COLUMNS} ${FROM_CONTAINER} WHERE c.id = ?`, id);
    return row === undefined ? undefined : this.#container(row);
  }

  /** Whether the store has no containers. */
  isEmpty(): boolean {
    return this.#one('SELECT 1 FROM container LIMIT 1') === undefined;
  }

  bySeq(seq: number): StoredContainer | undefined {
    const row = this.#row(`SELECT ${ROW_COLUMNS} ${FROM_CONTAINER} WHERE c.seq = ?`, seq);
    return row === undefined ? undefined : this.#container(row);
  }

  latest(): StoredContainer | undefined {
    const row = this.#row(`SELECT ${ROW_COLUMNS} ${FROM_CONTAINER} ORDER BY c.seq DESC LIMIT 1`);
    return row === undefined ? undefined : this.#container(row);
  }

  /**
   * Returns the container's configuration including its updates, or undefined if the container is gone. It is as recent
   * as the container's row that was read last. Throws SyntaxError if the record is damaged.
   */
  config(id: string): ContainerConfig | undefined {
    const known = this.#configs.get(id);
    if (known !== undefined) return known.config;
    const row = this.#one<{ config: string; updates: string }>(
      `SELECT f.config, s.updates ${FROM_CONTAINER} JOIN container_config f ON f.seq = c.seq WHERE c.id = ?`,
      id,
    );
    if (row === undefined) return undefined;
    const config = { ...(JSON.parse(row.config) as ContainerConfig), ...parseUpdates(row.updates) };
    this.rememberConfig(id, config, row.updates);
    return config;
  }

  rememberConfig(id: string, config: ContainerConfig, updates = ''): void {
    if (this.#configs.size >= MAX_CACHED_CONFIGS) {
      for (const oldest of this.#configs.keys()) {
        this.#configs.delete(oldest);
        break;
      }
    }
    this.#configs.set(id, { updates, config });
  }

  saveState({ seq, id }: Pick<StoredContainer, 'seq' | 'id'>, state: StoredState): void {
    this.transaction(() => {
      this.#prepare(STATE_UPDATE).run(...stateValues(state), seq);
      // Without a process, nothing uses an address.
      if (state.status === 'exited' || state.status === 'created') this.#leaveNetworks(seq);
    });
    this.#forgetOldConfig(id, state.updates);
  }

  #leaveNetworks(seq: number): void {
    this.leases.free(seq);
    this.members.remove(seq);
  }

  /** Renames a container. Throws NAME_IN_USE. */
  rename(seq: number, name: string): void {
    this.transaction(() => {
      const owner = this.#one<{ id: string; seq: number }>('SELECT id, seq FROM container WHERE name = ?', name);
      if (owner !== undefined && owner.seq !== seq) throw nameInUse(name, owner.id);
      this.#prepare('UPDATE container SET name = ? WHERE seq = ?').run(name, seq);
    });
  }

  /**
   * Deletes the container's record, keeping its exit code. Returns the names of the volumes that must be removed with
   * it.
   */
  delete(container: { readonly seq: number; readonly id: string }, exitCode: number): readonly string[] {
    this.#configs.delete(container.id);
    const nowUs = Date.now() * 1000;
    return this.transaction(() => {
      this.#prepare('DELETE FROM container_state WHERE seq = ?').run(container.seq);
      this.#prepare('DELETE FROM container WHERE seq = ?').run(container.seq);
      this.#prepare('DELETE FROM container_config WHERE seq = ?').run(container.seq);
      this.#prepare('DELETE FROM dependency WHERE seq = ?').run(container.seq);
      this.#leaveNetworks(container.seq);
      this.hostPorts.free(container.seq);
      this.images.free(container.seq);
      this.secrets.free(container.seq);
      this.pods.leave(container.seq);
      this.#prepare('DELETE FROM exit_code WHERE removed_us < ?').run(nowUs - EXIT_CODE_KEPT_US);
      this.#prepare('INSERT OR REPLACE INTO exit_code VALUES (?, ?, ?)').run(container.id, exitCode, nowUs);
      return this.volumes.free(container.seq);
    });
  }

  /** Returns the exit code of a container that was removed within the last minutes. */
  exitCodeOfRemoved(id: string): number | undefined {
    return this.#one<{ code: number }>('SELECT code FROM exit_code WHERE id = ?', id)?.code;
  }

  /** Returns the containers in the order of creation. `live`: only those that may have a process. */
  list(which: 'all' | 'live'): readonly ListedContainer[] {
    return this.#rows<ListedRow>(LIST[which]).map((row) => {
      const listed = new ListedContainer(row);
      this.#forgetOldConfig(listed.id, listed.state.updates);
      return listed;
    });
  }

  /**
   * Returns the containers that may need repair: live ones, half-removed ones, ended ones with auto-remove, and ones
   * whose root is mounted although no call of mount() is outstanding.
   */
  unsettled(): readonly StoredContainer[] {
    return this.#rows<ContainerRow>(UNSETTLED).map((row) => this.#container(row));
  }

  /** Returns the ids of the containers that share a namespace of this one or require it, oldest first. */
  dependents(seq: number): readonly string[] {
    return this.#all<{ id: string }>(
      'SELECT c.id FROM dependency d JOIN container c ON c.seq = d.seq WHERE d.donor_seq = ? ORDER BY c.seq',
      seq,
    ).map((row) => row.id);
  }

  /** Returns the ids of the containers that depend on this one, directly or indirectly. */
  allDependents(seq: number): readonly string[] {
    return this.#all<{ id: string }>(
      `WITH RECURSIVE above(seq) AS (
         SELECT seq FROM dependency WHERE donor_seq = ?
         UNION SELECT d.seq FROM dependency d JOIN above ON d.donor_seq = above.seq
       ) SELECT c.id FROM above JOIN container c ON c.seq = above.seq ORDER BY c.seq`,
      seq,
    ).map((row) => row.id);
  }

  /** Returns the ids of the containers whose namespaces this one shares, and of those that it requires. */
  donors(seq: number): readonly string[] {
    return this.#all<{ id: string }>(
      'SELECT c.id FROM dependency d JOIN container c ON c.seq = d.donor_seq WHERE d.seq = ? ORDER BY c.seq',
      seq,
    ).map((row) => row.id);
  }

  /**
   * Returns the host ids that the containers' user namespaces occupy. Call it in the transaction that inserts the
   * container for which ids are chosen.
   */
  hostIds(): readonly HostIds[] {
    return this.#all<HostIds>('SELECT kind, first, size FROM host_ids WHERE id IN (SELECT id FROM container)');
  }

  /** Records the host ids of a container. Those of removed containers are deleted here rather than by the removal. */
  #insertHostIds(id: string, ranges: readonly HostIds[]): void {
    this.#prepare('DELETE FROM host_ids WHERE id NOT IN (SELECT id FROM container)').run();
    for (const { kind, first, size } of ranges)
      this.#prepare('INSERT OR IGNORE INTO host_ids VALUES (?, ?, ?, ?)').run(id, kind, first, size);
  }

  /** Returns how many containers have each recorded status, for `info`. */
  countByStatus(): ReadonlyMap<string, number> {
    const rows = this.#all<{ status: string; n: number }>(
      'SELECT status, count(*) AS n FROM container_state GROUP BY status',
    );
    return new Map(rows.map((row) => [row.status, row.n]));
  }

  meta(key: string): string | undefined {
    return this.#one<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value;
  }

  setMeta(key: string, value: string): void {
    this.#prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(key, value);
  }

  /** Executes several statements, for the refresh after a reboot. */
  execute(sql: string): void {
    translateErrors(this.path, () => this.#db.exec(sql));
  }

  /**
   * Runs `body` in a transaction that is atomic, and excludes other writers from its start. The body is synchronous.
   */
  transaction<T>(body: () => T): T {
    return this.#transactions.write(body);
  }

  /** Runs `body` like transaction() but rolls everything back: shows what would be taken. */
  rehearse<T>(body: () => T): T {
    return this.#transactions.rehearse(body);
  }

  /**
   * Waits until everything recorded so far is on the disk. Called before files that belong to a record are created, and
   * before files of a deleted record are removed, so that a power cut leaves no files without a record and no record
   * without its files. Costs one disk write.
   */
  flush(): void {
    syncPath(`${this.path}-wal`);
  }

  get isOpen(): boolean {
    return this.#db.open;
  }

  /** Throws ENGINE_CLOSED if the store is closed. */
  requireOpen(): void {
    if (!this.isOpen) throw new TspodError('ENGINE_CLOSED', 'the engine has been closed');
  }

  close(): void {
    this.#db.close();
    this.#closed.abort();
  }

  /** Converts a row; the cached configuration is dropped if another process has updated it. */
  #container(row: ContainerRow): StoredContainer {
    const container = toContainer(row);
    this.#forgetOldConfig(container.id, container.state.updates);
    return container;
  }

  #forgetOldConfig(id: string, updates: string): void {
    const known = this.#configs.get(id);
    if (known !== undefined && known.updates !== updates) this.#configs.delete(id);
  }

  #prepare(sql: string): Statement {
    this.requireOpen();
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare<unknown[]>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Returns the first row as an array. */
  #row(sql: string, ...values: readonly unknown[]): ContainerRow | undefined {
    return translateErrors(
      this.path,
      () =>
        this.#prepare(sql)
          .raw()
          .get(...values) as ContainerRow | undefined,
    );
  }

  #rows<Row extends ContainerRow | ListedRow>(sql: string, ...values: readonly unknown[]): readonly Row[] {
    return translateErrors(
      this.path,
      () =>
        this.#prepare(sql)
          .raw()
          .all(...values) as unknown as Row[],
    );
  }

  #one<Row>(sql: string, ...values: readonly unknown[]): Row | undefined {
    return translateErrors(this.path, () => this.#prepare(sql).get(...values) as Row | undefined);
  }

  #all<Row>(sql: string, ...values: readonly unknown[]): readonly Row[] {
    return translateErrors(this.path, () => this.#prepare(sql).all(...values) as Row[]);
  }
}
