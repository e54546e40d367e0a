/** Which networks this store has made: the directory of their files may be another engine's as well, whose containers this store knows nothing of. */
import type { Tables } from './tables.js';

export class MadeNetworks {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** By its id, in the transaction that writes its file. */
  add(id: string): void {
    this.#tables.run('INSERT INTO made_network VALUES (?)', id);
  }

  has(id: string): boolean {
    return this.#tables.one('SELECT id FROM made_network WHERE id = ?', id) !== undefined;
  }

  /** The network is no more. */
  forget(id: string): void {
    this.#tables.run('DELETE FROM made_network WHERE id = ?', id);
  }
}
