/**
 * Types of manifests, indexes and configs of images. Names and meaning are those of the OCI image specification
 * (version 1.1), of which Docker's schema 2 is another format: https://github.com/opencontainers/image-spec
 */

/** The machine that an image is made for. */
export interface Platform {
  /** Go's names: linux, amd64, arm64; '' in a config that has none. */
  readonly os: string;
  readonly architecture: string;
  /** Variant of the architecture: v7, v8. */
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

/** Describes content: its type, size and digest. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Size in bytes. */
  readonly size: number;
  /** Other places that have the content. tspod does not use them. */
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** Platform of the image, in an index. */
  readonly platform?: Platform;
}

export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Layers, from the lowest up. */
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

/**
 * Health check: an extension of Docker, which OCI images have as well. Times are nanoseconds; 0 stands for the default.
 */
export interface ImageHealthcheck {
  /** Command: [] inherits, ['NONE'] disables, ['CMD', ...args] or ['CMD-SHELL', line]. */
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  /** Number of retries; below 0: 1. */
  readonly Retries?: number;
}

/** Defaults of an image for its containers. */
export interface ImageRunConfig {
  readonly User?: string;
  /** Exposed ports; keys are a port and a protocol: 80/tcp. */
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  /** Volumes; keys are paths. */
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  /** Stop timeout in seconds; below 0: none. Ignored, as by Podman. */
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
  /** Whether this entry made no layer. */
  readonly empty_layer?: boolean;
}

export interface ImageConfig extends Platform {
  /** Time of creation, as in RFC 3339. */
  readonly created?: string;
  readonly author?: string;
  readonly config?: ImageRunConfig;
  readonly rootfs: {
    readonly type: 'layers';
    /** Digests of the uncompressed layers, from the lowest up. */
    readonly diff_ids: readonly string[];
  };
  readonly history?: readonly ImageHistory[];
}
