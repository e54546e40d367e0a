/**
 * Reads manifests, indexes and configs that come from outside: every value is checked and bounded. Members that the
 * specification does not have are ignored.
 */
import { isTspodError, TspodError } from '../errors.js';
import {
  integerIn,
  listOf,
  member,
  objectOf,
  parseJson,
  readBoolean,
  readObject,
  readString,
  readStringRecord,
  readStrings,
  stringOf,
  wordOf,
  wrong,
} from './check.js';
import type { JsonObject, Place, Reader } from './check.js';
import { readDigest } from './digest.js';
import type {
  Descriptor,
  ImageConfig,
  ImageHealthcheck,
  ImageHistory,
  ImageIndex,
  ImageManifest,
  ImageRunConfig,
  Platform,
} from './image.js';
import { DOCKER_SCHEMA1, INDEX_TYPES, MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST } from './media-types.js';

/** Size limits: those of registries, and of other engines. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
export const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** Highest number of layers. Docker makes no image with more than 127; the kernel mounts some 500. */
export const MAX_LAYERS = 1024;
/** Highest number of entries of an index. */
export const MAX_IMAGES = 4096;
const MAX_HISTORY = 16384;

/** Media type: letters, digits and the other characters of RFC 6838. */
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

const size = integerIn(0, Number.MAX_SAFE_INTEGER);
/** Reader of long texts, such as a shell script in a label or in the history: as long as the whole config may be. */
const longText = stringOf(MAX_CONFIG_BYTES);
const argument = stringOf(128 * 1024 - 1);
const args = listOf(argument, 16384);
const schemaVersion: Reader<2> = (value, at) => {
  if (value !== 2) throw wrong(at, 'must be 2');
  return 2;
};

const readPlatform = objectOf<Platform>({
  required: { os: stringOf(256), architecture: stringOf(256) },
  optional: { variant: stringOf(256), 'os.version': stringOf(256), 'os.features': readStrings },
});

function readMediaType(value: unknown, at: Place): string {
  const text = readString(value, at, 255);
  if (!MEDIA_TYPE.test(text)) throw wrong(at, `is not a media type: ${JSON.stringify(text)}`);
  return text;
}

const readDescriptor = objectOf<Descriptor>({
  required: { mediaType: readMediaType, digest: readDigest, size },
  optional: {
    urls: readStrings,
    annotations: readStringRecord,
    artifactType: stringOf(255),
    platform: readPlatform,
  },
});

const common = { annotations: readStringRecord, artifactType: stringOf(255), subject: readDescriptor } as const;

const readWholeManifest = objectOf<ImageManifest>({
  required: {
    schemaVersion,
    mediaType: wordOf(MANIFEST_TYPES),
    config: readDescriptor,
    layers: listOf(readDescriptor, MAX_LAYERS),
  },
  optional: common,
});

/** Reads a manifest. Go writes null for no layers. */
const readManifest: Reader<ImageManifest> = (value, at) => {
  const object = readObject(value, at);
  return readWholeManifest({ ...object, layers: member(object, 'layers') ?? [] }, at);
};

const readIndex = objectOf<ImageIndex>({
  required: { schemaVersion, mediaType: wordOf(INDEX_TYPES), manifests: listOf(readDescriptor, MAX_IMAGES) },
  optional: common,
});

const nanoseconds = integerIn(0, Number.MAX_SAFE_INTEGER);

const readHealthcheck = objectOf<ImageHealthcheck>({
  required: {},
  optional: {
    Test: args,
    Interval: nanoseconds,
    Timeout: nanoseconds,
    StartPeriod: nanoseconds,
    StartInterval: nanoseconds,
    Retries: integerIn(-1_000_000, 1_000_000),
  },
});

/** Reads a set, which Go writes as an object of empty objects. */
function readSet(value: unknown, at: Place): Readonly<Record<string, object>> {
  const keys = Object.keys(readObject(value, at));
  if (keys.length > 4096) throw wrong(at, 'must have at most 4096 items');
  return Object.fromEntries(keys.map((key) => [readString(key, at), {}]));
}

const readLabels: Reader<Readonly<Record<string, string>>> = (value, at) => {
  const entries = Object.entries(readObject(value, at));
  if (entries.length > 4096) throw wrong(at, 'must have at most 4096 items');
  return Object.fromEntries(entries.map(([key, item]) => [readString(key, at), longText(item ?? '', `${at}.${key}`)]));
};

const readRunConfig = objectOf<ImageRunConfig>({
  required: {},
  optional: {
    User: readString,
    ExposedPorts: readSet,
    Env: args,
    Entrypoint: args,
    Cmd: args,
    Volumes: readSet,
    WorkingDir: readString,
    Labels: readLabels,
    StopSignal: stringOf(64),
    StopTimeout: integerIn(-0x80000000, 0x7fffffff),
    ArgsEscaped: readBoolean,
    Healthcheck: readHealthcheck,
    Shell: args,
    OnBuild: args,
  },
});

