/**
 * Manifest lists (images for several platforms) that are assembled locally and then pushed. Each call is one
 * transaction.
 */
import { TspodError } from '../errors.js';
import type { Descriptor } from '../oci/image.js';
import type { Tables } from './tables.js';

/** One image of a manifest list. */
export interface ListedManifest {
  readonly descriptor: Descriptor;
  /**
   * Source of an image that is not in the store: docker://NAME@DIGEST, or a name with another transport. @default it is
   * in the store
   */
  readonly from?: string;
}

export interface StoredList {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Names with registry and tag, sorted. */
  readonly names: readonly string[];
  readonly createdUs: number;
  readonly manifests: readonly ListedManifest[];
}

interface ListRow {
  readonly id: string;
  readonly created_us: number;
  readonly content: string;
}

export class ManifestLists {
  readonly #db: Tables;

  constructor(db: Tables) {
    this.#db = db;
  }

  /** Adds a list. Throws NAME_IN_USE if a list or an image has the name. */
  add({ id, createdUs, manifests }: Omit<StoredList, 'names'>, name: string): void {
    this.#db.transaction(() => {
      const sql = 'SELECT name FROM manifest_list_name WHERE name = ? UNION SELECT name FROM image_name WHERE name = ?';
      if (this.#db.one(sql, name, name) !== undefined)
        throw new TspodError(
          'NAME_IN_USE',
          `image name ${JSON.stringify(name)} is already associated with an image: that name is already in use`,
          { details: { name } },
        );
      const content = JSON.stringify(manifests);
      const sqlAdd = 'INSERT INTO manifest_list (name, id, content, created_us) VALUES (?, ?, ?, ?)';
      this.#db.run(sqlAdd, id, id, content, createdUs);
      this.#db.run('INSERT INTO manifest_list_name VALUES (?, ?)', name, id);
    });
  }

  /** Finds a list by its full name: registry, repository and tag. */
  byName(name: string): StoredList | undefined {
    const sql = 'SELECT l.* FROM manifest_list_name n JOIN manifest_list l ON l.id = n.list WHERE n.name = ?';
    return this.#lists(sql, name)[0];
  }

  /** Returns at most two lists: enough to tell whether the prefix is ambiguous. */
  byIdPrefix(prefix: string): readonly StoredList[] {
    return this.#lists('SELECT * FROM manifest_list WHERE substr(id, 1, length(?)) = ? LIMIT 2', prefix, prefix);
  }

  list(): readonly StoredList[] {
    return this.#lists('SELECT * FROM manifest_list').toSorted((a, b) => (firstName(a) < firstName(b) ? -1 : 1));
  }

  #lists(sql: string, ...values: readonly string[]): readonly StoredList[] {
    const namesOf = 'SELECT name FROM manifest_list_name WHERE list = ? ORDER BY name';
    return this.#db.all<ListRow>(sql, ...values).map(({ id, created_us: createdUs, content }) => ({
      id,
      createdUs,
      names: this.#db.all<{ name: string }>(namesOf, id).map(({ name }) => name),
      manifests: JSON.parse(content) as readonly ListedManifest[],
    }));
  }

  /**
   * Adds a name to the list; the list or image that has the name loses it. Throws NO_SUCH_IMAGE if the list is gone.
   */
  tag(id: string, name: string): void {
    this.#db.transaction(() => {
      if (this.byIdPrefix(id).length === 0) throw gone(id);
      this.#db.run('DELETE FROM image_name WHERE name = ?', name);
      this.#db.run('INSERT OR REPLACE INTO manifest_list_name VALUES (?, ?)', name, id);
    });
  }

  /** Removes a name of the list. Returns whether the list had it. */
  untag(id: string, name: string): boolean {
    return this.#db.transaction(
      () => this.#db.run('DELETE FROM manifest_list_name WHERE name = ? AND list = ?', name, id) > 0,
    );
  }

  /**
   * Replaces the list's images with the result of `change`. Throws NO_SUCH_IMAGE if the list is gone, and whatever
   * `change` throws.
   */
  change(id: string, change: (manifests: readonly ListedManifest[]) => readonly ListedManifest[]): void {
    this.#db.transaction(() => {
      const [list] = this.byIdPrefix(id);
      if (list === undefined) throw gone(id);
      this.#db.run('UPDATE manifest_list SET content = ? WHERE id = ?', JSON.stringify(change(list.manifests)), id);
    });
  }

  remove(id: string): void {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM manifest_list_name WHERE list = ?', id);
      this.#db.run('DELETE FROM manifest_list WHERE id = ?', id);
    });
  }
}

function firstName({ names, id }: StoredList): string {
  return names[0] ?? id;
}

function gone(id: string): TspodError {
  return new TspodError('NO_SUCH_IMAGE', `${id}: image not known`, { details: { name: id } });
}
