/** `engine.pods` and its types, as users of the library see them. */
import type { SignalOption } from '../../container/api/container.js';
import type { Pod, PodCreateOptions, PodSummary } from '../../pod/api.js';
import type { FetchOptions } from '../images/types.js';
import type { BatchResult } from '../types.js';

/**
 * Filters by name, as in `pod ps --filter`: id, name, label, label!, status, until, network, ctr-ids, ctr-names,
 * ctr-number, ctr-status. Values of one filter are alternatives (labels must all match); a pod must match all filters.
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

/** The pods of an engine. `nameOrId`: an exact name, a full id or an id prefix. */
export interface Pods {
  /**
   * Creates the records of a pod and its infra container; nothing runs before one of its containers is started.
   * `fetching`: how to fetch `infraImage`. Throws INVALID_ARGUMENT, NAME_IN_USE, NO_SUCH_NETWORK, NO_SUCH_IMAGE,
   * NO_FREE_PORT, UNSUPPORTED_HOST, ABORTED, and errors of registries; TypeError for unknown options and wrong types.
   */
  create(options?: PodCreateOptions, fetching?: FetchOptions): Promise<Pod>;
  /** Returns a pod. Throws NO_SUCH_POD, AMBIGUOUS or EMPTY_ID. */
  get(nameOrId: string): Pod;
  /** Whether there is such a pod. Throws AMBIGUOUS or EMPTY_ID. */
  exists(nameOrId: string): boolean;
  /**
   * Lists pods, newest last, without waiting for a lock. Throws INVALID_ARGUMENT for an unknown filter or a bad value.
   */
  list(options?: { readonly filters?: PodFilters }): readonly PodSummary[];
  /** Returns the pod created last. Throws NO_SUCH_POD. */
  latest(): Pod;
  /**
   * Removes the pods that match and have run but do not run any more (Exited, Stopped); continues after a failure.
   * Throws INVALID_ARGUMENT, ABORTED.
   */
  prune(options?: SignalOption & { readonly filters?: PodFilters }): Promise<BatchResult>;
}
