/**
 * Files of the container to which the engine adds lines: /etc/passwd and /etc/group, and /etc/hosts if it begins with
 * the image's.
 */
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
  /** Lines around the image's own in /etc/hosts, if it begins with these. */
  readonly aroundHosts: HostsAround | undefined;
}

/**
 * Returns what is written at the launch, when the root can be read. Throws INVALID_ARGUMENT for a user that the host
 * does not have.
 */
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

/**
 * Returns the lines for /etc/passwd: the host's users first, since the container's user needs no line if it is one of
 * them.
 */
function passwdLines(config: ContainerConfig): readonly string[] {
  if (!config.passwd) return [];
  const home = homeOf(config);
  const lines = config.hostUsers.map((wanted) => {
    const user = findHostUser(wanted);
    if (user === undefined)
      throw new TspodError('INVALID_ARGUMENT', `unknown user ${JSON.stringify(wanted)} on the host`);
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

/**
 * Returns the line for /etc/group: for a group that was asked for by number or, without one, for the group with the
 * user's number, as Podman does. The latter is only a name, without members.
 */
function groupLines(config: ContainerConfig): readonly string[] {
  if (!config.passwd || config.user === '') return [];
  const [user = '', group] = config.user.split(':');
  const gid = group ?? user;
  if (!isNumber(gid)) return [];
  return [fill(config.groupEntry, { GROUPNAME: gid, GID: gid, USERLIST: group === undefined ? '' : user })];
}

/**
 * Returns the working directory as home, or / if it has a control character or a colon, which would begin another
 * field.
 */
function homeOf({ workdir }: ContainerConfig): string {
  return /[:\p{Cc}]/u.test(workdir) ? '/' : workdir;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function fill(form: string, values: Readonly<Record<string, string>>): string {
  return form.replace(/\$([A-Z]+)/g, (whole, key: string) => values[key] ?? whole);
}
