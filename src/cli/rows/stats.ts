/** Lines of stats: fields as text, as JSON, and for templates. */
import type { ContainerStats } from '../../container/api/stats.js';
import { goDuration } from '../format/go-duration.js';
import { binarySize, preciseSize } from '../format/human.js';
import { struct, type GoFloat, type GoStruct, type GoValue } from '../format/values.js';
import { shortId } from '../../util/short-id.js';

export interface StatsRow {
  readonly id: string;
  readonly name: string;
  /** undefined for a container that does not run; all values are then 0. */
  readonly stats: Measurement | undefined;
}

type Measurement = Omit<ContainerStats, 'id' | 'name'>;

const NOTHING: Measurement = {
  timeMs: 0,
  cpu: { percent: 0, averagePercent: 0, totalNs: 0, userNs: 0, systemNs: 0 },
  memory: { usageBytes: 0, limitBytes: 0, percent: 0 },
  network: { receivedBytes: 0, sentBytes: 0, links: {} },
  block: { readBytes: 0, writtenBytes: 0 },
  pids: 0,
};

const NS_PER_MS = 1e6;

export const STATS_HEADINGS: Readonly<Record<string, string>> = {
  AVGCPU: 'AVG CPU %',
  BlockIO: 'BLOCK IO',
  BlockInput: 'BLOCK INPUT',
  BlockOutput: 'BLOCK OUTPUT',
  CPU: 'CPU',
  CPUNano: 'CPU NANO',
  CPUPerc: 'CPU %',
  CPUSystemNano: 'CPU SYSTEM NANO',
  ContainerID: 'CONTAINER ID',
  AvgCPU: 'AVG CPU',
  Duration: 'DURATION',
  ID: 'ID',
  MemLimit: 'MEM LIMIT',
  MemPerc: 'MEM %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemUsageBytes: 'MEM USAGE / LIMIT',
  Name: 'NAME',
  NetIO: 'NET IO',
  NetInput: 'NET INPUT',
  NetOutput: 'NET OUTPUT',
  PIDS: 'PIDS',
  PIDs: 'PIDS',
  SystemNano: 'SYSTEM NANO',
  Up: 'UP',
  UpTime: 'CPU TIME',
};

/** Columns of the output without --format, in order. */
export const STATS_TABLE =
  'table {{.ID}} {{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.MemPerc}} {{.NetIO}} {{.BlockIO}} {{.PIDS}} {{.UpTime}} {{.AVGCPU}}';

function textFields({ id, name, stats = NOTHING }: StatsRow, truncate: boolean) {
  return {
    ID: truncate ? shortId(id) : id,
    Name: name,
    UpTime: goDuration(stats.cpu.totalNs),
    CPUPerc: percent(stats.cpu.percent),
    AVGCPU: percent(stats.cpu.averagePercent),
    MemUsage: pair(stats.memory.usageBytes, stats.memory.limitBytes),
    MemPerc: percent(stats.memory.percent),
    NetIO: pair(stats.network.receivedBytes, stats.network.sentBytes),
    BlockIO: pair(stats.block.readBytes, stats.block.writtenBytes),
    PIDS: String(stats.pids),
  };
}

export function statsJson(row: StatsRow, truncate: boolean): Record<string, string> {
  const text = textFields(row, truncate);
  return {
    id: text.ID,
    name: text.Name,
    cpu_time: text.UpTime,
    cpu_percent: text.CPUPerc,
    avg_cpu: text.AVGCPU,
    mem_usage: text.MemUsage,
    mem_percent: text.MemPerc,
    net_io: text.NetIO,
    block_io: text.BlockIO,
    pids: text.PIDS,
  };
}

export function statsStruct(row: StatsRow, truncate: boolean): GoStruct {
  const { id, stats = NOTHING } = row;
  const text = textFields(row, truncate);
  const binary = [stats.memory.usageBytes, stats.memory.limitBytes].map(binarySize);
  const fields: Record<string, GoValue> = {
    ...text,
    ContainerID: id,
    AvgCPU: float(stats.cpu.averagePercent),
    CPU: float(stats.cpu.percent),
    CPUNano: stats.cpu.totalNs,
    CPUSystemNano: stats.cpu.systemNs,
    Duration: stats.cpu.totalNs,
    Up: text.UpTime,
    SystemNano: Math.round(stats.timeMs * NS_PER_MS),
    MemLimit: stats.memory.limitBytes,
    MemUsageBytes: binary.join(' / '),
    NetInput: stats.network.receivedBytes,
    NetOutput: stats.network.sentBytes,
    BlockInput: stats.block.readBytes,
    BlockOutput: stats.block.writtenBytes,
    PIDs: stats.pids,
  };
  return struct('containers.containerStats', fields);
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

function pair(one: number, other: number): string {
  return `${preciseSize(one)} / ${preciseSize(other)}`;
}

function float(value: number): GoFloat {
  return { kind: 'float', value };
}
