/** A process that does things to pods with an engine of its own, so that it can be killed at a failpoint, or run in another network namespace. */
import {
  openEngine,
  type CreateOptions,
  type Engine,
  type EngineOptions,
  type PodCreateOptions,
} from '../../src/index.js';

/** One call: what, and on what. */
export type PodCall =
  | { readonly createPod: PodCreateOptions }
  | { readonly create: CreateOptions }
  | { readonly start: string }
  | { readonly startInfra: string }
  | { readonly stop: string }
  | { readonly restart: string }
  | { readonly remove: string; readonly force?: boolean }
  | { readonly run: CreateOptions }
  | { readonly startContainer: string }
  | { readonly waitFor: string };

export interface PodPart {
  readonly opening: EngineOptions;
  readonly calls: readonly PodCall[];
}

async function make(engine: Engine, call: PodCall): Promise<void> {
  if ('createPod' in call) await engine.pods.create(call.createPod);
  else if ('create' in call) await engine.containers.create(call.create);
  else if ('start' in call) await engine.pods.get(call.start).start();
  else if ('startInfra' in call)
    await engine.containers.get(engine.pods.get(call.startInfra).summary().infraId).start();
  else if ('stop' in call) await engine.pods.get(call.stop).stop();
  else if ('restart' in call) await engine.pods.get(call.restart).restart();
  else if ('remove' in call) await engine.pods.get(call.remove).remove({ force: call.force ?? false });
  else if ('run' in call) process.stdout.write((await engine.run(call.run)).stdout);
  else if ('startContainer' in call) await engine.containers.get(call.startContainer).start();
  else await engine.containers.get(call.waitFor).wait();
}

const { opening, calls } = JSON.parse(process.argv[2] ?? '') as PodPart;
const engine = await openEngine(opening);
for (const call of calls) await make(engine, call);
await engine.close();
