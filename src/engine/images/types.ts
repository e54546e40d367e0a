/** `engine.images` and its types, as users of the library see them. */
import type { Readable } from 'node:stream';

import type { ImageSource } from '../../image/transport.js';
import type { SignalOption } from '../../container/api/container.js';
import type { FileChange } from '../../container/api/files.js';
import type { ImageHealthcheck } from '../../oci/image.js';
import type { PullPolicy } from '../../spec/pull-policy.js';
import type { OnProgress } from './progress.js';

/** Summary of an image: one line of `images`. */
export interface ImageSummary {
  /** 64 hexadecimal digits: the digest of the image's config. */
  readonly id: string;
  /**
   * REPOSITORY:TAG, and REPOSITORY@DIGEST for an image pulled by its digest, in alphabetical order; empty for an image
   * whose names were all removed or moved to other images.
   */
  readonly names: readonly string[];
  /**
   * `REPOSITORY@DIGEST`: the repositories where the image's manifest, or an index that contains it, is known under that
   * digest, and the repository of each name with the manifest's digest.
   */
  readonly digests: readonly string[];
  /** Digest of the image's manifest. */
  readonly digest: string;
  /** Creation time according to the image; null if it does not say. */
  readonly createdAt: Date | null;
  /** When the image was stored here. */
  readonly addedAt: Date;
  /** Bytes of the files in all layers. */
  readonly size: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
  /** Number of containers made of the image. */
  readonly containers: number;
  /** Whether the image has no name. */
  readonly dangling: boolean;
  /** Whether this is a manifest list (`engine.manifests`); `size` is then that of the list itself. */
  readonly isManifestList: boolean;
}

/**
 * Filters by name, as in `images --filter`: before, since (or after), until, dangling, label, label!, reference,
 * containers, id, digest, readonly, intermediate. Values of one filter are alternatives (labels must all match); an
 * image must match all filters.
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
  /** Conditions for images. @default all images */
  readonly filters?: ImageFilters;
  /** Includes manifest lists (`engine.manifests`). @default false */
  readonly manifestLists?: boolean;
}

/** How to fetch the image that a container or a pod is made of, if it has to be fetched. */
export interface FetchOptions extends SignalOption {
  /** Called with the progress of the transfer. @default none */
  readonly onProgress?: OnProgress;
  /** Access to registries. @default as the configuration files say */
  readonly registry?: RegistryAccess;
}

export interface PullOptions extends FetchOptions {
  /** Platform of the image, as OS/ARCH[/VARIANT]. @default the machine's */
  readonly platform?: string;
  /** When to fetch an image that is stored already, as `pull` of the create options. @default 'always' */
  readonly policy?: PullPolicy;
  /** Name for an image whose source does not say one, with registry and tag. @default none */
  readonly name?: string;
}

export interface PulledTags {
  readonly images: readonly ImageSummary[];
  /** The tags that could not be pulled, by full name. */
  readonly failed: ReadonlyMap<string, Error>;
}

/** Access to a registry, overriding the configuration files. */
export interface RegistryAccess {
  /**
   * Whether to require HTTPS with a trusted certificate; false also accepts HTTP and untrusted certificates.
   * @default as registries.conf says
   */
  readonly tlsVerify?: boolean;
  /** Directory with *.crt, *.cert and *.key files. */
  readonly certDir?: string;
  /** File with credentials. @default the usual places of Podman and Docker */
  readonly authFile?: string;
  /** Credentials, as USER:PASSWORD. */
  readonly credentials?: string;
  /**
   * Maximum number of bytes in one request of a push, for a registry behind a proxy with such a limit.
   * @default no limit
   */
  readonly chunkBytes?: number;
  /** How many times a request is repeated after a temporary failure; at most 100. @default 3 */
  readonly retries?: number;
  /**
   * Pause before the first repetition, in ms; each later pause is twice as long, up to one minute. The registry may ask
   * for longer pauses.
   * @default 1000
   */
  readonly retryDelayMs?: number;
}

