/** Parses command lines with commander; errors are in the words of Podman's parser. */
import { Command as Commander, CommanderError, Option } from 'commander';

import { messageOf } from '../../errors.js';
import { CliError } from '../errors/cli-error.js';
import type { Flag } from './flag.js';
import { longNames, takesValue } from './flag.js';
import { splitPair } from '../parse/key-values.js';
import { checkValue, flagValues, refuseMissing, switchProblem, type FlagValues } from './flag-values.js';
import { normalizeArguments } from './normalize.js';

export interface ParseOptions {
  /** The command as the hint of an error names it: 'tspod run'. */
  readonly path: string;
  readonly flags: readonly Flag[];
  readonly passThrough: boolean;
}

/** Parses the words after a command's name. Throws CliError. */
export function parseArguments(
  options: ParseOptions,
  argv: readonly string[],
): { flags: FlagValues; args: readonly string[] } {
  const { flags, passThrough } = options;
  const hint = `See '${options.path} --help'`;
  const { args, used, negated, unknown } = normalizeArguments(flags, argv, { passThrough });
  const raw = new Map<string, string[]>();
  const collect = (flag: Flag, text: string): void => {
    raw.set(flag.name, [...(raw.get(flag.name) ?? []), ...checkFlag(flag, text, hint)]);
  };
  const parser = buildParser({ flags: [...used], passThrough, negated }, collect);
  try {
    parser.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw translate(error, args, { flags, hint });
    throw error;
  }
  if (unknown !== undefined)
    throw new CliError(`unknown shorthand flag: '${unknown.letter}' in ${unknown.word}`, { hint });
  const values = flagValues(raw);
  if (!values.bool('help')) refuseMissing(flags, values);
  return { flags: values, args: parser.args };
}

interface ParserShape {
  readonly flags: readonly Flag[];
  readonly passThrough: boolean;
  readonly negated: ReadonlySet<string>;
}

/** Builds a parser whose options report their values to `collect`; commander's own record of values is not used. */
function buildParser(shape: ParserShape, collect: (flag: Flag, text: string) => void): Commander {
  const parser = new Commander()
    .exitOverride()
    .helpOption(false)
    .helpCommand(false)
    .allowExcessArguments(true)
    .argument('[arguments...]')
    .passThroughOptions(shape.passThrough)
    // commander would print errors; here they are thrown, and the caller prints them once.
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .action(() => undefined);
  for (const flag of shape.flags) {
    for (const name of longNames(flag))
      addOption(parser, flag, { name, short: name === flag.name ? flag.short : undefined });
    if (shape.negated.has(flag.name)) {
      parser.addOption(new Option(`--no-${flag.name}`));
      parser.on(`option:no-${flag.name}`, () => collect(flag, 'false'));
    }
    for (const name of longNames(flag))
      parser.on(`option:${name}`, (text: string | undefined) => collect(flag, text ?? defaultText(flag)));
  }
  return parser;
}

function defaultText(flag: Flag): string {
  return flag.kind === 'bool' ? 'true' : '';
}

function addOption(
  parser: Commander,
  flag: Flag,
  names: { readonly name: string; readonly short: string | undefined },
): void {
  const short = names.short === undefined ? '' : `-${names.short}, `;
  const value = flag.kind === 'maybe' ? ' [value]' : takesValue(flag) ? ' <value>' : '';
  parser.addOption(new Option(`${short}--${names.name}${value}`));
}

function checkFlag(flag: Flag, text: string, hint: string): readonly string[] {
  try {
    return checkValue(flag, text);
  } catch (error) {
    throw invalidArgument(flag, text, { reason: messageOf(error), hint });
  }
}

function invalidArgument(
  flag: Flag,
  text: string,
  { reason, hint }: { readonly reason: string; readonly hint: string },
): CliError {
  const shown = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
  return new CliError(`invalid argument ${JSON.stringify(text)} for ${JSON.stringify(shown)} flag: ${reason}`, {
    hint,
  });
}

/** Translates commander's errors to the words of Podman's parser. */
function translate(
  error: CommanderError,
  args: readonly string[],
  { flags, hint }: { readonly flags: readonly Flag[]; readonly hint: string },
): CliError {
  if (error.code === 'commander.optionMissingArgument')
    return new CliError(`flag needs an argument: ${missingArgument(args)}`, { hint });
  if (error.code !== 'commander.unknownOption') return new CliError(error.message.replace(/^error: /, ''), { hint });
  const name = /'--([^']*)'/.exec(error.message)?.[1] ?? '';
  return unknownLong(name, flags, hint);
}

/**
 * Makes the error for a long flag that commander does not know. That may also be a switch with a value that is neither
 * true nor false.
 */
function unknownLong(word: string, flags: readonly Flag[], hint: string): CliError {
  const [name = '', value] = splitPair(word);
  const flag = flags.find((candidate) => longNames(candidate).includes(name));
  if (flag !== undefined && value !== undefined)
    return invalidArgument(flag, value, { reason: switchProblem(value), hint });
  return new CliError(`unknown flag: --${name}`, { hint });
}

/** Returns how Podman names the flag at the end of the line whose value is missing: --name, or 'm' in -m. */
function missingArgument(args: readonly string[]): string {
  const word = args.at(-1) ?? '';
  return word.startsWith('--') ? word : `'${word.at(-1) ?? ''}' in ${word}`;
}
