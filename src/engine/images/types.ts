/** Images as users of the library see them. */
import type { Readable } from 'node:stream';

import type { ImageSource } from '../../image/transport.js';
import type { SignalOption } from '../../container/api/container.js';
import type { FileChange } from '../../container/api/files.js';
import type { ImageHealthcheck } from '../../oci/image.js';
import type { PullPolicy } from '../../spec/pull-policy.js';
import type { OnProgress } from './progress.js';

/** One line of `images`. */
export interface ImageSummary {
  /** 64 hexadecimal digits: of its config's digest. */
  readonly id: string;
  /** REPOSITORY:TAG, and REPOSITORY@DIGEST of what was pulled by its digest, in the order of the alphabet; none for an image that lost its name to another. */
  readonly names: readonly string[];
  /** `REPOSITORY@DIGEST`: where its manifest, or an index that it is in, is known under that digest, and its names' repositories with its manifest. */
  readonly digests: readonly string[];
  /** Of its manifest. */
  readonly digest: string;
  /** null: it does not say. */
  readonly createdAt: Date | null;
  readonly addedAt: Date;
  /** Bytes of the files in all its layers. */
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
  /** How many containers are made of it. */
  readonly containers: number;
  /** It has no name. */
  readonly dangling: boolean;
  /** It is a list of images for several platforms (`engine.manifests`): the size is that of the list. */
  readonly isManifestList: boolean;
}

/**
 * Conditions by name as in `images --filter`: before, since, until, dangling, label, reference, containers, id, digest, readonly, intermediate.
 * Values of one name are alternatives (labels must all match); names must all match.
 */
export type ImageFilters = Readonly<
  Partial<
    Record<
      | 'before'
      | 'since'
      | 'after'
      | 'until'
      | 'dangling'
      | 'intermediate'
      | 'readonly'
      | 'containers'
      | 'label'
      | 'label!'
      | 'id'
      | 'digest'
      | 'reference',
      readonly string[]
    >
  >
>;

export interface ImageListOptions {
  /** @default all */
  readonly filters?: ImageFilters;
  /** Also lists of images (`engine.manifests`). @default false */
  readonly manifestLists?: boolean;
}

/** How an image is fetched that a container or a pod is to be made of, if it has to be. */
export interface FetchOptions extends SignalOption {
  /** Is told how the transfer goes. @default nobody is */
  readonly onProgress?: OnProgress;
  /** How registries are talked to. @default as their configuration files say */
  readonly registry?: RegistryAccess;
}

export interface PullOptions extends FetchOptions {
  /** OS/ARCH[/VARIANT]. @default the machine's */
  readonly platform?: string;
  /** As `pull` of the create options. @default 'always' */
  readonly policy?: PullPolicy;
  /** What it is called, for a source that does not say; with registry and tag. @default what the reference says */
  readonly name?: string;
}

export interface PulledTags {
  readonly images: readonly ImageSummary[];
  /** By name. */
  readonly failed: ReadonlyMap<string, Error>;
}

/** What is said about a registry by the caller, in place of the configuration files. */
export interface RegistryAccess {
  /** false: HTTP, and certificates that nobody has signed, are taken too. @default as registries.conf says */
  readonly tlsVerify?: boolean;
  /** Directory of *.crt, *.cert and *.key files. */
  readonly certDir?: string;
  /** File of credentials. @default Podman's and Docker's places */
  readonly authFile?: string;
  /** USER:PASSWORD. */
  readonly credentials?: string;
  /** Bytes of one request of a push at most, for a registry behind something that takes no more. @default as many as a layer has */
  readonly chunkBytes?: number;
  /** How often a request is made again that failed for a while: at most 100. @default 3 */
  readonly retries?: number;
  /** Milliseconds before the first time; each later pause is twice as long, a minute at most. The registry may ask for more. @default 1000 */
  readonly retryDelayMs?: number;
}

export interface PushOptions extends SignalOption {
  /** Is told how the transfer goes. @default nobody is */
  readonly onProgress?: OnProgress;
  readonly registry?: RegistryAccess;
}

export interface PushedImage {
  /** Of the manifest, where it is now. */
  readonly digest: string;
  readonly reference: string;
}

export interface LoadOptions extends SignalOption {
  /** Is told how the transfer goes. @default nobody is */
  readonly onProgress?: OnProgress;
}

export interface LoadedImage {
  readonly image: ImageSummary;
  /** What it is called in the archive; with registry and tag. */
  readonly names: readonly string[];
}

export const SAVE_FORMATS = ['docker-archive', 'oci-archive', 'oci-dir', 'docker-dir'] as const;

export type SaveFormat = (typeof SAVE_FORMATS)[number];

export interface SaveOptions extends SignalOption {
  /** `oci-dir` and `docker-dir` are directories. @default 'docker-archive' */
  readonly format?: SaveFormat;
  /** Of one image: what it is called there beside its name. @default none */
  readonly names?: readonly string[];
  /** Is told how the transfer goes. @default nobody is */
  readonly onProgress?: OnProgress;
}

