/** `engine.manifests` and its types, as users of the library see them. */
import type { SignalOption } from '../../container/api/container.js';
import type { ImageIndex, ImageManifest } from '../../oci/image.js';
import type { OnProgress } from '../images/progress.js';
import type { RegistryAccess } from '../images/types.js';

/** What an entry of a manifest list says about its image. */
export interface ManifestEntryOptions {
  /** This and the following fields override what the image's config says. */
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
  /** Annotations added to those of the entry. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ManifestAddOptions extends SignalOption, ManifestEntryOptions {
  /** Adds all images of an index, not only the one for this machine. @default false */
  readonly all?: boolean;
  readonly registry?: RegistryAccess;
}

export interface ManifestCreateOptions extends ManifestAddOptions {
  /** Images that the new list contains. @default none */
  readonly images?: readonly string[];
  /** Whether to add to a list that has this name; otherwise it is an error (NAME_IN_USE). @default false */
  readonly amend?: boolean;
}

export interface ManifestPushOptions extends SignalOption {
  /** Sends the images of the list as well; without, they must already be at the destination. @default true */
  readonly all?: boolean;
  /** Format of the list itself. @default 'docker' if all its images are Docker's, else 'oci' */
  readonly format?: 'oci' | 'docker';
  /** Called with the progress of the transfer. @default none */
  readonly onProgress?: OnProgress;
  readonly registry?: RegistryAccess;
}

export interface ManifestFetchOptions extends SignalOption {
  readonly registry?: RegistryAccess;
}

export interface ManifestListSummary {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Names with registry and tag, in alphabetical order. */
  readonly names: readonly string[];
  readonly createdAt: Date;
  /** The list in the form in which it would be pushed. */
  readonly index: ImageIndex;
}

/**
 * Manifest lists: lists of images for several platforms. `list`: a name (the registry defaults to `localhost`) or an id
 * prefix. `images.list({ manifestLists: true })` includes these lists, and `images.tag()`, `untag()` and `remove()`
 * accept them; elsewhere a list stands for its image for this machine, if that is in the store. `image`: an image of
 * the store, of a registry, or a reference with a transport. An image of the store must still be there when the list is
 * pushed.
 */
export interface Manifests {
  /** Creates a list. Throws NAME_IN_USE, and errors of add(); then no list is left. */
  create(name: string, options?: ManifestCreateOptions): Promise<ManifestListSummary>;
  /**
   * Adds an image to a list, replacing an entry with the same digest. Throws NO_SUCH_IMAGE, BAD_IMAGE,
   * INVALID_ARGUMENT, ABORTED, and errors of registries.
   */
  add(list: string, image: string, options?: ManifestAddOptions): Promise<ManifestListSummary>;
  /**
   * Changes what an entry of a list says. `image`: a digest in the list, or an image of the store. Throws
   * NO_SUCH_IMAGE, INVALID_ARGUMENT (the image is not in the list).
   */
  annotate(list: string, image: string, options: ManifestEntryOptions): ManifestListSummary;
  /** Removes an image from a list. Throws as annotate() does. */
  removeEntry(list: string, image: string): ManifestListSummary;
  /**
   * Fetches the manifest or the index that a registry, or another transport, has under a name. Throws NO_SUCH_IMAGE,
   * BAD_IMAGE, ABORTED, and errors of registries.
   */
  fetch(from: string, options?: ManifestFetchOptions): Promise<ImageManifest | ImageIndex>;
  /** Returns a list. Throws NO_SUCH_IMAGE, AMBIGUOUS. */
  get(list: string): ManifestListSummary;
  /** Whether there is such a list. Throws AMBIGUOUS. */
  exists(list: string): boolean;
  /** Returns all lists, ordered by name. */
  list(): readonly ManifestListSummary[];
  /**
   * Sends the images of a list, then the list, and returns its digest. Throws NO_SUCH_IMAGE (an image of the list is
   * gone), ABORTED, and errors of registries.
   */
  push(list: string, to: string, options?: ManifestPushOptions): Promise<{ readonly digest: string }>;
  /** Removes a list from the store; its images stay. Throws NO_SUCH_IMAGE. */
  remove(list: string): ManifestListSummary;
}
