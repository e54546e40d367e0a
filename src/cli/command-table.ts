/** All commands by group and name; a command's module is loaded when it is used. */
import type { Command } from './command-parts/definition.js';

type Load = () => Promise<{ readonly command: Command }>;

/** Commands on containers, available both directly and in the group `container`. */
const CONTAINER_COMMANDS: Readonly<Record<string, Load>> = {
  attach: () => import('./commands/container/attach.js'),
  commit: () => import('./commands/image/commit.js'),
  cp: () => import('./commands/container/cp.js'),
  create: () => import('./commands/container/create.js'),
  diff: () => import('./commands/diff.js'),
  exec: () => import('./commands/container/exec.js'),
  export: () => import('./commands/container/export.js'),
  init: () => import('./commands/container/init.js'),
  inspect: () => import('./commands/inspect.js'),
  kill: () => import('./commands/container/kill.js'),
  logs: () => import('./commands/container/logs.js'),
  mount: () => import('./commands/container/mount.js'),
  pause: () => import('./commands/container/pause.js'),
  port: () => import('./commands/container/port.js'),
  ps: () => import('./commands/container/ps.js'),
  rename: () => import('./commands/container/rename.js'),
  restart: () => import('./commands/container/restart.js'),
  rm: () => import('./commands/container/rm.js'),
  run: () => import('./commands/container/run.js'),
  start: () => import('./commands/container/start.js'),
  stats: () => import('./commands/container/stats.js'),
  stop: () => import('./commands/container/stop.js'),
  top: () => import('./commands/container/top.js'),
  umount: () => import('./commands/container/umount.js'),
  unpause: () => import('./commands/container/unpause.js'),
  update: () => import('./commands/container/update.js'),
  wait: () => import('./commands/container/wait.js'),
};

/** Commands of the group `container` alone, or different there. */
const ONLY_CONTAINER: Readonly<Record<string, Load>> = {
  cleanup: () => import('./commands/container/cleanup.js'),
  clone: () => import('./commands/container/clone.js'),
  diff: () => import('./commands/container/diff.js'),
  exists: () => import('./commands/container/exists.js'),
  inspect: () => import('./commands/container/inspect.js'),
  prune: () => import('./commands/container/prune.js'),
};

const HEALTHCHECK_COMMANDS: Readonly<Record<string, Load>> = {
  run: () => import('./commands/container/healthcheck-run.js'),
};

const NETWORK_COMMANDS: Readonly<Record<string, Load>> = {
  connect: () => import('./commands/network/connect.js'),
  create: () => import('./commands/network/create.js'),
  disconnect: () => import('./commands/network/disconnect.js'),
  exists: () => import('./commands/network/exists.js'),
  inspect: () => import('./commands/network/inspect.js'),
  ls: () => import('./commands/network/ls.js'),
  prune: () => import('./commands/network/prune.js'),
  reload: () => import('./commands/network/reload.js'),
  rm: () => import('./commands/network/rm.js'),
  update: () => import('./commands/network/update.js'),
};

const OTHER_COMMANDS: Readonly<Record<string, Load>> = {
  completion: () => import('./commands/system/completion.js'),
  events: () => import('./commands/system/events.js'),
  explain: () => import('./commands/system/explain.js'),
  history: () => import('./commands/image/history.js'),
  images: () => import('./commands/image/ls.js'),
  import: () => import('./commands/image/import.js'),
  info: () => import('./commands/system/info.js'),
  load: () => import('./commands/image/load.js'),
  login: () => import('./commands/system/login.js'),
  logout: () => import('./commands/system/logout.js'),
  pull: () => import('./commands/image/pull.js'),
  push: () => import('./commands/image/push.js'),
  rmi: () => import('./commands/image/rm.js'),
  save: () => import('./commands/image/save.js'),
  search: () => import('./commands/image/search.js'),
  tag: () => import('./commands/image/tag.js'),
  untag: () => import('./commands/image/untag.js'),
  version: () => import('./commands/system/version.js'),
};

const IMAGE_COMMANDS: Readonly<Record<string, Load>> = {
  diff: () => import('./commands/image/diff.js'),
  exists: () => import('./commands/image/exists.js'),
  history: () => import('./commands/image/history.js'),
  import: () => import('./commands/image/import.js'),
  inspect: () => import('./commands/image/inspect.js'),
  list: () => import('./commands/image/ls.js'),
  load: () => import('./commands/image/load.js'),
  mount: () => import('./commands/image/mount.js'),
  prune: () => import('./commands/image/prune.js'),
  pull: () => import('./commands/image/pull.js'),
  push: () => import('./commands/image/push.js'),
  rm: () => import('./commands/image/rm.js'),
  save: () => import('./commands/image/save.js'),
  search: () => import('./commands/image/search.js'),
  tag: () => import('./commands/image/tag.js'),
  tree: () => import('./commands/image/tree.js'),
  unmount: () => import('./commands/image/unmount.js'),
  untag: () => import('./commands/image/untag.js'),
};

const MANIFEST_COMMANDS: Readonly<Record<string, Load>> = {
  add: () => import('./commands/manifest/add.js'),
  annotate: () => import('./commands/manifest/annotate.js'),
  create: () => import('./commands/manifest/create.js'),
  exists: () => import('./commands/manifest/exists.js'),
  inspect: () => import('./commands/manifest/inspect.js'),
  push: () => import('./commands/manifest/push.js'),
  remove: () => import('./commands/manifest/remove.js'),
  rm: () => import('./commands/manifest/rm.js'),
};