export interface ImportOptions extends SignalOption {
  /** Without a registry it is `localhost/`'s, without a tag `latest`. @default none */
  readonly name?: string;
  /** In its history. @default 'imported from tarball' */
  readonly message?: string;
  /** Instructions of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR. @default none */
  readonly changes?: readonly string[];
  /** OS/ARCH[/VARIANT]. @default the machine's */
  readonly platform?: string;
  /** Is told how the transfer goes. @default nobody is */
  readonly onProgress?: OnProgress;
}

export interface CommitOptions extends SignalOption {
  /** Without a registry it is `localhost/`'s, without a tag `latest`. @default none */
  readonly name?: string;
  readonly author?: string;
  /** In its history. @default none */
  readonly message?: string;
  /** Instructions of a Dockerfile, as for import. @default none */
  readonly changes?: readonly string[];
  /** The container stands still meanwhile, if it runs. @default false */
  readonly pause?: boolean;
  /** One layer of all files, without the layers of the image that the container is made of. @default false */
  readonly squash?: boolean;
  /** Mounts of the container become volumes of the image. @default false */
  readonly includeVolumes?: boolean;
  /** Of manifest and media types. @default 'oci' */
  readonly format?: 'oci' | 'docker';
  /** Is told how the transfer goes. @default nobody is */
  readonly onProgress?: OnProgress;
}

export interface ImageRemoveOptions extends SignalOption {
  /** Also containers of it, its mount, and all its names. @default false */
  readonly force?: boolean;
}

export interface RemovedImage {
  /** Names that it has no more. */
  readonly untagged: readonly string[];
  /** Its id, if it is gone. */
  readonly deleted: string | undefined;
}

export interface ImagePruneOptions extends SignalOption {
  /** Also those with names that no container is made of. @default false */
  readonly all?: boolean;
  /** until, label, label!. @default all */
  readonly filters?: ImageFilters;
}

export interface ImagePruneResult {
  readonly removed: readonly RemovedImage[];
  readonly failed: ReadonlyMap<string, Error>;
  /** Bytes of the files of the images that are gone, and of what pulls had left that failed. */
  readonly reclaimed: number;
}

export interface ImageHistoryEntry {
  /** Of the image, for the uppermost; of one here that ends there, or `<missing>`, for the others. */
  readonly id: string;
  readonly createdAt: Date | null;
  readonly createdBy: string;
  /** Bytes of the files that it added. */
  readonly size: number;
  readonly comment: string;
  /** Those that have a tag, of the image or of one that it was made of. */
  readonly names: readonly string[];
}

/** As `podman image inspect` prints it. */
export interface ImageInspect {
  readonly Id: string;
  readonly Digest: string;
  /** Names with a tag. */
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Parent: string;
  readonly Comment: string;
  readonly Created: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly Version: string;
  readonly Author: string;
  readonly Architecture: string;
  readonly Os: string;
  readonly Variant?: string;
  readonly Size: number;
  readonly VirtualSize: number;
  readonly GraphDriver: { readonly Name: string; readonly Data: Readonly<Record<string, string>> };
  readonly RootFS: { readonly Type: string; readonly Layers: readonly string[] };
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Annotations: Readonly<Record<string, string>>;
  readonly ManifestType: string;
  readonly User: string;
  readonly History: readonly Readonly<Record<string, unknown>>[];
  /** All names. */
  readonly NamesHistory: readonly string[];
  readonly Healthcheck?: ImageHealthcheck;
}

export interface ImageUnmountOptions {
  /** Takes the mount away however many calls of mount() there were. @default false */
  readonly force?: boolean;
}

export interface MountedImage {
  readonly image: ImageSummary;
  /** Where. */
  readonly path: string;
}

export interface ImageTree {
  readonly image: ImageSummary;
  /** From the lowest up; with `children` the uppermost alone. */
  readonly layers: readonly ImageLayer[];
}

export interface ImageLayer {
  /** 64 hexadecimal digits: of its chain id. */
  readonly id: string;
  /** Bytes of its files. */
  readonly size: number;
  /** With a tag, of images whose uppermost layer it is. */
  readonly names: readonly string[];
  /** Layers of other images right upon it; only with `children`. */
  readonly children: readonly ImageLayer[];
}

/** What is wrong in the store, and what was done about it. */
export interface StoreCheck {
  /** Words for each problem. */
  readonly problems: readonly string[];
  /** All of them have been put right. */
  readonly repaired: boolean;
}

