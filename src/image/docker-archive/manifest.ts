/**
 * The content of a `docker save` archive: images with their names, listed in manifest.json or (before Docker 1.10) in
 * `repositories`, with a directory per layer.
 */
import { TspodError } from '../../errors.js';
import {
  listOf,
  member,
  objectOf,
  optional,
  parseJson,
  readObject,
  readString,
  readStringRecord,
  readStrings,
  stringOf,
  type JsonObject,
} from '../../oci/check.js';
import { asBadImage, MAX_CONFIG_BYTES, MAX_LAYERS } from '../../oci/parse-image.js';
import { readSmallFile, type FileSet } from '../layout/file-set.js';
import { formatName, parseImageName } from '../reference.js';

const MAX_IMAGES = 4096;

/** Limit of the total size of the layers' json files, for an image in the old format. */
const MAX_OLD_BYTES = 4 * MAX_CONFIG_BYTES;

export interface ListedImage {
  /** Names in the archive: alpine:3. */
  readonly names: readonly string[];
  /** Path of the config in the archive. */
  readonly config: string;
  /** Paths of the layers, from the lowest up. */
  readonly layers: readonly string[];
}

/** An image in the old format; readOldImage() reads its layers and config. */
export interface OldImage {
  readonly names: readonly string[];
  /** Id of its top layer. */
  readonly id: string;
}

export type ArchivedImage = ListedImage | OldImage;

interface Listed {
  readonly Config: string;
  readonly Layers?: readonly string[];
  readonly RepoTags?: readonly string[];
}

const path = stringOf(4096);
const readListed = listOf(
  objectOf<Listed>({
    required: { Config: path },
    optional: { Layers: listOf(path, MAX_LAYERS), RepoTags: readStrings },
  }),
  MAX_IMAGES,
);

/** Returns the images of the archive. Throws BAD_IMAGE. */
export async function readImages(files: FileSet): Promise<readonly ArchivedImage[]> {
  const bytes = await readSmallFile(files, 'manifest.json', MAX_CONFIG_BYTES);
  if (bytes === undefined) return readOldImages(files);
  return asBadImage(() =>
    readListed(parseJson('manifest.json', bytes.toString('utf8'), MAX_CONFIG_BYTES), 'manifest.json').map(
      ({ Config: config, Layers: layers = [], RepoTags: names = [] }) => ({
        config,
        layers,
        names: names.map(checkedName),
      }),
    ),
  );
}

/** Names in archives are checked like any others. */
function checkedName(text: string): string {
  return formatName(parseImageName(text));
}

async function readOldImages(files: FileSet): Promise<readonly OldImage[]> {
  const bytes = await readSmallFile(files, 'repositories', MAX_CONFIG_BYTES);
  if (bytes === undefined)
    throw new TspodError(
      'BAD_IMAGE',
      `${files.what} is not an archive of images: it has neither manifest.json nor repositories`,
    );
  const images = new Map<string, string[]>();
  asBadImage(() => {
    const at = 'repositories';
    for (const [name, tags] of Object.entries(readObject(parseJson(at, bytes.toString('utf8'), MAX_CONFIG_BYTES), at)))
      for (const [tag, id] of Object.entries(readStringRecord(tags, `${at}[${JSON.stringify(name)}]`))) {
        const names = images.get(id) ?? [];
        names.push(checkedName(`${name}:${tag}`));
        images.set(id, names);
      }
  });
  if (images.size > MAX_IMAGES) throw new TspodError('BAD_IMAGE', `repositories has more than ${MAX_IMAGES} images`);
  return [...images].map(([id, names]) => ({ id, names }));
}

/**
 * Returns the layers of an image in the old format, from the lowest up, and a config in the current format, but without
 * the layers' digests, which are not known yet.
 */
export async function readOldImage(
  files: FileSet,
  { id: top }: OldImage,
): Promise<{ readonly config: object; readonly layers: readonly string[] }> {
  const layers: string[] = [];
  const history: object[] = [];
  let config: object = {};
  let left = MAX_OLD_BYTES;
  for (let id: string | undefined = top; id !== undefined;) {
    if (layers.length >= MAX_LAYERS)
      throw new TspodError('BAD_IMAGE', `image ${top} has more than ${MAX_LAYERS} layers`);
    const { json, parent, size } = await oldLayer(files, id);
    left -= size;
    if (left < 0)
      throw new TspodError('BAD_IMAGE', `the layer configs of image ${top} are larger than ${MAX_OLD_BYTES} bytes`);
    if (id === top) config = membersOf(json, ['architecture', 'os', 'variant', 'created', 'author', 'config']);
    layers.unshift(`${id}/layer.tar`);
    history.unshift(membersOf(json, ['created', 'author']));
    id = parent;
  }
  return { layers, config: { os: 'linux', architecture: 'amd64', ...config, history } };
}

interface OldLayer {
  readonly parent: string | undefined;
  readonly json: JsonObject;
  readonly size: number;
}

async function oldLayer(files: FileSet, id: string): Promise<OldLayer> {
  if (!/^[0-9a-f]{64}$/.test(id))
    throw new TspodError('BAD_IMAGE', `${JSON.stringify(id.slice(0, 128))} is not a layer id`);
  const bytes = await readSmallFile(files, `${id}/json`, MAX_CONFIG_BYTES);
  if (bytes === undefined) throw new TspodError('BAD_IMAGE', `${files.what}: ${id}/json is missing`);
  return asBadImage(() => {
    const at = `${id}/json`;
    const json = readObject(parseJson(at, bytes.toString('utf8'), MAX_CONFIG_BYTES), at);
    return { json, parent: optional(json, 'parent', at, readString), size: bytes.length };
  });
}

/** Picks the members that exist. */
function membersOf(json: JsonObject, keys: readonly string[]): object {
  const found = keys.map((key) => [key, member(json, key)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}