const POD_COMMANDS: Readonly<Record<string, Load>> = {
  create: () => import('./commands/pod/create.js'),
  exists: () => import('./commands/pod/exists.js'),
  inspect: () => import('./commands/pod/inspect.js'),
  kill: () => import('./commands/pod/kill.js'),
  logs: () => import('./commands/pod/logs.js'),
  pause: () => import('./commands/pod/pause.js'),
  prune: () => import('./commands/pod/prune.js'),
  ps: () => import('./commands/pod/ps.js'),
  restart: () => import('./commands/pod/restart.js'),
  rm: () => import('./commands/pod/rm.js'),
  start: () => import('./commands/pod/start.js'),
  stats: () => import('./commands/pod/stats.js'),
  stop: () => import('./commands/pod/stop.js'),
  top: () => import('./commands/pod/top.js'),
  unpause: () => import('./commands/pod/unpause.js'),
};

const SECRET_COMMANDS: Readonly<Record<string, Load>> = {
  create: () => import('./commands/secret/create.js'),
  exists: () => import('./commands/secret/exists.js'),
  inspect: () => import('./commands/secret/inspect.js'),
  ls: () => import('./commands/secret/ls.js'),
  rm: () => import('./commands/secret/rm.js'),
};

const SYSTEM_COMMANDS: Readonly<Record<string, Load>> = {
  check: () => import('./commands/system/check.js'),
  df: () => import('./commands/system/df.js'),
  info: () => import('./commands/system/info.js'),
  prune: () => import('./commands/system/prune.js'),
  reset: () => import('./commands/system/reset.js'),
};

const VOLUME_COMMANDS: Readonly<Record<string, Load>> = {
  create: () => import('./commands/volume/create.js'),
  exists: () => import('./commands/volume/exists.js'),
  export: () => import('./commands/volume/export.js'),
  import: () => import('./commands/volume/import.js'),
  inspect: () => import('./commands/volume/inspect.js'),
  ls: () => import('./commands/volume/ls.js'),
  mount: () => import('./commands/volume/mount.js'),
  prune: () => import('./commands/volume/prune.js'),
  rm: () => import('./commands/volume/rm.js'),
  unmount: () => import('./commands/volume/unmount.js'),
};

/** Aliases of commands on containers. */
const ALIASES: Readonly<Record<string, string>> = { ls: 'ps', list: 'ps', unmount: 'umount' };

/** Aliases of commands on networks, secrets and volumes. */
const LIST_ALIASES: Readonly<Record<string, string>> = { list: 'ls', remove: 'rm' };

/** Groups of commands, with their summaries. */
export const GROUPS = {
  container: 'Manage containers',
  healthcheck: 'Manage health checks on containers',
  image: 'Manage images',
  manifest: 'Manipulate manifest lists and image indexes',
  network: 'Manage networks',
  pod: 'Manage pods',
  secret: 'Manage secrets',
  system: 'Manage the store',
  volume: 'Manage volumes',
} as const;

/** Name of a group; '' for commands without one. */
export type Group = '' | keyof typeof GROUPS;

export function isGroup(name: string): name is keyof typeof GROUPS {
  return Object.hasOwn(GROUPS, name);
}

function loaders(group: Group): Readonly<Record<string, Load>> {
  switch (group) {
    case '':
      return { ...CONTAINER_COMMANDS, ...OTHER_COMMANDS };
    case 'container':
      return { ...CONTAINER_COMMANDS, ...ONLY_CONTAINER };
    case 'healthcheck':
      return HEALTHCHECK_COMMANDS;
    case 'image':
      return IMAGE_COMMANDS;
    case 'manifest':
      return MANIFEST_COMMANDS;
    case 'network':
      return NETWORK_COMMANDS;
    case 'pod':
      return POD_COMMANDS;
    case 'secret':
      return SECRET_COMMANDS;
    case 'system':
      return SYSTEM_COMMANDS;
    case 'volume':
      return VOLUME_COMMANDS;
  }
}

/** Returns the aliases of a group's commands. */
export function aliases(group: Group): Readonly<Record<string, string>> {
  if (group === 'network' || group === 'secret' || group === 'volume') return LIST_ALIASES;
  if (group === 'pod') return { ls: 'ps', list: 'ps' };
  if (group === 'image') return { ls: 'list', umount: 'unmount' };
  if (group === 'system' || group === 'manifest') return {};
  return group === '' || group === 'container' ? ALIASES : {};
}

/** Returns the names of a group's commands in alphabetical order. */
export function commandNames(group: Group): readonly string[] {
  return Object.keys(loaders(group)).sort();
}

/** Loads a command by its name or alias; undefined if there is none. */
export async function findCommand(group: Group, name: string): Promise<Command | undefined> {
  const all = loaders(group);
  const others = aliases(group);
  const load = Object.hasOwn(all, name) ? all[name] : all[Object.hasOwn(others, name) ? (others[name] ?? '') : ''];
  return load === undefined ? undefined : (await load()).command;
}

export async function allCommands(group: Group): Promise<readonly Command[]> {
  return Promise.all(commandNames(group).map(async (name) => (await findCommand(group, name)) as Command));
}
