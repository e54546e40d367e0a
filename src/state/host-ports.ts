/** Host ports that were chosen automatically for containers: each belongs to one container until that is removed. */
import type { ChosenPort } from './records.js';
import type { Tables } from './tables.js';

/** A range of consecutive ports. */
export interface PortRange extends ChosenPort {
  readonly range: number;
}

/** `seq` is that of a container. */
export class HostPorts {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  isTaken({ protocol, port }: ChosenPort): boolean {
    return this.#tables.one('SELECT seq FROM host_port WHERE protocol = ? AND port = ?', protocol, port) !== undefined;
  }

  /**
   * Returns the host ports that all containers publish, running or not: the chosen ones, and those given by users,
   * which several containers may share.
   */
  published(): readonly PortRange[] {
    return this.#tables.all<PortRange>(
      `SELECT p.value ->> 'protocol' AS protocol, p.value ->> 'hostPort' AS port, p.value ->> 'range' AS range
       FROM container c JOIN json_each(iif(json_valid(c.summary), c.summary, '{}'), '$.ports') p`,
    );
  }

  /** Records the ports as the container's. Call it in the transaction that found them free. */
  take(seq: number, ports: readonly ChosenPort[]): void {
    for (const { protocol, port } of ports)
      this.#tables.run('INSERT INTO host_port VALUES (?, ?, ?)', protocol, port, seq);
  }

  free(seq: number): void {
    this.#tables.run('DELETE FROM host_port WHERE seq = ?', seq);
  }
}
