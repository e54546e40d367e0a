/**
 * Which networks this store has created. Another engine may share the directory of network files, and this store knows
 * nothing about that engine's containers.
 */
import type { Tables } from './tables.js';

export class MadeNetworks {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Records the network with this id as created here. Call it in the transaction that writes the network's file. */
  add(id: string): void {
    this.#tables.run('INSERT INTO made_network VALUES (?)', id);
  }

  has(id: string): boolean {
    return this.#tables.one('SELECT id FROM made_network WHERE id = ?', id) !== undefined;
  }

  /** Deletes the record of a network that has been removed. */
  forget(id: string): void {
    this.#tables.run('DELETE FROM made_network WHERE id = ?', id);
  }
}
