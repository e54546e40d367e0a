/**
 * Launches a command that joins a running container (an exec). Its session is kept by files.ts, its events are recorded
 * by events.ts.
 */
import { throwIfAborted, whenAborted } from '../../native/abort.js';
import { TspodError } from '../../errors.js';
import type { ExecContext } from '../../plan/context.js';
import { encodePlan } from '../../plan/encode.js';
import { execPlan } from '../../plan/exec.js';
import type { Plan } from '../../plan/ops.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { ExecOptions } from '../../spec/create-options.js';
import { execRequest, type ExecRequest } from '../../spec/exec.js';
import { mayDivideCgroup } from '../../spec/systemd-mode.js';
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths } from '../../storage/paths.js';
import { presentCgroups } from '../cgroups/placement.js';
import { containerSpec, type ContainerSpec } from '../launch/spec.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { requireEnforceable } from '../network/egress.js';
import { failpoint } from '../failpoint.js';
import { launchError } from '../launch/error.js';
import { KILL_GRACE_MS } from '../monitor/end.js';
import { talkToNew } from '../monitor/connect.js';
import type { LaunchAnswer, MonitorTalk } from '../monitor/talk.js';
import { isEnding, observe, statusOf } from '../observe.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { seccompFilter } from '../launch/seccomp-filter.js';
import { secretEnvironment } from '../launch/secrets.js';
import type { StdioPlan } from '../streams/stdio.js';
import { justEnded, requireAllowed } from '../transitions.js';
import { usernsOfProcess } from '../namespaces/userns.js';
import { MAX_TIMER_MS } from '../../util/timer.js';

/** A running container and what an exec in it is made from. */
export interface ExecTarget {
  readonly id: string;
  readonly name: string;
  readonly config: ContainerConfig;
  /** The container's processes at the moment of the look: nothing keeps them from ending. */
  readonly live: LiveRecord;
  readonly request: ExecRequest;
  readonly spec: ContainerSpec;
}

/**
 * Returns what an exec in the container is made from. Throws STATE_INVALID unless the container runs, INVALID_ARGUMENT
 * for the options.
 */
export function execTarget(context: EngineContext, id: string, options: ExecOptions): ExecTarget {
  const stored = context.store.get(id);
  if (stored === undefined) throw noSuchContainer(id);
  const observation = observe(stored.state, containerPaths(context.directories, id));
  requireAllowed('exec', id, statusOf(stored.state, observation));
  if (observation.kind !== 'live') throw new TspodError('STATE_INVALID', `container ${id} is not running`);
  const config = readConfig(context, id);
  const spec = containerSpec(context, id, config);
  const request = execRequest(options, {
    config,
    facts: context.facts(),
    container: spec.process,
    secretEnv: secretEnvironment(context, stored.seq, config),
  });
  requireEnforceable(context, { id, config }, request.process);
  return { id, name: stored.name, config, live: observation.live, request, spec };
}

/** Compiles the plan of an exec. */
export function compileExec(
  context: EngineContext,
  target: ExecTarget,
  stdio: StdioPlan,
  sessionDirectory?: string,
): Plan {
  const { id, config, live, request, spec } = target;
  const seccomp = seccompFilter(context, spec);
  const userns = usernsOfProcess(config, live.init.pid);
  const execContext: ExecContext = {
    id,
    target: live.init,
    namespaces: (spec.linux.namespaces ?? [])
      .map(({ type }) => type)
      .filter((type) => type !== 'user' || userns !== undefined),
    ...(userns === undefined ? {} : { rootIds: userns }),
    cgroup: presentCgroups(context, id, config, mayDivideCgroup(config)),
    identity: request.identity,
    stdio: stdio.stdio,
    extraFds: stdio.extraFds,
    timeLimitMs: request.timeoutMs,
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(sessionDirectory === undefined ? {} : { sessionDirectory }),
  };
  return execPlan(request.process, execContext);
}

export interface StartedExec {
  readonly talk: MonitorTalk;
  readonly answer: Extract<LaunchAnswer, { kind: 'created' | 'started' }>;
}

export interface ExecLaunchOptions {
  readonly target: Pick<ExecTarget, 'id' | 'live' | 'request'>;
  readonly fds: readonly number[];
  readonly signal: AbortSignal | undefined;
  /** Called before the plan is sent, to attach. */
  readonly before?: (talk: MonitorTalk) => void;
}

/**
 * Launches a command; returns when it runs. Until then the container can hold the launch up, since its root may stop
 * (SIGSTOP) or freeze a process that has joined it: therefore the command's time limit applies to the launch as well as
 * to the run, and the caller should hold no lock. Throws as launchError() says, CONTAINER_STOPPED, ABORTED, TIMED_OUT.
 */
export async function launchExec(plan: Plan, { target, fds, signal, before }: ExecLaunchOptions): Promise<StartedExec> {
  throwIfAborted('exec', signal);
  const bytes = encodePlan(plan);
  const talk = talkToNew({ fds });
  failpoint('exec-spawned');
  const patience = new Patience(talk, signal, target.request.timeoutMs);
  let answer: LaunchAnswer;
  try {
    before?.(talk);
    const answered = talk.launch(bytes);
    failpoint('exec-sent');
    answer = await answered;
  } finally {
    patience.end();
  }
  failpoint('exec-started');
  if (patience.isOver) {
    await goneOrStuck(talk);
    throwIfAborted('exec', signal);
    throw new TspodError('TIMED_OUT', `the command did not run within ${String(target.request.timeoutMs)} ms`);
  }
  if (answer.kind === 'started' || answer.kind === 'created') return { talk, answer };
  await talk.closed();
  if (isEnding(target.live.init)) throw justEnded(target.id);
  if (answer.kind === 'failed') throw launchError(plan, answer);
  throw new TspodError('MONITOR_DIED', 'the monitor died while it launched the command');
}

/** Gives a launch up when the signal aborts, or when its time is over. */
class Patience {
  readonly #forget: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(talk: MonitorTalk, signal: AbortSignal | undefined, limitMs: number) {
    const giveUp = () => {
      this.#isOver = true;
      // A monitor whose command does not run yet gives up when the connection closes. One whose command runs reads
      // `stop` first, and ends the command.
      void talk.stop();
      talk.connection.close();
    };
    this.#forget = whenAborted(signal, giveUp);
    this.#timer = limitMs > 0 && limitMs <= MAX_TIMER_MS ? setTimeout(giveUp, limitMs) : undefined;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#forget();
    clearTimeout(this.#timer);
  }
}

/**
 * Waits for the end of the monitor, but not for long: in a frozen cgroup of version 1 a killed process ends only when
 * the cgroup is thawed, and the monitor with it.
 */
async function goneOrStuck({ connection }: MonitorTalk): Promise<void> {
  await connection.ended({ signal: AbortSignal.timeout(KILL_GRACE_MS) }).catch(() => undefined);
}
