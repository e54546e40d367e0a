/** Lists of images for several platforms as users of the library see them. */
import type { SignalOption } from '../../container/api/container.js';
import type { ImageIndex, ImageManifest } from '../../oci/image.js';
import type { OnProgress } from '../images/progress.js';
import type { RegistryAccess } from '../images/types.js';

export interface ManifestEntryOptions {
  /** In place of what the image's config says. */
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
  /** Beside those that the entry has. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ManifestAddOptions extends SignalOption, ManifestEntryOptions {
  /** All images of an index, not only the one for this machine. @default false */
  readonly all?: boolean;
  readonly registry?: RegistryAccess;
}

export interface ManifestCreateOptions extends ManifestAddOptions {
  /** What it begins with. @default none */
  readonly images?: readonly string[];
  /** A list of this name is added to. @default false: NAME_IN_USE */
  readonly amend?: boolean;
}

export interface ManifestPushOptions extends SignalOption {
  /** With its images; else these have to be there. @default true */
  readonly all?: boolean;
  /** Of the list itself. @default 'docker' if all its images are Docker's, else 'oci' */
  readonly format?: 'oci' | 'docker';
  /** Is told how the transfer goes. @default nobody is */
  readonly onProgress?: OnProgress;
  readonly registry?: RegistryAccess;
}

export interface ManifestFetchOptions extends SignalOption {
  readonly registry?: RegistryAccess;
}

export interface ManifestListSummary {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** With registry and tag, in the order of the alphabet. */
  readonly names: readonly string[];
  readonly createdAt: Date;
  /** As it would be pushed. */
  readonly index: ImageIndex;
}

/**
 * Lists of images for several platforms. `list`: a name (without a registry it is `localhost/`'s) or the beginning of an id. `images.list({ manifestLists: true })` has them, too; `images.tag()`, `untag()` and
 * `remove()` take them, and elsewhere a list stands for its image for this machine, if that is in the store.
 * `image`: one of the store, or of a registry, or with a transport. An image of the store must be there when the list is pushed.
 */
export interface Manifests {
  /** NAME_IN_USE, and errors of add(), after which there is no list. */
  create(name: string, options?: ManifestCreateOptions): Promise<ManifestListSummary>;
  /** An image that the list has already takes its place. NO_SUCH_IMAGE, BAD_IMAGE, INVALID_ARGUMENT, ABORTED, and errors of registries. */
  add(list: string, image: string, options?: ManifestAddOptions): Promise<ManifestListSummary>;
  /** `image`: a digest in the list, or an image of the store. NO_SUCH_IMAGE, INVALID_ARGUMENT (it is not in the list). */
  annotate(list: string, image: string, options: ManifestEntryOptions): ManifestListSummary;
  /** Takes an image out. Errors as annotate(). */
  removeEntry(list: string, image: string): ManifestListSummary;
  /** The manifest or the index that a registry, or another transport, has under a name. NO_SUCH_IMAGE, BAD_IMAGE, ABORTED, and errors of registries. */
  fetch(from: string, options?: ManifestFetchOptions): Promise<ImageManifest | ImageIndex>;
  /** Throws NO_SUCH_IMAGE. */
  get(list: string): ManifestListSummary;
  exists(list: string): boolean;
  /** By name. */
  list(): readonly ManifestListSummary[];
  /** Sends the images, then the list. Answers its digest. NO_SUCH_IMAGE (an image has gone), ABORTED, and errors of registries. */
  push(list: string, to: string, options?: ManifestPushOptions): Promise<{ readonly digest: string }>;
  /** Forgets a list; its images stay. NO_SUCH_IMAGE. */
  remove(list: string): ManifestListSummary;
}
