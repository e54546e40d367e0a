import { invalid, unsupported } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { applyFlags, type CreateFlag, type Draft } from '../../flags/create/draft.js';
import { resourceFlags } from '../../flags/create/resources.js';
import { withoutSlash } from '../../targets/containers.js';

/** Resource flags that clone does not have: where the cgroup is, and settings that are not limits. */
const NOT_OF_CLONE: ReadonlySet<string> = new Set(['cgroup-parent', 'cgroups', 'cgroup-conf', 'oom-kill-disable']);

const LIMITS: readonly CreateFlag[] = resourceFlags
  .filter(({ name }) => !NOT_OF_CLONE.has(name))
  .map(({ default: _default, group: _group, ...flag }): CreateFlag => flag);

export const command: Command = {
  name: 'clone',
  summary: 'Clone an existing container',
  description:
    'Creates a container with the configuration of another one, and with different limits where they are given, and prints its id. Files that the original has written are not copied.',
  usage: '[options] CONTAINER [NAME]',
  examples: [
    'container clone web web2',
    'container clone --memory 1g --run web',
    'container clone --destroy -f web web-new',
  ],
  flags: [
    { name: 'destroy', kind: 'bool', help: 'Remove the original container' },
    { name: 'force', short: 'f', kind: 'bool', help: 'Remove the original even if it is running' },
    { name: 'name', kind: 'text', value: 'name', help: 'Name of the clone (default CONTAINER-clone)' },
    { name: 'pod', kind: 'text', value: 'pod', completion: 'pods', help: 'Create the clone in a pod' },
    { name: 'run', kind: 'bool', help: 'Start the clone' },
    ...LIMITS,
  ],
  completion: ['containers', []],
  check: ({ flags, args }) => {
    if (args.length === 0 || args.length > 3) throw invalid(`accepts between 1 and 3 arg(s), received ${args.length}`);
    if (args.length === 3) throw unsupported('a different image for a clone', 'it uses the image of the original');
    if (flags.bool('force') && !flags.bool('destroy'))
      throw invalid('cannot set --force without --destroy: invalid argument');
  },
  run: async (context, { flags, args }) => {
    const draft: Draft = {};
    applyFlags(LIMITS, flags, { draft, caller: context.caller });
    const name = args[1] ?? flags.text('name');
    const pod = flags.text('pod');
    const { containers } = await context.engine();
    const clone = await containers.clone(withoutSlash(args[0] ?? ''), {
      ...(name === undefined ? {} : { name }),
      ...(pod === undefined || pod === '' ? {} : { pod }),
      ...(draft.resources === undefined ? {} : { resources: draft.resources }),
      destroy: flags.bool('destroy'),
      force: flags.bool('force'),
    });
    if (flags.bool('run')) await clone.start();
    await context.out(`${clone.id}\n`);
    return 0;
  },
};
