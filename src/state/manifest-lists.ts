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
  /** With registry and tag. */
  readonly name: string;
  readonly manifests: readonly ListedManifest[];
}

interface ListRow {
  readonly id: string;
  readonly name: string;
  readonly content: string;
}

export class ManifestLists {
  readonly #db: Tables;

  constructor(db: Tables) {
    this.#db = db;
  }

  /** Throws NAME_IN_USE, also for the name of an image. */
  add({ id, name, manifests }: StoredList): void {
    this.#db.transaction(() => {
      const sql = 'SELECT name FROM manifest_list WHERE name = ? UNION SELECT name FROM image_name WHERE name = ?';
      if (this.#db.one(sql, name, name) !== undefined)
        throw new TspodError(
          'NAME_IN_USE',
          `image name ${JSON.stringify(name)} is already associated with an image: that name is already in use`,
          {
            details: { name },
          },
        );
      this.#db.run('INSERT INTO manifest_list VALUES (?, ?, ?)', name, id, JSON.stringify(manifests));
    });
  }

  /** By name with registry and tag, or by id. */
  find(nameOrId: string): StoredList | undefined {
    const row = this.#db.one<ListRow>('SELECT * FROM manifest_list WHERE name = ? OR id = ?', nameOrId, nameOrId);
    return row === undefined ? undefined : toList(row);
  }

  list(): readonly StoredList[] {
    return this.#db.all<ListRow>('SELECT * FROM manifest_list ORDER BY name').map(toList);
  }

  /** The images of a list become what `change` makes of them. Throws NO_SUCH_IMAGE if it is gone, and what `change` throws. */
  change(id: string, change: (manifests: readonly ListedManifest[]) => readonly ListedManifest[]): void {
    this.#db.transaction(() => {
      const list = this.find(id);
      if (list === undefined)
        throw new TspodError('NO_SUCH_IMAGE', `${id}: image not known`, { details: { name: id } });
      this.#db.run('UPDATE manifest_list SET content = ? WHERE id = ?', JSON.stringify(change(list.manifests)), id);
    });
  }

  remove(id: string): void {
    this.#db.transaction(() => this.#db.run('DELETE FROM manifest_list WHERE id = ?', id));
  }
}

function toList({ id, name, content }: ListRow): StoredList {
  return { id, name, manifests: JSON.parse(content) as readonly ListedManifest[] };
}
