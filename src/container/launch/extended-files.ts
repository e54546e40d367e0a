/** Files of the container's own that get lines of the engine's: /etc/passwd and /etc/group, and /etc/hosts where it begins with the image's. */
import { TspodError } from '../../errors.js';
import { findHostUser } from '../../host/host-users.js';
import type { ExtendedFile } from '../../plan/context.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { HostsAround } from '../../storage/hosts-file.js';
import { isWithin } from '../../util/paths.js';

interface Subject {
  readonly config: ContainerConfig;
  /** The run directory. */
  readonly run: string;
  /** What /etc/hosts gets around the image's lines, where it begins with them. */
  readonly aroundHosts: HostsAround | undefined;
}

/** What is to be written at the launch, when the root can be read. Throws INVALID_ARGUMENT for a user that the host does not have. */
export function extendedFiles({ config, run, aroundHosts }: Subject): readonly ExtendedFile[] {
  const covered = (path: string) => config.mounts.some(({ target }) => isWithin(path, target));
  const accounts = [
    { path: '/etc/passwd', file: `${run}/passwd`, last: passwdLines(config) },
    { path: '/etc/group', file: `${run}/group`, last: groupLines(config) },
  ].filter(({ path, last }) => last.length > 0 && !covered(path));
  const hosts = { path: '/etc/hosts', file: `${run}/hosts`, ids: false, mount: false, readOnly: false };
  return [
    ...accounts.map((file) => ({ ...file, first: '', ids: true, mount: true, readOnly: config.readOnly })),
    ...(aroundHosts === undefined ? [] : [{ ...hosts, ...aroundHosts }]),
  ];
}

/** The host's users first: a line for the container's user is not needed if it is one of them. */
function passwdLines(config: ContainerConfig): readonly string[] {
  if (!config.passwd) return [];
  const home = homeOf(config);
  const lines = config.hostUsers.map((wanted) => {
    const user = findHostUser(wanted);
    if (user === undefined)
      throw new TspodError('INVALID_ARGUMENT', `unknown user ${JSON.stringify(wanted)} of the host`);
    return fill(config.passwdEntry, {
      USERNAME: user.name,
      UID: user.uid,
      GID: user.gid,
      NAME: user.fullName === '' ? user.name : user.fullName,
      HOME: home,
    });
  });
  const [uid = '', gid = '0'] = config.user.split(':');
  if (!isNumber(uid)) return lines;
  const own = { USERNAME: uid, UID: uid, GID: gid === '' ? '0' : gid, NAME: 'container user', HOME: home };
  return [...lines, fill(config.passwdEntry, own)];
}

/** The group that was asked for by number; without one, one that has the number of the user, as Podman has it: a name, and no membership. */
function groupLines(config: ContainerConfig): readonly string[] {
  if (!config.passwd || config.user === '') return [];
  const [user = '', group] = config.user.split(':');
  const gid = group ?? user;
  if (!isNumber(gid)) return [];
  return [fill(config.groupEntry, { GROUPNAME: gid, GID: gid, USERLIST: group === undefined ? '' : user })];
}

/** A colon would begin another field. */
function homeOf({ workdir }: ContainerConfig): string {
  return /[:\p{Cc}]/u.test(workdir) ? '/' : workdir;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function fill(form: string, values: Readonly<Record<string, string>>): string {
  return form.replace(/\$([A-Z]+)/g, (whole, key: string) => values[key] ?? whole);
}
