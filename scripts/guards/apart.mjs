/**
 * Where tests run whose guard is off: in mount and process namespaces of their own, with a directory for temporary files that goes with the copy, and a
 * root that cannot be written to. What they leave behind, and what an attack gets done at the machine's top, is nowhere afterwards.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Without a new mount on them these could not be written to, either. */
const WRITABLE = '/etc /home /root /srv /var';

/** $0 the copy's directory, $1 where temporary files are; then the command. */
const SCRIPT = `set -e
base=$0
place=$1
shift
own=$base/tmp/\${base##*/}
mkdir -p "$own"
chmod 1777 "$base/tmp"
mount --bind "$base" "$own"
mount --rbind "$base/tmp" "$place"
for directory in ${WRITABLE}; do mount --rbind $directory $directory; done
mount -o remount,bind,ro /
cd "$base/tree"
exec "$@"
`;

const NAMESPACES = ['--mount', '--propagation', 'slave', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** Words that stand before a command. */
export function apart({ base }) {
  return ['unshare', ...NAMESPACES, 'sh', '-c', SCRIPT, base, tmpdir()];
}

/** A place for files that the command and others see. */
export const sharedPlace = ({ base }) => join(base, 'shared');
