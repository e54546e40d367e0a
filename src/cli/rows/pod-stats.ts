/** Lines of pod stats: fields as text, and for templates. */
import type { ContainerStats } from '../../container/api/stats.js';
import { binarySize, preciseSize } from '../format/human.js';
import { struct, type GoStruct } from '../format/values.js';
import { shortId } from '../../util/short-id.js';

export interface PodStatsRow {
  readonly pod: string;
  readonly id: string;
  readonly name: string;
  /** undefined for a container that does not run. */
  readonly stats: ContainerStats | undefined;
}

export const POD_STATS_HEADINGS: Readonly<Record<string, string>> = {
  BlockIO: 'BLOCK IO',
  CID: 'CID',
  CPU: 'CPU %',
  Mem: 'MEM %',
  MemUsage: 'MEM USAGE/ LIMIT',
  MemUsageBytes: 'MEM USAGE/ LIMIT',
  Name: 'NAME',
  NetIO: 'NET IO',
  PIDS: 'PIDS',
  Pod: 'POD',
};

/** Columns of the output without --format, in order. */
export const POD_STATS_TABLE =
  'table {{.Pod}}\t{{.CID}}\t{{.Name}}\t{{.CPU}}\t{{.MemUsage}}\t{{.Mem}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDS}}';

/** Shown in place of a missing or zero value. */
const NONE = '--';

/** Returns a line as --format json prints it, with the fields in this order. */
export function podStatsJson({ pod, id, name, stats }: PodStatsRow) {
  const memory = stats === undefined ? [0, 0] : [stats.memory.usageBytes, stats.memory.limitBytes];
  return {
    CPU: percent(stats?.cpu.percent),
    MemUsage: pair(memory, preciseSize),
    MemUsageBytes: pair(memory, binarySize),
    Mem: percent(stats?.memory.percent),
    NetIO: pair([stats?.network.receivedBytes, stats?.network.sentBytes], preciseSize),
    BlockIO: pair([stats?.block.readBytes, stats?.block.writtenBytes], preciseSize),
    PIDS: stats === undefined ? NONE : String(stats.pids),
    Pod: shortId(pod),
    CID: shortId(id),
    Name: name,
  };
}

export function podStatsStruct(row: PodStatsRow): GoStruct {
  return struct('pods.podStatsReporter', podStatsJson(row));
}

function percent(value: number | undefined): string {
  return value === undefined ? NONE : `${value.toFixed(2)}%`;
}

function pair([one = 0, other = 0]: readonly (number | undefined)[], text: (bytes: number) => string): string {
  return one === 0 && other === 0 ? `${NONE} / ${NONE}` : `${text(one)} / ${text(other)}`;
}
