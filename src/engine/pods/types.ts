/** All pods of an engine. */
import type { SignalOption } from '../../container/api/container.js';
import type { Pod, PodCreateOptions, PodSummary } from '../../pod/api.js';
import type { FetchOptions } from '../images/types.js';
import type { BatchResult } from '../types.js';

/**
 * Conditions by name as in `pod ps --filter`: id, name, label, label!, status, until, network, ctr-ids, ctr-names, ctr-number, ctr-status. Values of one
 * name are alternatives (labels must all match); names must all match.
 */
export type PodFilters = Readonly<
  Partial<
    Record<
      | 'id'
      | 'name'
      | 'label'
      | 'label!'
      | 'status'
      | 'until'
      | 'network'
      | 'ctr-ids'
      | 'ctr-names'
      | 'ctr-number'
      | 'ctr-status',
      readonly string[]
    >
  >
>;

/** `nameOrId`: an exact name, a full id or the beginning of one. */
export interface Pods {
  /**
   * Records it, and its infra container; nothing runs before one of its containers is started. INVALID_ARGUMENT, NAME_IN_USE, NO_SUCH_NETWORK, NO_SUCH_IMAGE,
   * NO_FREE_PORT, UNSUPPORTED_HOST, ABORTED, and errors of registries; TypeError for unknown options and wrong types. `fetching`: how `infraImage` is fetched.
   */
  create(options?: PodCreateOptions, fetching?: FetchOptions): Promise<Pod>;
  /** Throws NO_SUCH_POD, AMBIGUOUS or EMPTY_ID. */
  get(nameOrId: string): Pod;
  /** Throws AMBIGUOUS or EMPTY_ID. */
  exists(nameOrId: string): boolean;
  /** Newest last. Never waits for a lock. Throws INVALID_ARGUMENT for a filter that is none. */
  list(options?: { readonly filters?: PodFilters }): readonly PodSummary[];
  /** The one created last; throws NO_SUCH_POD. */
  latest(): Pod;
  /** Removes those that match and none of whose containers runs: Created, Exited, Stopped. A failure does not end it. */
  prune(options?: SignalOption & { readonly filters?: PodFilters }): Promise<BatchResult>;
}
