/** The images in the database: their records, names, content and users. Each call is one transaction. */
import { TspodError } from '../errors.js';
import type { ImageConfig } from '../oci/image.js';
import {
  IMAGE_COLUMNS,
  summaryOf,
  type ImageRow,
  type ImageSummaryRow,
  type NewImage,
  type StoredBlob,
  type StoredImage,
  type StoredName,
} from './image-rows.js';
import type { LeaseItem } from './image-leases.js';
import { prefixEnd } from './lookup.js';
import { RELINK_IMAGES } from './salvage-rows.js';
import type { Tables } from './tables.js';

/** Limit of the cache of parsed configs, which never change. */
const MAX_CACHED_CONFIGS = 64;

/** `seq` identifies an image in all calls. */
export class ImageRecords {
  readonly #db: Tables;
  readonly #configs = new Map<string, ImageConfig>();

  constructor(db: Tables) {
    this.#db = db;
  }

  /**
   * Records the image or, if it is known, whatever is new: names, digests, another manifest with the same config.
   * Returns its `seq`.
   */
  add(image: NewImage): number {
    return this.#db.transaction(() => {
      const seq = this.#seqOf(image.id) ?? this.#insert(image);
      for (const { digest, kind, mediaType } of image.blobs)
        this.#db.run('INSERT OR IGNORE INTO image_blob VALUES (?, ?, ?, ?)', seq, digest, kind, mediaType);
      for (const { repository, digest } of image.digests)
        this.#db.run('INSERT OR IGNORE INTO image_digest VALUES (?, ?, ?)', seq, repository, digest);
      if (image.name !== undefined) this.#name(image.name, seq, image.manifest);
      return seq;
    });
  }

  /** Restores the lost links between containers and the images that they use. */
  relink(): void {
    this.#db.run(RELINK_IMAGES);
  }

  #insert(image: NewImage): number {
    const { id, createdUs, size, config, layers } = image;
    const values = [id, createdUs, Date.now() * 1000, size, JSON.stringify(summaryOf(image))];
    this.#db.run(
      'INSERT INTO image (id, created_us, added_us, size, summary, config) VALUES (?, ?, ?, ?, ?, ?)',
      ...values,
      JSON.stringify(config),
    );
    const seq = this.#seqOf(id);
    if (seq === undefined) throw new TypeError('a new image has no record');
    for (const [position, chain] of layers.entries())
      this.#db.run('INSERT INTO image_layer VALUES (?, ?, ?)', seq, position, chain);
    return seq;
  }

  #name(name: string, seq: number, manifest: string): void {
    this.#db.run('DELETE FROM manifest_list_name WHERE name = ?', name);
    this.#db.run('INSERT OR REPLACE INTO image_name VALUES (?, ?, ?)', name, seq, manifest);
  }

  #seqOf(id: string): number | undefined {
    return this.#db.one<{ seq: number }>('SELECT seq FROM image WHERE id = ?', id)?.seq;
  }

  /** Finds an image by a full name: registry, repository, and tag or digest. */
  byName(name: string): StoredImage | undefined {
    return this.#first('SELECT image AS seq FROM image_name WHERE name = ?', name);
  }

  /** Finds an image by the end of a name after a slash: `alpine:3` finds `quay.io/some/alpine:3`. */
  byNameEnd(end: string): StoredImage | undefined {
    return this.#first(
      "SELECT image AS seq FROM image_name WHERE substr(name, -length(?) - 1) = '/' || ? ORDER BY name LIMIT 1",
      end,
      end,
    );
  }

  /**
   * Finds an image by the digest of its manifest, or of an index that it was chosen from. With `repository`, only if
   * the image has that digest in that repository.
   */
  byDigest(digest: string, repository?: string): StoredImage | undefined {
    return repository === undefined
      ? (this.#first('SELECT image AS seq FROM image_digest WHERE digest = ?', digest) ??
          this.#first("SELECT image AS seq FROM image_blob WHERE digest = ? AND kind IN ('manifest', 'index')", digest))
      : this.#first('SELECT image AS seq FROM image_digest WHERE digest = ? AND repository = ?', digest, repository);
  }

  /** Returns at most two images: enough to tell whether the prefix is ambiguous. */
  byIdPrefix(prefix: string): readonly StoredImage[] {
    return this.#db
      .all<{ seq: number }>('SELECT seq FROM image WHERE id >= ? AND id < ? LIMIT 2', prefix, prefixEnd(prefix))
      .flatMap(({ seq }) => this.bySeq(seq) ?? []);
  }

  #first(sql: string, ...values: readonly unknown[]): StoredImage | undefined {
    const found = this.#db.one<{ seq: number }>(sql, ...values);
    return found === undefined ? undefined : this.bySeq(found.seq);
  }

  bySeq(seq: number): StoredImage | undefined {
    const row = this.#db.one<ImageRow>(`SELECT ${IMAGE_COLUMNS} FROM image WHERE seq = ?`, seq);
    if (row === undefined) return undefined;
    return {
      ...toImage(row),
      names: this.#db.all<StoredName>('SELECT name, manifest FROM image_name WHERE image = ? ORDER BY name', seq),
      digests: this.#db.all('SELECT repository, digest FROM image_digest WHERE image = ?', seq),
      uses: this.users(seq).length,
    };
  }

  /** Returns all images in the order in which they were added. */
  list(): readonly StoredImage[] {
    return this.#db.snapshot(() => {
      const names = grouped(
        this.#db.all<StoredName & OfImage>('SELECT image, name, manifest FROM image_name ORDER BY name'),
      );
      const digests = grouped(
        this.#db.all<StoredDigest & OfImage>('SELECT image, repository, digest FROM image_digest'),
      );
      const uses = new Map(
        this.#db
          .all<{ image: number; n: number }>('SELECT image, count(*) AS n FROM image_user GROUP BY image')
          .map(({ image, n }) => [image, n]),
      );
      return this.#db.all<ImageRow>(`SELECT ${IMAGE_COLUMNS} FROM image ORDER BY seq`).map((row) => ({
        ...toImage(row),
        names: names.get(row.seq) ?? [],
        digests: digests.get(row.seq) ?? [],
        uses: uses.get(row.seq) ?? 0,
      }));
    });
  }

  /**
   * Returns the image's parsed config, or undefined if there is no such image. The config of an image that another
   * process has removed may still come from the cache.
   */
  config(id: string): ImageConfig | undefined {
    const known = this.#configs.get(id);
    if (known !== undefined) return known;
    const row = this.#db.one<{ config: string }>('SELECT config FROM image WHERE id = ?', id);
    if (row === undefined) return undefined;
    const config = JSON.parse(row.config) as ImageConfig;
    if (this.#configs.size >= MAX_CACHED_CONFIGS) this.#configs.clear();
    this.#configs.set(id, config);
    return config;
  }

  /** Returns the chain ids of the image's layers, from the lowest up. */
  layers(seq: number): readonly string[] {
    return this.#db
      .all<{ chain: string }>('SELECT chain FROM image_layer WHERE image = ? ORDER BY position', seq)
      .map(({ chain }) => chain);
  }

  /** Returns the image's blobs: everything that it keeps except its unpacked layers. */
  blobs(seq: number): readonly StoredBlob[] {
    return this.#db.all<StoredBlob>(
      'SELECT digest, kind, media_type AS mediaType FROM image_blob WHERE image = ? ORDER BY digest',
      seq,
    );
  }

  /** Returns the repositories (with registry) that images with this blob were pulled from or pushed to. */
  repositoriesWith(digest: string): readonly string[] {
    return this.#db
      .all<{ repository: string }>(
        'SELECT DISTINCT d.repository FROM image_blob b JOIN image_digest d ON d.image = b.image WHERE b.digest = ?',
        digest,
      )
      .map(({ repository }) => repository);
  }

  /** Records that a repository has this manifest of the image. Does nothing if the image is gone. */
  addDigest(seq: number, repository: string, manifest: string): void {
    this.#db.transaction(() =>
      this.#db.run(
        'INSERT OR IGNORE INTO image_digest SELECT seq, ?, ? FROM image WHERE seq = ?',
        repository,
        manifest,
        seq,
      ),
    );
  }

  /** Returns the ids of the containers that use the image, oldest first. */
  users(seq: number): readonly string[] {
    return this.#db
      .all<{ id: string }>(
        'SELECT c.id FROM image_user u JOIN container c ON c.seq = u.container WHERE u.image = ? ORDER BY c.seq',
        seq,
      )
      .map(({ id }) => id);
  }

  /**
   * Records that a container is made from the image or mounts it, which keeps the image. Call it in the transaction
   * that records the container. Throws NO_SUCH_IMAGE.
   */
  use(container: number, id: string): void {
    const used = this.#db.run('INSERT INTO image_user SELECT ?, seq FROM image WHERE id = ?', container, id);
    if (used === 0) throw noSuchImage(id);
  }

  /** Releases all images that the container uses. Call it in the transaction that removes the container. */
  free(container: number): void {
    this.#db.run('DELETE FROM image_user WHERE container = ?', container);
  }

  /** Increments the image's mount count. Throws NO_SUCH_IMAGE. */
  mount(seq: number): void {
    this.#db.transaction(() => {
      const image = this.bySeq(seq);
      if (image === undefined) throw noSuchImage(String(seq));
      this.#db.run(
        'INSERT INTO image_mount VALUES (?, 1) ON CONFLICT (image) DO UPDATE SET mounts = mounts + 1',
        image.seq,
      );
    });
  }

  /**
   * Decrements the image's mount count (`all`: to 0). Returns the new count, or undefined if the image was not mounted.
   */
  unmount(seq: number, { all }: { readonly all: boolean }): number | undefined {
    return this.#db.transaction(() => {
      this.#db.run('UPDATE image_mount SET mounts = ? * max(mounts - 1, 0) WHERE image = ?', all ? 0 : 1, seq);
      return this.mounts(seq);
    });
  }

  /** Records that the image is not mounted. */
  forgetMount(seq: number): void {
    this.#db.transaction(() => this.#db.run('DELETE FROM image_mount WHERE image = ?', seq));
  }

  /** Returns the image's mount count; 0: it is being unmounted; undefined: it is not mounted. */
  mounts(seq: number): number | undefined {
    return this.#db.one<{ mounts: number }>('SELECT mounts FROM image_mount WHERE image = ?', seq)?.mounts;
  }

  /** Returns the mounted images in the order in which they were added. */
  mounted(): readonly { readonly seq: number; readonly id: string; readonly mounts: number }[] {
    return this.#db.all(
      'SELECT i.seq, i.id, m.mounts FROM image_mount m JOIN image i ON i.seq = m.image ORDER BY i.seq',
    );
  }

  /** Adds a name to the image; if another image has the name, it is taken from that image. Throws NO_SUCH_IMAGE. */
  tag(seq: number, name: string, manifest: string): void {
    this.#db.transaction(() => {
      if (this.bySeq(seq) === undefined) throw noSuchImage(name);
      this.#name(name, seq, manifest);
    });
  }

  /** Removes a name of the image. Returns whether the image had it. */
  untag(seq: number, name: string): boolean {
    return this.#db.transaction(
      () => this.#db.run('DELETE FROM image_name WHERE name = ? AND image = ?', name, seq) > 0,
    );
  }

  /**
   * Removes the record of an image that no container uses and that is not mounted (else throws IMAGE_IN_USE). Its
   * content becomes suspect: the next collection removes what nothing else needs. With `names` (sorted), the image is
   * removed only if these are exactly its names. Returns whether it was removed.
   */
  remove(seq: number, names?: readonly string[]): boolean {
    return this.#db.transaction(() => {
      const image = this.bySeq(seq);
      if (image === undefined) return false;
      if (names !== undefined && image.names.map(({ name }) => name).join() !== names.join()) return false;
      const [user] = this.users(seq);
      if (user !== undefined) throw imageInUse(image.id, user);
      if (this.mounts(seq) !== undefined) throw imageMounted(image.id);
      this.#configs.delete(image.id);
      this.#db.run("INSERT OR IGNORE INTO image_suspect SELECT 'blob', digest FROM image_blob WHERE image = ?", seq);
      this.#db.run("INSERT OR IGNORE INTO image_suspect SELECT 'layer', chain FROM image_layer WHERE image = ?", seq);
      for (const table of ['image_name', 'image_digest', 'image_blob', 'image_layer'])
        this.#db.run(`DELETE FROM ${table} WHERE image = ?`, seq);
      this.#db.run('DELETE FROM image WHERE seq = ?', seq);
      return true;
    });
  }

  /** Whether an image has the blob, or a lease names it. */
  isBlobUsed(digest: string): boolean {
    return this.#isUsed({ kind: 'blob', key: digest });
  }

  isLayerUsed(chain: string): boolean {
    return this.#isUsed({ kind: 'layer', key: chain });
  }

  #isUsed({ kind, key }: LeaseItem): boolean {
    return (
      this.isOfImage({ kind, key }) ||
      this.#db.one('SELECT 1 FROM image_lease_item WHERE kind = ? AND key = ? LIMIT 1', kind, key) !== undefined
    );
  }

  isOfImage({ kind, key }: LeaseItem): boolean {
    const sql =
      kind === 'blob'
        ? 'SELECT 1 FROM image_blob WHERE digest = ? LIMIT 1'
        : 'SELECT 1 FROM image_layer WHERE chain = ? LIMIT 1';
    return this.#db.one(sql, key) !== undefined;
  }
}

