/** Flags of create and run: restart, stop, time limit, and the log. */
import { SYSTEMD_VALUES } from '../../../spec/systemd-mode.js';
import { parseRestart, parseSystemd } from '../../parse/limits.js';
import { parseLogDriver, parseLogOptions } from '../../parse/log.js';
import { setLog, type CreateFlag } from './draft.js';

const LIFE = 'Life cycle';
const LOG = 'Log';

export const lifeFlags: readonly CreateFlag[] = [
  {
    name: 'restart',
    kind: 'text',
    value: 'policy',
    completion: ['no', 'on-failure', 'always', 'unless-stopped'],
    group: LIFE,
    help: 'What to do when the container ends: no, on-failure[:retries], always, unless-stopped',
    set: (draft, value) => {
      draft.restart = parseRestart(value);
    },
  },
  {
    name: 'requires',
    kind: 'items',
    value: 'container',
    completion: 'containers',
    group: LIFE,
    help: 'Containers that must be running first, and are started with it',
    set: (draft, names) => {
      draft.requires = names;
    },
  },
  {
    name: 'systemd',
    kind: 'text',
    value: 'when',
    completion: SYSTEMD_VALUES,
    default: 'true',
    group: LIFE,
    help: 'Give the container what systemd needs: true (if its program is systemd or /sbin/init), false, always',
    set: (draft, value) => {
      draft.systemd = parseSystemd(value);
    },
  },
  {
    name: 'stop-signal',
    kind: 'text',
    value: 'signal',
    default: 'SIGTERM',
    group: LIFE,
    help: 'Signal that asks the container to end',
    set: (draft, value) => {
      draft.stopSignal = value;
    },
  },
  {
    name: 'stop-timeout',
    kind: 'int',
    value: 'seconds',
    default: '10',
    group: LIFE,
    help: 'Time between the stop signal and SIGKILL',
    set: (draft, value) => {
      draft.stopTimeoutSec = value;
    },
  },
  {
    name: 'timeout',
    kind: 'uint',
    value: 'seconds',
    group: LIFE,
    help: 'Maximum time that the container may run before it is killed',
    set: (draft, value) => {
      draft.timeoutSec = value;
    },
  },
];

export const logFlags: readonly CreateFlag[] = [
  {
    name: 'log-driver',
    kind: 'text',
    value: 'driver',
    default: 'k8s-file',
    completion: ['k8s-file', 'json-file', 'none', 'passthrough'],
    group: LOG,
    help: 'Log driver: k8s-file, json-file, none, passthrough',
    set: (draft, value) => {
      setLog(draft, { driver: parseLogDriver(value) });
    },
  },
  {
    name: 'log-opt',
    kind: 'list',
    value: 'name=value',
    group: LOG,
    help: 'Log option: driver, path, max-size, max-file, tag',
    set: (draft, items, caller) => {
      setLog(draft, parseLogOptions(items, caller));
    },
  },
];