export interface PushOptions extends SignalOption {
  /** Called with the progress of the transfer. @default none */
  readonly onProgress?: OnProgress;
  /** Access to registries. @default as the configuration files say */
  readonly registry?: RegistryAccess;
}

export interface PushedImage {
  /** Digest of the manifest at the destination. */
  readonly digest: string;
  /** Where the image was pushed. */
  readonly reference: string;
}

export interface LoadOptions extends SignalOption {
  /** Called with the progress of the transfer. @default none */
  readonly onProgress?: OnProgress;
}

export interface LoadedImage {
  readonly image: ImageSummary;
  /** Names of the image in the archive, with registry and tag. */
  readonly names: readonly string[];
}

export const SAVE_FORMATS = ['docker-archive', 'oci-archive', 'oci-dir', 'docker-dir'] as const;

export type SaveFormat = (typeof SAVE_FORMATS)[number];

export interface SaveOptions extends SignalOption {
  /** Format of the result; `oci-dir` and `docker-dir` are directories, the others files. @default 'docker-archive' */
  readonly format?: SaveFormat;
  /** Further names that a single image gets in the archive. @default none */
  readonly names?: readonly string[];
  /** Called with the progress of the transfer. @default none */
  readonly onProgress?: OnProgress;
}

export interface ImportOptions extends SignalOption {
  /** Name of the image; the registry defaults to `localhost`, the tag to `latest`. @default none */
  readonly name?: string;
  /** Comment in the image's history. @default 'imported from tarball' */
  readonly message?: string;
  /**
   * Dockerfile instructions to apply: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR.
   * @default none
   */
  readonly changes?: readonly string[];
  /** Platform of the image, as OS/ARCH[/VARIANT]. @default the machine's */
  readonly platform?: string;
  /** Called with the progress of the transfer. @default none */
  readonly onProgress?: OnProgress;
}

export interface CommitOptions extends SignalOption {
  /** Name of the image; the registry defaults to `localhost`, the tag to `latest`. @default none */
  readonly name?: string;
  /** Author of the image. @default that of the container's image */
  readonly author?: string;
  /** Comment in the image's history. @default none */
  readonly message?: string;
  /** Dockerfile instructions to apply, as for import(). @default none */
  readonly changes?: readonly string[];
  /** Pauses the container meanwhile if it runs. @default false */
  readonly pause?: boolean;
  /**
   * Makes one layer of all files, in place of the layers of the container's image and one with the changes.
   * @default false
   */
  readonly squash?: boolean;
  /** Declares the container's mounts as volumes of the image. @default false */
  readonly includeVolumes?: boolean;
  /** Format of the manifest and its media types. @default 'oci' */
  readonly format?: 'oci' | 'docker';
  /** Called with the progress of the transfer. @default none */
  readonly onProgress?: OnProgress;
}

export interface ImageRemoveOptions extends SignalOption {
  /** Also removes the containers made of the image, unmounts it, and removes all its names. @default false */
  readonly force?: boolean;
}

export interface RemovedImage {
  /** Names that were removed. */
  readonly untagged: readonly string[];
  /** Id of the image if it was deleted; undefined if it lost a name only. */
  readonly deleted: string | undefined;
}

export interface ImagePruneOptions extends SignalOption {
  /** Also removes images with names, unless a container is made of them. @default false */
  readonly all?: boolean;
  /** until, label, label!. @default all images */
  readonly filters?: ImageFilters;
}

export interface ImagePruneResult {
  readonly removed: readonly RemovedImage[];
  /** Images that could not be removed, by id. */
  readonly failed: ReadonlyMap<string, Error>;
  /** Bytes of the files of the removed images, and of leftovers of failed pulls. */
  readonly reclaimed: number;
}

export interface ImageHistoryEntry {
  /**
   * Id of the image for the newest entry; for the others, that of a stored image whose history ends with the entry, or
   * `<missing>`.
   */
  readonly id: string;
  readonly createdAt: Date | null;
  readonly createdBy: string;
  /** Bytes of the files that this step added. */
  readonly size: number;
  readonly comment: string;
  /** Names with a tag of the image with this id. */
  readonly names: readonly string[];
}

