/** `engine.networks` and its types, as users of the library see them. */
import type { SignalOption } from '../../container/api/container.js';
import type { NetworkCreateOptions, NetworkUpdateOptions } from '../../network/create-options.js';
import type { ConnectOptions } from '../../container/verbs/connect.js';
import type { Network } from '../../network/network-file.js';
import type { NetworkAttachOptions } from '../../spec/network/network-options.js';
import type { BatchResult } from '../types.js';

/**
 * Filters by name, as in `network ls --filter`: name, id, driver, label, label!, dangling, until. Values of one filter
 * are alternatives (labels must all match); a network must match all filters.
 */
export type NetworkFilters = Readonly<
  Partial<Record<'id' | 'name' | 'driver' | 'label' | 'label!' | 'dangling' | 'until', readonly string[]>>
>;

export interface NetworkRemoveOptions extends SignalOption {
  /** Removes the containers on the network first, with their pods. @default false */
  readonly force?: boolean;
  /** With `force`: seconds between the stop signal and SIGKILL. @default that of each container */
  readonly timeoutSec?: number;
}

/** Interface of a container on a network. */
export interface NetworkInterface {
  /** Addresses of the interface with their prefix lengths (`10.89.0.2/24`), each with its gateway. */
  readonly subnets: readonly { readonly ipnet: string; readonly gateway?: string }[];
  readonly mac_address: string;
}

/** What `network inspect` prints: the fields of the network's file, and the containers on it. */
export interface NetworkInspect extends Network {
  /** Containers on the network that run or are paused, by id. */
  readonly containers: Readonly<
    Record<
      string,
      {
        readonly name: string;
        /** Interfaces by their names in the container. */
        readonly interfaces: Readonly<Record<string, NetworkInterface>>;
      }
    >
  >;
}

/**
 * The networks of an engine. `nameOrId`: an exact name, a full id or an id prefix. Calls with a `signal` throw ABORTED.
 */
export interface Networks {
  /**
   * Creates a network by writing its configuration; nothing is made in the kernel before a container joins the network.
   * Throws INVALID_ARGUMENT, NETWORK_EXISTS, NO_FREE_ADDRESS, PERMISSION_DENIED.
   */
  create(options?: NetworkCreateOptions): Promise<Network>;
  /**
   * Returns the configuration of a network, as in its file, and its containers. The default network has no subnet
   * before it is first needed. Throws NO_SUCH_NETWORK, AMBIGUOUS, NETWORK_BROKEN.
   */
  inspect(nameOrId: string): NetworkInspect;
  /**
   * Lists networks ordered by name, including the default network; files that are not valid configurations are skipped.
   * Throws INVALID_ARGUMENT for an unknown filter or a bad value.
   */
  list(options?: { readonly filters?: NetworkFilters }): readonly Network[];
  /** Whether there is such a network. Throws AMBIGUOUS, NETWORK_BROKEN. */
  exists(nameOrId: string): boolean;
  /**
   * Removes a network, also one whose file is broken (by its name). Throws NO_SUCH_NETWORK, NETWORK_IN_USE (a container
   * is on it), INVALID_ARGUMENT (the default network).
   */
  remove(nameOrId: string, options?: NetworkRemoveOptions): Promise<void>;
  /**
   * Removes the networks that this store created, that match and that no container is on, except the default network.
   * `done` contains names.
   */
  prune(
    options?: SignalOption & { readonly filters?: Pick<NetworkFilters, 'label' | 'label!' | 'until'> },
  ): Promise<BatchResult>;
  /**
   * Changes the name servers that the containers of a network ask, from their next start on. Throws NO_SUCH_NETWORK,
   * INVALID_ARGUMENT.
   */
  update(nameOrId: string, options: NetworkUpdateOptions): Promise<Network>;
  /**
   * Connects a container to a network: a running container gets the interface at once, another at its next start.
   * A call that was killed may be repeated, and goes on. Throws NO_SUCH_NETWORK, NO_SUCH_CONTAINER, ALREADY_CONNECTED,
   * ADDRESS_IN_USE, NO_FREE_ADDRESS, INVALID_ARGUMENT (also if the network
   * mode of the container is not bridge), STATE_INVALID (the container waits for its restart), STATE_RUNNING (the
   * container was started without any network), CONTAINER_STOPPED (the container has just ended).
   */
  connect(network: string, container: string, options?: ConnectOptions): Promise<void>;
  /**
   * Disconnects a container from a network; a container that does not run also from one whose file is gone or broken.
   * Throws NO_SUCH_NETWORK, NO_SUCH_CONTAINER, NOT_CONNECTED, INVALID_ARGUMENT; STATE_INVALID and CONTAINER_STOPPED as
   * connect() does.
   */
  disconnect(network: string, container: string, options?: SignalOption): Promise<void>;
  /**
   * Restores rules, bridges and interfaces of a running container after another program has removed them. Throws
   * NO_SUCH_CONTAINER, CONTAINER_STOPPED.
   */
  reload(container: string, options?: SignalOption): Promise<void>;
}

export type { NetworkAttachOptions };
