/** Ports of the host that were chosen for containers: each is one container's until it is removed. */
import type { ChosenPort } from './records.js';
import type { Tables } from './tables.js';

export class HostPorts {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  isTaken({ protocol, port }: ChosenPort): boolean {
    return this.#tables.one('SELECT seq FROM host_port WHERE protocol = ? AND port = ?', protocol, port) !== undefined;
  }

  /** In the transaction that found them free. */
  take(seq: number, ports: readonly ChosenPort[]): void {
    for (const { protocol, port } of ports)
      this.#tables.run('INSERT INTO host_port VALUES (?, ?, ?)', protocol, port, seq);
  }

  free(seq: number): void {
    this.#tables.run('DELETE FROM host_port WHERE seq = ?', seq);
  }
}