/** All images of the store. `nameOrId`: a name, short or whole, a name with a digest, a digest, or the beginning of an id. */
export interface Images {
  /**
   * Fetches an image by its reference (a name, or a transport and what it takes: docker://, oci:, docker-archive:, dir:), or from a source of the
   * caller's. What is in the store is not fetched again; what an earlier attempt left is used. BAD_IMAGE, NO_SUCH_IMAGE, DISK_FULL, ABORTED, and
   * errors of registries.
   */
  pull(from: string | ImageSource, options?: PullOptions): Promise<ImageSummary>;
  /**
   * All tags of a repository of a registry, one after the other, under their names. A tag that fails does not end it. INVALID_ARGUMENT for a name with a tag,
   * NO_SUCH_IMAGE, ABORTED, and errors of registries.
   */
  pullAllTags(repository: string, options?: PullOptions): Promise<PulledTags>;
  /** Sends it as it was pulled, the same bytes. `to`: a reference. @default the name that it has. NO_SUCH_IMAGE, INVALID_ARGUMENT, ABORTED, and errors of registries. */
  push(nameOrId: string, to?: string, options?: PushOptions): Promise<PushedImage>;
  /**
   * All images of an archive (docker-archive or oci-archive, also compressed with gzip) or a directory (OCI layout, or Skopeo's dir) into the store, with the
   * names that they have there. `from`: a path without a colon, or the bytes of an archive. NO_SUCH_FILE, BAD_ARCHIVE, BAD_IMAGE, DISK_FULL, ABORTED.
   */
  load(from: string | Readable, options?: LoadOptions): Promise<readonly LoadedImage[]>;
  /**
   * Writes images to a file or a directory; config and layers keep their digests. Several only as a docker-archive. `to`: a path without a colon. A file that
   * is there is replaced when the new one is whole. NO_SUCH_IMAGE, INVALID_ARGUMENT, DISK_FULL, PERMISSION_DENIED, ABORTED.
   */
  save(nameOrIds: string | readonly string[], to: string, options?: SaveOptions): Promise<void>;
  /**
   * An image of one layer. `from`: the path of a tar archive, or its bytes; gzip, zstd or neither. NO_SUCH_FILE, BAD_IMAGE, INVALID_ARGUMENT (a change that is
   * none), DISK_FULL, ABORTED.
   */
  import(from: string | Readable, options?: ImportOptions): Promise<ImageSummary>;
  /**
   * An image of a container (name, id or its beginning) as it is: what it has changed becomes a layer upon those of its image. One with a root directory
   * becomes an image of one layer; so does `host:` with `squash`, without which it is refused. NO_SUCH_CONTAINER, NOT_SUPPORTED, INVALID_ARGUMENT, DISK_FULL,
   * ABORTED.
   */
  commit(container: string, options?: CommitOptions): Promise<ImageSummary>;
  /** In the order in which they came. INVALID_ARGUMENT for a filter that is none. */
  list(options?: ImageListOptions): readonly ImageSummary[];
  /** Throws NO_SUCH_IMAGE, AMBIGUOUS. */
  get(nameOrId: string): ImageSummary;
  /** Throws AMBIGUOUS. */
  exists(nameOrId: string): boolean;
  /** Throws NO_SUCH_IMAGE, AMBIGUOUS. */
  inspect(nameOrId: string): ImageInspect;
  /** The newest first. Throws NO_SUCH_IMAGE, AMBIGUOUS. */
  history(nameOrId: string): readonly ImageHistoryEntry[];
  /** Further names: without a registry they are `localhost/`'s, without a tag `latest`. Another image loses a name that it has. NO_SUCH_IMAGE, INVALID_ARGUMENT. */
  tag(nameOrId: string, ...names: readonly string[]): void;
  /** Takes names away, all if none is given. NO_SUCH_IMAGE, INVALID_ARGUMENT. */
  untag(nameOrId: string, ...names: readonly string[]): void;
  /**
   * By a name of several: takes that one away. Else the image with its files, as far as no other image has them. IMAGE_IN_USE while a container is made of
   * it or it is mounted, INVALID_ARGUMENT for one with several names that is named by its id, unless `force`, and in any case where it is named
   * by a repository and a digest that are none of them. ABORTED.
   */
  remove(nameOrId: string, options?: ImageRemoveOptions): Promise<RemovedImage>;
  /** Removes those without a name that no container is made of, and, unless there are filters, what pulls have left that failed. */
  prune(options?: ImagePruneOptions): Promise<ImagePruneResult>;
  /**
   * Shows its files on the host, to be read, and answers where. As many times as it is mounted it has to be unmounted; a reboot unmounts it. Nobody removes it
   * meanwhile. NO_SUCH_IMAGE, AMBIGUOUS.
   */
  mount(nameOrId: string): Promise<string>;
  /** Undoes one mount; nothing for an image that is not mounted. NO_SUCH_IMAGE, AMBIGUOUS. */
  unmount(nameOrId: string, options?: ImageUnmountOptions): Promise<void>;
  mounted(): readonly MountedImage[];
  /** What its uppermost layer changes, or, with another image, what it has else than that. NO_SUCH_IMAGE, AMBIGUOUS, ABORTED. */
  diff(nameOrId: string, against?: string, options?: SignalOption): Promise<readonly FileChange[]>;
  /** Its layers; with `children` the uppermost one and all that other images have upon it. NO_SUCH_IMAGE, AMBIGUOUS. */
  tree(nameOrId: string, options?: { readonly children?: boolean }): ImageTree;
  /** Looks whether all that images need is there and nothing else; with `repair` puts it right, also what killed pulls could go on with. */
  check(options?: { readonly repair?: boolean }): Promise<StoreCheck>;
}
