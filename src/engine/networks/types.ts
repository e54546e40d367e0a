/** Networks as users of the library see them. */
import type { SignalOption } from '../../container/api/container.js';
import type { NetworkCreateOptions, NetworkUpdateOptions } from '../../network/create-options.js';
import type { ConnectOptions } from '../../container/verbs/connect.js';
import type { Network } from '../../network/network-file.js';
import type { NetworkAttachOptions } from '../../spec/network/network-options.js';
import type { BatchResult } from '../types.js';

/**
 * Conditions by name as in `network ls --filter`: name, id, driver, label, label!, dangling, until. Values of one name are alternatives (labels must all
 * match).
 */
export type NetworkFilters = Readonly<
  Partial<Record<'id' | 'name' | 'driver' | 'label' | 'label!' | 'dangling' | 'until', readonly string[]>>
>;

export interface NetworkRemoveOptions extends SignalOption {
  /** Remove the containers that are on it first. @default false */
  readonly force?: boolean;
  /** With `force`: seconds between the stop signal and SIGKILL. @default the container's */
  readonly timeoutSec?: number;
}

/** An interface that a container has to a network. */
export interface NetworkInterface {
  /** Its addresses with the length of the prefix (`10.89.0.2/24`), and the gateway of each. */
  readonly subnets: readonly { readonly ipnet: string; readonly gateway?: string }[];
  readonly mac_address: string;
}

/** What `network inspect` prints: the fields of the network's file, and who is on it. */
export interface NetworkInspect extends Network {
  /** Those that run or are paused, by their ids. */
  readonly containers: Readonly<
    Record<
      string,
      {
        readonly name: string;
        /** By the names that they have in the container. */
        readonly interfaces: Readonly<Record<string, NetworkInterface>>;
      }
    >
  >;
}

/** All networks of the engine. `nameOrId`: an exact name, a full id or the beginning of one. With a `signal` ABORTED. */
export interface Networks {
  /** Writes its configuration; nothing is made in the kernel before a container is on it. INVALID_ARGUMENT, NETWORK_EXISTS, NO_FREE_ADDRESS, PERMISSION_DENIED. */
  create(options?: NetworkCreateOptions): Promise<Network>;
  /** Its configuration, in the words of its file, and its containers; the default network has no subnet before it is first needed. Throws NO_SUCH_NETWORK, AMBIGUOUS, NETWORK_BROKEN. */
  inspect(nameOrId: string): NetworkInspect;
  /** In the order of their names, with the default network; files that are no configurations are left out. Throws INVALID_ARGUMENT for a filter that is none. */
  list(options?: { readonly filters?: NetworkFilters }): readonly Network[];
  exists(nameOrId: string): boolean;
  /** Also a broken file, by its name. NO_SUCH_NETWORK, NETWORK_IN_USE (a container is on it), INVALID_ARGUMENT (the default network). */
  remove(nameOrId: string, options?: NetworkRemoveOptions): Promise<void>;
  /** Removes those that this store made, that no container is on and that match, but for the default network. `done` has names. */
  prune(
    options?: SignalOption & { readonly filters?: Pick<NetworkFilters, 'label' | 'label!' | 'until'> },
  ): Promise<BatchResult>;
  /** Changes the name servers that its containers ask; from their next start on. NO_SUCH_NETWORK, INVALID_ARGUMENT. */
  update(nameOrId: string, options: NetworkUpdateOptions): Promise<Network>;
  /**
   * Puts a container on a network: one that runs has the interface at once, another at its next start. NO_SUCH_NETWORK, NO_SUCH_CONTAINER, ADDRESS_IN_USE,
   * NO_FREE_ADDRESS, INVALID_ARGUMENT (also for one whose network mode is not bridge), STATE_INVALID (it waits for its restart), STATE_RUNNING (it was started on no
   * network), CONTAINER_STOPPED (in this moment).
   */
  connect(network: string, container: string, options?: ConnectOptions): Promise<void>;
  /**
   * Takes a container off a network; one that does not run also off one whose file is gone or broken. NO_SUCH_NETWORK, NO_SUCH_CONTAINER, NOT_CONNECTED,
   * INVALID_ARGUMENT; STATE_INVALID and CONTAINER_STOPPED as connect().
   */
  disconnect(network: string, container: string, options?: SignalOption): Promise<void>;
  /** Makes rules, bridges and interfaces of a running container again that somebody has removed. NO_SUCH_CONTAINER, CONTAINER_STOPPED. */
  reload(container: string, options?: SignalOption): Promise<void>;
}

export type { NetworkAttachOptions };
