/** What containers leave on a machine, looked for by all the names that they can have. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { cgroupsPath, slicePath } from '../../src/spec/limits/cgroup-path.js';
import { SLOW } from './pace.js';

export interface Territory {
  /** The store's directories. */
  readonly root: string;
  readonly runRoot: string;
  /** The group or the slice that all containers of the test are in. */
  readonly cgroupParent: string;
  readonly cgroupManager: CgroupManager;
}

type CgroupManager = 'cgroupfs' | 'systemd';

/** Who makes the cgroups of tests that do not choose: `TSPOD_CGROUP_MANAGER`, or tspod itself. */
export function testCgroupManager(): CgroupManager {
  return process.env['TSPOD_CGROUP_MANAGER'] === 'systemd' ? 'systemd' : 'cgroupfs';
}

/** A group, or a slice, that no other test has. */
export function newCgroupParent(cgroupManager: CgroupManager): string {
  const unique = randomBytes(6).toString('hex');
  return cgroupManager === 'systemd' ? `tspodtest${unique}.slice` : `/tspod-test-${unique}`;
}

/** How often settledRemains() and others look again before what they see counts. */
export const LOOKS = 400 * SLOW;

/** Where the territory's cgroups are, from each hierarchy's top. */
export function cgroupPathOf({ cgroupManager, cgroupParent }: Territory): string {
  return cgroupManager === 'systemd' ? slicePath(cgroupParent) : cgroupParent;
}

/** Where a container of the territory has its group, from each hierarchy's top. */
export function containerCgroup({ cgroupManager, cgroupParent }: Territory, id: string): string {
  return cgroupsPath({ cgroupManager, cgroupParent, cgroups: 'enabled' }, id);
}

/** Everything of the territory that is there: mounts, cgroups, processes, directories. `known`: ids of containers that may be there. */
export function remains(territory: Territory, known: readonly string[] = []): readonly string[] {
  return [...mountsIn(territory), ...cgroupsIn(territory), ...processesIn(territory), ...filesIn(territory)].filter(
    (found) => !known.some((id) => found.includes(id)),
  );
}

/** Of containers of Podman's, which other tests may run at the same time. */
const PODMANS = /^netns-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Names of network links and pinned network namespaces, to be compared before and after: tests that use networks have a namespace of their own. */
export function networkState(): readonly string[] {
  return [
    ...namesIn('/sys/class/net').map((name) => `link ${name}`),
    ...namesIn('/run/netns')
      .filter((name) => !PODMANS.test(name))
      .map((name) => `netns ${name}`),
  ];
}

/** The tmpfs for layers that hide the host is the store's, not a container's. */
function mountsIn({ root, runRoot }: Territory): readonly string[] {
  return readText('/proc/self/mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => (isBelow(point, root) || isBelow(point, runRoot)) && point !== join(runRoot, 'hide'))
    .map((point) => `mount ${point}`);
}

function cgroupsIn(territory: Territory): readonly string[] {
  const path = cgroupPathOf(territory);
  return cgroupTops().flatMap((top) =>
    namesIn(top + path)
      .filter((name) =>
        /^(?:[0-9a-f]{64}|pod_[0-9a-f]{64}|tspod-[0-9a-f]{64}\.scope|.*tspod_pod_[0-9a-f]{64}\.slice)$/.test(name),
      )
      .map((name) => `cgroup ${top}${path}/${name}`),
  );
}

/** Mount points of all hierarchies. */
export function cgroupTops(): readonly string[] {
  return readText('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
}

/** Containers are in a cgroup of the test's. */
function processesIn(territory: Territory): readonly string[] {
  const path = cgroupPathOf(territory);
  return livePids().flatMap((pid) => {
    const cgroup = readText(`/proc/${pid}/cgroup`)
      .split('\n')
      .find((line) => line.includes(`${path}/`));
    const isOurs = cgroup !== undefined || supervises(pid, territory);
    return isOurs ? [`process ${pid} ${wordsOf(pid)}${cgroup ?? ''}`] : [];
  });
}

/** Monitors and name servers of a store, each with its words. */
export function supervisorsOf(store: Pick<Territory, 'root' | 'runRoot'>): readonly string[] {
  return livePids().flatMap((pid) => (supervises(pid, store) ? [`${pid} ${wordsOf(pid)}`] : []));
}

/** Of other processes. A zombie has ended: it only waits for a parent that may be slow to look. */
function livePids(): readonly string[] {
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => !/^State:\tZ/m.test(readText(`/proc/${pid}/status`)));
}

/** Monitors hold a run directory open. */
function supervises(pid: string, { root, runRoot }: Pick<Territory, 'root' | 'runRoot'>): boolean {
  return (
    isNameServer(pid, runRoot) ||
    (isMonitor(pid) && descriptorsOf(pid).some((path) => isBelow(path, runRoot) || isBelow(path, root)))
  );
}

function wordsOf(pid: string): string {
  return readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function isMonitor(pid: string): boolean {
  return readText(`/proc/${pid}/comm`).startsWith('tspod');
}

/** Of the store's networks. */
function isNameServer(pid: string, runRoot: string): boolean {
  const isOne = readText(`/proc/${pid}/comm`).startsWith('aardvark');
  return isOne && readText(`/proc/${pid}/cmdline`).includes(`\0${runRoot}/`);
}

function descriptorsOf(pid: string): readonly string[] {
  return namesIn(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
}

function filesIn({ root, runRoot }: Territory): readonly string[] {
  return [
    ...namesIn(join(root, 'containers')).map((name) => `directory containers/${name}`),
    ...namesIn(join(runRoot, 'c')).map((name) => `directory c/${name}`),
    ...namesIn(join(runRoot, 'locks'))
      .filter((name) => name !== 'hide')
      .map((name) => `lock ${name}`),
    ...namesIn(join(runRoot, 'hide'))
      .filter((name) => name.includes('.'))
      .map((name) => `layer ${name}`),
    ...namesIn(join(runRoot, 'image-locks')).map((name) => `lock of images ${name}`),
    ...['blobs/sha256', 'layers'].flatMap((directory) =>
      namesIn(join(root, directory))
        .filter((name) => name.includes('.'))
        .map((name) => `${directory}/${name}`),
    ),
  ];
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
