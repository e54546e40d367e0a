import type { Command } from '../../command-parts/definition.js';
import { command as anyInspect, inspect } from '../inspect.js';

export const command: Command = {
  ...anyInspect,
  description: 'Prints the details of containers as JSON, or formatted by a Go template.',
  examples: ['container inspect web', "container inspect --format '{{.State.Status}}' web"],
  flags: anyInspect.flags.filter(({ name }) => name !== 'type'),
  completion: ['containers'],
  run: (context, invocation) => inspect(context, invocation, 'container'),
};
