/** `engine.volumes` and its types, as users of the library see them. */
import type { Readable } from 'node:stream';

import type { SignalOption } from '../../container/api/container.js';
import type { VolumeCreateOptions } from '../../spec/files/volume-options.js';
import type { BatchResult } from '../types.js';

/**
 * Filters by name, as in `volume ls --filter`: name (a regular expression), driver, scope, label, label!, opt (`key` or
 * `key=value`), until, after or since (another volume), dangling, anonymous. Values of one filter are alternatives
 * (labels must all match); a volume must match all filters.
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
  /** Path of the volume's files on this machine. */
  readonly mountpoint: string;
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Whether the volume was created for one container, which gave it no name. */
  readonly anonymous: boolean;
  /** Ids of the containers that have the volume, running or not. */
  readonly containers: readonly string[];
}

/** Details of a volume with Podman's field names; as there, empty or false fields are left out. */
export interface VolumeInspect {
  readonly Name: string;
  readonly Driver: 'local';
  readonly Mountpoint: string;
  /** RFC 3339. */
  readonly CreatedAt: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Scope: 'local';
  readonly Options: Readonly<Record<string, string>>;
  /** Owner of the volume's directory, if not root. */
  readonly UID?: number;
  readonly GID?: number;
  readonly Anonymous?: boolean;
  /** Number of containers that have the volume mounted. */
  readonly MountCount: number;
  /** Whether the next mount still copies files of the image into the volume, if it is empty then. */
  readonly NeedsCopyUp?: boolean;
  /** Whether the volume still takes owner and permissions from the first container that mounts it. */
  readonly NeedsChown?: boolean;
}

export interface VolumeRemoveOptions extends SignalOption {
  /** Removes the containers that have the volume first. @default false */
  readonly force?: boolean;
  /** Takes the name as a full name, not as a prefix. @default false */
  readonly exact?: boolean;
  /** With `force`: seconds between the stop signal and SIGKILL. @default that of each container */
  readonly timeoutSec?: number;
}

export interface VolumePruneOptions extends SignalOption {
  /** label, label!, until, after, since, anonymous, name, driver, scope, opt. @default all volumes */
  readonly filters?: VolumeFilters;
  /** Removes volumes with a name as well. @default false */
  readonly all?: boolean;
  /** Removes nothing; `done` contains the volumes that would be removed. @default false */
  readonly dryRun?: boolean;
}

/** Problems found with the directories of volumes, and whether they were repaired. */
export interface VolumeCheck {
  readonly problems: readonly string[];
  readonly repaired: boolean;
}

/** The volumes of an engine. `name`: a name or a unique prefix of one. */
export interface Volumes {
  /** Creates a volume. Throws INVALID_ARGUMENT, VOLUME_EXISTS; TypeError for unknown options. */
  create(options?: VolumeCreateOptions): Promise<VolumeSummary>;
  /** Returns the summary of a volume. Throws NO_SUCH_VOLUME, AMBIGUOUS. */
  get(name: string): VolumeSummary;
  /** Returns the details of a volume. Throws NO_SUCH_VOLUME, AMBIGUOUS. */
  inspect(name: string): VolumeInspect;
  /** Lists volumes ordered by name. Throws INVALID_ARGUMENT for an unknown filter or a bad value. */
  list(options?: { readonly filters?: VolumeFilters }): readonly VolumeSummary[];
  /** Whether there is a volume with exactly this name. */
  exists(name: string): boolean;
  /** Removes a volume. Throws NO_SUCH_VOLUME, VOLUME_IN_USE (a container has it, running or not). */
  remove(name: string, options?: VolumeRemoveOptions): Promise<void>;
  /**
   * Removes the anonymous volumes that no container has, or with `all` also the named ones; continues after a failure.
   * `done` contains names.
   */
  prune(options?: VolumePruneOptions): Promise<BatchResult>;
  /** Returns the content of a volume as a tar archive. Throws NO_SUCH_VOLUME. */
  export(name: string, options?: SignalOption): Promise<Readable>;
  /**
   * Unpacks a tar archive (plain, gzip or zstd; a path or a stream) into a volume: files of the same names are
   * replaced, the others are kept, and nothing is written outside. Throws NO_SUCH_VOLUME, NO_SUCH_FILE,
   * INVALID_ARGUMENT (a directory), BAD_ARCHIVE.
   */
  import(name: string, from: string | Readable, options?: SignalOption): Promise<void>;
  /**
   * Checks that each volume has its directory and each directory its volume. With `repair`, creates what is missing and
   * removes nothing.
   */
  check(options?: { readonly repair?: boolean }): Promise<VolumeCheck>;
}

export type { VolumeCreateOptions };
