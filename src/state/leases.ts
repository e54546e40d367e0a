/**
 * Which container has which address. A lease is tied to the container's record: it ends when a state without a process
 * is recorded, when the record is removed, and when the machine reboots, so nobody has to return it.
 *
 * Addresses that were never given out come first, then the one that was freed longest ago, so that finding one takes
 * the same few look-ups however many leases there are.
 */
import { TspodError } from '../errors.js';
import { formatIp } from '../util/ip-address.js';
import { ipBytes, ipNumber } from '../util/ip-network.js';
import type { Tables } from './tables.js';

/** The addresses to be given out in one subnet of a network. */
export interface LeasePool {
  /** Id of the network. */
  readonly network: string;
  /** For example `10.88.0.0/16`. Leases of different subnets are independent. */
  readonly subnet: string;
  /** First and last address (4 or 16 bytes each), both included. */
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  /** Addresses between `first` and `last` that are not given out, such as the gateway's. */
  readonly reserved: readonly Uint8Array[];
}

export interface Lease {
  readonly network: string;
  readonly subnet: string;
  readonly address: Uint8Array;
}

export interface NewLease {
  readonly address: Uint8Array;
  /** How many addresses were examined: on average fewer than two. */
  readonly looked: number;
}

/**
 * How long a freed address rests, so that neighbours forget whose it was. It is given out earlier only if all others
 * are taken.
 */
const REST_US = 60 * 1e6;

interface FreeRow {
  readonly address: Buffer;
  readonly freed_us: number;
}

/** Call every method in a transaction that also records the container. */
export class Leases {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Gives the container a free address. Throws NO_FREE_ADDRESS. */
  take(owner: number, pool: LeasePool, nowUs = Date.now() * 1000): NewLease {
    let looked = 0;
    const count = (): void => {
      looked += 1;
    };
    const address =
      this.#rested(pool, { before: nowUs - REST_US, count }) ??
      this.#fresh(pool, count) ??
      this.#rested(pool, { before: Number.MAX_SAFE_INTEGER, count });
    if (address === undefined) {
      throw new TspodError(
        'NO_FREE_ADDRESS',
        `subnet ${pool.subnet}: all its addresses are in use: no free IP addresses`,
        {
          details: { subnet: pool.subnet, network: pool.network },
        },
      );
    }
    this.#give(owner, pool, address);
    return { address, looked };
  }

  /** Gives the container the address that was asked for. Throws ADDRESS_IN_USE. */
  takeAddress(owner: number, pool: LeasePool, address: Uint8Array): void {
    const isReserved = pool.reserved.some((other) => Buffer.compare(other, address) === 0);
    const present = isReserved ? { owner: 0 } : this.#owner(pool, address);
    if (isReserved || (present !== undefined && present.owner !== 0 && present.owner !== owner)) {
      throw new TspodError('ADDRESS_IN_USE', `requested ip address ${formatIp(address)} is already allocated`, {
        details: { address: formatIp(address), network: pool.network },
      });
    }
    this.#give(owner, pool, address);
  }

