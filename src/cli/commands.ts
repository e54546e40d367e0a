/** The commands by name; a command's module loads when it is used. */
import type { Command } from './command/definition.js';

type Load = () => Promise<{ readonly command: Command }>;

/** Commands about containers: also below `tspod container`. */
const CONTAINER_COMMANDS: Readonly<Record<string, Load>> = {
  attach: () => import('./commands/attach.js'),
  commit: () => import('./commands/commit.js'),
  cp: () => import('./commands/cp.js'),
  create: () => import('./commands/create.js'),
  diff: () => import('./commands/diff.js'),
  exec: () => import('./commands/exec.js'),
  export: () => import('./commands/export.js'),
  init: () => import('./commands/init.js'),
  inspect: () => import('./commands/inspect.js'),
  kill: () => import('./commands/kill.js'),
  logs: () => import('./commands/logs.js'),
  mount: () => import('./commands/mount.js'),
  pause: () => import('./commands/pause.js'),
  port: () => import('./commands/port.js'),
  ps: () => import('./commands/ps.js'),
  rename: () => import('./commands/rename.js'),
  restart: () => import('./commands/restart.js'),
  rm: () => import('./commands/rm.js'),
  run: () => import('./commands/run.js'),
  start: () => import('./commands/start.js'),
  stats: () => import('./commands/stats.js'),
  stop: () => import('./commands/stop.js'),
  top: () => import('./commands/top.js'),
  umount: () => import('./commands/umount.js'),
  unpause: () => import('./commands/unpause.js'),
  update: () => import('./commands/update.js'),
  wait: () => import('./commands/wait.js'),
};

/** Commands below `tspod container` alone, or other ones there. */
const ONLY_CONTAINER: Readonly<Record<string, Load>> = {
  cleanup: () => import('./commands/cleanup.js'),
  clone: () => import('./commands/clone.js'),
  diff: () => import('./commands/container-diff.js'),
  exists: () => import('./commands/exists.js'),
  prune: () => import('./commands/prune.js'),
};

const HEALTHCHECK_COMMANDS: Readonly<Record<string, Load>> = {
  run: () => import('./commands/healthcheck-run.js'),
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
  completion: () => import('./commands/completion.js'),
  events: () => import('./commands/events.js'),
  explain: () => import('./commands/explain.js'),
  history: () => import('./commands/history.js'),
  images: () => import('./commands/images.js'),
  import: () => import('./commands/import.js'),
  info: () => import('./commands/info.js'),
  load: () => import('./commands/load.js'),
  login: () => import('./commands/login.js'),
  logout: () => import('./commands/logout.js'),
  pull: () => import('./commands/pull.js'),
  push: () => import('./commands/push.js'),
  rmi: () => import('./commands/rmi.js'),
  save: () => import('./commands/save.js'),
  search: () => import('./commands/search.js'),
  tag: () => import('./commands/tag.js'),
  untag: () => import('./commands/untag.js'),
  version: () => import('./commands/version.js'),
};

const IMAGE_COMMANDS: Readonly<Record<string, Load>> = {
  diff: () => import('./commands/image-diff.js'),
  exists: () => import('./commands/image-exists.js'),
  history: () => import('./commands/history.js'),
  import: () => import('./commands/import.js'),
  inspect: () => import('./commands/image-inspect.js'),
  list: () => import('./commands/images.js'),
  load: () => import('./commands/load.js'),
  mount: () => import('./commands/image-mount.js'),
  prune: () => import('./commands/image-prune.js'),
  pull: () => import('./commands/pull.js'),
  push: () => import('./commands/push.js'),
  rm: () => import('./commands/rmi.js'),
  save: () => import('./commands/save.js'),
  search: () => import('./commands/search.js'),
  tag: () => import('./commands/tag.js'),
  tree: () => import('./commands/image-tree.js'),
  unmount: () => import('./commands/image-unmount.js'),
  untag: () => import('./commands/untag.js'),
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
  check: () => import('./commands/system-check.js'),
  df: () => import('./commands/system-df.js'),
  info: () => import('./commands/info.js'),
  prune: () => import('./commands/system-prune.js'),
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

/** Other names of commands about containers. */
const ALIASES: Readonly<Record<string, string>> = { ls: 'ps', list: 'ps', unmount: 'umount' };

/** Of networks, secrets and volumes. */
const LIST_ALIASES: Readonly<Record<string, string>> = { list: 'ls', remove: 'rm' };

/** What may stand before a command's name, and what the commands below it are about. */
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

/** '': nothing stands before it. */
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

/** Other names that the group's commands have. */
export function aliases(group: Group): Readonly<Record<string, string>> {
  if (group === 'network' || group === 'secret' || group === 'volume') return LIST_ALIASES;
  if (group === 'pod') return { ls: 'ps', list: 'ps' };
  if (group === 'image') return { ls: 'list', umount: 'unmount' };
  if (group === 'system' || group === 'manifest') return {};
  return group === '' || group === 'container' ? ALIASES : {};
}

/** In alphabetical order. */
export function commandNames(group: Group): readonly string[] {
  return Object.keys(loaders(group)).sort();
}

/** undefined if there is none of this name. */
export async function findCommand(group: Group, name: string): Promise<Command | undefined> {
  const all = loaders(group);
  const others = aliases(group);
  const load = Object.hasOwn(all, name) ? all[name] : all[Object.hasOwn(others, name) ? (others[name] ?? '') : ''];
  return load === undefined ? undefined : (await load()).command;
}

export async function allCommands(group: Group): Promise<readonly Command[]> {
  return Promise.all(commandNames(group).map(async (name) => (await findCommand(group, name)) as Command));
}
