import type { Pods } from '../../../engine/pods/types.js';
import { isTspodError } from '../../../errors.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import { podCreateFlags } from '../../flags/create/pod.js';
import { readPodOptions } from '../../create/pod.js';
import { reservePodIdFile } from '../../create/reserve-pod-id-file.js';

export const command: Command = {
  name: 'create',
  summary: 'Create an empty pod',
  description:
    'Creates a pod and prints its id; containers are created in it with `create --pod`, and share the namespaces given by --share. Nothing runs until the pod or one of its containers is started.',
  usage: '[options] [NAME]',
  examples: [
    'pod create web',
    'pod create --name web --publish 8080:80 --memory 512m',
    'pod create --share pid,ipc --exit-policy stop jobs',
  ],
  flags: podCreateFlags,
  completion: [[]],
  check: (invocation) => {
    const { args, flags } = invocation;
    if (args.length > 1) throw invalid(`accepts at most 1 arg(s), received ${args.length}`);
    if (args.length > 0 && flags.has('name')) throw invalid('cannot specify --name and NAME at the same time');
    if (flags.bool('replace') && nameOf(invocation) === undefined)
      throw invalid('cannot replace pod without --name being set');
  },
  run: async (context, invocation) => {
    const options = await readPodOptions(context, invocation);
    const { pods } = await context.engine();
    const name = nameOf(invocation);
    using file = reservePodIdFile(context, invocation.flags.text('pod-id-file'));
    if (invocation.flags.bool('replace') && name !== undefined) await removeNamed(pods, name);
    const { id } = await pods.create({ ...options, ...(name === undefined ? {} : { name }) });
    file.write(id);
    await context.out(`${id}\n`);
    return 0;
  },
};

function nameOf({ args, flags }: Invocation): string | undefined {
  const name = args[0] ?? flags.text('name') ?? '';
  return name === '' ? undefined : name;
}

async function removeNamed(pods: Pods, name: string): Promise<void> {
  try {
    const existing = pods.get(name);
    // The name may also be an id prefix of another pod, which must not be removed.
    if (existing.name === name) await existing.remove({ force: true });
  } catch (error) {
    if (!isTspodError(error, 'NO_SUCH_POD') && !isTspodError(error, 'AMBIGUOUS')) throw error;
  }
}