  /** Returns a container's leases, ordered by network and address. */
  of(owner: number): readonly Lease[] {
    return this.#tables.all<Lease>(
      'SELECT network, subnet, address FROM address WHERE owner = ? AND owner != 0',
      owner,
    );
  }

  /** Returns the `seq` of each container that has an address in the network. */
  ownersOn(network: string): readonly number[] {
    return this.#tables
      .all<{ owner: number }>(
        'SELECT DISTINCT owner FROM address WHERE network = ? AND owner != 0 ORDER BY owner',
        network,
      )
      .map(({ owner }) => owner);
  }

  /** Frees all addresses of a container. */
  free(owner: number): void {
    this.#tables.run(
      'UPDATE address SET owner = 0, freed_us = ? WHERE owner = ? AND owner != 0',
      Date.now() * 1000,
      owner,
    );
  }

  /** Frees a container's addresses in one network, except those in `kept`. */
  freeOnNetwork(owner: number, network: string, kept: readonly Uint8Array[]): void {
    const nowUs = Date.now() * 1000;
    for (const { subnet, address } of this.of(owner).filter((lease) => lease.network === network)) {
      if (kept.some((other) => Buffer.compare(other, address) === 0)) continue;
      this.#tables.run(
        'UPDATE address SET owner = 0, freed_us = ? WHERE network = ? AND subnet = ? AND address = ?',
        nowUs,
        network,
        subnet,
        address,
      );
    }
  }

  /** Deletes all records of a network that has been removed. */
  forget(network: string): void {
    this.#tables.run('DELETE FROM address WHERE network = ?', network);
    this.#tables.run('DELETE FROM address_pool WHERE network = ?', network);
  }

  #owner({ network, subnet }: LeasePool, address: Uint8Array): { readonly owner: number } | undefined {
    return this.#tables.one<{ owner: number }>(
      'SELECT owner FROM address WHERE network = ? AND subnet = ? AND address = ?',
      network,
      subnet,
      Buffer.from(address),
    );
  }

  #give(owner: number, { network, subnet }: LeasePool, address: Uint8Array): void {
    this.#tables.run(
      'INSERT OR REPLACE INTO address VALUES (?, ?, ?, ?, 0)',
      network,
      subnet,
      Buffer.from(address),
      owner,
    );
  }

  /** Returns the address that was freed first, if that was before `before`. */
  #rested(
    pool: LeasePool,
    { before, count }: { readonly before: number; readonly count: () => void },
  ): Uint8Array | undefined {
    const { network, subnet } = pool;
    for (;;) {
      const row = this.#tables.one<FreeRow>(
        'SELECT address, freed_us FROM address WHERE network = ? AND subnet = ? AND owner = 0 ORDER BY freed_us LIMIT 1',
        network,
        subnet,
      );
      count();
      if (row === undefined || row.freed_us >= before) return undefined;
      if (isInPool(pool, row.address)) return row.address;
      // The address cannot be given out: its owner had asked for it explicitly, or the range has changed since. The row
      // is deleted, so that it is examined only once.
      this.#tables.run(
        'DELETE FROM address WHERE network = ? AND subnet = ? AND address = ?',
        network,
        subnet,
        row.address,
      );
    }
  }

  /**
   * Returns the next address that was never given out. Addresses that containers asked for explicitly are skipped for
   * good.
   */
  #fresh(pool: LeasePool, count: () => void): Uint8Array | undefined {
    const { network, subnet, first, last } = pool;
    const row = this.#tables.one<{ next: Buffer }>(
      'SELECT next FROM address_pool WHERE network = ? AND subnet = ?',
      network,
      subnet,
    );
    const [low, high] = [ipNumber(first), ipNumber(last)];
    let number = row === undefined ? low : ipNumber(row.next);
    if (number < low) number = low;
    const setNext = (value: bigint): void => {
      this.#tables.run(
        'INSERT OR REPLACE INTO address_pool VALUES (?, ?, ?)',
        network,
        subnet,
        Buffer.from(nextBytes(value, first.length)),
      );
    };
    for (; number <= high; number += 1n) {
      const address = ipBytes(number, first.length);
      count();
      if (!isInPool(pool, address) || this.#owner(pool, address) !== undefined) continue;
      setNext(number + 1n);
      return address;
    }
    if (row === undefined || ipNumber(row.next) < number) setNext(number);
    return undefined;
  }
}

/**
 * Returns the bytes of the pool's next address. The number after the very last address gets one byte more, which
 * compares greater than any address in the pool.
 */
function nextBytes(number: bigint, length: number): Uint8Array {
  return ipBytes(number, number >> BigInt(length * 8) === 0n ? length : length + 1);
}

function isInPool({ first, last, reserved }: LeasePool, address: Uint8Array): boolean {
  return (
    Buffer.compare(address, first) >= 0 &&
    Buffer.compare(address, last) <= 0 &&
    !reserved.some((other) => Buffer.compare(other, address) === 0)
  );
}
