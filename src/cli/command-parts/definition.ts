/** What a command is: data for help, completion and documentation, and the function that runs it. */
import type { Context } from '../context.js';
import type { Completion, Flag } from './flag.js';
import type { FlagValues } from './flag-values.js';

/** A command line, taken apart. */
export interface Invocation {
  readonly flags: FlagValues;
  /** What is neither a flag nor a flag's value. */
  readonly args: readonly string[];
  /** As it was typed, after the program's name. */
  readonly commandLine: readonly string[];
}

export interface Command {
  /** Below `tspod`: 'run'; below `tspod container` the same. */
  readonly name: string;
  /** The line of the list of commands. */
  readonly summary: string;
  readonly description: string;
  /** What follows the name in the usage line. */
  readonly usage: string;
  /** Command lines without the program's name. */
  readonly examples: readonly string[];
  readonly flags: readonly Flag[];
  /** Flags end at the first argument: what follows belongs to the container's command. @default false */
  readonly passThrough?: boolean;
  /** What a shell completes in place of arguments; a list has one for each place, its last for all further ones. */
  readonly completion?: readonly Completion[];
  /** Refuses a wrong number of arguments. */
  readonly check?: (invocation: Invocation) => void;
  /** The exit status. */
  readonly run: (context: Context, invocation: Invocation) => Promise<number> | number;
}
