/** Sorts the rows of ps. */
import type { ContainerSummary } from '../../engine/types.js';

export const SORT_KEYS = ['command', 'created', 'id', 'image', 'names', 'runningfor', 'size', 'status'] as const;

type Key = (row: ContainerSummary) => string | number;

const KEYS: Readonly<Record<string, Key>> = {
  command: (row) => row.command.join(' '),
  created: (row) => row.createdAt.getTime(),
  id: (row) => row.id,
  image: (row) => row.image,
  names: (row) => row.name,
  runningfor: (row) => row.startedAt?.getTime() ?? 0,
  size: (row) => row.size?.root ?? 0,
  status: (row) => row.status,
};

export function sortRows(rows: readonly ContainerSummary[], by: string): ContainerSummary[] {
  const key = KEYS[by] ?? (() => 0);
  return rows
    .map((row) => ({ row, at: key(row) }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .map(({ row }) => row);
}
