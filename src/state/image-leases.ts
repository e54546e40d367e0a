/** What is being worked on and what is to be removed: intents, written before the files change, so that they are found after a crash. */
import type { Tables } from './tables.js';

export interface LeaseItem {
  readonly kind: 'blob' | 'layer';
  /** Digest of a blob, chain id of a layer. */
  readonly key: string;
}

export interface StoredImageLease {
  readonly id: string;
  readonly madeUs: number;
}

/** A lease is alive while its lock is held (storage/images/lease.ts). What a dead one names is kept for a while, to go on with, unless an image that has it is removed. */
export class ImageLeases {
  readonly #db: Tables;

  constructor(db: Tables) {
    this.#db = db;
  }

  make(id: string): void {
    this.#db.transaction(() => this.#db.run('INSERT INTO image_lease VALUES (?, ?)', id, Date.now() * 1000));
  }

  /** From here on nobody removes these. */
  add(id: string, items: readonly LeaseItem[]): void {
    this.#db.transaction(() => {
      for (const { kind, key } of items)
        this.#db.run('INSERT OR IGNORE INTO image_lease_item VALUES (?, ?, ?)', id, kind, key);
    });
  }

  items(id: string): readonly LeaseItem[] {
    return this.#db.all<LeaseItem>('SELECT kind, key FROM image_lease_item WHERE lease = ?', id);
  }

  /** It names these no more; one that had nothing else ends. */
  drop(id: string, items: readonly LeaseItem[]): void {
    this.#db.transaction(() => {
      const sql = 'DELETE FROM image_lease_item WHERE lease = ? AND kind = ? AND key = ?';
      const dropped = items.reduce((count, { kind, key }) => count + this.#db.run(sql, id, kind, key), 0);
      if (dropped > 0 && this.items(id).length === 0) this.end(id);
    });
  }

  /** `abandon`: what it names is looked at by the next collection. */
  end(id: string, options: { readonly abandon?: boolean } = {}): void {
    this.#db.transaction(() => {
      if (options.abandon === true)
        this.#db.run('INSERT OR IGNORE INTO image_suspect SELECT kind, key FROM image_lease_item WHERE lease = ?', id);
      this.#db.run('DELETE FROM image_lease_item WHERE lease = ?', id);
      this.#db.run('DELETE FROM image_lease WHERE id = ?', id);
    });
  }

  /** Whether any lease names it. */
  isLeased({ kind, key }: LeaseItem): boolean {
    const sql = 'SELECT 1 FROM image_lease_item WHERE kind = ? AND key = ? LIMIT 1';
    return this.#db.one(sql, kind, key) !== undefined;
  }

  list(): readonly StoredImageLease[] {
    return this.#db.all<StoredImageLease>('SELECT id, made_us AS madeUs FROM image_lease');
  }

  /** What is to be removed unless somebody needs it. */
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