const readHistory = objectOf<ImageHistory>({
  required: {},
  optional: {
    created: stringOf(64),
    author: longText,
    created_by: longText,
    comment: longText,
    empty_layer: readBoolean,
  },
});

const readWholeRootfs = objectOf<ImageConfig['rootfs']>({
  required: { type: wordOf(['layers']), diff_ids: listOf(readDigest, MAX_LAYERS) },
  optional: {},
});

/** Reads the rootfs. Go leaves out the list if there are no layers, or writes null. */
const readRootfs: Reader<ImageConfig['rootfs']> = (value, at) => {
  const object = readObject(value, at);
  return readWholeRootfs({ ...object, diff_ids: member(object, 'diff_ids') ?? [] }, at);
};

const readWholeConfig = objectOf<ImageConfig>({
  required: {
    os: stringOf(256),
    architecture: stringOf(256),
    rootfs: readRootfs,
  },
  optional: {
    variant: stringOf(256),
    'os.version': stringOf(256),
    'os.features': readStrings,
    created: stringOf(64),
    author: longText,
    config: readRunConfig,
    history: listOf(readHistory, MAX_HISTORY),
  },
});

/**
 * Reads a config. The specification requires os and architecture, but some builders leave them out: '' is an unknown
 * one.
 */
const readConfig: Reader<ImageConfig> = (value, at) => {
  const object = readObject(value, at);
  const said = (key: keyof Platform) => member(object, key) ?? '';
  return readWholeConfig({ ...object, os: said('os'), architecture: said('architecture') }, at);
};

export type ParsedManifest =
  | { readonly kind: 'manifest'; readonly manifest: ImageManifest }
  | { readonly kind: 'index'; readonly index: ImageIndex };

/**
 * Parses a manifest or an index. Its media type is the one that it states itself, else `served`, the type that it was
 * served with, else the one that its members imply. Bytes that could be taken for both, or that state another type than
 * they were served with, are refused (CVE-2021-41190). Throws BAD_IMAGE, and NOT_SUPPORTED for Docker's schema 1.
 */
export function parseManifest(bytes: Uint8Array, served?: string): ParsedManifest {
  return asBadImage(() => {
    const at = 'image manifest';
    const object = readObject(jsonOf(at, bytes, MAX_MANIFEST_BYTES), at);
    refuseSchema1(object, served);
    const mediaType = typeOf(object, at, served);
    const isIndex = INDEX_TYPES.includes(mediaType);
    const foreign = isIndex ? ['layers', 'config', 'fsLayers'] : ['manifests', 'fsLayers'];
    const wrongMember = foreign.find((key) => member(object, key) !== undefined);
    if (wrongMember !== undefined) throw wrong(`${at}.${wrongMember}`, `must not be in ${mediaType}`);
    const whole = { ...object, mediaType };
    return isIndex
      ? { kind: 'index', index: readIndex(whole, 'image index') }
      : { kind: 'manifest', manifest: readManifest(whole, at) };
  });
}

function typeOf(object: JsonObject, at: Place, served: string | undefined): string {
  const known = [...MANIFEST_TYPES, ...INDEX_TYPES];
  const said = member(object, 'mediaType');
  // A registry that does not know the type of its content serves it as JSON.
  const outside = served !== undefined && known.includes(served) ? served : undefined;
  if (said === undefined) return outside ?? (member(object, 'manifests') === undefined ? OCI_MANIFEST : OCI_INDEX);
  const mediaType = wordOf(known)(said, `${at}.mediaType`);
  if (outside !== undefined && outside !== mediaType)
    throw wrong(`${at}.mediaType`, `is ${mediaType}, but it was served as ${outside}`);
  return mediaType;
}

function refuseSchema1(object: JsonObject, served: string | undefined): void {
  const said = member(object, 'mediaType');
  const isOld = [said, served].some((type) => typeof type === 'string' && DOCKER_SCHEMA1.includes(type));
  if (isOld || member(object, 'schemaVersion') === 1)
    throw new TspodError(
      'NOT_SUPPORTED',
      'images of Docker schema 1 are not supported: copy the image in a newer format',
    );
}

/** Parses the config of an image. Throws BAD_IMAGE. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  return asBadImage(() => readConfig(jsonOf('image config', bytes, MAX_CONFIG_BYTES), 'image config'));
}

/** Parses UTF-8 without a byte order mark, as RFC 8259 requires of JSON. */
function jsonOf(what: Place, bytes: Uint8Array, maxBytes: number): unknown {
  if (bytes.byteLength > maxBytes) throw wrong(what, `is larger than ${maxBytes} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new TspodError('INVALID_ARGUMENT', `${what} is not UTF-8`, { cause: error });
  }
  return parseJson(what, text, maxBytes);
}

/** Converts INVALID_ARGUMENT to BAD_IMAGE: an error in an image is not one in the caller's arguments. */
export function asBadImage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isTspodError(error, 'INVALID_ARGUMENT')) throw error;
    throw new TspodError('BAD_IMAGE', error.message, { cause: error });
  }
}
