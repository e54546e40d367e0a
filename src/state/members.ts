/**
 * Who is on which network, under which names: for networks whose members find each other by name. A membership ends with the leases. What has changed is
 * marked in the same transaction, so that whoever tells the members can be cut off anywhere and somebody else goes on.
 */
import type { HostEntry } from '../spec/network/name-options.js';
import type { Tables } from './tables.js';

export interface Member {
  /** Id of the network. */
  readonly network: string;
  /** `seq` of the container. */
  readonly owner: number;
  /** Of the container. */
  readonly id: string;
  readonly entries: readonly HostEntry[];
}

/** A network whose members have to be told. */
export interface StaleNetwork {
  readonly network: string;
  /** Tells this change from a later one. */
  readonly turn: number;
}

/** A member with the name servers of its own. */
export interface AskingMember extends Member {
  /** `--dns`; none where its record is damaged. */
  readonly servers: readonly string[];
}

interface MemberRow extends Omit<Member, 'entries'> {
  readonly entries: string;
}

const MARK = 'INSERT INTO stale_names VALUES (?, 1) ON CONFLICT (network) DO UPDATE SET turn = turn + 1';

const WITH_SERVERS = `SELECT m.network, m.owner, m.id, m.entries,
    CASE WHEN json_valid(f.config) THEN json_extract(f.config, '$.dns.servers') END AS servers
  FROM member m LEFT JOIN container_config f ON f.seq = m.owner WHERE m.network = ? ORDER BY m.owner`;

/** Changes are to be made in the transaction that changes the leases. */
export class Members {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  add({ network, owner, id, entries }: Member): void {
    this.#tables.run('INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?)', network, owner, id, JSON.stringify(entries));
    this.mark(network);
  }

  /** All of a container, or that of one network. */
  remove(owner: number, network?: string): void {
    for (const left of this.networksOf(owner)) {
      if (network !== undefined && left !== network) continue;
      this.#tables.run('DELETE FROM member WHERE network = ? AND owner = ?', left, owner);
      this.mark(left);
    }
  }

  /** Ids. */
  networksOf(owner: number): readonly string[] {
    return this.#tables
      .all<{ network: string }>('SELECT network FROM member WHERE owner = ? ORDER BY network', owner)
      .map(({ network }) => network);
  }

  /** In the order of their creation. */
  on(network: string): readonly Member[] {
    return this.#tables
      .all<MemberRow>('SELECT network, owner, id, entries FROM member WHERE network = ? ORDER BY owner', network)
      .map((row) => ({ ...row, entries: JSON.parse(row.entries) as readonly HostEntry[] }));
  }

  /** As on(). Reads less than all configurations would be. */
  withServers(network: string): readonly AskingMember[] {
    return this.#tables
      .all<MemberRow & { readonly servers: string | null }>(WITH_SERVERS, network)
      .map(({ servers, entries, ...row }) => ({
        ...row,
        entries: JSON.parse(entries) as readonly HostEntry[],
        servers: servers === null ? [] : (JSON.parse(servers) as readonly string[]),
      }));
  }

  /** Ids of those that have members. */
  networks(): readonly string[] {
    return this.#tables.all<{ network: string }>('SELECT DISTINCT network FROM member').map(({ network }) => network);
  }

  mark(network: string): void {
    this.#tables.run(MARK, network);
  }

  stale(): readonly StaleNetwork[] {
    return this.#tables.all<StaleNetwork>('SELECT network, turn FROM stale_names ORDER BY network');
  }

  /** They have been told of this change. */
  told({ network, turn }: StaleNetwork): void {
    this.#tables.run('DELETE FROM stale_names WHERE network = ? AND turn = ?', network, turn);
  }
}
