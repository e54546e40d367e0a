/** Lines of `images`: one for each tag, or one for an image without tags. */
import type { ImageSummary } from '../../engine/images/types.js';
import { ago, humanSize } from '../format/human.js';
import { goString } from '../format/print.js';
import { stringMap, struct, type GoStruct } from '../format/values.js';
import { isTagged, repositoryOf, tagOf } from '../../util/stored-name.js';
import { shortId } from '../../util/short-id.js';

export interface ImageRow {
  readonly image: ImageSummary;
  readonly repository: string;
  readonly tag: string;
}

const NONE = '<none>';
export const IMAGE_HEADINGS: Readonly<Record<string, string>> = {
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  Created: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedTime: 'CREATED TIME',
  CreatedSince: 'CREATED',
  Size: 'SIZE',
  History: 'HISTORY',
  ReadOnly: 'R/O',
  VirtualSize: 'VIRTUAL SIZE',
  SharedSize: 'SHARED SIZE',
  Names: 'NAMES',
  RepoTags: 'REPO TAGS',
  RepoDigests: 'REPO DIGESTS',
  ParentId: 'PARENT ID',
  Labels: 'LABELS',
  Containers: 'CONTAINERS',
  Dangling: 'DANGLING',
};

export function rowsOf(images: readonly ImageSummary[]): readonly ImageRow[] {
  return images.flatMap((image) => {
    const tags = image.names.filter(isTagged);
    // An image without tags but with digests shows the first repository of these.
    const [shown, ...others] = tags.length > 0 ? tags : image.names.slice(0, 1);
    if (shown === undefined) return [{ image, repository: NONE, tag: NONE }];
    return [shown, ...others].map((name) => ({ image, repository: repositoryOf(name), tag: tagOf(name) ?? NONE }));
  });
}

export function imageIdText({ id }: ImageSummary, truncate: boolean): string {
  return truncate ? shortId(id) : `sha256:${id}`;
}

/** Formats a size as Podman does here: three digits, a space, the unit. */
export function imageSizeText(bytes: number): string {
  return humanSize(bytes).replace(/(?=[A-Za-z])/, ' ');
}

export function createdText({ createdAt }: ImageSummary, now: Date): string {
  return createdAt === null ? 'N/A' : ago(createdAt, now);
}

export function rowStruct({ image, repository, tag }: ImageRow, now: Date, truncate: boolean): GoStruct {
  const created = createdText(image, now);
  return struct(
    'image',
    {
      ID: imageIdText(image, truncate),
      Repository: repository,
      Tag: tag,
      Digest: image.digest,
      Created: created,
      CreatedAt: goString({ kind: 'time', text: wholeSecond(image.createdAt) }),
      CreatedTime: { kind: 'time', text: wholeSecond(image.createdAt) },
      CreatedSince: created,
      Size: imageSizeText(image.size),
      VirtualSize: image.size,
      SharedSize: 0,
      History: image.names.join(', '),
      Names: image.names,
      RepoTags: image.names.filter(isTagged),
      RepoDigests: image.digests,
      ParentId: '',
      Labels: stringMap(image.labels),
      Containers: image.containers,
      Dangling: image.dangling,
      ReadOnly: false,
    },
    { Id: 'ID' },
  );
}

/** Formats a time as RFC 3339 without a fraction, as Podman stores it. */
export function wholeSecond(moment: Date | null): string {
  return (moment ?? new Date(0)).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Returns an image as --format json prints it in Podman. */
export function imageJson(image: ImageSummary): Record<string, unknown> {
  const tags = image.names.filter(isTagged);
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: tags.length === 0 ? null : tags,
    RepoDigests: image.digests,
    Size: image.size,
    SharedSize: 0,
    VirtualSize: image.size,
    Labels: Object.keys(image.labels).length === 0 ? null : image.labels,
    Containers: image.containers,
    ...(image.dangling ? { Dangling: true } : {}),
    Names: image.names,
    Digest: image.digest,
    History: image.names,
    Created: Math.floor((image.createdAt?.getTime() ?? 0) / 1000),
    CreatedAt: (image.createdAt ?? new Date(0)).toISOString(),
  };
}
