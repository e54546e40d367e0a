/**
 * Where tests run whose guard is off: in mount and process namespaces of their own, with a directory for temporary files that goes with the copy. Mounts,
 * processes and files that they leave behind are nowhere afterwards.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../testing/command.mjs';

/** $0 the copy's directory, $1 where temporary files are, $2 the packages that the copy links to, maybe among these; then the command. */
const SCRIPT = `set -e
base=$0
place=$1
packages=$2
shift 2
own=$base/tmp/\${base##*/}
mkdir -p "$own"
chmod 1777 "$base/tmp"
mount --bind "$base" "$own"
case $packages in "$place"/*)
  kept=$base/tmp/\${packages#"$place"/}
  mkdir -p "$kept"
  mount --bind "$packages" "$kept"
esac
mount --rbind "$base/tmp" "$place"
cd "$base/tree"
exec "$@"
`;

const NAMESPACES = ['--mount', '--propagation', 'slave', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Words that stand before a command. */
export function apart({ base }) {
  return ['unshare', ...NAMESPACES, 'sh', '-c', SCRIPT, base, tmpdir(), join(root, 'node_modules')];
}

/** A place for files that the command and others see. */
export const sharedPlace = ({ base }) => join(base, 'shared');
