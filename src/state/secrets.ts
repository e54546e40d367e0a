/** Secrets, and the containers' copies of them. Both are stored in the database, which only its owner can read. */
import { TspodError } from '../errors.js';
import type { Tables } from './tables.js';
import { requireString } from '../util/require-string.js';

export interface StoredSecret {
  readonly id: string;
  readonly name: string;
  readonly createdUs: number;
  readonly updatedUs: number;
  readonly labels: Readonly<Record<string, string>>;
  /** As given by the user; tspod does not interpret them. */
  readonly driverOptions: Readonly<Record<string, string>>;
}

export interface NewSecret {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

interface SecretRow {
  readonly id: string;
  readonly name: string;
  readonly created_us: number;
  readonly updated_us: number;
  readonly labels: string;
  readonly driver_options: string;
}

const COLUMNS = 'id, name, created_us, updated_us, labels, driver_options';

export class Secrets {
  readonly #db: Tables;

  constructor(db: Tables) {
    this.#db = db;
  }

  /** Finds a secret by its name. */
  named(name: string): StoredSecret | undefined {
    const row = this.#db.one<SecretRow>(`SELECT ${COLUMNS} FROM secret WHERE name = ?`, name);
    return row === undefined ? undefined : toSecret(row);
  }

  /** Finds a secret by its name, its id, or a prefix of its id. Throws NO_SUCH_SECRET, AMBIGUOUS. */
  find(nameOrId: string): StoredSecret {
    requireString('a name or id', nameOrId);
    const named = this.named(nameOrId);
    if (named !== undefined) return named;
    const rows = /^[0-9a-f]+$/.test(nameOrId)
      ? this.#db.all<SecretRow>(
          `SELECT ${COLUMNS} FROM secret WHERE id >= ? AND id < ? LIMIT 2`,
          nameOrId,
          `${nameOrId}g`,
        )
      : [];
    const [first, second] = rows;
    if (first === undefined) throw noSuchSecret(nameOrId);
    if (second !== undefined)
      throw new TspodError('AMBIGUOUS', `more than one result secret with prefix ${nameOrId}`, {
        details: { name: nameOrId },
      });
    return toSecret(first);
  }

  /** Returns all secrets, sorted by name. */
  list(): readonly StoredSecret[] {
    return this.#db.all<SecretRow>(`SELECT ${COLUMNS} FROM secret ORDER BY name`).map(toSecret);
  }

  /** Adds a secret. The caller has checked that none has this name. */
  insert({ id, name, labels, driverOptions, data }: NewSecret): void {
    const nowUs = Date.now() * 1000;
    this.#db.run(
      'INSERT INTO secret VALUES (?, ?, ?, ?, ?, ?, ?)',
      id,
      name,
      nowUs,
      nowUs,
      JSON.stringify(labels),
      JSON.stringify(driverOptions),
      data,
    );
  }

  replace(id: string, { labels, driverOptions, data }: Omit<NewSecret, 'id' | 'name'>): void {
    this.#overwrite('secret', 'id', id);
    this.#db.run(
      'UPDATE secret SET updated_us = ?, labels = ?, driver_options = ?, data = ? WHERE id = ?',
      Date.now() * 1000,
      JSON.stringify(labels),
      JSON.stringify(driverOptions),
      data,
      id,
    );
  }

  delete(id: string): void {
    this.#db.transaction(() => {
      this.#overwrite('secret', 'id', id);
      this.#db.run('DELETE FROM secret WHERE id = ?', id);
    });
  }

  /** Returns the secret's value. Throws NO_SUCH_SECRET. */
  data(id: string): Buffer {
    const row = this.#db.one<{ data: Buffer }>('SELECT data FROM secret WHERE id = ?', id);
    if (row === undefined) throw noSuchSecret(id);
    return row.data;
  }

  /**
   * Copies the secret's current value to the container, as the secret at this position of its configuration. Throws
   * NO_SUCH_SECRET.
   */
  give(container: number, position: number, id: string): void {
    const sql = 'INSERT INTO container_secret (container, position, data) SELECT ?, ?, data FROM secret WHERE id = ?';
    if (this.#db.run(sql, container, position, id) === 0) throw noSuchSecret(id);
  }

  /** Returns the values of a container's secrets by position. */
  ofContainer(container: number): ReadonlyMap<number, Buffer> {
    const rows = this.#db.all<{ position: number; data: Buffer }>(
      'SELECT position, data FROM container_secret WHERE container = ?',
      container,
    );
    return new Map(rows.map(({ position, data }) => [position, data]));
  }

  /** Deletes the values of a container that is being removed. */
  free(container: number): void {
    this.#overwrite('container_secret', 'container', container);
    this.#db.run('DELETE FROM container_secret WHERE container = ?', container);
  }

  /** Zeroes the values before their rows are deleted: a freed page keeps its content until it is reused. */
  #overwrite(table: 'secret' | 'container_secret', column: 'id' | 'container', value: unknown): void {
    this.#db.run(`UPDATE ${table} SET data = zeroblob(length(data)) WHERE ${column} = ?`, value);
  }
}

function toSecret(row: SecretRow): StoredSecret {
  return {
    id: row.id,
    name: row.name,
    createdUs: row.created_us,
    updatedUs: row.updated_us,
    labels: JSON.parse(row.labels) as Readonly<Record<string, string>>,
    driverOptions: JSON.parse(row.driver_options) as Readonly<Record<string, string>>,
  };
}

export function noSuchSecret(nameOrId: string): TspodError {
  return new TspodError('NO_SUCH_SECRET', `no secret with name or id ${JSON.stringify(nameOrId)}: no such secret`, {
    details: { name: nameOrId },
  });
}

export function secretExists(name: string): TspodError {
  return new TspodError('SECRET_EXISTS', `${name}: secret name in use`, { details: { name } });
}
