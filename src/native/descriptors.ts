/** Descriptors, for those who hand them to monitors and plans. */
import { binding } from './binding.js';
import { unwrap } from './native-error.js';

/** A pipe (pipe2(2)); both ends are close-on-exec. NativeError EMFILE or ENFILE at a limit of descriptors. */
export function pipe(): { read: number; write: number } {
  const [read, write] = unwrap(binding().pipe());
  return { read, write };
}

/** close(2). NativeError EBADF if it is not open. Never repeat it: after EINTR, too, the descriptor is closed. */
export function closeFd(fd: number): void {
  unwrap(binding().closeFd(fd));
}
