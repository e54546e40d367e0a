/** Descriptors, for those who hand them to monitors and plans. */
import { requireDescriptor } from './arguments.js';
import { binding } from './binding.js';
import { unwrap } from './native-error.js';

/** A pipe (pipe2(2)); both ends are close-on-exec. NativeError EMFILE or ENFILE at a limit of descriptors. */
export function pipe(): { read: number; write: number } {
  const [read, write] = unwrap(binding().pipe());
  return { read, write };
}

/** close(2). NativeError EBADF if it is not open; TypeError for what is no descriptor. Never repeat it: after EINTR, too, the descriptor is closed. */
export function closeFd(fd: number): void {
  unwrap(binding().closeFd(requireDescriptor(fd)));
}
