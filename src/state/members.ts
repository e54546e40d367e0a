/**
 * Which containers are on which network under which names, for networks whose members find each other by name. A
 * membership ends together with the leases. Each change marks its network as stale in the same transaction, so that if
 * the process that informs the members is interrupted, another one completes it.
 */
import type { HostEntry } from '../spec/network/name-options.js';
import type { Tables } from './tables.js';

export interface Member {
  /** Id of the network. */
  readonly network: string;
  /** `seq` of the container. */
  readonly owner: number;
  /** Id of the container. */
  readonly id: string;
  readonly entries: readonly HostEntry[];
}

/** A network whose members must be informed of a change. */
export interface StaleNetwork {
  readonly network: string;
  /** Distinguishes this change from later ones. */
  readonly turn: number;
}

/** A member together with its own name servers. */
export interface AskingMember extends Member {
  /** The container's `--dns` servers; none if its record is damaged. */
  readonly servers: readonly string[];
}

interface MemberRow extends Omit<Member, 'entries'> {
  readonly entries: string;
}

const MARK = 'INSERT INTO stale_names VALUES (?, 1) ON CONFLICT (network) DO UPDATE SET turn = turn + 1';

const WITH_SERVERS = `SELECT m.network, m.owner, m.id, m.entries,
    CASE WHEN json_valid(f.config) THEN json_extract(f.config, '$.dns.servers') END AS servers
  FROM member m LEFT JOIN container_config f ON f.seq = m.owner WHERE m.network = ? ORDER BY m.owner`;

/** Call the methods that change something in the transaction that changes the leases. */
export class Members {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  add({ network, owner, id, entries }: Member): void {
    this.#tables.run('INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?)', network, owner, id, JSON.stringify(entries));
    this.mark(network);
  }

  /** Removes a container from all its networks, or from one. */
  remove(owner: number, network?: string): void {
    for (const left of this.networksOf(owner)) {
      if (network !== undefined && left !== network) continue;
      this.#tables.run('DELETE FROM member WHERE network = ? AND owner = ?', left, owner);
      this.mark(left);
    }
  }

  /** Returns the ids of the networks that the container is on. */
  networksOf(owner: number): readonly string[] {
    return this.#tables
      .all<{ network: string }>('SELECT network FROM member WHERE owner = ? ORDER BY network', owner)
      .map(({ network }) => network);
  }

  /** Returns the network's members in the order of their creation. */
  on(network: string): readonly Member[] {
    return this.#tables
      .all<MemberRow>('SELECT network, owner, id, entries FROM member WHERE network = ? ORDER BY owner', network)
      .map((row) => ({ ...row, entries: JSON.parse(row.entries) as readonly HostEntry[] }));
  }

  /** Returns the network's members like on(), with their name servers. Reads only these from the configurations. */
  withServers(network: string): readonly AskingMember[] {
    return this.#tables
      .all<MemberRow & { readonly servers: string | null }>(WITH_SERVERS, network)
      .map(({ servers, entries, ...row }) => ({
        ...row,
        entries: JSON.parse(entries) as readonly HostEntry[],
        servers: servers === null ? [] : (JSON.parse(servers) as readonly string[]),
      }));
  }

  /** Returns the ids of the networks that have members. */
  networks(): readonly string[] {
    return this.#tables.all<{ network: string }>('SELECT DISTINCT network FROM member').map(({ network }) => network);
  }

  mark(network: string): void {
    this.#tables.run(MARK, network);
  }

  stale(): readonly StaleNetwork[] {
    return this.#tables.all<StaleNetwork>('SELECT network, turn FROM stale_names ORDER BY network');
  }

  /** Records that the members have been informed of this change. */
  told({ network, turn }: StaleNetwork): void {
    this.#tables.run('DELETE FROM stale_names WHERE network = ? AND turn = ?', network, turn);
  }
}
