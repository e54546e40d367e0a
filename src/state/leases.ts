/**
 * Which container has which address. A lease is tied to the container's record: it ends with the state that says that there is no process, with the
 * record, and with the machine's boot; so nobody has to give it back.
 *
 * An address that was never given comes first, then the one that was freed longest ago, so that each takes the same few look-ups however many there are.
 */
import { TspodError } from '../errors.js';
import { formatIp } from '../util/ip-address.js';
import { ipBytes, ipNumber } from '../util/ip-network.js';
import type { Tables } from './tables.js';

/** Addresses of one subnet of a network. */
export interface LeasePool {
  /** Id of the network. */
  readonly network: string;
  /** `10.88.0.0/16`: leases of different subnets have nothing to do with each other. */
  readonly subnet: string;
  /** Of 4 or 16 bytes; both may be given. */
  readonly first: Uint8Array;
  readonly last: Uint8Array;
  /** Between them, and not to be given: the gateway's. */
  readonly reserved: readonly Uint8Array[];
}

export interface Lease {
  readonly network: string;
  readonly subnet: string;
  readonly address: Uint8Array;
}

export interface NewLease {
  readonly address: Uint8Array;
  /** How many addresses were looked at: few, on average less than two. */
  readonly looked: number;
}

/** A freed address rests so long that the neighbours have forgotten whose it was, unless all others are taken. */
const REST_US = 60 * 1e6;

interface FreeRow {
  readonly address: Buffer;
  readonly freed_us: number;
}

/** Every method is to be called in a transaction that also records the container. */
export class Leases {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Throws NO_FREE_ADDRESS. */
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

  /** One that was asked for. Throws ADDRESS_IN_USE. */
  takeThis(owner: number, pool: LeasePool, address: Uint8Array): void {
    const isReserved = pool.reserved.some((other) => Buffer.compare(other, address) === 0);
    const present = isReserved ? { owner: 0 } : this.#owner(pool, address);
    if (isReserved || (present !== undefined && present.owner !== 0 && present.owner !== owner)) {
      throw new TspodError('ADDRESS_IN_USE', `requested ip address ${formatIp(address)} is already allocated`, {
        details: { address: formatIp(address), network: pool.network },
      });
    }
    this.#give(owner, pool, address);
  }

  /** What a container has, in the order of networks and addresses. */
  of(owner: number): readonly Lease[] {
    return this.#tables.all<Lease>(
      'SELECT network, subnet, address FROM address WHERE owner = ? AND owner != 0',
      owner,
    );
  }

  /** `seq` of the containers that have an address of the network. */
  ownersOn(network: string): readonly number[] {
    return this.#tables
      .all<{ owner: number }>(
        'SELECT DISTINCT owner FROM address WHERE network = ? AND owner != 0 ORDER BY owner',
        network,
      )
      .map(({ owner }) => owner);
  }

  /** All that a container has. */
  free(owner: number): void {
    this.#tables.run(
      'UPDATE address SET owner = 0, freed_us = ? WHERE owner = ? AND owner != 0',
      Date.now() * 1000,
      owner,
    );
  }

  /** What a container has of one network, but for some addresses. */
  freeOf(owner: number, network: string, kept: readonly Uint8Array[]): void {
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

  /** The network is no more. */
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

  /** The one that was freed first, if that is long enough ago. */
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
      // It was asked for by its owner, or the range has changed: seen once and no more.
      this.#tables.run(
        'DELETE FROM address WHERE network = ? AND subnet = ? AND address = ?',
        network,
        subnet,
        row.address,
      );
    }
  }

  /** The next one that was never given; those on the way that were asked for are passed once and for all. */
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

/** The number behind the last address of all has a byte more: nothing in the pool is as large. */
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
