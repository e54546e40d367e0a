/** Definition of a command: data for help, completion and documentation, and the function that runs it. */
import type { Context } from '../context.js';
import type { Completion, Flag } from './flag.js';
import type { FlagValues } from './flag-values.js';

/** A parsed command line. */
export interface Invocation {
  readonly flags: FlagValues;
  /** Words that are neither flags nor values of flags. */
  readonly args: readonly string[];
  /** All words after the program's name, as typed. */
  readonly commandLine: readonly string[];
}

export interface Command {
  /** Name after `tspod` or a group, such as 'run'. */
  readonly name: string;
  /** Text in the list of commands. */
  readonly summary: string;
  readonly description: string;
  /** Rest of the usage line after the name. */
  readonly usage: string;
  /** Example command lines, without the program's name. */
  readonly examples: readonly string[];
  readonly flags: readonly Flag[];
  /**
   * Whether flags end at the first argument, because what follows belongs to the container's command.
   * @default false
   */
  readonly passThrough?: boolean;
  /** Completions of the arguments, one for each position; the last one serves all further positions. */
  readonly completion?: readonly Completion[];
  /** Throws if the arguments or flags do not fit together, such as for a wrong number of arguments. */
  readonly check?: (invocation: Invocation) => void;
  /** Runs the command and returns its exit status. */
  readonly run: (context: Context, invocation: Invocation) => Promise<number> | number;
}