export function noSuchImage(name: string): TspodError {
  return new TspodError('NO_SUCH_IMAGE', `${name}: image not known`, { details: { name } });
}

export function imageInUse(id: string, container: string): TspodError {
  return new TspodError('IMAGE_IN_USE', `image used by ${container}: image is in use by a container`, {
    details: { id, container },
  });
}

function imageMounted(id: string): TspodError {
  return new TspodError('IMAGE_IN_USE', `image ${id} is mounted: image is in use`, { details: { id } });
}

interface OfImage {
  readonly image: number;
}

type StoredDigest = StoredImage['digests'][number];

function grouped<T extends OfImage>(rows: readonly T[]): ReadonlyMap<number, readonly Omit<T, 'image'>[]> {
  const groups = new Map<number, Omit<T, 'image'>[]>();
  for (const { image, ...row } of rows) {
    const group = groups.get(image);
    if (group === undefined) groups.set(image, [row]);
    else group.push(row);
  }
  return groups;
}

function toImage(row: ImageRow): Omit<StoredImage, 'names' | 'digests' | 'uses'> {
  return {
    seq: row.seq,
    id: row.id,
    createdUs: row.created_us,
    addedUs: row.added_us,
    size: row.size,
    summary: JSON.parse(row.summary) as ImageSummaryRow,
  };
}
