/**
 * Manifests, indexes and configs of images, as types. Names and meaning are those of the OCI image specification (version 1.1), of
 * which Docker's schema 2 is another spelling: https://github.com/opencontainers/image-spec
 */

/** What a machine must be to run an image. */
export interface Platform {
  /** Go's names: linux, amd64, arm64; '' in a config that does not say. */
  readonly os: string;
  readonly architecture: string;
  /** Of the architecture: v7, v8. */
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

/** Names some bytes: what they are, how many, and their digest. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** Other places that have the bytes. tspod does not go there. */
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** In an index. */
  readonly platform?: Platform;
}

export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  /** From the lowest up. */
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
}

/** A list of images for different machines. */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
}

/** Docker's, which OCI images carry as well. Times are nanoseconds; 0 stands for the default. */
export interface ImageHealthcheck {
  /** [] inherits, ['NONE'] has none, ['CMD', ...args], ['CMD-SHELL', line]. */
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  /** Below 0: 1. */
  readonly Retries?: number;
}

/** What a container of the image does unless told otherwise. */
export interface ImageRunConfig {
  readonly User?: string;
  /** Keys are a port and a protocol: 80/tcp. */
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  /** Keys are paths. */
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  /** Seconds; below 0 without an end. Nothing follows from it, as with Podman. */
  readonly StopTimeout?: number;
  readonly ArgsEscaped?: boolean;
  readonly Healthcheck?: ImageHealthcheck;
  readonly Shell?: readonly string[];
  readonly OnBuild?: readonly string[];
}

export interface ImageHistory {
  readonly created?: string;
  readonly author?: string;
  readonly created_by?: string;
  readonly comment?: string;
  /** It made no layer. */
  readonly empty_layer?: boolean;
}

export interface ImageConfig extends Platform {
  /** RFC 3339. */
  readonly created?: string;
  readonly author?: string;
  readonly config?: ImageRunConfig;
  readonly rootfs: {
    readonly type: 'layers';
    /** Digests of the layers as they are unpacked, from the lowest up. */
    readonly diff_ids: readonly string[];
  };
  readonly history?: readonly ImageHistory[];
}
