/** Paths of the store's and a container's files. All are derived from ids, so that everything can be found again. */
import { join } from 'node:path';

import type { Directories } from '../host/directories.js';

export interface ContainerPaths {
  /** ROOT/containers/ID: persistent files. */
  readonly directory: string;
  readonly upper: string;
  readonly work: string;
  readonly log: string;
  /** Writes to images that are mounted in the container: `N/upper` and `N/work` for its Nth mount. */
  readonly images: string;
  /** Where mount() mounts the container's root. */
  readonly mountPoint: string;
  /** RUNROOT/c/ID: files shared by the monitor and the engine; removed after the end. */
  readonly run: string;
  /** Where the root is assembled; always empty as the host sees it. */
  readonly staging: string;
  readonly state: string;
  readonly exit: string;
  /** The monitor's health report; `lastHealth` is the last one, kept after the end. */
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
  /** Files about networks in use. */
  readonly networks: string;
  /** Layers that hide the host's secrets. */
  readonly hide: string;
  readonly images: ImagePaths;
  /** `NAME/_data` is what containers see of a volume (storage/volumes.ts). */
  readonly volumes: string;
}

/** Paths of image content. */
export interface ImagePaths {
  readonly root: string;
  /** Blobs by digest: `sha256/HEX`, and `partial/ALGORITHM-HEX` for those being received. */
  readonly blobs: string;
  readonly partial: string;
  /** `CHAIN/diff`: a complete layer; `CHAIN.new`: one being unpacked. */
  readonly layers: string;
  /** `ID`: mount point of an image. */
  readonly mounts: string;
  /** Locks on image content that is being worked on. */
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
