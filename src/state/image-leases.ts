/**
 * Intents concerning image content (in use, to be removed), written before the files change so that they survive a
 * crash.
 */
import type { Tables } from './tables.js';

export interface LeaseItem {
  readonly kind: 'blob' | 'layer';
  /** Digest of a blob, or chain id of a layer. */
  readonly key: string;
}

export interface StoredImageLease {
  readonly id: string;
  readonly madeUs: number;
}

/**
 * Leases on blobs and layers. A lease is alive while its lock is held (storage/images/lease.ts). The content that a
 * dead lease names is kept for a while so that the work can be resumed, unless an image that contains it is removed.
 */
export class ImageLeases {
  readonly #db: Tables;

  constructor(db: Tables) {
    this.#db = db;
  }

  make(id: string): void {
    this.#db.transaction(() => this.#db.run('INSERT INTO image_lease VALUES (?, ?)', id, Date.now() * 1000));
  }

  /** Adds content to the lease: from now on nobody removes it. */
  add(id: string, items: readonly LeaseItem[]): void {
    this.#db.transaction(() => {
      for (const { kind, key } of items)
        this.#db.run('INSERT OR IGNORE INTO image_lease_item VALUES (?, ?, ?)', id, kind, key);
    });
  }

  items(id: string): readonly LeaseItem[] {
    return this.#db.all<LeaseItem>('SELECT kind, key FROM image_lease_item WHERE lease = ?', id);
  }

  /** Removes content from the lease, and ends the lease if nothing is left in it. */
  drop(id: string, items: readonly LeaseItem[]): void {
    this.#db.transaction(() => {
      const sql = 'DELETE FROM image_lease_item WHERE lease = ? AND kind = ? AND key = ?';
      const dropped = items.reduce((count, { kind, key }) => count + this.#db.run(sql, id, kind, key), 0);
      if (dropped > 0 && this.items(id).length === 0) this.end(id);
    });
  }

  /** Ends the lease. With `abandon`, its content becomes suspect, and the next collection examines it. */
  end(id: string, options: { readonly abandon?: boolean } = {}): void {
    this.#db.transaction(() => {
      if (options.abandon === true)
        this.#db.run('INSERT OR IGNORE INTO image_suspect SELECT kind, key FROM image_lease_item WHERE lease = ?', id);
      this.#db.run('DELETE FROM image_lease_item WHERE lease = ?', id);
      this.#db.run('DELETE FROM image_lease WHERE id = ?', id);
    });
  }

  /** Whether any lease names the blob or layer. */
  isLeased({ kind, key }: LeaseItem): boolean {
    const sql = 'SELECT 1 FROM image_lease_item WHERE kind = ? AND key = ? LIMIT 1';
    return this.#db.one(sql, kind, key) !== undefined;
  }

  list(): readonly StoredImageLease[] {
    return this.#db.all<StoredImageLease>('SELECT id, made_us AS madeUs FROM image_lease');
  }

  /** Returns the content to be removed unless something needs it. */
  suspects(): readonly LeaseItem[] {
    return this.#db.all<LeaseItem>('SELECT kind, key FROM image_suspect');
  }

  suspect(items: readonly LeaseItem[]): void {
    this.#db.transaction(() => {
      for (const { kind, key } of items) this.#db.run('INSERT OR IGNORE INTO image_suspect VALUES (?, ?)', kind, key);
    });
  }

  clearSuspect({ kind, key }: LeaseItem): void {
    this.#db.transaction(() => this.#db.run('DELETE FROM image_suspect WHERE kind = ? AND key = ?', kind, key));
  }
}
