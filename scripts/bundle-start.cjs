'use strict';
/**
 * Runs the bundle with the code that V8 made of it before, since compiling it takes longer than running it. A cache belongs to one bundle
 * (by its digest), one version of Node and one command: it has the functions that the program used which made it. Where there is none yet,
 * it is made when this one ends well; if the directory cannot be written to, the one that was made with the bundle serves all commands.
 * V8 checks a cache before it uses it.
 */
const { accessSync, constants, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');

/** Commands with a cache of their own, of a megabyte or so; the others share one. */
const OFTEN =
  'attach commit container cp create events exec explain image images inspect kill load logs network pod ps pull push restart rm rmi run start stats stop system volume wait'.split(
    ' ',
  );
const OTHER = 'other';
const HELP = 'help';
/** Was made with the bundle, of a command that goes through most of what others need. */
const FIRST = 'explain';
const EXIT_FAILURE = 125;
/** Flags that may stand before the command and take no value. */
const SWITCHES = ['-D', '--debug', '--help', '--noout', '--trace'];

const filename = `${__dirname}/tspod.cjs`;
const words = process.argv.slice(2);
const command = commandOf(words);
const own = cacheOf(kindOf());

const cachedData = read(own) ?? (canBeMade() ? undefined : read(cacheOf(FIRST)));
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
if (cachedData === undefined || script.cachedDataRejected) process.once('exit', saveCache);
script.runInThisContext()(require, { filename, exports: {} }, {});

/** Help uses next to nothing of a command: a cache that it made would serve the command badly from then on. */
function kindOf() {
  if (command === '' || command === HELP || words.includes('--help')) return HELP;
  return OFTEN.includes(command) ? command : OTHER;
}

/** The first word that is neither a flag nor the value of one. */
function commandOf(words) {
  for (let at = 0; at < words.length; at++) {
    if (!words[at].startsWith('-')) return words[at];
    if (!words[at].includes('=') && !SWITCHES.includes(words[at])) at++;
  }
  return '';
}

function cacheOf(kind) {
  return `${__dirname}/@DIGEST@-${process.version}-${process.arch}-${kind}.cache`;
}

function read(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function canBeMade() {
  try {
    accessSync(__dirname, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A command that could not do its work has used as little of itself; the first one may lack the addon, which is built later. */
function saveCache(status) {
  if (status === EXIT_FAILURE && command !== FIRST) return;
  try {
    const temporary = `${own}.${process.pid}`;
    writeFileSync(temporary, script.createCachedData(), { flag: 'wx' });
    renameSync(temporary, own);
  } catch {
    // a read-only directory: the program starts a little later each time
  }
}
