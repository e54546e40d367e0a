/** What an archive of `docker save` holds: images with their names, in manifest.json, or (before Docker 1.10) in `repositories` and a directory for each layer. */
import { isTspodError, TspodError } from '../../errors.js';
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
} from '../../oci/check.js';
import { MAX_CONFIG_BYTES, MAX_LAYERS } from '../../oci/parse-image.js';
import { readSmallFile, type FileSet } from '../layout/file-set.js';
import { formatName, parseImageName } from '../reference.js';

const MAX_IMAGES = 4096;

export interface ArchivedImage {
  /** As the archive has them: alpine:3. */
  readonly names: readonly string[];
  /** Path of the config; the bytes of a made one for the old form. */
  readonly config: string | Buffer;
  /** Paths, from the lowest up. */
  readonly layers: readonly string[];
}

interface Listed {
  readonly Config: string;
  readonly Layers: readonly string[];
  readonly RepoTags?: readonly string[];
}

const path = stringOf(4096);
const readListed = listOf(
  objectOf<Listed>({
    required: { Config: path, Layers: listOf(path, MAX_LAYERS) },
    optional: { RepoTags: readStrings },
  }),
  MAX_IMAGES,
);

/** Throws BAD_IMAGE. */
export async function readImages(files: FileSet): Promise<readonly ArchivedImage[]> {
  const bytes = await readSmallFile(files, 'manifest.json', MAX_CONFIG_BYTES);
  if (bytes === undefined) return readOldImages(files);
  return badImage(() =>
    readListed(parseJson('manifest.json', bytes.toString('utf8'), MAX_CONFIG_BYTES), 'manifest.json').map(
      ({ Config: config, Layers: layers, RepoTags: names = [] }) => ({ config, layers, names: names.map(checkedName) }),
    ),
  );
}

/** A name is a name, wherever it comes from. */
function checkedName(text: string): string {
  return formatName(parseImageName(text));
}

interface OldLayer {
  readonly id: string;
  readonly parent: string | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

async function readOldImages(files: FileSet): Promise<readonly ArchivedImage[]> {
  const bytes = await readSmallFile(files, 'repositories', MAX_CONFIG_BYTES);
  if (bytes === undefined)
    throw new TspodError(
      'BAD_IMAGE',
      `${files.what} is no archive of images: it has neither manifest.json nor repositories`,
    );
  const images = new Map<string, string[]>();
  badImage(() => {
    const at = 'repositories';
    for (const [name, tags] of Object.entries(readObject(parseJson(at, bytes.toString('utf8'), MAX_CONFIG_BYTES), at)))
      for (const [tag, id] of Object.entries(readStringRecord(tags, `${at}[${JSON.stringify(name)}]`))) {
        const known = images.get(id) ?? [];
        images.set(id, [...known, checkedName(`${name}:${tag}`)]);
      }
  });
  if (images.size > MAX_IMAGES) throw new TspodError('BAD_IMAGE', `repositories has more than ${MAX_IMAGES} images`);
  return Promise.all([...images].map(([id, names]) => oldImage(files, id, names)));
}

async function oldImage(files: FileSet, top: string, names: readonly string[]): Promise<ArchivedImage> {
  const chain: OldLayer[] = [];
  for (let id: string | undefined = top; id !== undefined; id = chain[0]?.parent) {
    if (chain.length >= MAX_LAYERS)
      throw new TspodError('BAD_IMAGE', `image ${top} has more than ${MAX_LAYERS} layers`);
    chain.unshift(await oldLayer(files, id));
  }
  return {
    names,
    layers: chain.map(({ id }) => `${id}/layer.tar`),
    config: oldConfig(chain),
  };
}

async function oldLayer(files: FileSet, id: string): Promise<OldLayer> {
  if (!/^[0-9a-f]{64}$/.test(id))
    throw new TspodError('BAD_IMAGE', `${JSON.stringify(id.slice(0, 128))} is no id of a layer`);
  const bytes = await readSmallFile(files, `${id}/json`, MAX_CONFIG_BYTES);
  if (bytes === undefined) throw new TspodError('BAD_IMAGE', `${files.what}: ${id}/json is missing`);
  return badImage(() => {
    const at = `${id}/json`;
    const json = readObject(parseJson(at, bytes.toString('utf8'), MAX_CONFIG_BYTES), at);
    return { id, json, parent: optional(json, 'parent', at, readString) };
  });
}

/** As a config of today, without the digests of the layers, which are not known yet. */
function oldConfig(chain: readonly OldLayer[]): Buffer {
  const top = chain.at(-1)?.json ?? {};
  const kept = ['architecture', 'os', 'variant', 'created', 'author', 'config'].flatMap((key) => {
    const value = member(top, key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const history = chain.map(({ json }) => ({ created: member(json, 'created'), author: member(json, 'author') }));
  return Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', ...Object.fromEntries(kept), history }));
}

function badImage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isTspodError(error, 'INVALID_ARGUMENT')) throw error;
    throw new TspodError('BAD_IMAGE', error.message, { cause: error });
  }
}
