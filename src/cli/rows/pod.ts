/** Lines of pod ps: fields as text, as JSON, and for templates. */
import type { PodSummary } from '../../pod/api.js';
import { ago } from '../format/human.js';
import { stringMap, struct, type GoStruct } from '../format/values.js';
import { shortId } from '../../util/short-id.js';

export interface PodRowOptions {
  readonly now: Date;
  /** Whether to shorten ids. */
  readonly truncate: boolean;
}

/** Headings of the fields of a template in a table. */
export const POD_HEADINGS: Readonly<Record<string, string>> = {
  Cgroup: 'CGROUP',
  ContainerIds: 'IDS',
  ContainerNames: 'NAMES',
  ContainerStatuses: 'STATUS',
  Containers: 'CONTAINERS',
  Created: 'CREATED',
  ID: 'POD ID',
  Id: 'POD ID',
  InfraID: 'INFRA ID',
  InfraId: 'INFRA ID',
  Labels: 'LABELS',
  Name: 'NAME',
  Namespace: 'NAMESPACES',
  Networks: 'NETWORKS',
  NumberOfContainers: '# OF CONTAINERS',
  RestartPolicy: 'RESTART POLICY',
  Status: 'STATUS',
};

/** Returns the text of each field. */
export function podTexts(row: PodSummary, { now, truncate }: PodRowOptions) {
  const idText = (id: string) => (truncate ? shortId(id) : id);
  return {
    ID: idText(row.id),
    Name: row.name,
    Status: row.status,
    Created: ago(row.createdAt, now),
    InfraID: idText(row.infraId),
    ContainerIds: row.containers.map(({ id }) => idText(id)).join(','),
    ContainerNames: row.containers.map(({ name }) => name).join(','),
    ContainerStatuses: row.containers.map(({ status }) => status).join(','),
    Namespace: row.share.join(','),
    NumberOfContainers: String(row.containers.length),
  } as const;
}

/** Returns a pod as --format json prints it in Podman. */
export function podJson(row: PodSummary): Record<string, unknown> {
  return {
    Cgroup: row.cgroup,
    Containers: row.containers.map(({ id, name, status }) => ({ Id: id, Names: name, Status: status })),
    Created: row.createdAt.toISOString(),
    Id: row.id,
    InfraId: row.infraId,
    Name: row.name,
    Namespace: '',
    Networks: row.networks,
    Status: row.status,
    Labels: row.labels,
  };
}

/** Returns the data for templates. */
export function podStruct(row: PodSummary, options: PodRowOptions): GoStruct {
  return struct(
    'pods.ListPodReporter',
    {
      ...podTexts(row, options),
      Cgroup: row.cgroup,
      Containers: row.containers.map(({ id, name, status }) =>
        struct('*entities.ListPodContainer', { Id: id, Names: name, Status: status }),
      ),
      Labels: stringMap(row.labels),
      Networks: row.networks.join(','),
      NumberOfContainers: row.containers.length,
      RestartPolicy: row.restartPolicy,
    },
    { Id: 'ID', InfraId: 'InfraID' },
  );
}

export const POD_SORT_KEYS = ['created', 'id', 'name', 'number', 'status'] as const;

type Key = (row: PodSummary) => string | number;

/** Sort keys; `created` puts the newest first. */
const KEYS: Readonly<Record<string, Key>> = {
  created: (row) => -row.createdAt.getTime(),
  id: (row) => row.id,
  name: (row) => row.name,
  number: (row) => row.containers.length,
  status: (row) => row.status,
};

export function sortPods(rows: readonly PodSummary[], by: string): PodSummary[] {
  const key = KEYS[by] ?? (() => 0);
  // Among pods created in the same millisecond, the later one comes first as well.
  return rows.toReversed().sort((a, b) => compare(key(a), key(b)));
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