/** Details of an image, in the form that `podman image inspect` prints. */
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
  /** All names, with a tag or a digest. */
  readonly NamesHistory: readonly string[];
  readonly Healthcheck?: ImageHealthcheck;
}

export interface ImageUnmountOptions {
  /** Unmounts the image no matter how many calls of mount() there were. @default false */
  readonly force?: boolean;
}

export interface MountedImage {
  readonly image: ImageSummary;
  /** Path of the mount point. */
  readonly path: string;
}

export interface ImageTree {
  readonly image: ImageSummary;
  /** All layers, lowest first; with `children` only the uppermost. */
  readonly layers: readonly ImageLayer[];
}

export interface ImageLayer {
  /** 64 hexadecimal digits: the chain id of the layer. */
  readonly id: string;
  /** Bytes of the layer's files. */
  readonly size: number;
  /** Names with a tag of the images whose uppermost layer this is. */
  readonly names: readonly string[];
  /** Layers of other images directly on this one; filled only with `children`. */
  readonly children: readonly ImageLayer[];
}

/** Problems found in the store, and whether they were repaired. */
export interface StoreCheck {
  /** One sentence for each problem. */
  readonly problems: readonly string[];
  /** Whether there is no problem left. */
  readonly repaired: boolean;
}

/** The images of the store. `nameOrId`: a short or full name, a name with a digest, a digest, or an id prefix. */
export interface Images {
  /**
   * Fetches an image by its reference (a name, or a transport with its argument: docker://, oci:, docker-archive:,
   * dir:), or from a source that the caller implements. Parts that are stored already are not fetched again, and
   * partial downloads of earlier attempts are resumed. Throws BAD_IMAGE, NO_SUCH_IMAGE, DISK_FULL, ABORTED, and errors
   * of registries.
   */
  pull(from: string | ImageSource, options?: PullOptions): Promise<ImageSummary>;
  /**
   * Pulls all tags of a repository of a registry, one after the other, and names the images after them; continues after
   * a tag that fails. Throws INVALID_ARGUMENT for a name with a tag, NO_SUCH_IMAGE, ABORTED, and errors of registries.
   */
  pullAllTags(repository: string, options?: PullOptions): Promise<PulledTags>;
  /**
   * Pushes an image byte for byte as it is stored. `to`: a reference, by default the image's name. Throws
   * NO_SUCH_IMAGE, INVALID_ARGUMENT, ABORTED, and errors of registries.
   */
  push(nameOrId: string, to?: string, options?: PushOptions): Promise<PushedImage>;
  /**
   * Stores all images of an archive (docker-archive or oci-archive, also compressed with gzip) or a directory (OCI
   * layout, or Skopeo's dir), under the names that they have there. `from`: a path without a colon, or the bytes of an
   * archive. Throws NO_SUCH_FILE, BAD_ARCHIVE, BAD_IMAGE, DISK_FULL, ABORTED.
   */
  load(from: string | Readable, options?: LoadOptions): Promise<readonly LoadedImage[]>;
  /**
   * Writes images to a file or a directory; config and layers keep their digests. Several images can be saved only as a
   * docker-archive. `to`: a path without a colon; an existing file is replaced once the new one is complete. Throws
   * NO_SUCH_IMAGE, INVALID_ARGUMENT, DISK_FULL, PERMISSION_DENIED, ABORTED.
   */
  save(nameOrIds: string | readonly string[], to: string, options?: SaveOptions): Promise<void>;
  /**
   * Makes an image of one layer from a root file system. `from`: the path or the bytes of a tar archive, compressed
   * with gzip or zstd or not at all. Throws NO_SUCH_FILE, BAD_IMAGE, INVALID_ARGUMENT (an invalid change), DISK_FULL,
   * ABORTED.
   */
  import(from: string | Readable, options?: ImportOptions): Promise<ImageSummary>;
  /**
   * Makes an image of the present state of a container (name, id or id prefix): its changes become a layer on those of
   * its image. A container with a root directory becomes an image of one layer; so does `host:`, which requires
   * `squash`. Throws NO_SUCH_CONTAINER, NOT_SUPPORTED, INVALID_ARGUMENT, DISK_FULL, ABORTED.
   */
  commit(container: string, options?: CommitOptions): Promise<ImageSummary>;
  /**
   * Lists images in the order in which they were stored. Throws INVALID_ARGUMENT for an unknown filter or a bad value.
   */
  list(options?: ImageListOptions): readonly ImageSummary[];
  /** Returns the summary of an image. Throws NO_SUCH_IMAGE, AMBIGUOUS. */
  get(nameOrId: string): ImageSummary;
  /** Whether there is such an image. Throws AMBIGUOUS. */
  exists(nameOrId: string): boolean;
  /** Returns the details of an image. Throws NO_SUCH_IMAGE, AMBIGUOUS. */
  inspect(nameOrId: string): ImageInspect;
  /** Returns the history of an image, newest entry first. Throws NO_SUCH_IMAGE, AMBIGUOUS. */
  history(nameOrId: string): readonly ImageHistoryEntry[];
  /**
   * Gives an image further names; the registry defaults to `localhost`, the tag to `latest`. A name of another image
   * moves to this one. Throws NO_SUCH_IMAGE, INVALID_ARGUMENT.
   */
  tag(nameOrId: string, ...names: readonly string[]): void;
  /** Removes names from an image, all of them if none is given. Throws NO_SUCH_IMAGE, INVALID_ARGUMENT. */
  untag(nameOrId: string, ...names: readonly string[]): void;
  /**
   * Removes an image and those of its files that no other image has; if it is named by one of several names, removes
   * only that name. Unless `force`: throws IMAGE_IN_USE while a container is made of the image or it is mounted, and
   * INVALID_ARGUMENT for an id if the image has several names. In any case: throws INVALID_ARGUMENT for a repository
   * with a digest that is none of several names; NO_SUCH_IMAGE, AMBIGUOUS, ABORTED.
   */
  remove(nameOrId: string, options?: ImageRemoveOptions): Promise<RemovedImage>;
  /**
   * Removes images without a name that no container is made of, and, if there are no filters, leftovers of failed
   * pulls. Throws INVALID_ARGUMENT, ABORTED.
   */
  prune(options?: ImagePruneOptions): Promise<ImagePruneResult>;
  /**
   * Mounts the files of an image read-only on the host and returns the path. Every mount needs its own unmount(); a
   * reboot unmounts all. The image cannot be removed while it is mounted. Throws NO_SUCH_IMAGE, AMBIGUOUS.
   */
  mount(nameOrId: string): Promise<string>;
  /** Undoes one mount(); does nothing for an image that is not mounted. Throws NO_SUCH_IMAGE, AMBIGUOUS. */
  unmount(nameOrId: string, options?: ImageUnmountOptions): Promise<void>;
  /** Lists the mounted images. */
  mounted(): readonly MountedImage[];
  /**
   * Returns what the uppermost layer of an image changes, or how the image differs from `against`, another image.
   * Throws NO_SUCH_IMAGE, AMBIGUOUS, ABORTED.
   */
  diff(nameOrId: string, against?: string, options?: SignalOption): Promise<readonly FileChange[]>;
  /**
   * Returns the layers of an image; with `children`, its uppermost layer and all layers that other images have on it.
   * Throws NO_SUCH_IMAGE, AMBIGUOUS.
   */
  tree(nameOrId: string, options?: { readonly children?: boolean }): ImageTree;
  /**
   * Checks that the store has exactly what its images need. With `repair`, fixes what it can, and also removes partial
   * downloads of killed pulls.
   */
  check(options?: { readonly repair?: boolean }): Promise<StoreCheck>;
}
