/** Ports of the host that were chosen for containers: each is one container's until it is removed. */
import type { ChosenPort } from './records.js';
import type { Tables } from './tables.js';

/** Ports in a row. */
export interface PortRange extends ChosenPort {
  readonly range: number;
}

export class HostPorts {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  isTaken({ protocol, port }: ChosenPort): boolean {
    return this.#tables.one('SELECT seq FROM host_port WHERE protocol = ? AND port = ?', protocol, port) !== undefined;
  }

  /** Those that all containers publish, also while they do not run: the chosen ones, and those that their users named, which several may have. */
  published(): readonly PortRange[] {
    return this.#tables.all<PortRange>(
      `SELECT p.value ->> 'protocol' AS protocol, p.value ->> 'hostPort' AS port, p.value ->> 'range' AS range
       FROM container c JOIN json_each(iif(json_valid(c.summary), c.summary, '{}'), '$.ports') p`,
    );
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
