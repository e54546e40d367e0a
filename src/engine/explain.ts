/** Describes as text what a launch or an exec would do. Creates and runs nothing. */
import { configure } from '../container/create/configure.js';
import { splitFrom } from '../container/cgroups/placement.js';
import { compileLaunch } from '../container/launch/compile.js';
import { foreseeConnected } from '../container/network/lease.js';
import type { EngineContext } from '../container/context.js';
import { liveDonors, resolveDonors } from '../container/namespaces/donors.js';
import { compileExec, execTarget } from '../container/exec/launch.js';
import { newId } from '../container/ids.js';
import { withChosenPorts, withNetworkNames } from '../container/network/choose.js';
import { preparedFiles, rootOf } from '../container/launch/prepare.js';
import { withSecretNames } from '../container/launch/secrets.js';
import { withChosenIds, withHostMaps } from '../container/namespaces/userns.js';
import { withVolumeNames } from '../container/files/volumes.js';
import { containerStdio, execStdio } from '../container/streams/stdio.js';
import { describePlan } from '../plan/describe.js';
import type { CreateOptions, ExecOptions } from '../spec/create-options.js';
import { containerPaths } from '../storage/paths.js';
import { randomName } from '../container/create/random-name.js';

export async function explainCreate(context: EngineContext, options: CreateOptions): Promise<string> {
  const { config: shared } = resolveDonors(context, withNetworkNames(context, configure(context, options)));
  const id = newId();
  const paths = containerPaths(context.directories, id);
  const donors = liveDonors(context, id, shared);
  const named = withSecretNames(context, withVolumeNames(withChosenIds(context, withHostMaps(context, shared))));
  const { config } = withChosenPorts(context, named);
  const name = config.name ?? randomName();
  // Another container may be given these addresses and ports before this one is started.
  const { network, attached } = (await foreseeConnected(context, { id, name, config })) ?? {};
  const { plan } = compileLaunch(context, {
    id,
    config,
    paths,
    ...rootOf(context, { id, config, paths }),
    ...preparedFiles(context, { id, name, config, paths, attached }),
    donors,
    network,
    stdio: containerStdio(config, { stdio: undefined, fds: undefined, size: undefined, attachedInput: false }),
    splitFrom: splitFrom(context, config),
    gate: false,
    timeLimitMs: 0,
  });
  return describePlan(plan);
}

export function explainExec(context: EngineContext, nameOrId: string, options: ExecOptions): string {
  const target = execTarget(context, context.store.find(nameOrId).id, options);
  const stdio = execStdio(target.request, { stdin: target.request.interactive, fds: undefined, size: undefined });
  return describePlan(compileExec(context, target, stdio));
}
