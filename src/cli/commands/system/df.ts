import type { DiskUsage, ImageUsage, KindUsage } from '../../../engine/types.js';
import { shortId } from '../../../util/short-id.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { humanDuration, preciseSize } from '../../format/human.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { struct } from '../../format/values.js';
import { rowsOf } from '../../rows/image.js';

const TABLE = 'table {{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}';
const HEADINGS = { Type: 'TYPE', Total: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' };

export const command: Command = {
  name: 'df',
  summary: 'Show disk usage',
  description:
    'Shows how much disk space images, containers and volumes take, and how much of it is not in use. Images: their layers, unpacked, and the blobs that a push sends, each once.',
  usage: '[options]',
  examples: ['system df', 'system df --verbose', "system df --format '{{.Type}} {{.Size}}'"],
  flags: [
    formatFlag('json', 'table'),
    { name: 'verbose', short: 'v', kind: 'bool', help: 'Show each image, container and volume' },
  ],
  check: ({ args, flags }) => {
    noArguments(args, 'system df');
    const format = flags.text('format') ?? '';
    if (flags.bool('verbose') && format !== '' && !isJsonFormat(format))
      throw invalid('cannot combine --format and --verbose flags');
  },
  run: async (context, { flags }) => {
    const engine = await context.engine();
    const usage = await engine.diskUsage();
    const format = flags.text('format') ?? '';
    const verbose = flags.bool('verbose');
    if (isJsonFormat(format)) {
      const value = verbose ? detailsJson(usage) : kinds(usage).map(kindJson);
      await context.out(`${jsonText(value, 4)}\n`);
    } else if (verbose) {
      await context.out(details(usage, new Date()));
    } else {
      const rows = kinds(usage).map((kind) => struct('df', kindJson(kind)));
      await context.out(renderReport({ name: 'df', format: format === '' ? TABLE : format, rows, headings: HEADINGS }));
    }
    return 0;
  },
};

type Kind = Omit<KindUsage<unknown>, 'items'> & { readonly type: string };

function kinds({ images, containers, volumes }: DiskUsage): readonly Kind[] {
  return [
    { ...images, type: 'Images' },
    { ...containers, type: 'Containers' },
    { ...volumes, type: 'Local Volumes' },
  ];
}

function kindJson({ type, total, active, bytes, reclaimable }: Kind) {
  const percent = bytes === 0 ? 0 : Math.round((reclaimable / bytes) * 100);
  return {
    Type: type,
    Total: total,
    Active: active,
    RawSize: bytes,
    RawReclaimable: reclaimable,
    TotalCount: total,
    Size: preciseSize(bytes),
    Reclaimable: `${preciseSize(reclaimable)} (${percent}%)`,
  };
}

function details({ images, containers, volumes }: DiskUsage, now: Date): string {
  const since = (moment: Date | null) => (moment === null ? 'N/A' : humanDuration(now.getTime() - moment.getTime()));
  const volumesOf = volumeCounter(volumes);
  const imageRows = images.items.flatMap(({ image, shared, unique }) =>
    rowsOf([image]).map(({ repository, tag }) => [
      repository,
      tag,
      shortId(image.id),
      since(image.createdAt),
      preciseSize(shared + unique),
      preciseSize(shared),
      preciseSize(unique),
      String(image.containers),
    ]),
  );
  const containerRows = containers.items.map(
    ({ id, image, imageId, command: words, size, createdAt, status, name, mountSources }) => [
      shortId(id),
      imageId === '' ? image : shortId(imageId),
      words.join(' '),
      String(volumesOf(mountSources)),
      preciseSize(size?.writable ?? 0),
      since(createdAt),
      status,
      name,
    ],
  );
  return [
    section('Images', [IMAGE_HEADINGS, ...imageRows]),
    section('Containers', [CONTAINER_HEADINGS, ...containerRows]),
    section('Local Volumes', [
      ['VOLUME NAME', 'LINKS', 'SIZE'],
      ...volumes.items.map(({ name, links, bytes }) => [name, String(links), preciseSize(bytes)]),
    ]),
  ].join('\n');
}

const IMAGE_HEADINGS = ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE', 'SHARED SIZE', 'UNIQUE SIZE', 'CONTAINERS'];
const CONTAINER_HEADINGS = ['CONTAINER ID', 'IMAGE', 'COMMAND', 'LOCAL VOLUMES', 'SIZE', 'CREATED', 'STATUS', 'NAMES'];

function section(what: string, rows: readonly (readonly string[])[]): string {
  return `${what} space usage:\n\n${tableText(rows)}`;
}

/** Returns a function that counts the volumes among the sources of a container's mounts. */
function volumeCounter({ items }: DiskUsage['volumes']): (sources: readonly string[]) => number {
  const names = new Set(items.map(({ name }) => name));
  return (sources) => sources.filter((source) => names.has(source)).length;
}

function detailsJson({ images, containers, volumes }: DiskUsage) {
  const volumesOf = volumeCounter(volumes);
  return {
    Images: images.items.flatMap(imageJson),
    Containers: containers.items.map((container) => ({
      ContainerID: container.id,
      Image: container.imageId || container.image,
      Command: container.command,
      LocalVolumes: volumesOf(container.mountSources),
      Size: container.size?.writable ?? 0,
      Created: container.createdAt.toISOString(),
      Status: container.status,
      Names: container.name,
    })),
    Volumes: volumes.items.map(({ name, links, bytes }) => ({
      VolumeName: name,
      Links: links,
      Size: bytes,
      ReclaimableSize: links === 0 ? bytes : 0,
    })),
  };
}

function imageJson({ image, shared, unique }: ImageUsage) {
  return rowsOf([image]).map(({ repository, tag }) => ({
    Repository: repository,
    Tag: tag,
    ImageID: image.id,
    Created: image.createdAt?.toISOString() ?? null,
    Size: shared + unique,
    SharedSize: shared,
    UniqueSize: unique,
    Containers: image.containers,
  }));
}
