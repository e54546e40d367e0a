/** Flags of create and run: the file system and devices. */

import { messageOf } from '../../../errors.js';
import type { MountOptions } from '../../../spec/create-options.js';
import type { Caller } from '../../parse/caller.js';
import { parseDevice, parseMount, parseTmpfs, parseVolume } from '../../parse/mounts.js';
import { parseSecret } from '../../parse/secret.js';
import { parseSize } from '../../parse/size.js';
import { invalid } from '../../errors/cli-error.js';
import type { CreateFlag, Draft } from './draft.js';

const FILES = 'File system';

export const fileFlags: readonly CreateFlag[] = [
  {
    name: 'rootfs',
    kind: 'maybe',
    value: 'directory[:O,idmap]',
    completion: 'directory',
    group: FILES,
    help: 'Use a directory as the root file system, and take no image argument; :O puts a layer of the container over it, :idmap shifts it into the user namespace',
    set: (draft, value, caller) => {
      if (value !== '') setRootfs(draft, value, caller);
    },
  },
  {
    name: 'hide',
    kind: 'items',
    value: 'path',
    group: FILES,
    help: 'With host: hide an additional path',
    set: (draft, values) => {
      draft.hide = values;
    },
  },
  {
    name: 'show',
    kind: 'items',
    value: 'path',
    group: FILES,
    help: 'With host: show a path that is hidden by default',
    set: (draft, values) => {
      draft.show = values;
    },
  },
  {
    name: 'read-only',
    kind: 'bool',
    group: FILES,
    help: 'Make the root file system read-only',
    set: (draft, value) => {
      draft.readOnly = value;
    },
  },
  {
    name: 'read-only-tmpfs',
    kind: 'bool',
    default: 'true',
    group: FILES,
    help: 'With --read-only: mount a writable tmpfs on /dev/shm, /run, /tmp and /var/tmp',
    set: (draft, value) => {
      draft.readOnlyTmpfs = value;
    },
  },
  {
    name: 'volume',
    short: 'v',
    kind: 'items',
    value: '[source:]container[:options]',
    group: FILES,
    help: 'Mount a directory or file of the host, a volume by its name, or an anonymous one',
    set: (draft, items, caller) => {
      for (const item of items) addVolume(draft, parseVolume(item, caller));
    },
  },
  {
    name: 'mount',
    kind: 'items',
    value: 'type=...,target=...',
    group: FILES,
    help: 'Mount a bind, volume, image, tmpfs, devpts or ramfs',
    set: (draft, items, caller) => {
      for (const item of items) addMount(draft, parseMount(item, caller));
    },
  },
  {
    name: 'volumes-from',
    kind: 'items',
    value: 'container[:options]',
    group: FILES,
    help: 'Mount the volumes and host directories of another container; options: ro, rw',
    set: (draft, items) => {
      draft.volumesFrom = items;
    },
  },
  {
    name: 'secret',
    kind: 'items',
    value: 'secret[,options]',
    completion: 'secrets',
    group: FILES,
    help: 'Give the container a secret, as the file /run/secrets/NAME; options: type=mount|env, target=, uid=, gid=, mode=',
    set: (draft, items) => {
      draft.secrets = items.map(parseSecret);
    },
  },
  {
    name: 'tmpfs',
    kind: 'items',
    value: 'path[:options]',
    group: FILES,
    help: 'Mount a tmpfs',
    set: (draft, items) => {
      for (const item of items) addTmpfs(draft, parseTmpfs(item));
    },
  },
  {
    name: 'shm-size',
    kind: 'text',
    value: 'size',
    default: '65536k',
    group: FILES,
    help: 'Size of /dev/shm',
    set: (draft, value) => {
      draft.shmSizeBytes = shmSize(value);
    },
  },
  {
    name: 'device',
    kind: 'list',
    value: 'host[:container][:rwm]',
    completion: 'file',
    group: FILES,
    help: 'Add a device of the host',
    set: (draft, items) => {
      draft.devices = items.map(parseDevice);
    },
  },
  {
    name: 'device-cgroup-rule',
    kind: 'items',
    value: 'rule',
    group: FILES,
    help: "Add a rule to the devices that may be used: 'c 1:3 rwm'",
    set: (draft, items) => {
      draft.deviceCgroupRules = items;
    },
  },
];

/**
 * Parses DIRECTORY[:OPTION,...] of --rootfs. O: a layer above the directory; idmap: shift its ids into the user
 * namespace.
 */
export function setRootfs(draft: Draft, text: string, caller: Pick<Caller, 'resolve'>): void {
  const match = /^(.+?)(?::((?:O|idmap)(?:,(?:O|idmap))*))?$/.exec(text);
  if (match === null || match[1] === undefined) throw invalid('--rootfs must name a directory');
  draft.rootfs = caller.resolve(match[1]);
  const options = match[2]?.split(',') ?? [];
  if (options.includes('O')) draft.rootfsOverlay = true;
  if (options.includes('idmap')) draft.rootfsIdmap = true;
}

/** Adds a mount of --volume; an exact repetition is allowed and ignored. */
function addVolume(draft: Draft, mount: MountOptions): void {
  const isThere = draft.mounts?.some(
    ({ type, source, target }) => type === mount.type && source === mount.source && target === mount.target,
  );
  if (isThere !== true) addMount(draft, mount);
}

/** Adds a tmpfs, replacing an earlier one with the same target. */
function addTmpfs(draft: Draft, mount: MountOptions): void {
  if (draft.mounts !== undefined)
    draft.mounts = draft.mounts.filter(({ type, target }) => type !== 'tmpfs' || target !== mount.target);
  addMount(draft, mount);
}

function addMount(draft: Draft, mount: MountOptions): void {
  const taken = draft.mounts?.some((other) => other.target === mount.target) ?? false;
  if (taken) throw invalid(`${mount.target}: duplicate mount destination`);
  draft.mounts = [...(draft.mounts ?? []), mount];
}

function shmSize(text: string): number {
  try {
    return parseSize(text);
  } catch (error) {
    throw invalid(`unable to translate --shm-size: ${messageOf(error)}`);
  }
}
