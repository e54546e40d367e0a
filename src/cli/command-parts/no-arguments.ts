/** Refuses arguments of commands that take none. */
import { invalid } from '../errors/cli-error.js';

/** Throws CliError if there are arguments. `path`: the command after `tspod`, such as 'info' or 'network ls'. */
export function noArguments(args: readonly string[], path: string): void {
  if (args.length > 0) throw invalid(`\`tspod ${path}\` takes no arguments`);
}
