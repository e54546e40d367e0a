/** Volumes as users of the library see them. */
import type { Readable } from 'node:stream';

import type { SignalOption } from '../../container/api/container.js';
import type { VolumeCreateOptions } from '../../spec/files/volume-options.js';
import type { BatchResult } from '../types.js';

/**
 * Conditions by name as in `volume ls --filter`: name (a regular expression), driver, scope, label, label!, opt (`key` or `key=value`), until, after or
 * since (another volume), dangling, anonymous. Values of one name are alternatives (labels must all match); names must all match.
 */
export type VolumeFilters = Readonly<
  Partial<
    Record<
      'name' | 'label' | 'label!' | 'driver' | 'scope' | 'opt' | 'dangling' | 'anonymous' | 'after' | 'since' | 'until',
      readonly string[]
    >
  >
>;

export interface VolumeSummary {
  readonly name: string;
  readonly driver: 'local';
  /** Where its files are on this machine. */
  readonly mountpoint: string;
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Made for one container that named none. */
  readonly anonymous: boolean;
  /** Ids of the containers that have it, running or not. */
  readonly containers: readonly string[];
}

/** In Podman's words; what is empty or false is left out, as there. */
export interface VolumeInspect {
  readonly Name: string;
  readonly Driver: 'local';
  readonly Mountpoint: string;
  /** RFC 3339. */
  readonly CreatedAt: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Scope: 'local';
  readonly Options: Readonly<Record<string, string>>;
  /** Owner of its directory, where that is not root. */
  readonly UID?: number;
  readonly GID?: number;
  readonly Anonymous?: boolean;
  /** Containers that have it mounted. */
  readonly MountCount: number;
  /** An image's files are copied into it when it is mounted, if it is empty then. */
  readonly NeedsCopyUp?: boolean;
  /** It takes owner and permissions from the first container that mounts it. */
  readonly NeedsChown?: boolean;
}

export interface VolumeRemoveOptions extends SignalOption {
  /** Remove the containers that have it first. @default false */
  readonly force?: boolean;
  /** The name is whole: no other is removed that begins with it. @default false */
  readonly exact?: boolean;
  /** With `force`: seconds between the stop signal and SIGKILL. @default the container's */
  readonly timeoutSec?: number;
}

export interface VolumePruneOptions extends SignalOption {
  /** label, label!, until, after, since, anonymous, name, driver, scope, opt. @default all */
  readonly filters?: VolumeFilters;
  /** Also those that were given a name. @default false */
  readonly all?: boolean;
  /** Remove nothing: `done` has those that would be removed. @default false */
  readonly dryRun?: boolean;
}

/** What is wrong with the directories of volumes. */
export interface VolumeCheck {
  readonly problems: readonly string[];
  readonly repaired: boolean;
}

/** All volumes of the engine. A name may be shortened to a beginning that no other one has. */
export interface Volumes {
  /** INVALID_ARGUMENT, VOLUME_EXISTS; TypeError for unknown options. */
  create(options?: VolumeCreateOptions): Promise<VolumeSummary>;
  /** Throws NO_SUCH_VOLUME, AMBIGUOUS. */
  get(name: string): VolumeSummary;
  /** Throws NO_SUCH_VOLUME, AMBIGUOUS. */
  inspect(name: string): VolumeInspect;
  /** In the order of their names. Throws INVALID_ARGUMENT for a filter that is none. */
  list(options?: { readonly filters?: VolumeFilters }): readonly VolumeSummary[];
  /** By its whole name. */
  exists(name: string): boolean;
  /** NO_SUCH_VOLUME, VOLUME_IN_USE (a container has it, running or not). */
  remove(name: string, options?: VolumeRemoveOptions): Promise<void>;
  /** Removes anonymous volumes, or all, that no container has; a failure does not end it. `done` has names. */
  prune(options?: VolumePruneOptions): Promise<BatchResult>;
  /** All that is in it as a tar archive. NO_SUCH_VOLUME. */
  export(name: string, options?: SignalOption): Promise<Readable>;
  /**
   * Unpacks a tar archive (plain, gzip or zstd; a path or a stream) into it: what has the same names is replaced, the rest stays, and nothing is written
   * outside. NO_SUCH_VOLUME, NO_SUCH_FILE, INVALID_ARGUMENT (a directory), BAD_ARCHIVE.
   */
  import(name: string, from: string | Readable, options?: SignalOption): Promise<void>;
  /** Whether each volume has its directory, and each directory its volume. A repair makes what is missing, and removes nothing. */
  check(options?: { readonly repair?: boolean }): Promise<VolumeCheck>;
}

export type { VolumeCreateOptions };
