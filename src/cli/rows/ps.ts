/** Lines of ps: fields as text, as JSON, and for templates. */
import { portsText, protocolsOf } from './ports.js';
import { NAMESPACE_HEADINGS, namespacesJson, namespacesOf } from './ps-namespaces.js';
import type { ContainerSummary } from '../../engine/types.js';
import { ago, humanDuration, humanSize } from '../format/human.js';
import { NIL_LIST, nilMap, stringMap, struct, type GoStruct, type GoValue } from '../format/values.js';
import { shortId } from '../../util/short-id.js';

export interface RowOptions {
  readonly now: Date;
  /** Whether to shorten ids and commands. */
  readonly truncate: boolean;
  /** Whether to fill in the namespaces. @default false */
  readonly namespaces?: boolean;
}

const SHORT_COMMAND = 17;

/** Headings of the fields of a template in a table; the others are headed by their names in capitals. */
export const PS_HEADINGS: Readonly<Record<string, string>> = {
  AutoRemove: 'AUTO REMOVE',
  CIDFile: 'CIDFILE',
  Command: 'COMMAND',
  Created: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedHuman: 'CREATED',
  ExitCode: 'EXIT CODE',
  Exited: 'EXITED',
  ExitedAt: 'EXITED AT',
  ExposedPorts: 'EXPOSED PORTS',
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  ImageID: 'IMAGE ID',
  IsInfra: 'IS INFRA',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  Names: 'NAMES',
  Networks: 'NETWORKS',
  Pid: 'PID',
  Pod: 'POD ID',
  PodName: 'PODNAME',
  Ports: 'PORTS',
  Restarts: 'RESTARTS',
  RunningFor: 'RUNNING FOR',
  Size: 'SIZE',
  StartedAt: 'STARTED AT',
  State: 'STATE',
  Status: 'STATUS',
  ...Object.fromEntries(NAMESPACE_HEADINGS.map((heading) => [heading, heading])),
};

/** Returns the status of a container: 'Up 2 seconds', 'Exited (0) 5 minutes ago', 'Created', ... */
export function statusText(row: ContainerSummary, now: Date): string {
  switch (row.status) {
    case 'running':
      return `Up ${humanDuration(now.getTime() - (row.startedAt ?? now).getTime())}${row.health === null ? '' : ` (${row.health})`}`;
    case 'exited':
    case 'stopped':
      return `Exited (${row.exitCode}) ${ago(row.finishedAt ?? now, now)}`;
    default:
      return row.status.charAt(0).toUpperCase() + row.status.slice(1);
  }
}

export function imageText(row: ContainerSummary): string {
  return row.image;
}

export function commandText(row: ContainerSummary, truncate: boolean): string {
  const text = row.command.join(' ');
  return truncate && text.length > SHORT_COMMAND + 3 ? `${text.slice(0, SHORT_COMMAND)}...` : text;
}

export function idText(row: ContainerSummary, truncate: boolean): string {
  return truncate ? shortId(row.id) : row.id;
}

export function podText(row: ContainerSummary, truncate: boolean): string {
  return truncate ? shortId(row.pod) : row.pod;
}

export function sizeText(row: ContainerSummary): string {
  if (row.size === undefined) return '';
  return `${humanSize(row.size.writable)} (virtual ${humanSize(row.size.root)})`;
}

/** Returns a container as --format json prints it in Podman. */
export function rowJson(
  row: ContainerSummary,
  { now, namespaces = false }: Pick<RowOptions, 'now' | 'namespaces'>,
): Record<string, unknown> {
  return {
    AutoRemove: row.autoRemove,
    Command: row.command,
    CreatedAt: ago(row.createdAt, now),
    CIDFile: row.cidFile,
    Exited: isEnded(row),
    ExitedAt: unixTime(row.finishedAt),
    ExitCode: row.exitCode,
    ExposedPorts: row.exposedPorts.length === 0 ? null : Object.fromEntries(protocolsOf(row.exposedPorts)),
    Id: row.id,
    Image: row.image,
    ImageID: row.imageId,
    IsInfra: row.isInfra,
    Labels: row.labels,
    Mounts: row.mounts,
    Names: [row.name],
    Namespaces: namespaces ? namespacesJson(row.pid) : {},
    Networks: networkNames(row),
    Pid: row.pid,
    Pod: row.pod,
    PodName: row.podName,
    Ports: row.ports.length === 0 ? null : row.ports.map(portJson),
    Restarts: row.restartCount,
    Size: row.size === undefined ? null : { rootFsSize: row.size.root, rwSize: row.size.writable },
    StartedAt: unixTime(row.startedAt),
    State: row.status,
    Status: statusText(row, now),
    Created: unixTime(row.createdAt),
  };
}

/** Returns the networks of a container; none for modes, such as `host` and `container:ID`. */
function networkNames({ networks }: ContainerSummary): readonly string[] {
  return networks.filter((name) => name !== 'host' && name !== 'private' && !name.includes(':'));
}

/** Returns the data for templates. */
export function rowStruct(row: ContainerSummary, { now, truncate, namespaces = false }: RowOptions): GoStruct {
  const created = ago(row.createdAt, now);
  const createdAt: GoValue = { kind: 'time', text: row.createdAt.toISOString() };
  const fields: Record<string, GoValue> = {
    AutoRemove: row.autoRemove,
    CIDFile: row.cidFile,
    Command: commandText(row, truncate),
    Created: createdAt,
    CreatedAt: createdAt,
    CreatedHuman: created,
    ExitCode: row.exitCode,
    Exited: isEnded(row),
    ExitedAt: unixTime(row.finishedAt),
    ExposedPorts: protocolsMap(row.exposedPorts),
    ID: idText(row, truncate),
    Image: imageText(row),
    ImageID: truncate ? shortId(row.imageId) : row.imageId,
    IsInfra: row.isInfra,
    Labels: stringMap(row.labels),
    Mounts: [...row.mounts],
    Names: row.name,
    Networks: networkNames(row).join(','),
    Pid: row.pid,
    Pod: podText(row, truncate),
    PodName: row.podName,
    Ports: portsText(row.ports),
    Restarts: row.restartCount,
    RunningFor: created,
    Size: sizeText(row),
    StartedAt: unixTime(row.startedAt),
    State: row.status,
    Status: statusText(row, now),
    ...namespacesOf(namespaces ? row.pid : 0),
  };
  return struct('containers.psReporter', fields, { Id: 'ID' });
}

function protocolsMap(ports: ContainerSummary['exposedPorts']): GoValue {
  if (ports.length === 0) return nilMap(NIL_LIST);
  const entries = [...protocolsOf(ports)].map(([port, protocols]) => [String(port), protocols] as const);
  return { kind: 'map', entries: new Map(entries), zero: NIL_LIST };
}

function portJson({ hostIp, containerPort, hostPort, range, protocol }: ContainerSummary['ports'][number]) {
  return { host_ip: hostIp, container_port: containerPort, host_port: hostPort, range, protocol };
}

function isEnded(row: ContainerSummary): boolean {
  return row.status === 'exited' || row.status === 'stopped';
}

/** Returns a time in seconds since 1970; null becomes the year 1, as in Podman. */
function unixTime(moment: Date | null): number {
  return moment === null ? -62135596800 : Math.floor(moment.getTime() / 1000);
}
