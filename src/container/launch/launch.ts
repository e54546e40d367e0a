/** A launch: prepare, compile, spawn the monitor, send it the plan, wait for its answer. Under the container's lock. */
import { readFileSync, writeFileSync } from 'node:fs';

import { abortedError, throwIfAborted, whenAborted } from '../../native/abort.js';
import { decodePlan, encodePlan } from '../../plan/encode.js';
import type { Plan } from '../../plan/ops.js';
import { mayBeRelaunched } from '../../spec/relaunch.js';
import type { ContainerPaths } from '../../storage/paths.js';
import { TspodError } from '../../errors.js';
import type { AttachOptions, ExitStatus } from '../api/container.js';
import { prepareProfile } from './apparmor.js';
import { clearTopGroup } from '../cgroups/clear-top.js';
import { splitFrom } from '../cgroups/placement.js';
import { compileLaunch, type CompiledLaunch } from './compile.js';
import { liveDonors } from '../namespaces/donors.js';
import { recordContainerEvent } from '../events.js';
import { endProcess } from '../monitor/end-process.js';
import { giveUp } from './give-up.js';
import type { HeldContainer } from '../held.js';
import { failpoint } from '../failpoint.js';
import { flushBeforeFiles } from '../settle/flush.js';
import { launchError } from './error.js';
import { prepareVolumes } from './fill-volumes.js';
import { prepareLayeredMounts, renewOverlays } from './layered-mounts.js';
import { giveSources } from './own-sources.js';
import { writeBundle } from '../oci-runtime/bundle.js';
import { withRuntimeWords } from '../oci-runtime/errors.js';
import { talkToNew } from '../monitor/connect.js';
import type { LaunchAnswer, MonitorTalk } from '../monitor/talk.js';
import { endOutlivingSessions } from '../exec/outliving.js';
import { makePodCgroup } from '../pod/cgroup.js';
import { connectNetworks } from '../network/lease.js';
import { serveNames } from '../network/name-server.js';
import { updateMembers } from '../network/members.js';
import { removeAdded } from '../network/added.js';
import { writeNetwork } from '../network/record.js';
import { prepareRoot, prepareRunDirectory } from './prepare.js';
import { mountedRoot } from '../files/root-mount.js';
import { secretEnvironment, writeSecrets } from './secrets.js';
import { Session } from '../streams/session.js';
import { enterScope } from './scope.js';
import { removeRunDirectory } from '../settle/settle.js';
import { writeDescriptors, type StdioPlan } from '../streams/stdio.js';
import { tearDownLastRun, tearDownLeftovers } from '../settle/tear-down.js';
import { withJoinedMaps } from '../namespaces/userns.js';
import { hasVolumes } from '../files/volumes.js';

