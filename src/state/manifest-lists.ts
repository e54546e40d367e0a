/** Lists of images for several platforms, as they are put together before they are pushed. Each call is one transaction. */
import { TspodError } from '../errors.js';
import type { Descriptor } from '../oci/image.js';
import type { Tables } from './tables.js';

/** One image of a list. */
export interface ListedManifest {
  readonly descriptor: Descriptor;
  /** Where it is copied from where the store has not got it: docker://NAME@DIGEST, or another transport's name. @default it is in the store */
  readonly from?: string;
}

export interface StoredList {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** With registry and tag, in the order of the alphabet. */
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

  /** Throws NAME_IN_USE, also for the name of an image. */
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

  /** By name with registry and tag. */
  byName(name: string): StoredList | undefined {
    const sql = 'SELECT l.* FROM manifest_list_name n JOIN manifest_list l ON l.id = n.list WHERE n.name = ?';
    return this.#lists(sql, name)[0];
  }

  /** Two at most. */
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

  /** A further name; what had it before has it no more. Throws NO_SUCH_IMAGE if the list is gone. */
  tag(id: string, name: string): void {
    this.#db.transaction(() => {
      if (this.byIdPrefix(id).length === 0) throw gone(id);
      this.#db.run('DELETE FROM image_name WHERE name = ?', name);
      this.#db.run('INSERT OR REPLACE INTO manifest_list_name VALUES (?, ?)', name, id);
    });
  }

  /** Whether it had the name. */
  untag(id: string, name: string): boolean {
    return this.#db.transaction(
      () => this.#db.run('DELETE FROM manifest_list_name WHERE name = ? AND list = ?', name, id) > 0,
    );
  }

  /** The images of a list become what `change` makes of them. Throws NO_SUCH_IMAGE if it is gone, and what `change` throws. */
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
