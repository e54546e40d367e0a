/** Where each thing of a container lies. Everything is found again by its id, so that nothing is ever lost. */
import { join } from 'node:path';

import type { Directories } from '../host/directories.js';

export interface ContainerPaths {
  /** ROOT/containers/ID: what lasts. */
  readonly directory: string;
  readonly upper: string;
  readonly work: string;
  readonly log: string;
  /** What is written to images that are mounted in it: `N/upper` and `N/work` of its Nth mount. */
  readonly images: string;
  /** Where mount() puts the root. */
  readonly mountPoint: string;
  /** RUNROOT/c/ID: what the monitor and the engine tell each other; gone after the end. */
  readonly run: string;
  /** Where the root is put together: empty on the host, always. */
  readonly staging: string;
  readonly state: string;
  readonly exit: string;
  /** What the monitor says of its health; after the end, the last of it. */
  readonly health: string;
  readonly lastHealth: string;
  readonly lock: string;
}

export interface StorePaths {
  readonly database: string;
  readonly containers: string;
  readonly seccompCache: string;
  readonly runDirectories: string;
  readonly locks: string;
  /** What is known of networks in use. */
  readonly networks: string;
  /** Layers that hide the host's secrets. */
  readonly hide: string;
  readonly images: ImagePaths;
  /** `NAME/_data` is what containers see of a volume (storage/volumes.ts). */
  readonly volumes: string;
}

/** What images are made of. */
export interface ImagePaths {
  readonly root: string;
  /** Blobs by their digests: `sha256/HEX`; and `partial/ALGORITHM-HEX`, which are still coming. */
  readonly blobs: string;
  readonly partial: string;
  /** `CHAIN/diff`, complete; `CHAIN.new`, being unpacked. */
  readonly layers: string;
  /** `ID`: where an image is mounted. */
  readonly mounts: string;
  /** On what somebody is at work. */
  readonly locks: string;
}

export function storePaths({ root, runRoot }: Directories): StorePaths {
  return {
    database: join(root, 'tspod.db'),
    containers: join(root, 'containers'),
    seccompCache: join(root, 'cache/seccomp'),
    runDirectories: join(runRoot, 'c'),
    locks: join(runRoot, 'locks'),
    networks: join(runRoot, 'networks'),
    hide: join(runRoot, 'hide'),
    volumes: join(root, 'volumes'),
    images: {
      root,
      blobs: join(root, 'blobs'),
      partial: join(root, 'blobs/partial'),
      layers: join(root, 'layers'),
      mounts: join(root, 'mounts'),
      locks: join(runRoot, 'image-locks'),
    },
  };
}

export function containerPaths({ root, runRoot }: Directories, id: string): ContainerPaths {
  const directory = `${root}/containers/${id}`;
  const run = `${runRoot}/c/${id}`;
  return {
    directory,
    upper: `${directory}/upper`,
    work: `${directory}/work`,
    log: `${directory}/ctr.log`,
    images: `${directory}/images`,
    mountPoint: `${directory}/merged`,
    run,
    staging: `${run}/root`,
    state: `${run}/state`,
    exit: `${run}/exit`,
    health: `${run}/health`,
    lastHealth: `${directory}/health`,
    lock: `${runRoot}/locks/${id}`,
  };
}
