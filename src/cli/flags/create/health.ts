/** Flags of create and run: health checks. */
import type { HealthAction, HealthOptions, StartupCheckOptions } from '../../../spec/health/health-options.js';
import { invalid, unsupported } from '../../errors/cli-error.js';
import { parseHealthCommand, parseHealthInterval, parseHealthPeriod, parseHealthTimeout } from '../../parse/health.js';
import type { CreateFlag, Draft } from './draft.js';

const HEALTH = 'Health';

const ACTIONS: readonly string[] = ['none', 'kill', 'restart', 'stop'];

/** Start-up check whose other flags were given, but not (yet) its command. */
const NO_COMMAND: StartupCheckOptions = { test: ['NONE'] };

export const healthFlags: readonly CreateFlag[] = [
  {
    name: 'health-cmd',
    kind: 'text',
    value: 'command',
    group: HEALTH,
    help: 'Command that checks the health of the container: a command line for sh, a JSON array of words, or none',
    set: (draft, value) => {
      setHealth(draft, { test: parseHealthCommand(value) });
    },
  },
  {
    name: 'health-interval',
    kind: 'text',
    value: 'duration',
    default: '30s',
    group: HEALTH,
    help: 'Time between checks; disable: only healthcheck run checks',
    set: (draft, value) => {
      setHealth(draft, { intervalMs: parseHealthInterval('healthcheck-interval', value) });
    },
  },
  {
    name: 'health-timeout',
    kind: 'text',
    value: 'duration',
    default: '30s',
    group: HEALTH,
    help: 'Time after which a check is killed and counts as failed',
    set: (draft, value) => {
      setHealth(draft, { timeoutMs: parseHealthTimeout('healthcheck-timeout', value) });
    },
  },
  {
    name: 'health-retries',
    kind: 'uint',
    value: 'number',
    default: '3',
    group: HEALTH,
    help: 'Failures in a row that make the container unhealthy',
    set: (draft, value) => {
      if (value < 1) throw invalid('healthcheck-retries must be greater than 0');
      setHealth(draft, { retries: value });
    },
  },
  {
    name: 'health-start-period',
    kind: 'text',
    value: 'duration',
    default: '0s',
    group: HEALTH,
    help: 'Time after the start in which failures do not count',
    set: (draft, value) => {
      setHealth(draft, { startPeriodMs: parseHealthPeriod('healthcheck-start-period', value) });
    },
  },
  {
    name: 'health-on-failure',
    kind: 'text',
    value: 'action',
    default: 'none',
    completion: ACTIONS,
    group: HEALTH,
    help: 'Action on an unhealthy container: none, kill, restart, stop',
    set: (draft, value) => {
      if (!ACTIONS.includes(value)) {
        throw invalid(
          `invalid on-failure action ${JSON.stringify(value)} for health check: supported actions are ${ACTIONS.join(',')}`,
        );
      }
      setHealth(draft, { onFailure: value as HealthAction });
    },
  },
  {
    name: 'health-startup-cmd',
    kind: 'text',
    value: 'command',
    group: HEALTH,
    help: 'Start-up check, which must succeed before health checks begin',
    set: (draft, value) => {
      setStartup(draft, { test: parseHealthCommand(value) });
    },
  },
  {
    name: 'health-startup-interval',
    kind: 'text',
    value: 'duration',
    default: '30s',
    group: HEALTH,
    help: 'Time between start-up checks; disable: only healthcheck run checks',
    set: (draft, value) => {
      setStartup(draft, { intervalMs: parseHealthInterval('healthcheck-interval', value) });
    },
  },
  {
    name: 'health-startup-retries',
    kind: 'uint',
    value: 'number',
    default: '0',
    group: HEALTH,
    help: 'Failures of the start-up check in a row after which the container is restarted; 0: never',
    set: (draft, value) => {
      setStartup(draft, { retries: value });
    },
  },
  {
    name: 'health-startup-success',
    kind: 'uint',
    value: 'number',
    default: '0',
    group: HEALTH,
    help: 'Successes of the start-up check in a row that are needed; 0 means one',
    set: (draft, value) => {
      setStartup(draft, { successes: Math.max(1, value) });
    },
  },
  {
    name: 'health-startup-timeout',
    kind: 'text',
    value: 'duration',
    default: '30s',
    group: HEALTH,
    help: 'Time after which a start-up check is killed and counts as failed',
    set: (draft, value) => {
      setStartup(draft, { timeoutMs: parseHealthTimeout('healthcheck-timeout', value) });
    },
  },
  {
    name: 'health-log-destination',
    kind: 'text',
    value: 'place',
    default: 'local',
    completion: ['local'],
    group: HEALTH,
    help: 'Where results are stored: local (with the container)',
    set: (_draft, value) => {
      if (value !== 'local')
        throw unsupported(`--health-log-destination ${value}`, 'results are stored with the container');
    },
  },
  {
    name: 'health-max-log-count',
    kind: 'uint',
    value: 'number',
    default: '5',
    group: HEALTH,
    help: 'Number of results to keep; 0: as many as there is room for',
    set: (draft, value) => {
      setHealth(draft, { maxLogCount: value });
    },
  },
  {
    name: 'health-max-log-size',
    kind: 'uint',
    value: 'bytes',
    default: '500',
    group: HEALTH,
    help: 'Bytes of output to keep of each check; 0: as many as there is room for',
    set: (draft, value) => {
      setHealth(draft, { maxLogBytes: value });
    },
  },
  {
    name: 'no-healthcheck',
    kind: 'bool',
    group: HEALTH,
    help: 'Disable health checks',
    set: (draft, value) => {
      if (!value) return;
      if (draft.health?.test !== undefined) throw invalid('cannot specify both --no-healthcheck and --health-cmd');
      if (isGiven(draft.health?.startup)) {
        throw invalid('cannot specify both --no-healthcheck and --health-startup-cmd');
      }
      setHealth(draft, { test: ['NONE'] });
    },
  },
];

function setHealth(draft: Draft, health: HealthOptions): void {
  draft.health = { ...draft.health, ...health };
}

/** Sets options of the start-up check, which have no effect without its command. */
function setStartup(draft: Draft, startup: Partial<StartupCheckOptions>): void {
  setHealth(draft, { startup: { ...(draft.health?.startup ?? NO_COMMAND), ...startup } });
}

function isGiven(startup: StartupCheckOptions | undefined): boolean {
  return startup !== undefined && startup.test !== NO_COMMAND.test;
}
