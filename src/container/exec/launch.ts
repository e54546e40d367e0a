/** An exec: a command that joins a running container. What is kept of a session is in files.ts, what is told of a command in events.ts. */
import { abortedError, throwIfAborted } from '../../native/abort.js';
import { spawnMonitor } from '../../native/monitor-spawn.js';
import { openProcess } from '../../native/process-handle.js';
import { TspodError } from '../../errors.js';
import type { ExecContext } from '../../plan/context.js';
import { encodePlan } from '../../plan/encode.js';
import { execPlan } from '../../plan/exec.js';
import type { Plan } from '../../plan/ops.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { ExecOptions } from '../../spec/create-options.js';
import { execRequest, type ExecRequest } from '../../spec/exec.js';
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths } from '../../storage/paths.js';
import { presentCgroups } from '../cgroups/placement.js';
import { containerSpec, type ContainerSpec } from '../launch/spec.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { requireEnforceable } from '../network/egress.js';
import { failpoint } from '../failpoint.js';
import { launchError } from '../launch/error.js';
import { MonitorTalk, type LaunchAnswer } from '../monitor/talk.js';
import { isEnding, observe, statusOf } from '../observe.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { seccompFilter } from '../launch/seccomp-filter.js';
import { secretEnvironment } from '../launch/secrets.js';
import { signalProcess } from '../monitor/signal-process.js';
import type { StdioPlan } from '../streams/stdio.js';
import { justEnded, requireAllowed } from '../transitions.js';
import { usernsOfProcess } from '../namespaces/userns.js';

/** A running container and what an exec in it is made from. */
export interface ExecTarget {
  readonly id: string;
  readonly name: string;
  readonly config: ContainerConfig;
  /** At the moment of the look: nothing keeps it from ending. */
  readonly live: LiveRecord;
  readonly request: ExecRequest;
  readonly spec: ContainerSpec;
}

/** Throws STATE_INVALID unless it runs, INVALID_ARGUMENT for the options. */
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

/** What it will do. */
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
    cgroup: presentCgroups(context, id, config),
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
  readonly target: Pick<ExecTarget, 'id' | 'live'>;
  readonly fds: readonly number[];
  readonly signal: AbortSignal | undefined;
  /** Runs before the plan is sent: attaches. */
  readonly before?: (talk: MonitorTalk) => void;
}

/** Returns when the command runs. Throws as launchError() says, CONTAINER_STOPPED, ABORTED. */
export async function launchExec(plan: Plan, { target, fds, signal, before }: ExecLaunchOptions): Promise<StartedExec> {
  throwIfAborted('exec', signal);
  const bytes = encodePlan(plan);
  const talk = new MonitorTalk(spawnMonitor({ fds }));
  failpoint('exec-spawned');
  before?.(talk);
  // Nothing here takes long, so an abort waits for the answer: whoever hung up earlier would lose sight of a command that runs.
  const answered = talk.launch(bytes);
  failpoint('exec-sent');
  const answer = await answered;
  failpoint('exec-started');
  if (signal?.aborted === true) {
    if (answer.kind === 'started') {
      // Behind input it would have to wait.
      if (before === undefined) void talk.stop();
      else endCommand(answer);
    }
    // Nobody reads its output any more, which must not keep its end.
    talk.listen(() => undefined);
    talk.connection.resume();
    await talk.closed();
    throw abortedError('exec', signal);
  }
  if (answer.kind === 'started' || answer.kind === 'created') return { talk, answer };
  await talk.closed();
  if (isEnding(target.live.init)) throw justEnded(target.id);
  if (answer.kind === 'failed') throw launchError(plan, answer);
  throw new TspodError('MONITOR_DIED', 'the monitor died while it launched the command');
}

function endCommand({ pid, startTime }: { readonly pid: number; readonly startTime: bigint }): void {
  using process = openProcess(pid, startTime);
  signalProcess(process, 'SIGKILL');
}