export interface LaunchOptions {
  readonly stdio: StdioPlan;
  /** Wait before the exec until `start`. @default false */
  readonly gate?: boolean;
  /** Attach before anything runs, so that no output is lost. */
  readonly attach?: AttachOptions | undefined;
  /** Called before an attached session settles. */
  readonly onEnd?: (exit: ExitStatus | undefined) => Promise<ExitStatus | undefined>;
  /** A further time limit of the container, in milliseconds; 0: no limit. @default 0 */
  readonly timeLimitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Launch {
  readonly talk: MonitorTalk;
  readonly answer: Extract<LaunchAnswer, { kind: 'created' | 'started' }>;
  /** undefined without `attach`. */
  readonly session: Session | undefined;
}

/**
 * Launches the container, or throws and leaves nothing: codes of launchError(), MONITOR_DIED, ABORTED. The caller has
 * set the record's status, so that the intent is known before the first effect.
 */
export async function launch(held: HeldContainer, options: LaunchOptions): Promise<Launch> {
  throwIfAborted('start', options.signal);
  flushBeforeFiles(held);
  if (held.config.cgroups !== 'disabled') clearTopGroup(held.context.facts().cgroup);
  if (held.config.cgroups === 'split') held.save({ splitFrom: splitFrom(held.context, held.config) });
  await prepareProfile(held.context, held.config);
  const compiled = await prepareLaunch(held, options);
  const bytes = encodePlan(compiled.plan);
  if (options.gate === true) writeFileSync(gatedPlanPath(held.paths), bytes, { mode: 0o600 });
  const talk = talkToNew({ fds: options.stdio.fds });
  failpoint('monitor-spawned');
  if (held.config.cgroupManager === 'systemd') await enterScope(held, talk, options.signal);
  const session = options.attach === undefined ? undefined : attachFirst(held, talk, options);
  let gaveUp: Promise<void> | undefined;
  const forget = whenAborted(options.signal, () => {
    gaveUp = giveUp(talk, held.paths);
  });
  try {
    const answered = talk.launch(bytes);
    failpoint('plan-sent');
    const answer = await answered;
    failpoint('started');
    if (gaveUp === undefined && (answer.kind === 'created' || answer.kind === 'started')) {
      recordLaunch(held, answer);
      updateMembers(held.context);
      return { talk, answer, session };
    }
    await (gaveUp ?? ended(talk));
    throw failure(held, { compiled, answer }, options.signal);
  } finally {
    forget();
  }
}

/** Records the events of a launch. `start` has the monitor's time, since the end may be known by now. */
function recordLaunch({ context, id, name }: HeldContainer, { kind, startedUs }: Launch['answer']): void {
  if (kind === 'created') recordContainerEvent(context, { id, name, status: 'init' });
  else
    for (const status of ['init', 'start'] as const)
      recordContainerEvent(context, { id, name, status, timeUs: startedUs });
}

function attachFirst(held: HeldContainer, talk: MonitorTalk, options: LaunchOptions): Session {
  const { attach = {}, onEnd } = options;
  const session = new Session({
    connection: talk.connection,
    options: attach,
    hasStdin: held.config.interactive,
    launches: true,
    ...(onEnd === undefined ? {} : { onEnd }),
  });
  talk.listen((message) => {
    session.take(message);
  });
  return session;
}

/** Prepares all on this machine that the plan needs, and compiles the plan. */
async function prepareLaunch(held: HeldContainer, options: LaunchOptions): Promise<CompiledLaunch> {
  const { context, id, name, paths } = held;
  const donors = liveDonors(context, id, held.config);
  const config = await withJoinedMaps(held.config, donors);
  const { root, hostCovers } = await prepareRoot(context, { id, config, paths });
  await makePodCgroup(context, config);
  prepareLayeredMounts(context, { config, paths });
  if (hasVolumes(config)) await prepareVolumes(context, { config, root });
  await giveSources(context, { config, root });
  failpoint('root-prepared');
  await endOutlivingSessions(held);
  await tearDownLastRun(held);
  removeRunDirectory(held);
  await renewOverlays(context, { config, paths });
  // Left by an earlier run whose end was not settled completely.
  await removeAdded(context, id);
  const { network, attached } = (await connectNetworks(held)) ?? {};
  const written = prepareRunDirectory(context, { id, name, config, paths, attached });
  writeSecrets(held, config);
  if (network !== undefined) {
    writeNetwork(context, id, network);
    context.bridges?.keep(network);
    await serveNames(context, id, network.networks);
  }
  if (options.stdio.fds.length > 0 && mayBeRelaunched(config)) writeDescriptors(paths.run, options.stdio);
  failpoint('run-directory-made');
  const compiled = compileLaunch(context, {
    id,
    config,
    paths,
    // If the same layer were mounted twice, two mounts that do not know of each other would change it.
    root: mountedRoot(held) ?? root,
    hostCovers,
    ...written,
    donors,
    network,
    secretEnv: secretEnvironment(context, held.seq, config),
    stdio: options.stdio,
    splitFrom: held.state.splitFrom,
    gate: options.gate ?? false,
    timeLimitMs: options.timeLimitMs ?? 0,
  });
  if (config.runtime !== undefined) writeBundle(paths, compiled.spec);
  return compiled;
}

/**
 * Reads the plan of a launch that waits at the gate. It is kept for a failure after the gate, which names a step of a
 * plan that another process made.
 */
export function readGatedPlan(paths: ContainerPaths): Plan | undefined {
  try {
    return decodePlan(readFileSync(gatedPlanPath(paths)));
  } catch {
    return undefined;
  }
}

function gatedPlanPath(paths: ContainerPaths): string {
  return `${paths.run}/plan`;
}

/** Waits for the end of a monitor that has failed; it has torn down by then. */
async function ended(talk: MonitorTalk): Promise<void> {
  await talk.closed();
  await talk.connection.ended().catch(() => undefined);
}

interface Failed {
  readonly compiled: CompiledLaunch;
  readonly answer: LaunchAnswer;
}

function failure(held: HeldContainer, { compiled, answer }: Failed, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return abortedError('start', signal);
  if (answer.kind === 'failed') return withRuntimeWords(launchError(compiled.plan, answer), held);
  return new TspodError('MONITOR_DIED', 'the monitor died while it launched the container');
}

/** Removes all that a failed launch has left, except the layer. */
export async function undoLaunch(held: HeldContainer): Promise<void> {
  // A monitor that was killed may have started the process.
  await endProcess(held);
  await tearDownLeftovers(held);
  removeRunDirectory(held);
}
